"""What a command says of itself, looked at by another process than the one that wrote it (I1, S6).

The worker counts by what it knows of the patient (``worker.second_look``); this counts by what was emitted.
"""

from typing import Final

from streams.domain.records import SendCommand
from streams.domain.vocabulary import Reason

#: Without an override, an objection that covers the channel is lifted by the patient's own exception only.
_EXCEPTED: Final = Reason.EXCEPTION


def unjustified(command: SendCommand) -> bool:
    """Whether the evidence names an objection that covers this command, and nothing that answers it."""
    covered = any(considered.covers for considered in command.basis.objections_considered)
    if not covered or command.selection_reason is _EXCEPTED:
        return False
    override = command.override
    return override is None or not (override.decision_ref or override.decided_by)

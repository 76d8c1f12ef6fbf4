"""What one turn did, counted while it is decided and told to the metrics once it is committed.

One addition to a dict an event: labels are looked up once a turn, not once an event
(architecture.md section 8).
"""

from typing import Final

from streams.domain.records import DeadLetter, Decision, EscalationTask, Output, SendCommand
from streams.domain.vocabulary import TaskStatus

#: Every counter of the worker that a turn can move, with its labels.
Key = tuple[str, ...]

NONE: Final = "none"


class Tally:
    """Counts by (counter, label values). Labels come from closed lists only (C194)."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: dict[Key, int] = {}

    def add(self, *key: str, count: int = 1) -> None:
        self.counts[key] = self.counts.get(key, 0) + count

    def output(self, output: Output) -> None:
        """Count what a response wrote."""
        match output:
            case Decision():
                self.add("decisions", output.purpose or NONE, output.outcome, output.reason)
            case SendCommand():
                self.add("sends", output.purpose, output.channel, output.level, output.selection_reason)
                if output.override is not None:
                    self.add("overrides", output.override.ground, output.override.mode)
            case EscalationTask() if output.version == 1 and output.status is TaskStatus.OPEN:
                self.add("escalations", output.reason, output.role, output.priority)
            case DeadLetter():
                self.add("dead_letters", output.topic, output.reason)
            case _:
                return

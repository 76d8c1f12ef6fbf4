"""Patients of one turn whose changes cannot be written, and what is said of their records."""

from __future__ import annotations

from typing import Final

import msgspec

from streams.domain.vocabulary import Reason
from streams.errors import BadRecord
from streams.kafka.outbox import RecordTooLarge, Unwritable

_TOO_LARGE: Final = "what follows from this record is too large to be written"
_DEFECT: Final = "what follows from this record cannot be written"


class Refusals(msgspec.Struct, frozen=True):
    """``keys``: their records are refused. ``kept``: those among them whose refusal is kept of them. ``failed``: those
    for whom it is no matter of size, but a value of ours that has no place in Avro or MessagePack."""

    keys: frozenset[bytes | None] = frozenset()
    kept: frozenset[bytes | None] = frozenset()
    failed: frozenset[bytes | None] = frozenset()

    def with_one_more(self, error: Unwritable) -> Refusals | None:
        """What to decide the turn again with; None when this patient was refused as far as can be."""
        one = {error.key}
        if error.key not in self.keys:
            failed = self.failed if isinstance(error, RecordTooLarge) else self.failed | one
            return Refusals(self.keys | one, self.kept | one, failed)
        if error.key in self.kept:  # not even the task has room
            return msgspec.structs.replace(self, kept=self.kept - one)
        return None


NO_REFUSALS: Final = Refusals()


def refusal(*, failed: bool) -> BadRecord:
    """Why a record is refused that itself may be well.

    The contract's list of reasons has none for either. Too large goes by ``field_too_long``, its nearest: the patient's
    record has too much of something, and the source can mend it. What ``failed`` is a defect of ours, as when a rule fails.
    """
    return BadRecord(Reason.RULE_FAILED, _DEFECT) if failed else BadRecord(Reason.FIELD_TOO_LONG, _TOO_LARGE)

"""Was a timer lost? A patient for whom something has been due for long, while turn after turn was made, is not woken any more."""

from typing import Final

from streams.domain.packing import due_of
from streams.domain.time import MINUTE, Instant, Millis
from streams.domain.vocabulary import Topic

from .findings import Findings, Kind
from .ledger import Ledger

#: A worker that has been away wakes a thousand in a turn, the longest overdue first: it is done with any number long before.
OVERDUE: Final[Millis] = 15 * MINUTE
#: Between two turns that are further apart there was perhaps no worker. Heartbeats make one every 10 s.
_AT_WORK: Final[Millis] = MINUTE


def check_overdue(ledger: Ledger, findings: Findings) -> None:
    """Time is counted by the turns' stamps, and only where a worker was at work; what was due, by the turns' clocks.

    Who was woken and is due all the same has lost no timer: what was due could not be written, and a person is told daily.
    """
    at, since = _long_ago(ledger)
    if since == 0:
        return
    woken = _woken_since(ledger, at)
    for key, row in ledger.table.items():
        if (
            row.packed is not None
            and row.offset < at
            and 0 < due_of(row.packed) <= since
            and key not in woken
        ):
            place = ledger.place(Topic.PATIENT_TABLE, row.offset)
            findings.add(Kind.OVERDUE, place, "due for long, and not woken in the turns since")


def _woken_since(ledger: Ledger, at: int) -> set[bytes]:
    """Every patient whom a turn has woken whose row lies behind this offset."""
    found: set[bytes] = set()
    for offset, journal in reversed(ledger.turns):
        if offset <= at:
            break
        found.update(*(step.keys for step in journal.steps))
    return found


def _long_ago(ledger: Ledger) -> tuple[int, Instant]:
    """The row of the last turn that lies ``OVERDUE`` of work back, and the earliest clock since; (0, 0): there is none."""
    worked, later, earliest = 0, None, None
    for offset, journal in reversed(ledger.turns):
        stamp = ledger.stamps[offset]
        earliest = journal.at if earliest is None else min(earliest, journal.at)
        if later is not None:
            worked += min(_AT_WORK, max(0, later - stamp))
        if worked >= OVERDUE:
            return offset, earliest
        later = stamp
    return 0, 0

"""Which turn sent a message, and which objections that turn had read."""

from collections import defaultdict

import msgspec

from streams.domain.records import SendCommand
from streams.domain.time import Instant
from streams.domain.vocabulary import Topic

from .ledger import Ledger


class Had(msgspec.Struct, frozen=True):
    """What a turn had read of the objections: all below ``start`` before it began, and none from ``end`` on; ``end`` None: its
    journal is gone. ``come``: its patient was woken for something that was due then; 0: not woken, or not known."""

    start: int = 0
    end: int | None = None
    come: Instant = 0


class TurnOf:
    """Finds a message's turn by the clock that both carry; turns with the same one, as when a clock is set by hand, by when
    they were written."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._at: dict[Instant, list[int]] = defaultdict(list)
        self._read: list[int] = []  # of the objections, by turn
        for index, (_, journal) in enumerate(ledger.turns):
            self._at[journal.at].append(index)
            self._read.append(journal.read_to.get(Topic.OBJECTIONS, 0))

    def __call__(self, command: SendCommand, stamp: Instant) -> Had:
        """``stamp``: when the message was written, by its record."""
        turns = self._at.get(command.created_at, [])
        if len(turns) > 1:
            ends = [(self._stamp(turn), turn) for turn in turns]
            first = min((end for end, _ in ends if end >= stamp), default=None)
            turns = [turn for end, turn in ends if first in (end, None)]
        if not turns:
            return Had()
        key = command.patient_id.encode()
        come = [self._ledger.come.get((self._ledger.turns[turn][0], key), 0) for turn in turns]
        start = min(self._read[turn - 1] if turn else 0 for turn in turns)
        return Had(start, max(self._read[turn] for turn in turns), min(come))

    def _stamp(self, turn: int) -> Instant:
        return self._ledger.stamps[self._ledger.turns[turn][0]]

"""What a shard's next turn is made of: state-bearing records, due patients, deciding records.

Due patients and deciding records wait until the state-bearing topics have been applied up to the mark
read after they came up (``kafka.barrier``). When that takes longer than the policy's
``objection_lag_max``, they go on all the same and the rules are told to fail closed (rule 3.1).
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from streams.domain.time import Instant, Millis
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.kafka.barrier import Mark

from .inbox import Inbox, Portion, Waiting
from .timers import Timers

#: Due patients in one turn: at most half of a full one, so that neither they nor new events starve.
WAKES_A_TURN: Final = 1_000


class Work(msgspec.Struct, frozen=True):
    """What a turn takes, in the order it decides it."""

    state: Sequence[Portion] = ()
    wakes: Sequence[bytes] = ()
    wakes_fail_closed: bool = False
    deciding: Sequence[Portion] = ()

    def failing_closed(self) -> "Work":
        """The same, with nothing to be sent (rule 3.1): facts are applied, and what they would release is held."""
        state, deciding = (
            [msgspec.structs.replace(portion, fail_closed=True) for portion in portions]
            for portions in (self.state, self.deciding)
        )
        return Work(state, self.wakes, True, deciding)

    def __len__(self) -> int:
        return len(self.wakes) + sum(len(portion.records) for portion in (*self.state, *self.deciding))


class Question(msgspec.Struct, frozen=True):
    """What the next mark of the barrier is for; ``wakes_as_of`` None: for no due patient."""

    inbox: Inbox
    unmarked: Sequence[Waiting]
    wakes_as_of: Instant | None


class Intake:
    """The inbox and the timers of one shard, and how far the barrier has let them."""

    def __init__(self, due: Iterable[tuple[Instant, bytes]] = ()) -> None:
        self.inbox = Inbox(dict.fromkeys(INPUT_TOPICS, 0))
        self.timers = Timers(due)
        self._overdue_first: Instant = 0
        self._wakes: tuple[Instant, Mark, float] | None = None

    def start_at(self, offsets: Mapping[Topic, int], now: Instant) -> None:
        """Begin with an empty inbox. Whatever was due before ``now`` comes before any deciding record."""
        stopped = self.inbox.stopped
        self.inbox = Inbox(offsets)
        self.inbox.stopped = stopped
        self._wakes = None
        self._overdue_first = now

    # The barrier.

    def question(self, now: Instant) -> Question | None:
        """What waits for a mark that has not been asked for yet."""
        unmarked = self.inbox.take_unmarked()
        wakes = self._wakes is None and self.timers.overdue(now)
        if not unmarked and not wakes:
            return None
        return Question(self.inbox, unmarked, now if wakes else None)

    def answer(self, question: Question, mark: Mark) -> None:
        for waiting in question.unmarked:
            waiting.mark = mark
        if question.wakes_as_of is not None and question.inbox is self.inbox:
            self._wakes = (question.wakes_as_of, mark, time.monotonic())

    # Taking.

    def take(self, limit: int, lag_max: Millis) -> Work:
        """At most ``limit`` records and due patients that may be decided now; ``lag_max``: objection_lag_max."""
        late_before = time.monotonic() - lag_max / 1_000
        state = self.inbox.take_state(limit)
        limit -= sum(len(portion.records) for portion in state)
        wakes, fail_closed = self._take_wakes(min(limit, WAKES_A_TURN), late_before)
        limit -= len(wakes)
        deciding: list[Portion] = []
        if limit > 0 and not self.timers.overdue(self._overdue_first):
            deciding = self.inbox.take_deciding(limit, late_before)
        return Work(state, wakes, fail_closed, deciding)

    def _take_wakes(self, limit: int, late_before: float) -> tuple[list[bytes], bool]:
        if self._wakes is None or limit <= 0:
            return [], False
        as_of, mark, asked = self._wakes
        passed = self.inbox.passes(mark)
        if not passed and asked >= late_before:
            return [], False
        self._wakes = None
        return self.timers.take(as_of, limit), not passed

    def put_back(self, portions: Sequence[Portion]) -> None:
        """These were taken but not decided; the newest last."""
        for portion in reversed(portions):
            self.inbox.put_back(portion)

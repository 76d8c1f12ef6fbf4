"""What a shard has received and not yet applied, and what of it may be taken now.

State-bearing topics wait for nothing but those that say more about consent than they do; deciding topics
wait for all of them, up to the mark read after they arrived (``kafka.barrier``). A topic that waits never
holds up another one.
"""

import itertools
from collections import deque
from collections.abc import Mapping
from typing import Final

import msgspec

from streams.domain.time import Instant
from streams.domain.vocabulary import DECIDING_TOPICS, INPUT_TOPICS, STATE_TOPICS, Topic
from streams.kafka.barrier import Mark
from streams.kafka.batch import Record, Stretch

#: Which of STATE_TOPICS, as a prefix, a topic waits for: a change of contact details or a person's
#: approval may release a message, so neither overtakes an objection that was logged before it.
WAITS_FOR: Final[dict[Topic, int]] = {
    Topic.OBJECTIONS: 0,
    Topic.PATIENTS: 1,
    Topic.RESOLUTIONS: 2,
} | dict.fromkeys(DECIDING_TOPICS, 3)


class Waiting(msgspec.Struct):
    """A stretch in hand. ``mark`` is None until the barrier has been asked after its arrival."""

    number: int  # order of arrival in this shard
    stretch: Stretch
    mark: Mark | None
    taken: int = 0  # records of it already taken


class Portion(msgspec.Struct, frozen=True):
    """Records of one topic taken into a turn; ``end`` is the next offset once they are applied."""

    topic: Topic
    records: list[Record]
    end: int
    received: float  # time.monotonic()
    fail_closed: bool = False  # the state topics could not be caught up with in time (rule 3.1)


class Inbox:
    """One shard's stretches by topic, and how far each topic has been applied."""

    def __init__(self, offsets: Mapping[Topic, int]) -> None:
        self._queues: dict[Topic, deque[Waiting]] = {topic: deque() for topic in INPUT_TOPICS}
        self._numbers = itertools.count()
        self._unmarked: list[Waiting] = []
        self.expected = dict(offsets)  # the next offset to arrive
        self.applied = dict(offsets)  # the next offset to commit
        self.records = dict.fromkeys(INPUT_TOPICS, 0)
        self.size = dict.fromkeys(INPUT_TOPICS, 0)
        self.stopped: set[Topic] = set()  # topics of which nothing more is taken (poison)

    def put(self, topic: Topic, stretch: Stretch) -> None:
        """Queue what has arrived. Raises LostRecords when it does not follow what came before.

        What has been received already, from before a rebalance, is passed over.
        """
        expected = self.expected[topic]
        if stretch.start > expected:
            raise LostRecords(topic, expected, stretch.start)
        if stretch.start < expected:
            records = [record for record in stretch.records if record.offset >= expected]
            stretch = msgspec.structs.replace(stretch, start=expected, records=records)
            if stretch.end <= expected:
                return
        self.expected[topic] = stretch.end
        self._queues[topic].append(self._waiting(topic, next(self._numbers), stretch))
        self.records[topic] += len(stretch.records)
        self.size[topic] += stretch.size

    def _waiting(self, topic: Topic, number: int, stretch: Stretch) -> Waiting:
        waiting = Waiting(number, stretch, mark=None if WAITS_FOR[topic] else ())
        if waiting.mark is None:
            self._unmarked.append(waiting)
        return waiting

    def take_unmarked(self) -> list[Waiting]:
        """What has come up since this was asked last, and waits for a mark of the barrier."""
        taken, self._unmarked = self._unmarked, []
        return taken

    def state_reached(self) -> Mark:
        return tuple(self.applied[topic] for topic in STATE_TOPICS)

    def __bool__(self) -> bool:
        return any(self._queues.values())

    def waiting(self) -> int:
        """Records in hand, of topics that are not stopped."""
        return sum(count for topic, count in self.records.items() if topic not in self.stopped)

    def oldest_written(self, topic: Topic) -> Instant | None:
        """When the first record in hand was appended to its topic, by its own timestamp (UTC ms)."""
        for waiting in self._queues[topic]:
            if waiting.taken < len(waiting.stretch.records):
                return waiting.stretch.records[waiting.taken].timestamp
        return None

    def take_state(self, limit: int) -> list[Portion]:
        """Take from the state-bearing topics what may be applied now, in the order of STATE_TOPICS."""
        taken: list[Portion] = []
        for topic in STATE_TOPICS:
            limit -= self._take_from(topic, limit, taken, late_before=None)
        return taken

    def take_deciding(self, limit: int, late_before: float | None) -> list[Portion]:
        """Take from the deciding topics, in the order of arrival, what the barrier lets pass.

        Each topic that has something has its share of a turn first: a flood of appointments must not hold up a
        critical result that came after it. What arrived before ``late_before`` (monotonic) is taken all the same
        and marked to fail closed.
        """
        taken: list[Portion] = []
        waiting = sum(bool(self._queues[topic]) for topic in DECIDING_TOPICS)
        share = max(1, limit // max(1, waiting))
        for most in (share, limit):
            heads = sorted((queue[0].number, t) for t in DECIDING_TOPICS if (queue := self._queues[t]))
            for _number, topic in heads:
                limit -= self._take_from(topic, min(most, limit), taken, late_before)
        return taken

    def _take_from(self, topic: Topic, limit: int, taken: list[Portion], late_before: float | None) -> int:
        queue, count = self._queues[topic], 0
        while queue and count < limit and topic not in self.stopped:
            head = queue[0]
            passed = self._passed(topic, head.mark)
            late = late_before is not None and head.stretch.received < late_before
            if not passed and not late:
                break
            records = head.stretch.records[head.taken : head.taken + limit - count]
            head.taken += len(records)
            count += len(records)
            whole = head.taken == len(head.stretch.records)
            end = head.stretch.end if whole else records[-1].offset + 1
            if whole:
                queue.popleft()
                self.size[topic] -= head.stretch.size
            self.records[topic] -= len(records)
            self.applied[topic] = end
            taken.append(Portion(topic, list(records), end, head.stretch.received, fail_closed=not passed))
        return count

    def _passed(self, topic: Topic, mark: Mark | None) -> bool:
        """Whether every state topic this one waits for has been applied up to the mark."""
        if mark is None:
            return False
        reached = self.applied
        return all(reached[state] >= mark[i] for i, state in enumerate(STATE_TOPICS[: WAITS_FOR[topic]]))

    def passes(self, mark: Mark) -> bool:
        """Whether something that waits for every state topic may go on."""
        return all(reached >= end for reached, end in zip(self.state_reached(), mark, strict=True))

    def put_back(self, portion: Portion) -> None:
        """Undo the taking of the last records of a topic: they were not applied."""
        topic, records = portion.topic, portion.records
        start = records[0].offset if records else self.applied[topic]
        size = sum(len(record.value or b"") for record in records)
        stretch = Stretch(start, portion.end, records, portion.received, size)
        self._queues[topic].appendleft(self._waiting(topic, -1, stretch))
        self.records[topic] += len(records)
        self.size[topic] += size
        self.applied[topic] = start


class LostRecords(Exception):
    """Records of a topic did not arrive although later ones did; only starting again is safe."""

    def __init__(self, topic: Topic, expected: int, got: int) -> None:
        super().__init__(f"{topic}: expected offset {expected}, got {got}")

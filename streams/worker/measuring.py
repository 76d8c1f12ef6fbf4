"""Looks at a running worker every few seconds: what waits and for how long, what is open, what will run out.

Reads only; nothing here decides or writes. Lag is told in seconds: the age of the oldest event that waits to
be decided, whether it is in hand or still on the broker.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from streams.domain.time import SECOND, Instant
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.kafka.barrier import Barrier
from streams.kafka.offsets import KafkaError
from streams.kafka.replay import last_record
from streams.ops.logging import get_logger
from streams.ops.metrics import READY
from streams.ops.reach import ANSWER_S, Reach
from streams.ops.waiting import Waiting

from . import metrics, outlook
from .clock import RealClock
from .host import Host, Kafka
from .open_work import OpenWork
from .parts import Parts
from .shard import Shard

log = get_logger("heed.worker")

LOOK_EVERY_S: Final = 2.0
#: Between two portions of patients counted after a restore. Seconds.
COUNT_EVERY_S: Final = 0.02
#: Between two portions of open tasks: of 2 ms every 0.1 s hardly anything is felt, and 50 000 tasks are seen in 10 s. Seconds.
TASKS_EVERY_S: Final = 0.1
OVERDUE_MS: Final = 60_000
#: Sends held for lack of objections show for so long after the last record that was held. Seconds.
FAILED_CLOSED_S: Final = 30.0
#: The topics whose records the recorder has to enter (contract 1).
_RECORDED: Final = (Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS)

_At = tuple[Topic, int]


class Measuring:
    """What is known about lag, and everything that becomes a gauge."""

    def __init__(self, parts: Parts, kafka: Kafka, barrier: Barrier, recorder_group: str) -> None:
        self._parts = parts
        self._kafka = kafka
        self._barrier = barrier
        self._recorder_group = recorder_group
        self._wall = RealClock()
        self._waiting = Waiting[_At]()
        self._unread = Waiting[tuple[str, int]]()  # by the recorder
        self._emitted: dict[tuple[str, int], int] = {}  # where the last message or task ends
        self._failed_closed_at: float | None = None
        self.behind: dict[int, int] = {}  # records not yet applied, by partition, stopped topics aside
        self.lag: dict[int, float] = {}  # seconds, by partition
        self.unrecorded = 0.0  # seconds
        self.reach = Reach(log)
        self.open_work = OpenWork()

    # Told by each turn.

    def failed_closed(self) -> None:
        self._failed_closed_at = time.monotonic()

    @property
    def fails_closed(self) -> bool:
        """Whether sends have been held lately because objections might be missing, or by the clock (3.1)."""
        at = self._failed_closed_at
        return at is not None and time.monotonic() - at < FAILED_CLOSED_S

    def broker_time(self, told: Instant, ours: Instant, commit_seconds: float) -> None:
        """The broker stamped a record at ``told`` within the commit that has just ended, at ``ours``."""
        off = (ours - told) / SECOND
        metrics.SKEW_SECONDS.set(off if off < 0 else max(0.0, off - commit_seconds))

    # Looking.

    async def keep_looking(self, host: Host, ready: Callable[[], Sequence[str]]) -> None:
        while True:
            try:
                async with asyncio.timeout(ANSWER_S):
                    await self._look_at_ends(host)
                self.reach.answered()
            except (KafkaError, TimeoutError):
                self.reach.silent()
            self._look(host)
            READY.set(not ready())
            await asyncio.sleep(LOOK_EVERY_S)

    async def keep_counting(self, host: Host) -> None:
        """Count restored patients, a few at a time, while there are any."""
        while True:
            now = self._parts.clock.now()
            uncounted = [shard for shard in host.shards.values() if not shard.census.complete]
            for shard in uncounted:
                shard.census.count_some(shard.table, now)
            await asyncio.sleep(COUNT_EVERY_S if uncounted else LOOK_EVERY_S)

    async def keep_looking_at_open_work(self, host: Host) -> None:
        """A look at very many tasks takes seconds, and a turn never waits for it."""
        while True:
            work = OpenWork()
            censuses = [shard.census for shard in host.shards.values()]
            for _ in work.take_in(censuses, self._parts.clock.now()):
                await asyncio.sleep(TASKS_EVERY_S)
            work.show()
            self.open_work = work
            await asyncio.sleep(LOOK_EVERY_S)

    def _look(self, host: Host) -> None:
        shards = list(host.shards.values())
        now = self._parts.clock.now()
        self._look_at_state(host, shards, now)
        self._look_at_lag(shards)
        policy = self._parts.policy
        for shard in shards:
            shard.census.under(policy.min_useful_notice, policy.short_notice)
        outlook.show(policy, [shard.state for shard in shards], now)

    def _look_at_state(self, host: Host, shards: list[Shard], now: Instant) -> None:
        metrics.PARTITIONS.set(len(shards))
        metrics.PARTITIONS_ALL.set(self._parts.names.partitions)
        metrics.PATIENTS.set(sum(len(shard.table) for shard in shards))
        metrics.STATE_BYTES.set(sum(shard.table.size for shard in shards))
        metrics.RECOVERING.set(len((host.assigned_partitions or frozenset()) - host.shards.keys()))
        paused = sum(shard.state.paused for shard in shards)
        metrics.SHARDS_PAUSED.set(paused)
        metrics.FAIL_CLOSED_ACTIVE.set(bool(paused) or self.fails_closed)
        metrics.POISONED.set(sum(len(shard.intake.inbox.stopped) for shard in shards))
        metrics.TIMERS.set(sum(len(shard.intake.timers) for shard in shards))
        metrics.OVERDUE.set(sum(shard.intake.timers.overdue_since(now - OVERDUE_MS) for shard in shards))
        metrics.WAITING.set(sum(shard.intake.inbox.waiting() for shard in shards))
        metrics.BARRIER_SECONDS.set(self._barrier.mean_seconds())

    def _look_at_lag(self, shards: list[Shard]) -> None:
        """The older of: what is in hand, by its own timestamp; what is not, by when its end was first seen."""
        now, wall = time.monotonic(), self._wall.now()
        self.lag, objections = {}, 0.0
        for shard in shards:
            inbox, oldest = shard.intake.inbox, 0.0
            for topic in INPUT_TOPICS:
                if topic in inbox.stopped:
                    continue  # has an alert of its own, and would hide everything else
                seconds = self._waiting.seconds((topic, shard.partition), shard.next_offsets[topic], now)
                written = inbox.oldest_written(topic)
                if written is not None:
                    seconds = max(seconds, (wall - written) / SECOND)
                oldest = max(oldest, seconds)
                if topic is Topic.OBJECTIONS:
                    objections = max(objections, seconds)
            self.lag[shard.partition] = oldest
        metrics.LAG_SECONDS.set(max(self.lag.values(), default=0.0))
        metrics.OBJECTION_LAG_SECONDS.set(objections)

    async def _look_at_ends(self, host: Host) -> None:
        names = self._parts.names
        shards = dict(host.shards)
        if not shards:
            self._has_nothing()
            await self._kafka.offsets.ends([(names.topic(Topic.OBJECTIONS), 0)])  # whether it answers
            return
        asked = {(names.topic(topic), p): (topic, p) for topic in INPUT_TOPICS for p in shards}
        ends = await self._kafka.offsets.ends(list(asked))
        now = time.monotonic()
        self._waiting.forget(frozenset(asked.values()))
        behind, by_topic = dict.fromkeys(shards, 0), dict.fromkeys(INPUT_TOPICS, 0)
        for at, end in ends.items():
            topic, partition = asked[at]
            self._waiting.look((topic, partition), end, now)
            count = max(0, end - shards[partition].next_offsets[topic])
            by_topic[topic] += count
            if topic not in shards[partition].intake.inbox.stopped:
                behind[partition] += count
        self.behind = behind
        for partition, shard in shards.items():
            if not behind[partition] and not shard.intake.inbox.waiting():
                shard.progress = now  # what comes next has not waited yet, however long nothing came
        for topic, count in by_topic.items():
            metrics.LAG.labels(topic).set(count)
        await self._look_at_recorder(shards, now)

    def _has_nothing(self) -> None:
        """Its partitions have moved: what waits in them is told by whoever has them now."""
        self.behind = {}
        for topic in INPUT_TOPICS:
            metrics.LAG.labels(topic).set(0)
        self._emitted.clear()
        self._waiting.forget(frozenset())
        self._unread.forget(frozenset())
        self.unrecorded = 0.0
        metrics.UNRECORDED_SECONDS.set(0)

    async def _look_at_recorder(self, shards: dict[int, Shard], now: float) -> None:
        """How long the oldest message or task has waited for the recorder, whether or not it runs.

        The end of a partition will not do: behind the last record lies the marker of its transaction, which
        no reader ever reaches. What an earlier owner wrote last is looked up once.
        """
        names = self._parts.names
        asked = [(names.topic(topic), p) for topic in _RECORDED for p in shards]
        for at in asked:
            if at not in self._emitted:
                last = await last_record(self._kafka.connect, self._kafka.offsets, *at)
                self._emitted[at] = 0 if last is None else last.offset + 1
            self._emitted[at] = max(self._emitted[at], shards[at[1]].written_to.get(at, 0))
            self._unread.look(at, self._emitted[at], now)
        for gone in self._emitted.keys() - set(asked):
            del self._emitted[gone]
        self._unread.forget(frozenset(asked))
        reached = await self._kafka.offsets.committed(self._recorder_group, asked)
        self.unrecorded = max(self._unread.seconds(at, offset or 0, now) for at, offset in reached.items())
        metrics.UNRECORDED_SECONDS.set(self.unrecorded)

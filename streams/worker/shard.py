"""The life of a shard on one screen: recover, read, decide, commit, report.

A shard owns partition p of every patient-keyed topic: its part of the patient table, its timers and the
one transactional producer that may write for it (architecture.md section 2).
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from streams.domain.events import Resolution
from streams.domain.packing import due_of
from streams.domain.resume import CONTROL, may_resume, resumed_topic
from streams.domain.shard import ShardState
from streams.domain.time import Instant
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.errors import BadRecord, RegistryUnreachable, UnknownSchema
from streams.kafka.barrier import Barrier
from streams.kafka.batch import Stretch
from streams.kafka.transaction import ShardProducer
from streams.kafka.unknown_schemas import EVERY_ID, UnknownSchemas
from streams.ops.logging import get_logger

from .census import Census
from .deciding import Decided, decide_turn
from .intake import Intake, Work
from .journal import Journal, unpack_shard
from .pace import Pace
from .parts import Parts
from .poison import Breaker
from .skew import Skew
from .table import SHARD_KEY, PatientTable

log = get_logger("heed.worker")

#: How often timers are looked at while nothing arrives: far below every deadline of B13, and cheap. Seconds.
TIMER_POLL_S: Final = 0.05
#: A patient woken so often in a row without its due instant moving on waits a minute: a rule of ours is
#: wrong, and must not become a busy loop.
WAKES_IN_A_ROW: Final = 20
LATER_MS: Final = 60_000

REGISTRY_RETRY_S: Final = 1.0

_CONTROL_KEY: Final = CONTROL.encode()

#: Told of each committed turn: the shard, what was decided, how long the commit took (seconds).
Report: TypeAlias = Callable[["Shard", Decided, float], None]


class Shard:
    """Partition p of everything, from the moment its producer is open."""

    def __init__(
        self, parts: Parts, producer: ShardProducer, barrier: Barrier, report: Report, skew: Skew
    ) -> None:
        self.partition = producer.partition
        self._skew = skew
        self._parts = parts
        self._producer = producer
        self._barrier = barrier
        self._report = report
        self.table = PatientTable()
        self.intake = Intake()
        self.state = ShardState()
        self.journal = Journal()  # of the last turn
        self.census = Census(parts.policy.min_useful_notice, parts.policy.short_notice)
        self.breakers = {topic: Breaker() for topic in INPUT_TOPICS}
        self.progress = time.monotonic()  # when something was last committed, or nothing waited
        self._committed: dict[Topic, int] = {}
        self._pace = Pace()
        self._turned = 0.0  # when the last turn ended (monotonic)
        self._unknown_schemas = UnknownSchemas()
        self._asked_in_vain = False  # for the turn that is not decided yet
        self.registry_away = False  # what is in hand waits for a schema
        self._stuck: dict[bytes, int] = {}
        self._flowing = asyncio.Event()  # cleared while a rebalance is on
        self._between_turns = asyncio.Event()
        self._between_turns.set()
        self._work = asyncio.Event()  # for run: something may be taken
        self._asked = asyncio.Event()  # for keep_marking: something may wait for a mark

    def recover(self, rows: dict[bytes, bytes]) -> None:
        """Take over what the changelog holds."""
        self.state, self.journal = unpack_shard(rows.pop(SHARD_KEY, None))
        self.table = PatientTable(rows)
        self.intake = Intake(self.table.due())
        self.census.restored(rows)
        for topic, through in self.state.let_through.items():
            self.breakers[Topic(topic)].through = through

    def flow(self, offsets: Mapping[Topic, int]) -> None:
        """Take records from these offsets on; what is overdue by now comes first."""
        self.intake.start_at(offsets, self._parts.clock.now())
        self._committed = dict(offsets)
        self.progress = time.monotonic()
        self._flowing.set()
        self._wake_up()

    def receive(self, topic: Topic, stretch: Stretch) -> None:
        """Queue what was fetched; after ``quiesce`` it will be fetched again. Raises LostRecords."""
        if self.flowing:
            self.intake.inbox.put(topic, stretch)
            if topic is Topic.RESOLUTIONS:
                self._heed_control(stretch)
            self._wake_up()

    def _heed_control(self, stretch: Stretch) -> None:
        """Let a topic go on as soon as a person says so: decided in order, it might wait for that very topic.

        The rules put it on record when its turn comes (``decisions.resolving``).
        """
        for record in stretch.records:
            if record.key is None or not record.key.startswith(_CONTROL_KEY):
                continue
            try:
                body = self._parts.codec.decode(Topic.RESOLUTIONS, record.key, record.value).body
            except BadRecord:
                continue
            resumed = resumed_topic(body) if isinstance(body, Resolution) and may_resume(body) else None
            if resumed is not None:
                self.breakers[resumed.topic].resume(resumed.through)
                self.intake.inbox.stopped.discard(resumed.topic)
                log.warning("topic_resumed", topic=resumed.topic, partition=self.partition,
                            next_offset=self.intake.inbox.applied[resumed.topic], through=resumed.through)  # fmt: skip

    async def run(self) -> None:
        """Turn after turn until cancelled. Raises ShardLost, and whatever else should never happen."""
        while True:
            await self._flowing.wait()
            await asyncio.sleep(self._pace.gather_seconds(time.monotonic() - self._turned))
            self._work.clear()
            if not await self._turn():
                await _either(self._work, TIMER_POLL_S)

    async def _turn(self) -> bool:
        """Take, decide, write, and only then apply; False when there was nothing to take."""
        if not self.flowing:
            return False
        work = self.intake.take(self._pace.limit(), self._parts.policy.objection_lag_max)
        if not len(work):
            return False
        if self._skew.too_much(self._parts.policy.skew_tolerance):
            work = work.failing_closed()
        work_begun = time.thread_time()
        try:
            decided = self._decide(work)
        except UnknownSchema as unknown:
            self.intake.put_back([*work.state, *work.deciding])
            self._set_timers(work.wakes)
            await self._learn(unknown.schema_id)
            return True
        worked = time.thread_time() - work_begun
        self._between_turns.clear()
        try:
            self._put_back(decided)
            begun = time.monotonic()
            await self._producer.commit(decided.outbox, self._next_offsets())
            self._fold(decided)
            self._pace.note(len(work), worked)
            self._turned = time.monotonic()
            took = self._turned - begun
            if self.broker_time is not None:
                self._skew.told(self.broker_time, took)
            self._report(self, decided, took)
        finally:
            self._between_turns.set()
        return True

    def _decide(self, work: Work) -> Decided:
        # Not while one turn's records are being asked for: of many ids the first would expire before the last.
        if not self._asked_in_vain:
            self._unknown_schemas.forget_expired()
        return decide_turn(
            self._parts, self._producer, self.table, self.state, self.journal, self.breakers, work,
            self._unknown_schemas if self._parts.codec.can_learn else EVERY_ID,
        )  # fmt: skip

    async def _learn(self, schema_id: int | None) -> None:
        """Ask the registry for a schema, for as long as it does not answer: never guess.

        An id it does not know stays unknown for a while; the record is quarantined in the next turn.
        """
        while schema_id is not None and self.flowing:
            try:
                if not await self._parts.codec.learn(schema_id):
                    self._unknown_schemas.note(schema_id)
                    self._asked_in_vain = True
            except RegistryUnreachable:
                self.registry_away = True
                log.warning("schema_registry_unreachable", partition=self.partition, schema_id=schema_id)
                await asyncio.sleep(REGISTRY_RETRY_S)
            else:
                self.progress = time.monotonic()  # an answer is some
                break
        self.registry_away = False

    async def keep_marking(self) -> None:
        """Ask the barrier for whatever waits, beside ``run``: state goes on meanwhile. Raises KafkaError."""
        while True:
            await self._flowing.wait()
            self._asked.clear()
            question = self.intake.question(self._parts.clock.now())
            if question is None:
                await _either(self._asked, TIMER_POLL_S)
                continue
            self.intake.answer(question, await self._barrier.mark(self.partition))
            self._work.set()

    async def quiesce(self) -> None:
        """Take no more, and return when the turn in hand is committed."""
        self._flowing.clear()
        await self._between_turns.wait()

    @property
    def flowing(self) -> bool:
        return self._flowing.is_set()

    @property
    def written_to(self) -> Mapping[tuple[str, int], int]:
        """Where the last record that this shard wrote ends, by (topic name, partition)."""
        return self._producer.written_to

    @property
    def broker_time(self) -> Instant | None:
        """What the broker's clock said in the last commit; None when it did not say."""
        return self._producer.broker_time

    @property
    def next_offsets(self) -> Mapping[Topic, int]:
        """Where this shard reads on; ahead of what is committed only where no record lies between."""
        return self.intake.inbox.applied

    def _next_offsets(self) -> dict[tuple[str, int], int]:
        names = self._parts.names
        applied = self.intake.inbox.applied
        return {
            (names.topic(topic), self.partition): offset
            for topic, offset in applied.items()
            if offset != self._committed[topic]
        }

    def _put_back(self, decided: Decided) -> None:
        """A breaker has opened: what followed is not part of this turn."""
        if decided.undecided or decided.undecided_wakes:
            self.intake.put_back(decided.undecided)
            self._set_timers(decided.undecided_wakes)
        stopped = self.intake.inbox.stopped
        for topic, breaker in self.breakers.items():
            if breaker.open and topic not in stopped:
                stopped.add(topic)
                log.error("topic_stopped", topic=topic, partition=self.partition,
                          next_offset=self.intake.inbox.applied[topic], next="heed resume")  # fmt: skip

    def _fold(self, decided: Decided) -> None:
        """The turn is true: make its changes the table's, and set timers."""
        self.table.put_many(decided.changes)
        self.state, self.journal = decided.shard, decided.journal
        self._committed = dict(self.intake.inbox.applied)
        self._asked_in_vain = False
        self.census.turn(decided.changed, self._parts.clock.now())
        timers = self.intake.timers
        for key, packed in decided.changes.items():
            timers.set(key, 0 if packed is None else due_of(packed))
        self._set_timers([key for key in decided.woken if key not in decided.changes])
        self._hold_back_stuck(decided.woken)
        self.progress = time.monotonic()
        self._wake_up()

    def _set_timers(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            packed = self.table.get(key)
            self.intake.timers.set(key, 0 if packed is None else due_of(packed))

    def _hold_back_stuck(self, woken: Iterable[bytes]) -> None:
        now = self._parts.clock.now()
        for key in woken:
            packed = self.table.get(key)
            if packed is None or not 0 < due_of(packed) <= now:
                self._stuck.pop(key, None)
                continue
            self._stuck[key] = self._stuck.get(key, 0) + 1
            if self._stuck[key] >= WAKES_IN_A_ROW:
                self.intake.timers.set(key, now + LATER_MS)

    def _wake_up(self) -> None:
        self._work.set()
        self._asked.set()


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, at most so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()

"""The recorder: a process of its own, with its own group, that puts on record whatever was emitted.

Plain consumer, no Faust: it has no state of its own and no rules, only what ``entries`` says.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final

from streams.domain.vocabulary import Topic
from streams.kafka import topics
from streams.kafka.batch import Record
from streams.kafka.client import connection
from streams.kafka.member import Member
from streams.kafka.offsets import KafkaError, OffsetsClient
from streams.kafka.plain import PlainProducer
from streams.kafka.registry import codec_for
from streams.ops.health import HealthServer
from streams.ops.logging import get_logger, set_up
from streams.ops.metrics import READY
from streams.ops.person import use_key
from streams.ops.policy_file import PolicyFile
from streams.ops.process import (
    in_background,
    limit_stopping,
    say_when_ready,
    stop_signal,
    warn_unless_encrypted,
)
from streams.ops.reach import ANSWER_S, Reach
from streams.ops.tracing import traces_for
from streams.ops.waiting import Waiting
from streams.settings import Settings

from . import metrics
from .heart import Heart
from .status_page import status_of
from .writing import READ, SOURCES, Clock, Parts, RecordPartition

log = get_logger("heed.recorder")

STALLED_S: Final = 60.0
LAG_EVERY_S: Final = 2.0
CANCEL_AGAIN_S: Final = 0.5


class Recorder:
    """Owns the partitions of the record that the group gives it (``kafka.member.MemberOwner``)."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.partitions: dict[int, RecordPartition] = {}
        self._opening: dict[int, RecordPartition] = {}
        self._in_hand = asyncio.Lock()
        #: Partitions that are put off until a schema is known.
        self._learning: dict[int, asyncio.Task[None]] = {}
        self.progress = time.monotonic()
        self.lag = 0
        self.oldest = 0.0  # seconds that the oldest input has waited
        self.heartbeat = (
            0.0  # seconds since the last heartbeat that came through was sent, at the worst partition
        )
        self._waiting = Waiting[tuple[str, int]]()
        self.reach = Reach(log)
        self.assigned = False
        self.stopping = False

    async def quiesce(self) -> None:
        self.assigned = False
        learning = set(self._learning.values())
        self._learning.clear()
        for partition in self.partitions.values():
            partition.put_down()
        for one in learning:
            one.cancel()
        async with self._in_hand:
            pass
        while learning:
            _, learning = await asyncio.wait(learning, timeout=CANCEL_AGAIN_S)
            for one in learning:
                one.cancel()

    async def open(self, partitions: frozenset[int]) -> Mapping[tuple[str, int], int]:
        for partition in self.partitions.keys() - partitions:
            await self.partitions.pop(partition).close()
        await asyncio.gather(*(self._open(partition) for partition in partitions - self.partitions.keys()))
        self.assigned = True
        self._parts.heart.own(partitions)
        metrics.PARTITIONS.set(len(partitions))
        return {
            (self._parts.topic(topic), number): partition.next[topic]
            for number, partition in self.partitions.items()
            for topic in READ
        }

    async def _open(self, number: int) -> None:
        partition = self._opening[number] = RecordPartition(self._parts, number)
        try:
            await partition.open()
        except BaseException:
            await partition.close()
            raise
        finally:
            del self._opening[number]
        self.partitions[number] = partition

    async def run(self, member: Member) -> None:
        """Poll and write until stopping. Raises ShardLost, BadRecord, KafkaError."""
        while not self.stopping:
            fetched = await member.poll()
            if self.lag == 0 or fetched:
                self.progress = time.monotonic()
            by_partition: dict[int, dict[str, list[Record]]] = {}
            for (name, number), records in fetched.items():
                by_partition.setdefault(number, {})[name] = records
            self._put_off(member, by_partition)
            if not by_partition:
                continue
            async with self._in_hand:
                await asyncio.gather(
                    *(
                        self.partitions[number].write(found)
                        for number, found in by_partition.items()
                        # Else a rebalance came between: its new owner reads them.
                        if number in self.partitions
                    )
                )

    def _put_off(self, member: Member, by_partition: dict[int, dict[str, list[Record]]]) -> None:
        """Leave to later the partitions that wait for a schema: what was fetched of them is read again then."""
        for number, partition in self.partitions.items() if self.assigned else ():
            found = by_partition.get(number, {})
            if number not in self._learning:
                if not partition.waits_for_schema(found):
                    continue
                learning = self._learn(member, partition, found)
                self._learning[number] = in_background(learning, f"learn {number}")
            by_partition.pop(number, None)
            member.put_off(number, {(name, number): records[0].offset for name, records in found.items()})

    async def _learn(
        self, member: Member, partition: RecordPartition, found: dict[str, list[Record]]
    ) -> None:
        await partition.learn(found)
        if self._learning.get(partition.partition) is asyncio.current_task():  # else it has been put down
            self.progress = time.monotonic()
            del self._learning[partition.partition]
            member.go_on(partition.partition)

    async def close(self) -> None:
        await self.quiesce()
        await asyncio.gather(*(partition.close() for partition in self.partitions.values()))

    async def keep_measuring(self, member: Member) -> None:
        """Lag, every few seconds. Heartbeats grow old whether or not Kafka answers."""
        anywhere = self._parts.topic(Topic.SEND_COMMANDS), 0
        while True:
            await asyncio.sleep(LAG_EVERY_S)
            try:
                async with asyncio.timeout(ANSWER_S):
                    reached = await member.positions()
                    ends = await self._parts.offsets.ends(list(reached) or [anywhere])
                self.reach.answered()
                self._measure(reached, {at: end for at, end in ends.items() if at in reached})
            except (KafkaError, TimeoutError):
                self.reach.silent()
            self.heartbeat = self._parts.heart.oldest()
            READY.set(not self.ready())

    def _measure(self, reached: Mapping[tuple[str, int], int], ends: Mapping[tuple[str, int], int]) -> None:
        ends = {at: end for at, end in ends.items() if self._parts.named(at[0]) is not Topic.HEARTBEATS}
        behind = dict.fromkeys(SOURCES, 0)
        now = time.monotonic()
        self._waiting.forget(frozenset(ends))
        for at, end in ends.items():
            self._waiting.look(at, end, now)
            behind[self._parts.named(at[0])] += max(0, end - reached[at])
        self.oldest = max((self._waiting.seconds(at, reached[at], now) for at in ends), default=0.0)
        metrics.OLDEST_SECONDS.set(self.oldest)
        for topic, records in behind.items():
            metrics.LAG.labels(topic).set(records)
        self.lag = sum(behind.values())

    def alive(self) -> Sequence[str]:
        busy = [*self._opening.values(), *self._learners()]
        still = time.monotonic() - max(self.progress, *(one.progress for one in busy), 0.0)
        stalled = self.lag and still > STALLED_S and not self._waits()  # a new start brings no registry back
        return [f"lag, and no progress for {still:.0f} s"] if stalled else []

    def ready(self) -> Sequence[str]:
        if self.stopping:
            return ["stopping"]
        return [
            *self.reach.reasons(),
            *([] if self.assigned else ["waiting for partitions"]),
            *self._waits(),
            *self._remembering(),
        ]

    def _waits(self) -> Sequence[str]:
        away = any(partition.registry_away for partition in self.partitions.values())
        return ["the schema registry does not answer"] if away else []

    def _learners(self) -> list[RecordPartition]:
        return [self.partitions[number] for number in sorted(self._learning) if number in self.partitions]

    def _remembering(self) -> Sequence[str]:
        return [
            f"partition {one.partition}: remembers old objections"
            for one in self._learners()
            if one.remembers and not one.registry_away
        ]


async def run_recorder(settings: Settings, clock: Clock, wall: Clock) -> int:
    """Record until SIGTERM or SIGINT; 0 then. Raises RefuseToStart; anything fatal ends the process itself.

    ``wall`` is the machine's clock, whatever ``clock`` says: heartbeats are measured with it.
    """
    set_up(settings.log)
    use_key(settings.log_key)
    warn_unless_encrypted(settings)
    checked = await topics.check(settings)
    parts = await _build(settings, clock, wall)
    recorder = Recorder(parts)
    health = _health(recorder, parts)
    log.told(
        "listening", url=await health.open(), group=settings.recorder_group, partitions=checked.partitions
    )

    stop = stop_signal()
    sources = [parts.topic(topic) for topic in READ]
    member = Member(parts.connect, settings.recorder_group, sources, recorder, settings.instance)
    await member.start()
    running = in_background(recorder.run(member), "recorder")
    in_background(recorder.keep_measuring(member), "measure")
    in_background(parts.policy_file.keep_looking(), "policy")
    producer = await _beating(parts)
    in_background(say_when_ready(member.settled), "ready")
    await stop.wait()

    recorder.stopping = True
    log.info("stopping")
    limit_stopping()
    await running
    await recorder.close()
    await member.stop()
    if producer is not None:
        await producer.close()
    await parts.offsets.close()
    await health.close()
    parts.traces.close()
    log.info("stopped")
    return 0


async def _build(settings: Settings, clock: Clock, wall: Clock) -> Parts:
    """Pick everything a recorder works with, and connect what looks up offsets. Raises RefuseToStart."""
    connect = connection(settings)
    codec = await codec_for(settings)
    offsets = OffsetsClient(connect)
    await offsets.open()
    heart = Heart(wall.now, settings.topic(Topic.RECEIPTS))
    traces = traces_for(settings, "heed-recorder")
    return Parts(settings, connect, offsets, codec, PolicyFile(settings.policy), clock, heart, traces)


def _health(recorder: Recorder, parts: Parts) -> HealthServer:
    """Metrics, probes and the status page; not open yet."""
    return HealthServer(
        parts.settings.http_host,
        parts.settings.http_port,
        alive=recorder.alive,
        ready=recorder.ready,
        notes=parts.policy_file.notes,
        status=lambda: status_of(
            len(recorder.partitions), recorder.oldest, recorder.heartbeat, tuple(recorder.ready())
        ),
    )


async def _beating(parts: Parts) -> PlainProducer | None:
    """Send heartbeats from now on, where they are wanted; with the producer, which the caller closes."""
    if not parts.settings.heartbeat_s:
        return None
    producer = PlainProducer(parts.connect)
    await producer.open()
    in_background(parts.heart.keep_beating(producer, parts.settings.heartbeat_s), "heartbeat")
    return producer

"""The shards of one worker: opens, quiesces and closes them as membership of the group changes.

Faust's protocol revokes everything at every rebalance. A partition that comes straight back keeps its
table and its producer: had anyone else owned it in between, their opening would have fenced it, and its
next commit fails. A partition that does not come back is closed and forgotten.
"""

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.errors import PartitionMismatch, ShardLost
from streams.kafka.barrier import Barrier
from streams.kafka.batch import Stretch
from streams.kafka.offsets import OffsetsClient, next_offset
from streams.kafka.restore import restore
from streams.kafka.transaction import ShardProducer
from streams.kafka.transport import StretchConsumer
from streams.ops.fatal import give_up, must_not_end
from streams.ops.logging import get_logger

from .deciding import Decided
from .hindsight import table_is_behind
from .parts import Parts
from .pressure import Pressure
from .shard import Report, Shard
from .skew import Skew

log = get_logger("heed.worker")

#: Tables restored at the same time: more would only share the same processor. Shards.
RESTORING: Final = 4


class Kafka(msgspec.Struct, frozen=True):
    """How this worker reaches Kafka, and as whom. ``group`` also begins its transactional ids."""

    connect: Mapping[str, Any]
    group: str
    offsets: OffsetsClient
    larger: Mapping[str, int]  # topics whose records may exceed the usual size, and by how much


class Host:
    """Owns partitions on behalf of the consumer (``kafka.transport.PartitionOwner``)."""

    consumer: StretchConsumer  # set when Faust has made it

    def __init__(self, parts: Parts, kafka: Kafka, barrier: Barrier, report: Report) -> None:
        self._parts = parts
        self._kafka = kafka
        self._barrier = barrier
        self._report = report
        self._shards: dict[int, Shard] = {}
        self._producers: dict[int, ShardProducer] = {}
        self._opening: dict[int, asyncio.Task[Shard]] = {}
        self._tasks: dict[int, list[asyncio.Task[None]]] = {}
        self._settling: asyncio.Task[None] | None = None
        self._restoring = asyncio.Semaphore(RESTORING)
        self._assigned: frozenset[int] | None = None  # None: a rebalance is on
        self._pressure = Pressure(self._pause, self._resume)
        self._stopped = False
        self.behind: set[int] = set()  # partitions whose table is older than what was decided with it
        self.skew = Skew()
        self.settled = asyncio.Event()  # set while every assigned shard flows

    @property
    def shards(self) -> Mapping[int, Shard]:
        return self._shards

    @property
    def assigned_partitions(self) -> frozenset[int] | None:
        return self._assigned

    # What the consumer tells.

    async def quiesce(self) -> None:
        self._assigned = None
        self.settled.clear()
        if self._settling is not None:
            self._settling.cancel()
        await asyncio.gather(*(shard.quiesce() for shard in self._shards.values()))

    def assigned(self, assignment: frozenset[tuple[str, int]]) -> None:
        partitions = frozenset(partition for _topic, partition in assignment)
        self._refuse_partial(assignment, partitions)
        self._assigned = partitions
        log.info("assigned", partitions=sorted(partitions))
        self._settling = asyncio.create_task(self._settle(partitions), name="settle")
        self._settling.add_done_callback(must_not_end)

    def receive(self, name: str, partition: int, stretch: Stretch) -> None:
        """Hand a stretch to its shard. What arrives for none was fetched before a rebalance: read again."""
        shard = self._shards.get(partition)
        if shard is not None:
            shard.receive(self._parts.names.named(name), stretch)
            self._pressure.note(shard)

    def _note_turn(self, shard: Shard, decided: Decided, commit_seconds: float) -> None:
        self._pressure.note(shard)  # there may be room again
        self._report(shard, decided, commit_seconds)

    def _pause(self, topic: Topic, partition: int) -> None:
        self.consumer.pause([(self._parts.names.topic(topic), partition)])

    def _resume(self, topic: Topic, partition: int) -> None:
        self.consumer.resume([(self._parts.names.topic(topic), partition)])

    def stop_deciding(self) -> None:
        """Nothing more is taken until the process is started again."""
        if not self._stopped:
            self._stopped = True
            stopping = asyncio.create_task(self.quiesce(), name="stop deciding")
            stopping.add_done_callback(must_not_end)

    def _refuse_partial(self, assignment: frozenset[tuple[str, int]], partitions: Collection[int]) -> None:
        """Everything about one patient must be here, or nothing."""
        names = [self._parts.names.topic(topic) for topic in INPUT_TOPICS]
        missing = sorted({(name, p) for name in names for p in partitions} - assignment)
        if missing:
            error = PartitionMismatch(f"partition {missing[0][1]} was assigned without topic {missing[0][0]}")
            give_up("not_co_partitioned", error, topic=missing[0][0], partition=missing[0][1])

    # Opening and closing.

    async def _settle(self, partitions: frozenset[int]) -> None:
        for partition in [p for p in {*self._shards, *self._opening} if p not in partitions]:
            # A rebalance may cancel this: what is half closed would be forgotten, with its producer open.
            await asyncio.shield(self._close(partition))
        for partition in partitions - self._shards.keys() - self._opening.keys():
            self._opening[partition] = asyncio.create_task(self._open(partition), name=f"open {partition}")
        if self._stopped:
            return
        await asyncio.gather(*(self._start(partition) for partition in partitions))
        if self._assigned == partitions and not self.behind:
            self.settled.set()

    async def _open(self, partition: int) -> Shard:
        """Become the writer, then restore, in this order (architecture.md section 2)."""
        begun = time.monotonic()
        producer = ShardProducer(self._kafka.connect, self._kafka.group, partition, self._kafka.larger)
        self._producers[partition] = producer
        await producer.open()
        await self._ask_time(producer)
        async with self._restoring:
            fenced = time.monotonic()
            changelog = self._parts.names.topic(Topic.PATIENT_TABLE)
            rows = await restore(self._kafka.connect, self._kafka.offsets, changelog, partition)
            shard = Shard(self._parts, producer, self._barrier, self._note_turn, self.skew)
            shard.recover(rows)
            await self._look_back(shard)
        log.info(
            "shard_restored", partition=partition, patients=len(shard.table), timers=len(shard.intake.timers),
            fence_ms=round(1e3 * (fenced - begun)), restore_ms=round(1e3 * (time.monotonic() - fenced)),
            paused=shard.state.paused,
        )  # fmt: skip
        return shard

    async def _ask_time(self, producer: ShardProducer) -> None:
        """By a clock that is wrong nothing is sent, not even in the first turn."""
        begun = time.monotonic()
        told = await producer.ask_time(self._parts.names.topic(Topic.DECISIONS))
        if told is not None:
            self.skew.told(told, time.monotonic() - begun)

    async def _look_back(self, shard: Shard) -> None:
        """A table from a backup has forgotten objections and messages: nothing is decided with it.

        Raises ShardLost. Whoever stood still while restoring finds the decisions of the worker that took over
        meanwhile, and no fault of the table: that one has fenced our producer, which says so when it is asked.
        """
        kafka, parts, partition = self._kafka, self._parts, shard.partition
        behind = await table_is_behind(
            kafka.connect, kafka.offsets, parts.codec, parts.names, partition, shard.journal
        )
        if behind:
            await self._ask_time(self._producers[partition])
            self.behind.add(partition)
            log.error("table_behind", partition=partition, turn=shard.journal.number, next="heed rebuild")

    async def _start(self, partition: int) -> None:
        """Let an assigned shard flow: only now are its offsets read, and only now is anything fetched."""
        shard = self._shards.get(partition)
        if shard is None:
            shard = await asyncio.shield(self._opening[partition])
            offsets = await self._where_to_read(partition, shard.journal.read_to)
            self._opening.pop(partition, None)
            self._shards[partition] = shard
            self._run(shard)
        else:
            offsets = dict(shard.next_offsets)
        if partition in self.behind:
            return
        shard.flow(offsets)
        names = self._parts.names
        still_ours = await self.consumer.start_at(
            {(names.topic(t), partition): o for t, o in offsets.items()}
        )
        if not still_ours:
            await shard.quiesce()
        self._pressure.reset(shard)

    async def _where_to_read(self, partition: int, read_to: Mapping[Topic, int]) -> dict[Topic, int]:
        """Where the table says that it has read to; from the beginning where it has read nothing.

        Offsets of the group that were set back or forward by hand, or expired, lead to nothing: the table and
        what it was made from are never apart. Only a topic that was made anew is read from where the group says.
        """
        names = self._parts.names
        asked = {(names.topic(topic), partition): topic for topic in INPUT_TOPICS}
        committed = await self._kafka.offsets.committed(self._kafka.group, list(asked))
        beginnings = await self._kafka.offsets.beginnings(list(asked))
        ends = await self._kafka.offsets.ends(list(asked))
        offsets = {}
        for at, topic in asked.items():
            read = read_to.get(topic)
            if read is not None and read > ends[at]:  # the topic has since been made anew
                read = committed[at]
            offsets[topic] = next_offset(read, beginnings[at], ends[at])
            if read not in (None, offsets[topic]):
                log.error("offset_not_in_log", topic=topic, partition=partition, committed=read,
                          reading_from=offsets[topic])  # fmt: skip
            elif (committed[at] or 0) < offsets[topic] and read_to:
                log.warning("committed_offset_set_back", topic=topic, partition=partition,
                            committed=committed[at], reading_from=offsets[topic])  # fmt: skip
        return offsets

    def _run(self, shard: Shard) -> None:
        coroutines = {"turns": shard.run(), "marks": shard.keep_marking()}
        tasks = [asyncio.create_task(c, name=f"{name} {shard.partition}") for name, c in coroutines.items()]
        for task in tasks:
            task.add_done_callback(_shard_must_not_end)
        self._tasks[shard.partition] = tasks

    async def _close(self, partition: int) -> None:
        """Everything is taken out at once: what comes after an await might be the next owner's, ours again included."""
        self.behind.discard(partition)
        opening = self._opening.pop(partition, None)
        shard = self._shards.pop(partition, None)
        tasks = self._tasks.pop(partition, [])
        producer = self._producers.pop(partition, None)
        if opening is not None:
            opening.cancel()
        if shard is not None:
            await shard.quiesce()
        for task in tasks:
            task.cancel()
        if producer is not None:
            await producer.close()
        log.info("shard_closed", partition=partition)

    async def close(self) -> None:
        """Finish the turns in hand and close every shard."""
        await self.quiesce()
        await asyncio.gather(*(self._close(partition) for partition in {*self._shards, *self._opening}))


def _shard_must_not_end(task: asyncio.Task[None]) -> None:
    """A shard that cannot go on takes the process with it: a new start settles what is unknown."""
    if not task.cancelled() and (error := task.exception()) is not None:
        event = "shard_lost" if isinstance(error, ShardLost) else "shard_failed"
        give_up(event, error, task=task.get_name(), lost=type(error).__name__, next="restart")

"""One partition of the record: reads commands, tasks and objections, writes each entry exactly once.

Entries and the offsets they come from are one transaction, under one transactional id per partition, opened
before offsets are read: a recorder that was taken for dead is fenced. The last entry of each transaction
also carries where it had read to, so that even offsets set back by hand lead to no second entry.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, Protocol

import msgspec

from streams.domain.events import Event
from streams.domain.records import EscalationTask, RecordEntry, SendCommand
from streams.domain.time import Instant
from streams.domain.vocabulary import Topic
from streams.errors import BadRecord, RegistryUnreachable
from streams.kafka.batch import Record
from streams.kafka.codec import Codec
from streams.kafka.offsets import OffsetsClient, next_offset
from streams.kafka.outbox import Header
from streams.kafka.partitioner import key_of
from streams.kafka.replay import last_record, replay
from streams.kafka.transaction import ShardProducer
from streams.ops.logging import get_logger
from streams.ops.person import about
from streams.ops.policy_file import PolicyFile
from streams.ops.tracing import Passage, Traces, headers_of, trace_id, traceparent_of
from streams.settings import Settings

from . import metrics
from .entries import fingerprint, message_entry, objection_entry, task_entry
from .evidence import unjustified
from .heart import Heart

log = get_logger("heed.recorder")

SOURCES: Final = (Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.OBJECTIONS)

#: What a partition of the recorder reads: heartbeats come to nothing but a measurement.
READ: Final = (*SOURCES, Topic.HEARTBEATS)

#: Header of the last entry of a transaction: the next offset of each source, as JSON.
READ_TO: Final = "heed.read_to"

REGISTRY_RETRY_S: Final = 1.0

#: Old objections that are remembered in one go: some 100 ms, then whatever else there is has its turn.
REMEMBERED_AT_ONCE: Final = 2_000


class Clock(Protocol):
    def now(self) -> Instant: ...


class Parts(msgspec.Struct, frozen=True):
    """What every partition of a recorder works with."""

    settings: Settings
    connect: Mapping[str, Any]
    offsets: OffsetsClient
    codec: Codec
    policy_file: PolicyFile
    clock: Clock
    heart: Heart
    traces: Traces

    def topic(self, topic: Topic) -> str:
        """The name of a topic on this cluster, as ``Settings.topic`` gives it."""
        return self.settings.topic(topic)

    def named(self, name: str) -> Topic:
        """The topic of that name."""
        return Topic(name.removeprefix(self.settings.topic_prefix))


class RecordPartition:
    """Partition p of the record."""

    def __init__(self, parts: Parts, partition: int) -> None:
        self.partition = partition
        self._parts = parts
        self._producer = ShardProducer(parts.connect, parts.settings.recorder_group, partition)
        self._seen: set[int] = set()  # changes of objections that are on record
        self._remembered = self._remember_to = 0  # objections that were on record when this was opened
        self._asked: dict[str, int] = {}  # by topic name: of records below it the registry was asked
        self.next: dict[Topic, int] = {}
        self.registry_away = False  # what is in hand waits for a schema
        self.progress = 0.0  # when ``open`` or ``learn`` last came further
        self._put_down = False  # whoever called ``learn`` wants it to end

    async def open(self) -> None:
        """Become the writer, then find out where to read on. Raises KafkaError."""
        begun = time.monotonic()
        await self._producer.open()
        self.next = await self._where_to_read()
        name = self._parts.topic(Topic.OBJECTIONS)
        beginning = (await self._parts.offsets.beginnings([(name, self.partition)]))[name, self.partition]
        self._remembered, self._remember_to = beginning, self.next[Topic.OBJECTIONS]
        await self._remember(ask=False)
        log.info("record_partition_open", partition=self.partition, objections=len(self._seen),
                 ms=round(1e3 * (time.monotonic() - begun)))  # fmt: skip

    async def _remember(self, *, ask: bool) -> None:
        """Note which objections are on record already; without ``ask`` only up to one that the registry must be asked about."""
        name, codec = self._parts.topic(Topic.OBJECTIONS), self._parts.codec
        reading = replay(self._parts.connect, name, self.partition, self._remembered, self._remember_to)
        async with aclosing(reading) as stretches:
            async for records in stretches:
                for number, record in enumerate(records, 1):
                    if not codec.names_nothing_new(record.value):
                        if not ask:
                            return
                        await self._learn(record)
                    self._new_change(record)
                    self._remembered = record.offset + 1
                    if number % REMEMBERED_AT_ONCE == 0:
                        await self._let_others()
                await self._let_others()
        self._remembered = self._remember_to

    async def _let_others(self) -> None:
        self.progress = time.monotonic()
        await asyncio.sleep(0)
        self._end_if_put_down()

    @property
    def remembers(self) -> bool:
        """Whether what is on record already is not all known yet."""
        return self._remembered < self._remember_to

    def put_down(self) -> None:
        """Have ``learn`` end soon. A cancellation alone may be lost: aiokafka keeps one to itself while a consumer stops."""
        self._put_down = True

    def _end_if_put_down(self) -> None:
        if self._put_down:
            raise asyncio.CancelledError

    async def close(self) -> None:
        await self._producer.close()

    async def _where_to_read(self) -> dict[Topic, int]:
        """The committed offsets, or what the record itself says it has been written from, if that is more."""
        asked = {(self._parts.topic(topic), self.partition): topic for topic in READ}
        offsets = self._parts.offsets
        committed = await offsets.committed(self._parts.settings.recorder_group, list(asked))
        beginnings, ends = await offsets.beginnings(list(asked)), await offsets.ends(list(asked))
        records = self._parts.topic(Topic.RECORDS)
        last = await last_record(self._parts.connect, offsets, records, self.partition)
        written = _read_to(last)
        found = {}
        for at, topic in asked.items():
            offset = next_offset(committed[at], beginnings[at], ends[at])
            # An offset above the end belongs to a topic that has since been made anew.
            found[topic] = max(offset, written.get(topic, 0)) if written.get(topic, 0) <= ends[at] else offset
            if committed[at] not in (None, found[topic]):
                log.warning("record_offset_corrected", topic=topic, partition=self.partition,
                            committed=committed[at], reading_from=found[topic])  # fmt: skip
        return found

    def waits_for_schema(self, fetched: Mapping[str, Sequence[Record]]) -> bool:
        """Whether ``learn`` must come before ``write``."""
        if self.remembers:
            return True
        nothing_new = self._parts.codec.names_nothing_new
        return any(
            not nothing_new(record.value) and record.offset >= self._asked.get(name, 0)
            for name, records in self._framed(fetched)
            for record in records
        )

    async def learn(self, fetched: Mapping[str, Sequence[Record]]) -> None:
        """Know every schema that is named by what was written before, and by these: as long as the registry takes to answer.

        Apart from ``write``: an outage of the registry must hold up no other partition, no rebalance and no stop.
        """
        self._put_down = False
        try:
            await self._remember(ask=True)
            for name, records in self._framed(fetched):
                for record in records:
                    await self._learn(record)
                # What it does not know now is not asked about again.
                self._asked[name] = records[-1].offset + 1
        finally:
            self.registry_away = False

    def _framed(self, fetched: Mapping[str, Sequence[Record]]) -> Iterator[tuple[str, Sequence[Record]]]:
        heartbeats = self._parts.topic(Topic.HEARTBEATS)
        return ((name, records) for name, records in fetched.items() if name != heartbeats)

    async def write(self, fetched: Mapping[str, Sequence[Record]]) -> None:
        """Write the entries for these records, by topic name, and their offsets. Raises ShardLost.

        Raises BadRecord for a command or task that cannot be read: it must not go unrecorded, so somebody
        has to look (most likely this recorder is older than the worker that wrote it).
        """
        now = self._parts.clock.now()
        entries: list[RecordEntry] = []
        traced: dict[str, Passage] = {}  # by record id
        for name, records in fetched.items():
            topic = self._parts.named(name)
            for record in records if topic is not Topic.HEARTBEATS else ():
                if record.offset >= self.next[topic]:
                    made = self._entry(topic, record, now)
                    entries += made
                    if record.headers and made and (trace := traceparent_of(record.headers)) is not None:
                        traced[made[0].record_id] = self._parts.traces.begin(
                            "record", trace, topic=topic, partition=self.partition, offset=record.offset
                        )
            self.next[topic] = max(self.next[topic], records[-1].offset + 1)
        offsets = {(name, self.partition): self.next[self._parts.named(name)] for name in fetched}
        outbox = self._producer.outbox()
        target = (self._parts.topic(Topic.RECORDS), self.partition)
        for at, entry in enumerate(entries):
            headers: list[Header] = []
            if entry.record_id in traced:
                headers += headers_of(traced[entry.record_id].traceparent)
            if at == len(entries) - 1:
                headers.append((READ_TO, msgspec.json.encode({t: self.next[t] for t in SOURCES})))
            outbox.add_to(target, key_of(entry.patient_id), self._parts.codec.encode(entry), headers)
        await self._producer.commit(outbox, offsets)
        metrics.count(entries)
        for passage in traced.values():
            passage.end()
        self._parts.heart.came_through(self.partition, fetched.get(self._parts.topic(Topic.HEARTBEATS), ()))

    async def _learn(self, record: Record) -> None:
        """Know the schema that a record names, as the worker does who asked for it: else its entry would be lost.

        While the registry does not answer the partition waits, and nothing of it is committed; what it does not know stays unread.
        """
        while True:
            self._end_if_put_down()
            try:
                await self._parts.codec.learn_named(record.value)
            except RegistryUnreachable:
                self.registry_away = True
                log.warning("schema_registry_unreachable", partition=self.partition, offset=record.offset)
                await asyncio.sleep(REGISTRY_RETRY_S)
            else:
                self.registry_away = False
                self.progress = time.monotonic()
                return

    def _entry(self, topic: Topic, record: Record, now: Instant) -> list[RecordEntry]:
        if topic is Topic.OBJECTIONS:
            change = self._new_change(record)
            return [] if change is None else [objection_entry(change, now)]
        emitted = self._parts.codec.decode_output(topic, record.value or b"")
        if isinstance(emitted, SendCommand):
            if unjustified(emitted):
                metrics.UNJUSTIFIED.inc()
                self._say_unjustified(emitted, record)
            return [message_entry(emitted, self._parts.policy_file.for_records, now)]
        assert isinstance(emitted, EscalationTask)
        return [task_entry(emitted, now)]

    def _say_unjustified(self, command: SendCommand, record: Record) -> None:
        trace = traceparent_of(record.headers)
        log.error(
            "unjustified_objected_send", partition=self.partition, offset=record.offset, command_id=command.command_id,
            decision_id=command.decision_id, **({} if trace is None else {"trace_id": trace_id(trace)}),
            **about(command.patient_id),
        )  # fmt: skip

    def _new_change(self, record: Record) -> Event | None:
        """A change of an objection, the first time it is seen; None as well for one that nobody can read."""
        try:
            event = self._parts.codec.decode(Topic.OBJECTIONS, record.key, record.value)
        except BadRecord:
            metrics.UNREADABLE.inc()
            return None
        change = fingerprint(event)
        if change in self._seen:
            metrics.DUPLICATES.labels(Topic.OBJECTIONS).inc()
            return None
        self._seen.add(change)
        return event


def _read_to(last: Record | None) -> dict[Topic, int]:
    for name, value in () if last is None else last.headers:
        if name == READ_TO:
            return msgspec.json.decode(value, type=dict[Topic, int])
    return {}

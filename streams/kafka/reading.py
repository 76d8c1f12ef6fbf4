"""Reads a topic from its beginning to its present end, for people's questions: no group, nothing committed.

What is written after the reading began is not part of the answer, and neither are heartbeats.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from streams.domain.heartbeat import HEARTBEAT_KEY
from streams.domain.time import Instant
from streams.errors import RefuseToStart, RegistryUnreachable, UnsafeTopic
from streams.kafka.codec import Codec
from streams.kafka.fetched import hand_on_as_read
from streams.kafka.offsets import OffsetsClient
from streams.kafka.replay import WhenRemoved
from streams.kafka.started import started

#: Bytes asked for at once: these readings are long, not urgent.
_FETCH_BYTES: Final = 4 << 20


class StillOpen(Exception):
    """A transaction has not ended in time; names the partitions in which it lies."""


class Stored(msgspec.Struct, frozen=True):
    """One record as it lies in its topic. ``timestamp`` is the producer's or broker's, UTC ms."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


async def read_to_end(
    connect: Mapping[str, Any],
    topics: Collection[str],
    *,
    partition: int | None = None,
    since: Instant | None = None,
    when_removed: WhenRemoved = "earliest",
    patience_s: float | None = None,
) -> AsyncGenerator[Stored, None]:
    """Yield every committed record of the topics, in order within each partition.

    ``partition`` narrows it to one partition of each; ``since`` (UTC ms) leaves out what lies before the first
    record with that timestamp or a later one. What retention removes meanwhile is not there to be told, unless
    ``when_removed`` makes it an error.

    What lies at the end of a topic behind a transaction that is still open is not read, whoever wrote it and whenever it
    was committed. With ``patience_s`` (seconds without a new record) it is waited for; then StillOpen. Raises UnsafeTopic when a topic does not exist,
    KafkaError when the broker does not answer.
    """
    wanted = await _places(connect, topics, partition)
    consumer = AIOKafkaConsumer(
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset=when_removed,
        max_partition_fetch_bytes=_FETCH_BYTES,
        fetch_max_wait_ms=50,
        retry_backoff_ms=10,  # aiokafka waits so long for each topic that it has not met
        **connect,
    )
    async with started(consumer):
        hand_on_as_read(consumer)
        begins = await consumer.beginning_offsets(wanted)
        ends = await (
            consumer.end_offsets(wanted) if patience_s is None else _high_watermarks(connect, wanted)
        )
        left = {place: ends[place] for place in wanted if ends[place] > begins[place]}
        if not left:
            return  # nothing lies there; to assign nothing and seek is an error
        consumer.assign(list(left))
        await consumer.seek_to_beginning(*left)
        if since is not None:
            await _skip(consumer, left, since)
        async for record in _until(consumer, left, patience_s):
            yield record


async def _high_watermarks(
    connect: Mapping[str, Any], wanted: Collection[TopicPartition]
) -> dict[TopicPartition, int]:
    """Where partitions end for those who read uncommitted records too."""
    offsets = OffsetsClient(connect)
    await offsets.open()
    try:
        ends = await offsets.ends([(place.topic, place.partition) for place in wanted])
    finally:
        await offsets.close()
    return {TopicPartition(*at): end for at, end in ends.items()}


async def read_and_learn(
    connect: Mapping[str, Any],
    codec: Codec,
    framed: Collection[str],
    others: Collection[str] = (),
    *,
    partition: int,
) -> AsyncGenerator[Stored, None]:
    """``read_to_end`` of one partition, and what the schemas are that records of ``framed`` topics name.

    Whoever decodes what producers wrote must know as much as the worker, who asked the registry.
    Raises RefuseToStart when it does not answer. Whoever decides again must have read everything: what is removed
    meanwhile is an error (OffsetOutOfRangeError).
    """
    wanted = frozenset(framed)
    topics = [*framed, *others]
    async for stored in read_to_end(connect, topics, partition=partition, when_removed="none"):
        if stored.topic in wanted:
            try:
                await codec.learn_named(stored.value)
            except RegistryUnreachable as error:
                raise RefuseToStart(
                    f"{error}; some records name a schema that only the registry knows"
                ) from error
        yield stored


async def _skip(consumer: AIOKafkaConsumer, left: dict[TopicPartition, int], since: Instant) -> None:
    """Go to the first record of each partition from ``since`` on; where there is none, nothing is left."""
    found = await consumer.offsets_for_times(dict.fromkeys(left, since))
    for place in list(left):
        begin = found.get(place)
        if begin is None:
            del left[place]
            consumer.pause(place)
        else:
            consumer.seek(place, begin.offset)


async def _places(
    connect: Mapping[str, Any], topics: Collection[str], partition: int | None
) -> list[TopicPartition]:
    """Every partition of the topics, or the one that is asked for."""
    counts = await _counts(connect, topics)
    return [
        TopicPartition(topic, number)
        for topic in topics
        for number in range(counts[topic])
        if partition in (None, number)
    ]


async def partition_count(connect: Mapping[str, Any], topic: str) -> int:
    """How many partitions a topic has. Raises UnsafeTopic when there is no such topic."""
    return (await _counts(connect, [topic]))[topic]


async def _counts(connect: Mapping[str, Any], topics: Collection[str]) -> dict[str, int]:
    """Asks for all topics: asking for one that is missing would create it on a cluster that creates on demand."""
    async with started(AIOKafkaAdminClient(**connect)) as admin:
        counts = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    if missing := [topic for topic in topics if topic not in counts]:
        raise UnsafeTopic(f"topic {', '.join(missing)} not found: check the name and HEED_TOPIC_PREFIX")
    return counts


async def _until(
    consumer: AIOKafkaConsumer, left: dict[TopicPartition, int], patience_s: float | None = None
) -> AsyncIterator[Stored]:
    moved = time.monotonic()
    while left:
        fetched = await consumer.getmany(*left, timeout_ms=200)
        for place, records in fetched.items():
            moved = time.monotonic()
            for record in records:
                if record.offset < left[place] and record.key != HEARTBEAT_KEY:
                    yield Stored(
                        place.topic, place.partition, record.offset, record.timestamp, record.key, record.value,
                        dict(record.headers),
                    )  # fmt: skip
        for place in list(left):
            if await consumer.position(place) >= left[place]:
                del left[place]
                consumer.pause(place)
        if left and patience_s is not None and time.monotonic() - moved > patience_s:
            raise StillOpen(", ".join(f"{place.topic}[{place.partition}]" for place in left))


async def read_one(connect: Mapping[str, Any], topic: str, partition: int, offset: int) -> Stored | None:
    """The record at one place; None when retention has removed it, or it was never committed. Raises KafkaError."""
    place = TopicPartition(topic, partition)
    consumer = AIOKafkaConsumer(
        isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest", **connect
    )
    async with started(consumer):
        hand_on_as_read(consumer)
        begins, ends = await consumer.beginning_offsets([place]), await consumer.end_offsets([place])
        if not begins[place] <= offset < ends[place]:
            return None
        consumer.assign([place])
        consumer.seek(place, offset)
        async for record in _until(consumer, {place: offset + 1}):
            return record if record.offset == offset else None
        return None


async def kept_since(connect: Mapping[str, Any], topic: str) -> Instant:
    """Since when every partition of a topic is whole: 0 from the start, else the first timestamp still kept
    where retention has removed more (UTC ms). Raises UnsafeTopic, KafkaError."""
    places = await _places(connect, [topic], None)
    async with started(AIOKafkaConsumer(enable_auto_commit=False, **connect)) as consumer:
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    oldest = [
        await read_one(connect, topic, place.partition, begins[place])
        for place in places
        if 0 < begins[place] < ends[place]
    ]
    return max((record.timestamp for record in oldest if record is not None), default=0)

"""Reads what a partition already holds, without a group: up to an end that is known beforehand."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final, Literal, TypeAlias

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from .batch import Record
from .fetched import hand_on_as_read
from .offsets import OffsetsClient
from .started import started

#: Bytes asked for at once; from here on decoding is what takes the time, not round trips.
FETCH_BYTES: Final = 8 << 20
#: How far back the last record is looked for first; markers and aborted records may lie behind it.
_NEAR_THE_END: Final = 16

#: What a reader does when retention, or a person, removes what it was about to read: fail with OffsetOutOfRangeError,
#: or read on with the oldest record kept. aiokafka's own default is to go to the end, as if all had been read.
WhenRemoved: TypeAlias = Literal["none", "earliest"]


async def replay(
    connect: Mapping[str, Any],
    topic: str,
    partition: int,
    start: int,
    end: int,
    when_removed: WhenRemoved = "none",
) -> AsyncGenerator[list[Record], None]:
    """The committed records of [start, end), many at a time; all of them. Raises KafkaError."""
    if start >= end:
        return
    consumer = AIOKafkaConsumer(
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset=when_removed,
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=50,
        **connect,
    )
    async with started(consumer):
        hand_on_as_read(consumer)
        tp = TopicPartition(topic, partition)
        consumer.assign([tp])
        consumer.seek(tp, start)
        while await consumer.position(tp) < end:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                yield records if records[-1].offset < end else [r for r in records if r.offset < end]


async def last_record(
    connect: Mapping[str, Any], offsets: OffsetsClient, topic: str, partition: int
) -> Record | None:
    """The newest committed record of a partition; None when it has none. Raises KafkaError."""
    at = (topic, partition)
    beginning, end = (await offsets.beginnings([at]))[at], (await offsets.ends([at]))[at]
    back = _NEAR_THE_END
    while end > beginning:
        start = max(beginning, end - back)
        last: Record | None = None
        async for records in replay(connect, topic, partition, start, end, when_removed="earliest"):
            last = records[-1] if records else last
        if last is not None or start == beginning:
            return last
        back *= 16
    return None

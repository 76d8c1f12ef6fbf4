"""A consumer that has fetched, without a broker: aiokafka's own fetcher, positions and batches."""

import asyncio
import struct
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition
from faust.types.tuples import TP

from streams.kafka.fetched import AsTheyAre
from streams.kafka.transport import StretchConsumer, StretchThread

Headers = Sequence[tuple[str, bytes | None]]
PLAIN, GZIP, SNAPPY, LZ4, ZSTD = range(5)


def batch(
    base: int,
    records: Iterable[tuple[bytes | None, bytes | None, Headers]],
    *,
    codec: int = PLAIN,
    producer: int | None = None,
) -> bytes:
    """The bytes of a record batch whose first offset is ``base``, as a broker answers them; with ``producer``, of a transaction."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=codec, is_transactional=producer is not None,
        producer_id=-1 if producer is None else producer, producer_epoch=0, base_sequence=0, batch_size=1 << 20,
    )  # fmt: skip
    for number, (key, value, headers) in enumerate(records):
        assert builder.append(number, 1_000 + number, key, value, list(headers)) is not None
    made = bytearray(builder.build())
    struct.pack_into(">q", made, 0, base)  # not part of what the checksum covers
    return bytes(made)


def changed(made: bytes, old: bytes, new: bytes) -> bytes:
    """The batch with some of its bytes replaced by as many others, and the checksum that a producer would give it."""
    assert made.count(old) == 1
    assert len(old) == len(new)
    return summed(made.replace(old, new))


def summed(made: bytes) -> bytes:
    return made[:17] + struct.pack(">I", calc_crc32c(made[21:])) + made[21:]


class Fetching:
    """A consumer at the given positions, and the worker's thread that takes what it has fetched."""

    def __init__(self, positions: Mapping[tuple[str, int], int]) -> None:
        subscriptions = SubscriptionState()
        subscriptions.assign_from_user([TopicPartition(*place) for place in positions])
        assert subscriptions.subscription is not None
        self.assignment = subscriptions.subscription.assignment
        fetcher = self.fetcher = Fetcher.__new__(Fetcher)
        fetcher._subscriptions = subscriptions
        fetcher._closed = False
        fetcher._records = AsTheyAre()
        fetcher._wait_consume_future = None
        fetcher._fetch_waiters = set()
        fetcher._loop = asyncio.get_running_loop()
        self.aiokafka: Any = SimpleNamespace(_fetcher=fetcher, _closed=False, _subscription=subscriptions)
        self.consumer = StretchConsumer.__new__(StretchConsumer)
        self.consumer._active_partitions = {TP(*place) for place in positions}
        self.consumer._paused_partitions = set()
        self.thread = StretchThread.__new__(StretchThread)
        self.thread.consumer = SimpleNamespace(flow_active=True)
        self.thread.placed = {TP(*place) for place in positions}
        self.thread._one_at_a_time = asyncio.Lock()
        for place, position in positions.items():
            self.assignment.state_value(TopicPartition(*place)).seek(position)

    def position(self, place: tuple[str, int]) -> int:
        position: int = self.assignment.state_value(TopicPartition(*place)).position
        return position

    def answer(
        self, place: tuple[str, int], raw: bytes, aborted: list[tuple[int, int]] | None = None
    ) -> PartitionRecords:
        """As if a broker had answered these bytes. ``aborted``: producers, and where their transactions began."""
        tp = TopicPartition(*place)
        records = PartitionRecords(
            tp, MemoryRecords(raw), aborted, self.position(place), None, None, True, READ_COMMITTED
        )
        self.fetcher._records.answers[tp] = raw
        self.fetcher._records[tp] = FetchResult(
            tp, assignment=self.assignment, partition_records=records, backoff=0
        )
        return records

    async def poll(self) -> Mapping[TP, Any]:
        return await self.thread._fetch_records(
            self.aiokafka, self.consumer._get_active_partitions(), timeout=0.01, max_records=8_000
        )

"""Has a consumer hand on the records that it fetches as they were read.

aiokafka wraps each in a ``ConsumerRecord`` of eleven fields, which takes longer than reading it; ours are
``batch.Record``, and the records read have all of its fields.

What aiokafka cannot read is read by ``damaged``: one record must not stop its partition for ever. For that, what a
broker answered is kept until its records have been taken, as aiokafka itself does, out of reach.
"""

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import UnsupportedCodecError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.structs import TopicPartition

from .batch import Record
from .damaged import length_at, readable

__all__ = ["hand_on_as_read"]

#: The logger of the whole process; its facts are written as ``ops.logging`` writes them.
log: Final = logging.getLogger("heed.kafka")


#: For so long a process that decides or records goes on with everything else while a batch cannot be read: another
#: replica may have it whole, and what lies before it, and in other partitions, must not wait for that. Seconds.
PATIENCE_S: Final = 120.0
#: Between two tries at such a batch. Seconds.
AGAIN_S: Final = 0.25


def hand_on_as_read(consumer: AIOKafkaConsumer, gap_s: float = 0.0, patience_s: float = 0.0) -> None:
    """To be called once ``consumer`` has started and before anything is assigned to it: nothing has been fetched yet.

    ``gap_s``: between the beginnings of two requests for records to the same broker, at least. Seconds.
    ``patience_s``: for so long a batch that cannot be read at all is tried again, before it is an error. Seconds.
    """
    fetcher = consumer._fetcher
    fetcher._records = AsTheyAre(patience_s)
    fetcher._client = _Listening(fetcher._client, fetcher._records, gap_s)


class _Listening:
    """The client of a fetcher: leaves a gap between its requests for records, and keeps what brokers answered to them last,
    by partition."""

    def __init__(self, client: Any, records: "AsTheyAre", gap_s: float) -> None:
        self._client = client
        self._answers = records.answers
        self._unreadable = records.unreadable
        self._gap_s = gap_s
        self._asked: dict[int, float] = {}  # when each broker was last asked for records (monotonic)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def send(self, node_id: int, request: Any) -> Any:
        if not isinstance(request, FetchRequest):
            return await self._client.send(node_id, request)
        gap_s = max(self._gap_s, AGAIN_S) if self._unreadable.some else self._gap_s
        if (early := self._asked.get(node_id, -math.inf) + gap_s - time.monotonic()) > 0:
            await asyncio.sleep(early)
        self._asked[node_id] = time.monotonic()
        response = await self._client.send(node_id, request)
        for topic, partitions in response.topics:
            for number, *_, answer in partitions:
                self._answers[TopicPartition(topic, number)] = answer
        return response


class AsTheyAre(OrderedDict[TopicPartition, Any]):
    """What a consumer has fetched."""

    def __init__(self, patience_s: float = 0.0) -> None:
        super().__init__()
        self.answers: dict[TopicPartition, bytes] = {}
        self.unreadable = _Unreadable(patience_s)

    def __setitem__(self, place: TopicPartition, fetched: Any) -> None:
        answer = self.answers.pop(place, b"")
        records = getattr(fetched, "_partition_records", None)  # an error that was fetched has none
        if records is not None:
            records._consumer_record = _as_it_is
            records._records_iterator = _each(place, records, answer, self.unreadable)
        super().__setitem__(place, fetched)

    def clear(self) -> None:
        self.answers.clear()
        self.unreadable.forget()
        super().clear()


def _as_it_is(_place: TopicPartition, record: Record) -> Record:
    return record


class _Batches:
    """The batches of an answer, as aiokafka takes one after the other (``MemoryRecords``), and the bytes of the last."""

    def __init__(self, records: Any, answer: bytes) -> None:
        self._records = records
        self._answer = answer
        self._begin = self._end = 0
        self.has_next = records.has_next

    def next_batch(self) -> Any:
        self._begin = self._end
        self._end += length_at(self._answer, self._begin)
        return self._records.next_batch()

    def last(self) -> bytes:
        return self._answer[self._begin : self._end]


class _Unreadable:
    """Partitions whose next batch cannot be read at all: at which offset, and since when (monotonic)."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._since: dict[TopicPartition, tuple[int, float]] = {}

    @property
    def some(self) -> bool:
        return bool(self._since)

    def met(self, place: TopicPartition, offset: int, error: Exception) -> bool:
        """Note it, and say so the first time and the last; whether that was the last."""
        now = time.monotonic()
        known, since = self._since.get(place, (-1, now))
        if known != offset:
            since = now
            self._since[place] = offset, since
        over = now - since >= self._patience_s
        if over or known != offset:
            then = "stop" if over else f"go on without it, then stop in {self._patience_s:.0f} s"
            log.error("batch_unreadable", extra={"facts": {
                "topic": place.topic, "partition": place.partition, "offset": offset, "error": type(error).__name__,
                "next": f"{then} (runbook: unreadable batch)",
            }})  # fmt: skip
        return over

    def read(self, place: TopicPartition) -> None:
        """What comes next there can be read."""
        self._since.pop(place, None)

    def forget(self) -> None:
        self._since.clear()


def _each(place: TopicPartition, records: Any, answer: bytes, unreadable: _Unreadable) -> Iterator[Record]:
    """The records of one answer, also of batches at which aiokafka stops. ``records`` is its ``PartitionRecords``.

    It ends before a batch that must not be read by us either (``damaged``): what lies before it is delivered, and the
    next answer begins with that batch. Once that has lasted for too long it raises whatever aiokafka did.
    """
    if records._records.size_in_bytes() != len(answer):  # not the answer that these are from
        answer = b""
    batches = records._records = _Batches(records._records, answer)
    begun = records.next_fetch_offset
    damage = _Damage(place)
    try:
        while True:
            try:
                yield from records._unpack_records()
                unreadable.read(place)
                return
            except Exception as error:
                start = records.next_fetch_offset
                batch = None if isinstance(error, UnsupportedCodecError) else readable(batches.last())
                if batch is None:
                    if start == begun and unreadable.met(place, start, error):
                        raise
                    return
                damage.met(start, error)
            for read in batch.records(start):
                records.next_fetch_offset = read.offset + 1
                yield read
            records.next_fetch_offset = max(start, batch.end)
    finally:
        damage.say()


class _Damage:
    """What was met in one answer: a line for each of thousands of batches would say no more."""

    def __init__(self, place: TopicPartition) -> None:
        self._place = {"topic": place.topic, "partition": place.partition}
        self._first: dict[str, object] = {}
        self._batches = 0

    def met(self, offset: int, error: Exception) -> None:
        self._first = self._first or {"offset": offset, "error": type(error).__name__}
        self._batches += 1

    def say(self) -> None:
        if self._batches:
            said = {"batches": self._batches, "next": "read record by record"}
            log.warning("batch_damaged", extra={"facts": self._place | self._first | said})

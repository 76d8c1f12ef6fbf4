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


def hand_on_as_read(consumer: AIOKafkaConsumer, gap_s: float = 0.0) -> None:
    """To be called once ``consumer`` has started and before anything is assigned to it: nothing has been fetched yet.

    ``gap_s``: between the beginnings of two requests for records to the same broker, at least. Seconds.
    """
    fetcher = consumer._fetcher
    fetcher._records = AsTheyAre()
    fetcher._client = _Listening(fetcher._client, fetcher._records.answers, gap_s)


class _Listening:
    """The client of a fetcher: leaves a gap between its requests for records, and keeps what brokers answered to them last,
    by partition."""

    def __init__(self, client: Any, answers: dict[TopicPartition, bytes], gap_s: float) -> None:
        self._client = client
        self._answers = answers
        self._gap_s = gap_s
        self._asked: dict[int, float] = {}  # when each broker was last asked for records (monotonic)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def send(self, node_id: int, request: Any) -> Any:
        if not isinstance(request, FetchRequest):
            return await self._client.send(node_id, request)
        if (early := self._asked.get(node_id, -math.inf) + self._gap_s - time.monotonic()) > 0:
            await asyncio.sleep(early)
        self._asked[node_id] = time.monotonic()
        response = await self._client.send(node_id, request)
        for topic, partitions in response.topics:
            for number, *_, answer in partitions:
                self._answers[TopicPartition(topic, number)] = answer
        return response


class AsTheyAre(OrderedDict[TopicPartition, Any]):
    """What a consumer has fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[TopicPartition, bytes] = {}

    def __setitem__(self, place: TopicPartition, fetched: Any) -> None:
        answer = self.answers.pop(place, b"")
        records = getattr(fetched, "_partition_records", None)  # an error that was fetched has none
        if records is not None:
            records._consumer_record = _as_it_is
            records._records_iterator = _each(place, records, answer)
        super().__setitem__(place, fetched)

    def clear(self) -> None:
        self.answers.clear()
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


def _each(place: TopicPartition, records: Any, answer: bytes) -> Iterator[Record]:
    """The records of one answer, also of batches at which aiokafka stops. ``records`` is its ``PartitionRecords``.

    For a batch that must not be read by us either (``damaged``) it raises whatever aiokafka did; but ends before
    it where it has come further: what lies before it is delivered, and the next answer begins with that batch.
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
                return
            except Exception as error:
                start = records.next_fetch_offset
                batch = None if isinstance(error, UnsupportedCodecError) else readable(batches.last())
                if batch is None:
                    if start != begun:
                        return
                    damage.unreadable(start, error)
                    raise
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

    def unreadable(self, offset: int, error: Exception) -> None:
        said = {"offset": offset, "error": type(error).__name__, "next": "stop (runbook: unreadable batch)"}
        log.error("batch_unreadable", extra={"facts": self._place | said})

"""Has a consumer hand on the records that it fetches as they were read.

aiokafka wraps each in a ``ConsumerRecord`` of eleven fields, which takes longer than reading it; ours are
``batch.Record``, and the records read have all of its fields.
"""

from collections import OrderedDict
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from .batch import Record

__all__ = ["hand_on_as_read"]


def hand_on_as_read(consumer: AIOKafkaConsumer) -> None:
    """To be called once ``consumer`` has started and before anything is assigned to it: nothing has been fetched yet."""
    consumer._fetcher._records = _AsTheyAre()


class _AsTheyAre(OrderedDict[TopicPartition, Any]):
    """What a consumer has fetched."""

    def __setitem__(self, place: TopicPartition, fetched: Any) -> None:
        records = getattr(fetched, "_partition_records", None)  # an error that was fetched has none
        if records is not None:
            records._consumer_record = _as_it_is
        super().__setitem__(place, fetched)


def _as_it_is(_place: TopicPartition, record: Record) -> Record:
    return record

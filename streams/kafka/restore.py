"""Reads one partition of the patient table's changelog into memory, newest value per key."""

from collections.abc import Mapping
from typing import Any

from .offsets import OffsetsClient
from .replay import replay


async def restore(
    connect: Mapping[str, Any], offsets: OffsetsClient, topic: str, partition: int
) -> dict[bytes, bytes]:
    """The newest value of every key, up to the end of the log as it is now; removed keys are absent.

    Call it after the shard's producer has started: from then on no earlier owner can append, and an
    unfinished transaction has been ended, so that the end asked for here is final.

    Raises KafkaError.
    """
    at = (topic, partition)
    beginning, end = (await offsets.beginnings([at]))[at], (await offsets.ends([at]))[at]
    table: dict[bytes, bytes] = {}
    async for records in replay(connect, topic, partition, beginning, end):
        for record in records:
            key, value = record.key, record.value
            assert key is not None
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
    return table

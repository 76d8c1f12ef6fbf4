"""Reads one partition of the patient table's changelog into memory, newest value per key."""

from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from .offsets import OffsetsClient

#: Bytes asked for at once; restoring is bound by the decoding of records, not by round trips, from here on.
FETCH_BYTES = 8 << 20


async def restore(
    connect: Mapping[str, Any], offsets: OffsetsClient, topic: str, partition: int
) -> dict[bytes, bytes]:
    """The newest value of every key, up to the end of the log as it is now; removed keys are absent.

    Call it after the shard's producer has started: from then on no earlier owner can append, and an
    unfinished transaction has been ended, so that the end asked for here is final.

    Raises KafkaError.
    """
    table: dict[bytes, bytes] = {}
    consumer = AIOKafkaConsumer(
        isolation_level="read_committed",
        enable_auto_commit=False,
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=50,
        **connect,
    )
    await consumer.start()
    try:
        tp = TopicPartition(topic, partition)
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        end = (await offsets.ends([(topic, partition)]))[topic, partition]
        while await consumer.position(tp) < end:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                for record in records:
                    if record.value is None:
                        table.pop(record.key, None)
                    else:
                        table[record.key] = record.value
    finally:
        await consumer.stop()
    return table

"""Workload 1 with aiokafka: consume, join, produce, in one transaction a batch, with one producer. Exactly once.

State is a dict in memory, written to a compacted topic in the same transaction, once for each touched patient.
Tuned: large polls, sends gathered rather than awaited one by one, records to the partition they came from.
"""

import asyncio

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from join import (
    APPOINTMENTS,
    BROKER,
    COMMANDS,
    DECISIONS,
    GROUP,
    TABLE,
    decode,
    encode_command,
    encode_decision,
    join,
)

AT_ONCE = 10_000
pack = msgspec.msgpack.encode


async def main() -> None:
    consumer = AIOKafkaConsumer(
        APPOINTMENTS,
        bootstrap_servers=BROKER,
        group_id=GROUP,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=4 << 20,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=BROKER,
        transactional_id=GROUP,
        acks="all",
        linger_ms=0,
        max_batch_size=1 << 20,
        retry_backoff_ms=10,
    )
    await producer.start()
    await consumer.start()
    table: dict[bytes, dict] = {}
    while True:
        found = await consumer.getmany(timeout_ms=100, max_records=AT_ONCE)
        if not found:
            continue
        async with producer.transaction():
            sent, ends = [], {}
            touched: dict[bytes, tuple[dict, int]] = {}
            for tp, records in found.items():
                for record in records:
                    key = record.key
                    row, decision, command = join(
                        table.get(key), decode(record.value), tp.partition, record.offset
                    )
                    table[key] = row
                    touched[key] = row, tp.partition
                    sent.append(await producer.send(DECISIONS, encode_decision(decision), key, tp.partition))
                    if command is not None:
                        sent.append(await producer.send(COMMANDS, encode_command(command), key, tp.partition))
                ends[tp] = records[-1].offset + 1
            for key, (row, partition) in touched.items():
                sent.append(await producer.send(TABLE, pack(row), key, partition))
            await asyncio.gather(*sent)
            await producer.send_offsets_to_transaction(ends, GROUP)


asyncio.run(main())

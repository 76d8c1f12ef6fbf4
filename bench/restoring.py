"""How fast a shard's part of the patient table is read back: records a second, one partition, one process.

HEED_BOOTSTRAP_SERVERS=... python -m bench.restoring --records 500000
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
import uuid
from contextlib import ExitStack
from pathlib import Path

from aiokafka import AIOKafkaProducer

from streams.domain.vocabulary import Topic
from streams.kafka import client, topics
from streams.kafka.broker import LocalKafka
from streams.kafka.offsets import OffsetsClient
from streams.kafka.restore import restore
from streams.settings import Settings, load

_BATCH_BYTES = 900_000


async def measure(settings: Settings, records: int, size: int) -> dict[str, object]:
    """Write ``records`` rows of ``size`` bytes for half as many patients, then read them back."""
    await topics.create(settings)
    connect = client.connection(settings)
    name = settings.topic(Topic.PATIENT_TABLE)
    producer = AIOKafkaProducer(max_batch_size=_BATCH_BYTES, **connect)
    await producer.start()
    batch = producer.create_batch()
    for number in range(records):
        key, value = b"P%d" % (number % (records // 2)), os.urandom(8) + b"x" * (size - 8)
        if batch.append(timestamp=None, key=key, value=value) is None:
            await producer.send_batch(batch, name, partition=0)
            batch = producer.create_batch()
            batch.append(timestamp=None, key=key, value=value)
    await producer.send_batch(batch, name, partition=0)
    await producer.stop()
    offsets = OffsetsClient(connect)
    await offsets.open()
    begun, worked = time.perf_counter(), time.process_time()
    table = await restore(connect, offsets, name, 0)
    seconds, worked = time.perf_counter() - begun, time.process_time() - worked
    await offsets.close()
    assert len(table) == records // 2
    return {
        "records": records,
        "bytes_each": size,
        "seconds": round(seconds, 2),
        "records_per_second": round(records / seconds),
        "cpu_us_per_record": round(1e6 * worked / records, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=500_000)
    parser.add_argument("--size", type=int, default=600, help="bytes of a packed patient")
    args = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = os.environ.get("HEED_BOOTSTRAP_SERVERS")
        if address is None:
            address = stack.enter_context(LocalKafka(folder / "kafka")).bootstrap
        environ = {
            "HEED_BOOTSTRAP_SERVERS": address,
            "HEED_TOPIC_PREFIX": f"bench-{uuid.uuid4().hex[:8]}-",
            "HEED_PARTITIONS": "1",
            "HEED_REPLICATION_FACTOR": "1",
            "HEED_STATE_DIR": str(folder),
        }
        print(json.dumps(asyncio.run(measure(load(environ=environ), args.records, args.size))))


if __name__ == "__main__":
    main()

"""A table of many patients: how fast a worker takes it over, and how much memory it then needs.

    python -m bench.restoring --patients 1000000

Fills the patient table's changelog with real patient states (``bench.patients``), a quarter of them written twice
as between two compactions, and starts ``heed worker``. Prints what the process needed as one JSON line.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from bench.cluster import started
from bench.patients import OVER, states
from streams.domain.vocabulary import Topic
from streams.kafka import client
from streams.kafka.partitioner import partition_for
from streams.settings import Settings
from streams.worker.clock import RealClock

_BATCH_BYTES: Final = 900_000
#: One in so many patients has an older row in the changelog, too.
_TWICE: Final = 4
_PATIENCE_S: Final = 300.0


def key_of(number: int) -> bytes:
    return b"P%09d" % number


async def fill(settings: Settings, patients: int) -> dict[str, int]:
    """Write the changelog; how many records it has and how many bytes the table will have."""
    name = settings.topic(Topic.PATIENT_TABLE)
    producer = AIOKafkaProducer(max_batch_size=_BATCH_BYTES, **client.connection(settings))
    await producer.start()
    batches = {p: producer.create_batch() for p in range(settings.partitions)}
    records = size = 0
    for number, packed in enumerate(states(patients)):
        key = key_of(number)
        partition = partition_for(key, settings.partitions)
        for _ in range(1 + (number % _TWICE == 0)):
            records += 1
            if batches[partition].append(timestamp=None, key=key, value=packed) is None:
                await producer.send_batch(batches[partition], name, partition=partition)
                batches[partition] = producer.create_batch()
                batches[partition].append(timestamp=None, key=key, value=packed)
        size += len(key) + len(packed)
    for partition, batch in batches.items():
        await producer.send_batch(batch, name, partition=partition)
    await producer.stop()
    return {"patients": patients, "records": records, "table_mb": round(size / 1e6)}


class Worker:
    """``heed worker`` as a child process on a clock that stands at the end of the generated day."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._log = settings.state_dir / f"worker-{uuid.uuid4().hex[:6]}.log"

    def __enter__(self) -> "Worker":
        settings = self._settings
        environ = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")} | {
            "HEED_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "HEED_TOPIC_PREFIX": settings.topic_prefix,
            "HEED_WORKER_GROUP": settings.worker_group,
            "HEED_STATE_DIR": str(settings.state_dir),
            "HEED_CLOCK": f"{OVER}@{RealClock().now()}x1",
            "HEED_CLOCK_ALLOWED": "demo",
            **({"HEED_POLICY": str(settings.policy)} if settings.policy else {}),
        }
        with self._log.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streams", "worker"], env=environ, stderr=said, stdout=said
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    @property
    def url(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+", self._log.read_text())
        assert found is not None, self._log.read_text()
        return found[0]

    def until_ready(self) -> None:
        self._until("ready\n")

    def until_assigned(self) -> None:
        self._until('"assigned"')

    def _until(self, said: str) -> None:
        end = time.monotonic() + _PATIENCE_S
        while said not in self._log.read_text():
            if self._process.poll() is not None or time.monotonic() > end:
                sys.exit(self._log.read_text())
            time.sleep(0.02)

    def cpu_seconds(self) -> float:
        """Processor time so far (Linux)."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What it logged under a name."""
        lines = self._log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and f'"{event}"' in line]

    def memory_mb(self) -> dict[str, int]:
        """Resident memory now, and at most so far (Linux)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        names = {"VmRSS": "rss_mb", "VmHWM": "rss_peak_mb"}
        return {
            ours: round(int(re.findall(rf"{theirs}:\s+(\d+) kB", status)[0]) * 1024 / 1e6)
            for theirs, ours in names.items()
        }


def measure(settings: Settings, patients: int, stay_s: float) -> dict[str, object]:
    """Fill, start a worker, and look at it when it is ready and ``stay_s`` seconds later."""
    filled = asyncio.run(fill(settings, patients))
    with Worker(settings) as worker:
        worker.until_assigned()
        cpu = worker.cpu_seconds()
        worker.until_ready()
        cpu = worker.cpu_seconds() - cpu
        restored = worker.lines("shard_restored")
        # Shards restore at the same time, so the longest of them is how long all took.
        seconds = max(line["restore_ms"] for line in restored) / 1e3
        ready = worker.memory_mb()
        assert sum(line["patients"] for line in restored) == patients
        time.sleep(stay_s)
        later = worker.memory_mb()
    return filled | {
        "partitions": settings.partitions,
        "restore_seconds": round(seconds, 2),
        "records_per_second": round(filled["records"] / seconds),
        "records_per_cpu_second": round(filled["records"] / cpu),
        "timers": sum(line["timers"] for line in restored),
        "when_ready": ready,
        "later": later,
        "bytes_per_patient": round(later["rss_mb"] * 1e6 / patients),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument(
        "--stay", type=float, default=10.0, help="seconds after which memory is looked at again"
    )
    args = parser.parse_args()
    with started() as cluster:
        settings = cluster.new_place(args.partitions).settings()
        print(json.dumps(measure(settings, args.patients, args.stay)))


if __name__ == "__main__":
    main()

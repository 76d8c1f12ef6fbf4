"""How many events a second one worker process decides, with the real rules, on a real broker beside it.

    python -m bench.throughput --events 200000 --patients 40000

The events are the demo's generated hospital day. A first worker takes in what was there the day before. Then
the day is appended, a second worker starts, with settle 0, on a clock that stands at Tuesday 13:00 and runs as
usual, and works through it: that is what counts. Prints a line every half second, and the figures as one JSON
line at the end.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaProducer

from bench.cluster import started
from streams.demo.day import DayPlan, generate
from streams.demo.scene import TimedRecord
from streams.domain.events import Event
from streams.kafka import client
from streams.kafka.codec import Codec
from streams.kafka.partitioner import partition_for
from streams.settings import Settings
from streams.worker.clock import RealClock

START: Final = "2026-10-13T13:00:00+01:00"  # the day of the demo, inside every window
POLICY: Final = 'version: "bench"\nsettle_s: {appointment: 0, result: 0}\ncoalesce_min: 0\nsurge: {factor: 100, minimum: 1000000}\n'
_BATCH_BYTES: Final = 500_000


async def fill(settings: Settings, records: Iterable[TimedRecord]) -> int:
    """Append records to their topics, as fast as they can be encoded."""
    codec = Codec.local()
    producer = AIOKafkaProducer(max_batch_size=_BATCH_BYTES, **client.connection(settings))
    await producer.start()
    open_batches: dict[tuple[str, int], Any] = {}
    count = 0
    for record in records:
        target = (settings.topic(record.topic), partition_for(record.key or b"", settings.partitions))
        value = codec.encode_event(record.value) if isinstance(record.value, Event) else record.value
        batch = open_batches.get(target)
        if batch is None or batch.append(timestamp=None, key=record.key, value=value) is None:
            if batch is not None:
                await producer.send_batch(batch, target[0], partition=target[1])
            batch = open_batches[target] = producer.create_batch()
            batch.append(timestamp=None, key=record.key, value=value)
        count += 1
    for target, batch in open_batches.items():
        await producer.send_batch(batch, target[0], partition=target[1])
    await producer.stop()
    return count


class Sample(msgspec.Struct):
    """What the worker's /metrics say at one moment."""

    at: float
    events: float
    cpu: float
    rss: float
    turns: float
    commit: float
    turn: float
    fail_closed: float


def sample(url: str) -> Sample:
    text = urllib.request.urlopen(f"{url}/metrics", timeout=10).read().decode()  # noqa: S310

    def total(pattern: str) -> float:
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(pattern, line))

    return Sample(
        time.monotonic(), total("heed_events_consumed_total"), total("process_cpu_seconds_total"),
        total("process_resident_memory_bytes"), total("heed_turn_seconds_count"),
        total("heed_commit_seconds_sum"), total("heed_turn_seconds_sum"), total("heed_fail_closed_total"),
    )  # fmt: skip


def work(settings: Settings, expected: int) -> dict[str, object]:
    """Start a worker on filled topics and follow it until it has taken ``expected`` events."""
    epoch = RealClock().now()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")} | {
        "HEED_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "HEED_TOPIC_PREFIX": settings.topic_prefix,
        "HEED_WORKER_GROUP": settings.worker_group,
        "HEED_STATE_DIR": str(settings.state_dir),
        "HEED_POLICY": str(settings.policy),
        "HEED_CLOCK": f"{START}@{epoch}x1",
        "HEED_CLOCK_ALLOWED": "demo",
    }
    log = settings.state_dir / "worker.log"
    with log.open("wb") as said:
        worker = subprocess.Popen(
            [sys.executable, "-m", "streams", "worker"], env=environ, stderr=said, stdout=said
        )
    try:
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
            if worker.poll() is not None:
                sys.exit(log.read_text())
            time.sleep(0.05)
        return follow(found[0], expected)
    finally:
        worker.terminate()
        worker.wait()


def follow(url: str, expected: int) -> dict[str, object]:
    """Watch until ``expected`` events have been taken; what counts begins with the first look that sees one."""
    last = sample(url)
    begun: Sample | None = None
    while last.events < expected:
        time.sleep(0.5)
        now = sample(url)
        turns = max(1, now.turns - last.turns)
        print(
            f"{(now.events - last.events) / (now.at - last.at):8,.0f} events/s  "
            f"cpu {(now.cpu - last.cpu) / (now.at - last.at):4.0%}  {(now.events - last.events) / turns:6,.0f} a turn of "
            f"{1e3 * (now.turn - last.turn) / turns:5.1f} ms, {1e3 * (now.commit - last.commit) / turns:5.1f} of them "
            "to commit",
            file=sys.stderr,
        )
        if begun is None and now.events:
            begun = now
        last = now
    assert begun is not None
    seconds, events = max(0.001, last.at - begun.at), max(1, last.events - begun.events)
    turns = max(1, last.turns - begun.turns)
    return {
        "events": int(events),
        "seconds": round(seconds, 2),
        "events_per_second": round(events / seconds),
        "cpu_us_per_event": round(1e6 * (last.cpu - begun.cpu) / events, 1),
        "cpu_share": round((last.cpu - begun.cpu) / seconds, 2),
        "rss_mb": round(last.rss / 1e6),
        "events_per_turn": round(events / turns),
        "commit_ms": round(1e3 * (last.commit - begun.commit) / turns, 1),
        "fail_closed": int(last.fail_closed),
    }


def measured(events: int, patients: int, partitions: int = 4) -> dict[str, object]:
    """The figures of a worker that works through a day of so many events."""
    with started() as cluster:
        settings = cluster.new_place(partitions, POLICY).settings()
        day = generate(DayPlan(patients, events))
        work(settings, asyncio.run(fill(settings, day.before)))
        return work(settings, asyncio.run(fill(settings, day.during)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--patients", type=int, default=40_000)
    parser.add_argument("--partitions", type=int, default=4)
    args = parser.parse_args()
    print(json.dumps(measured(args.events, args.patients, args.partitions)))


if __name__ == "__main__":
    main()

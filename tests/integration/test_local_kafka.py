"""The local broker: it starts, keeps what it has, comes back, and never outlives who started it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.kafka.broker import BackgroundKafka, LocalKafka, running
from streams.kafka.broker.background import command_line


def wait_for(happened: Callable[[], bool], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.05)
    return False


async def create(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("notes", 1, 1)])
    await admin.close()


async def produce(bootstrap: str, value: bytes) -> None:
    """In a transaction, since that needs more of the broker than a plain record."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="notes-0")
    await producer.start()
    try:
        async with producer.transaction():
            await producer.send_and_wait("notes", value, partition=0)
    finally:
        await producer.stop()


async def read(bootstrap: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", isolation_level="read_committed"
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition("notes", 0)])
        return [bytes((await asyncio.wait_for(consumer.getone(), 20)).value) for _ in range(count)]
    finally:
        await consumer.stop()


async def test_what_is_stored_survives_stop_and_kill_at_the_same_address(own_kafka: LocalKafka) -> None:
    address = own_kafka.bootstrap
    await create(address)
    await produce(address, b"one")
    await asyncio.to_thread(own_kafka.restart)
    await produce(address, b"two")
    first = own_kafka.pid
    await asyncio.to_thread(own_kafka.kill)
    assert own_kafka.pid == 0
    assert not command_line(first)
    assert await asyncio.to_thread(own_kafka.start) == address
    await produce(address, b"three")
    assert await read(address, 3) == [b"one", b"two", b"three"]


async def test_a_frozen_broker_goes_on_when_resumed(own_kafka: LocalKafka) -> None:
    await create(own_kafka.bootstrap)
    own_kafka.pause()
    waiting = asyncio.create_task(produce(own_kafka.bootstrap, b"late"))
    done, _ = await asyncio.wait([waiting], timeout=1)
    assert not done
    own_kafka.resume()
    await asyncio.wait_for(waiting, 30)
    assert await read(own_kafka.bootstrap, 1) == [b"late"]


def test_two_brokers_run_beside_each_other(own_kafka: LocalKafka, tmp_path: Path) -> None:
    with LocalKafka(tmp_path / "second") as second:
        assert second.bootstrap != own_kafka.bootstrap
        assert second.pid != own_kafka.pid
        assert own_kafka.pid
    assert own_kafka.pid


STARTER = """
import pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in whatever a shell runs in the background
from streams.kafka.broker import LocalKafka
kafka = LocalKafka(pathlib.Path(sys.argv[1]))
kafka.start()
print(kafka.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_broker_does_not_outlive_who_started_it(tmp_path: Path, sent: signal.Signals) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "kafka")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    assert command_line(pid)
    starter.send_signal(sent)
    starter.wait(10)
    starter.stdout.close()
    assert wait_for(lambda: not command_line(pid))


def test_a_start_that_is_interrupted_leaves_nothing_behind(tmp_path: Path) -> None:
    directory = tmp_path / "kafka"
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(directory)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert wait_for(lambda: (directory / "broker.log").exists())
    starter.send_signal(signal.SIGKILL)
    starter.wait(10)
    assert wait_for(lambda: not _mentioned(str(directory)))


def _mentioned(word: str) -> list[str]:
    asked = subprocess.run(["ps", "-A", "-o", "command="], capture_output=True, text=True, check=True)
    return [line for line in asked.stdout.splitlines() if word in line and "ps -A" not in line]


def test_heed_kafka_stays_until_it_is_told_to_go(tmp_path: Path) -> None:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")}
    variables["HEED_STATE_DIR"] = str(tmp_path)
    cache = Path(__file__).resolve().parents[2] / ".heed" / "cache"
    if cache.exists():  # fetched for the other tests already
        (tmp_path / "cache").symlink_to(cache)

    def heed(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "streams", *words],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )

    try:
        assert heed("kafka", "status").returncode == 1
        up = heed("kafka", "up")
        assert up.returncode == 0, up.stderr
        known = running(tmp_path / "kafka")
        assert known is not None
        assert known.bootstrap in up.stdout
        assert heed("kafka", "up").stdout == up.stdout  # a second time changes nothing
        assert heed("kafka", "status").stdout == up.stdout
        made = heed("topics", "create")
        assert made.returncode == 0, made.stderr
        assert "15 topics with 4 partitions each are safe to use" in made.stdout
        assert heed("kafka", "down").stdout == "stopped\n"
        assert not command_line(known.pid)
        assert heed("kafka", "down").stdout == "was not running\n"
        killed = subprocess.Popen([sys.executable, "-m", "streams", "kafka", "up"], env=variables)
        assert wait_for(lambda: running(tmp_path / "kafka") is not None)
        killed.kill()
        killed.wait()
        assert heed("kafka", "up").returncode == 0  # waits for the one that is starting
        assert heed("kafka", "down").stdout == "stopped\n"
        refused = heed("topics", "check")
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    finally:
        BackgroundKafka(tmp_path / "kafka").down()

"""What makes a long-running process refuse to start: one clear line, exit code 2."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest
from aiokafka.admin import NewPartitions

from streams.domain.vocabulary import Topic
from streams.kafka import client
from streams.settings import Settings
from tests.support.running import PROJECT, environment


def refused(command: str, settings: Settings, **more: str) -> str:
    """Its one line on standard error."""
    run = subprocess.run(
        [sys.executable, "-m", "streams", command], env=environment(settings, **more), cwd=PROJECT, timeout=60,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2, run.stderr
    lines = [line for line in run.stderr.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, run.stderr
    return lines[0]


@pytest.mark.parametrize("command", ["worker", "recorder"])
def test_no_broker(command: str, settings: Settings) -> None:
    away = msgspec.structs.replace(settings, bootstrap_servers="127.0.0.1:1")
    assert "no Kafka answers at 127.0.0.1:1" in refused(command, away)


@pytest.mark.parametrize("command", ["worker", "recorder"])
def test_missing_topics(command: str, settings: Settings) -> None:
    assert "heed topics create" in refused(command, settings)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("command", ["worker", "recorder"])
def test_a_port_in_use(command: str, created: Settings, taken: int) -> None:
    assert f"cannot listen on 127.0.0.1:{taken}" in refused(command, created, HEED_HTTP_PORT=str(taken))


def test_topics_with_unequal_partition_counts(created: Settings) -> None:
    async def grow() -> None:
        async with client.admin(created) as admin:
            await admin.create_partitions({created.topic(Topic.RESULTS): NewPartitions(5)})

    asyncio.run(grow())
    assert "5 partitions" in refused("worker", created)


def test_a_policy_that_contradicts_the_rules(
    created: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("policy") / "bad.yaml"
    file.write_text('version: "bad"\nshort_notice_hours: 72\n')
    assert "short_notice_hours" in refused("worker", created, HEED_POLICY=str(file))

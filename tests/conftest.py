"""What every test may ask for: a real broker, topics of its own, and settings that point at both.

The broker is the one HEED_BOOTSTRAP_SERVERS names, else one started for the whole run (by each of the two processes
of make test) and ended with it, even when the run is killed. Where none can be had the tests that need it fail: a skip
would look like a pass.
"""

import asyncio
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from streams.errors import BrokerUnreachable
from streams.kafka import client, topics
from streams.kafka.broker import LocalKafka
from streams.settings import Settings, load


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a broker for the whole run."""
    if configured := os.environ.get("HEED_BOOTSTRAP_SERVERS"):
        yield configured
        return
    local = LocalKafka(tmp_path_factory.mktemp("kafka"))
    try:
        address = local.start()
    except BrokerUnreachable as error:
        pytest.fail(f"these tests need a broker: {error}", pytrace=False)
    try:
        yield address
    finally:
        local.close()


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[LocalKafka]:
    """A running broker of this test's own, to stop, kill and freeze. Takes some 3 s: use ``kafka`` where it will do."""
    with LocalKafka(tmp_path / "own-kafka") as local:
        yield local


@pytest.fixture
def topic_prefix() -> str:
    """A fresh prefix, so that no test sees another's topics."""
    return f"t{uuid.uuid4().hex[:10]}-"


@pytest.fixture
def settings(kafka: str, topic_prefix: str, tmp_path: Path) -> Settings:
    """Settings for the broker of this run with a prefix and groups of this test's own; no topic exists yet."""
    return load(
        environ={
            "HEED_BOOTSTRAP_SERVERS": kafka,
            "HEED_TOPIC_PREFIX": topic_prefix,
            "HEED_PARTITIONS": "4",
            "HEED_REPLICATION_FACTOR": "1",
            "HEED_WORKER_GROUP": f"{topic_prefix}worker",
            "HEED_RECORDER_GROUP": f"{topic_prefix}recorder",
            "HEED_STATE_DIR": str(tmp_path / "heed"),
        }
    )


@pytest.fixture
def created(settings: Settings) -> Iterator[Settings]:
    """``settings`` with all topics created; they are deleted at the end, so that the broker stays small."""
    asyncio.run(topics.create(settings))
    yield settings
    asyncio.run(_delete(settings))


@pytest.fixture
def at_once_policy(tmp_path: Path) -> Path:
    """A policy that waits for no corrections, so that each event has its outcome at once."""
    file = tmp_path / "policy.yaml"
    file.write_text('version: "test"\nsettle_s: {appointment: 0, result: 0}\n')
    return file


@pytest.fixture
def at_once(created: Settings, at_once_policy: Path) -> Settings:
    """``created``, and deciding at once."""
    return msgspec.structs.replace(created, policy=at_once_policy)


async def _delete(settings: Settings) -> None:
    async with client.admin(settings) as admin:
        await admin.delete_topics([settings.topic(plan.topic) for plan in topics.CATALOGUE])

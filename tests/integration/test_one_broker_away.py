"""Found by make faults: a worker gave up, or did not start, because it had asked just the broker that was away."""

import asyncio
from pathlib import Path

import pytest

from streams.domain.vocabulary import Topic
from streams.kafka import topics
from streams.kafka.broker import LocalCluster
from streams.kafka.client import connection
from streams.kafka.offsets import OffsetsClient
from streams.settings import Settings, load


async def ask_often(settings: Settings) -> None:
    offsets = OffsetsClient(connection(settings))
    await offsets.open()
    asked = [(settings.topic(Topic.OBJECTIONS), number) for number in range(settings.partitions)]
    try:
        for _ in range(8):  # each asks a broker at random
            assert (await topics.check(settings)).partitions == settings.partitions
            assert set(await offsets.committed(settings.worker_group, asked)) == set(asked)
    finally:
        await offsets.close()


@pytest.mark.timeout(120)
def test_with_one_broker_of_three_away_the_others_are_asked(tmp_path: Path) -> None:
    with LocalCluster(tmp_path) as cluster:
        environ = {"HEED_BOOTSTRAP_SERVERS": cluster.bootstrap, "HEED_PARTITIONS": "2"}
        settings = load(environ=environ)
        asyncio.run(topics.create(settings))
        cluster.nodes[0].kill()

        asyncio.run(ask_often(settings))

"""When the topics are no longer what they must be, nothing is decided any more, and readiness says why."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest
from aiokafka.admin import NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.domain.vocabulary import Topic
from streams.kafka import client
from streams.settings import Settings
from streams.worker import watch

from .solo import Solo
from .test_verifier import Story, heed

__all__ = ["heed"]

pytestmark = pytest.mark.timeout(60)


async def more_partitions(settings: Settings) -> None:
    async with client.admin(settings) as admin:
        await admin.create_partitions(
            {settings.topic(Topic.APPOINTMENTS): NewPartitions(settings.partitions + 1)}
        )


async def retention_on_objections(settings: Settings) -> None:
    """Objections would be forgotten after a day."""
    configs = {"cleanup.policy": "delete", "retention.ms": "86400000"}
    resource = ConfigResource(ConfigResourceType.TOPIC, settings.topic(Topic.OBJECTIONS), configs=configs)
    async with client.admin(settings) as admin:
        await admin.alter_configs([resource])


@pytest.mark.parametrize(
    ("change", "said"), [(more_partitions, "partitions"), (retention_on_objections, "retention")]
)
async def test_unsafe_topics_stop_a_running_worker(
    heed: Settings,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Settings], Awaitable[None]],
    said: str,
) -> None:
    monkeypatch.setattr(watch, "TOPICS_EVERY_S", 0.1)
    story = Story(heed)
    await story.tell(0.0, 0.5)
    solo = await Solo(heed, story.clock).start()
    await solo.drain()
    assert solo.watch.ready(solo.host) == []
    checking = asyncio.create_task(solo.watch.keep_checking_topics(solo.host))
    await change(heed)
    async with asyncio.timeout(10):
        while not solo.watch.ready(solo.host):
            await asyncio.sleep(0.1)
    before = {p: dict(shard.next_offsets) for p, shard in solo.host.shards.items()}
    await story.tell(0.5, 1.0)
    await asyncio.sleep(1.0)
    assert {p: dict(shard.next_offsets) for p, shard in solo.host.shards.items()} == before
    assert said in solo.watch.ready(solo.host)[0]
    checking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await checking
    await solo.stop()

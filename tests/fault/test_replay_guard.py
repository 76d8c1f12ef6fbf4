"""Offsets that are set back, or gone, lead to nothing: the table says where it has read to."""

from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.domain.vocabulary import INPUT_TOPICS
from streams.kafka.client import connection
from streams.settings import Settings
from streams.verify.run import Plan, verify

from .solo import Solo
from .test_verifier import Story, heed

__all__ = ["heed"]

pytestmark = pytest.mark.timeout(60)


async def set_back(settings: Settings) -> None:
    """What ``kafka-consumer-groups --reset-offsets --to-earliest`` does."""
    places = [
        TopicPartition(settings.topic(topic), p) for topic in INPUT_TOPICS for p in range(settings.partitions)
    ]
    consumer = AIOKafkaConsumer(
        group_id=settings.worker_group, enable_auto_commit=False, **connection(settings)
    )
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.commit(dict.fromkeys(places, 0))
    finally:
        await consumer.stop()


async def test_offsets_set_back_to_the_beginning_lead_to_no_message_and_no_decision(
    heed: Settings, tmp_path: Path
) -> None:
    story = Story(heed)
    await story.tell(0.0, 0.8)
    first = await Solo(heed, story.clock).start()
    await first.drain()
    await first.stop()
    before = await story.verified()
    await set_back(heed)

    second = await Solo(heed, story.clock).start()
    await second.drain()
    after = await verify(heed, Plan(slack=0))
    assert after.checked == before.checked

    await story.tell(0.8, 1.0)
    await second.drain()
    await second.stop()
    last = await story.verified()
    assert last.clean
    assert last.checked["decisions"] > before.checked["decisions"]

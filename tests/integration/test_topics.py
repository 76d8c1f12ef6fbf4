"""Topics on a real broker: created as the contract says, refused when they are not safe to use."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.domain.vocabulary import Topic
from streams.errors import BrokerUnreachable, PartitionMismatch, UnsafeTopic
from streams.kafka import client, topics
from streams.kafka.topics import CATALOGUE, MAX_INPUT_BYTES
from streams.settings import SecurityProtocol, Settings


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    """The controller answers first; the broker hears of it some milliseconds later."""
    async with asyncio.timeout(10):
        while not await happened():
            await asyncio.sleep(0.02)


async def configs_of(admin: Any, name: str) -> str:
    return str(await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)]))


async def alter(settings: Settings, topic: Topic, name: str, value: str) -> None:
    """Set one setting of a topic; the others go back to the broker's default."""
    resource = ConfigResource(ConfigResourceType.TOPIC, settings.topic(topic), configs={name: value})
    async with client.admin(settings) as admin:
        before = await configs_of(admin, resource.name)

        async def changed() -> bool:
            return await configs_of(admin, resource.name) != before

        await admin.alter_configs([resource])
        await until(changed)


async def create(settings: Settings, *new: NewTopic) -> None:
    async with client.admin(settings) as admin:

        async def visible() -> bool:
            return {topic.name for topic in new} <= {
                topic["topic"] for topic in await admin.describe_topics()
            }

        await admin.create_topics(list(new))
        await until(visible)


async def test_created_topics_pass_the_check(created: Settings) -> None:
    checked = await topics.check(created)
    assert checked.partitions == 4
    assert checked.notes == ()


async def test_creating_again_changes_nothing(created: Settings) -> None:
    assert await topics.create(created) == []


async def test_only_what_is_missing_is_created(settings: Settings) -> None:
    await create(settings, NewTopic(settings.topic(Topic.RESULTS), 4, 1))
    made = await topics.create(settings)
    assert len(made) == len(CATALOGUE) - 1
    assert settings.topic(Topic.RESULTS) not in made


async def test_missing_topics_are_refused(settings: Settings) -> None:
    with pytest.raises(UnsafeTopic, match=f"{settings.topic_prefix}objections.* not found at"):
        await topics.check(settings)


async def test_unequal_partition_counts_are_refused(settings: Settings) -> None:
    counts = {plan.topic: 3 if plan.topic is Topic.OBJECTIONS else 2 for plan in CATALOGUE}
    await create(settings, *(NewTopic(settings.topic(topic), count, 1) for topic, count in counts.items()))
    with pytest.raises(PartitionMismatch, match="objections has 3 partitions, .*appointments has 2"):
        await topics.check(settings)
    with pytest.raises(PartitionMismatch, match="HEED_PARTITIONS"):
        await topics.create(settings)


@pytest.mark.parametrize("topic", [Topic.OBJECTIONS, Topic.RESOLUTIONS, Topic.SAFETY_LOG])
async def test_delete_retention_is_refused(created: Settings, topic: Topic) -> None:
    await alter(created, topic, "retention.ms", "604800000")
    with pytest.raises(UnsafeTopic, match=f"{topic} has retention.ms=604800000: .*Set retention.ms=-1"):
        await topics.check(created)


async def test_the_brokers_default_retention_is_refused_too(created: Settings) -> None:
    await alter(created, Topic.PATIENTS, "max.message.bytes", str(MAX_INPUT_BYTES))  # retention.ms: 7 days
    with pytest.raises(UnsafeTopic, match="patients has retention.ms=604800000"):
        await topics.check(created)


async def test_a_table_that_is_not_compacted_is_refused(created: Settings) -> None:
    await alter(created, Topic.PATIENT_TABLE, "cleanup.policy", "delete")
    with pytest.raises(UnsafeTopic, match="patient-table has cleanup.policy=delete"):
        await topics.check(created)


async def test_decisions_without_the_brokers_time_are_refused(created: Settings) -> None:
    await alter(created, Topic.DECISIONS, "message.timestamp.type", "CreateTime")
    with pytest.raises(
        UnsafeTopic, match=r"decisions has message.timestamp.type=CreateTime: .*=LogAppendTime"
    ):
        await topics.check(created)
    await alter(created, Topic.DECISIONS, "message.timestamp.type", "LogAppendTime")
    assert (await topics.check(created)).partitions == 4


async def test_an_input_of_more_than_a_megabyte_is_taken(created: Settings) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=created.bootstrap_servers, max_request_size=4 * 1024 * 1024)
    await producer.start()
    try:
        sent = await producer.send_and_wait(
            created.topic(Topic.APPOINTMENTS), b"x" * (1024 * 1024 + 500), key=b"P1"
        )
    finally:
        await producer.stop()
    assert sent.offset == 0


async def test_more_replicas_than_brokers_are_refused_with_advice(settings: Settings) -> None:
    with pytest.raises(UnsafeTopic, match="HEED_REPLICATION_FACTOR"):
        await topics.create(msgspec.structs.replace(settings, replication_factor=9))


async def test_a_broker_without_tls_is_one_clear_refusal(settings: Settings) -> None:
    tls = msgspec.structs.replace(settings, security_protocol=SecurityProtocol.SSL)
    with pytest.raises(BrokerUnreachable, match="does not speak TLS there"):
        await client.check_reachable(tls)

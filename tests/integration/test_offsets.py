"""What a group has committed, asked of a broker that has only just come back."""

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.domain.vocabulary import Topic
from streams.kafka import topics
from streams.kafka.broker import LocalKafka
from streams.kafka.client import connection
from streams.kafka.offsets import OffsetsClient
from streams.settings import load

pytestmark = pytest.mark.timeout(120)


async def test_a_coordinator_that_is_still_loading_is_not_taken_for_nothing_committed(
    own_kafka: LocalKafka,
) -> None:
    settings = load(
        environ={
            "HEED_BOOTSTRAP_SERVERS": own_kafka.bootstrap,
            "HEED_PARTITIONS": "4",
            "HEED_REPLICATION_FACTOR": "1",
        }
    )
    await topics.create(settings)
    place = (settings.topic(Topic.RESULTS), 2)
    groups = [f"group-{number}" for number in range(20)]  # their offsets are in many partitions
    for group in groups:
        consumer = AIOKafkaConsumer(group_id=group, enable_auto_commit=False, **connection(settings))
        await consumer.start()
        consumer.assign([TopicPartition(*place)])
        await consumer.commit({TopicPartition(*place): 7})
        await consumer.stop()
    own_kafka.kill()
    own_kafka.restart()
    offsets = OffsetsClient(connection(settings))
    await offsets.open()
    try:
        assert {group: (await offsets.committed(group, [place]))[place] for group in groups} == dict.fromkeys(
            groups, 7
        )
        assert (await offsets.committed("nobody", [place]))[place] is None
    finally:
        await offsets.close()

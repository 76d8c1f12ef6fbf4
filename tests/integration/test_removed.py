"""Records that retention, or a person, removes just before they are read: nobody takes them for having been read."""

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import RecordsToDelete
from aiokafka.errors import OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from streams.domain.vocabulary import Topic
from streams.kafka import client
from streams.kafka.client import connection
from streams.kafka.offsets import OffsetsClient
from streams.kafka.reading import read_one
from streams.kafka.replay import last_record, replay
from streams.settings import Settings

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def shortened(at_once: Settings) -> tuple[Settings, str]:
    """A partition of ten records, of which the first five are gone."""
    topic = at_once.topic(Topic.APPOINTMENTS)
    producer = AIOKafkaProducer(**connection(at_once))
    await producer.start()
    for number in range(10):
        await producer.send_and_wait(topic, b"%d" % number, partition=0)
    await producer.stop()
    async with client.admin(at_once) as admin:
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=5)})
    return at_once, topic


async def test_a_replay_that_must_be_whole_fails_and_one_that_need_not_reads_on(
    shortened: tuple[Settings, str],
) -> None:
    settings, topic = shortened
    connect = connection(settings)
    with pytest.raises(OffsetOutOfRangeError):
        async for _ in replay(connect, topic, 0, 2, 10):
            pass
    rest = [one.offset async for some in replay(connect, topic, 0, 2, 10, "earliest") for one in some]
    assert rest == [5, 6, 7, 8, 9]
    offsets = OffsetsClient(connect)
    await offsets.open()
    last = await last_record(connect, offsets, topic, 0)
    await offsets.close()
    assert last is not None
    assert last.offset == 9
    assert await read_one(connect, topic, 0, 4) is None

"""Lets go on what stopped: a partition that sends nothing (rule 1.1), or a topic partition that is not read.

The first was stopped by an objection that nobody could read and nobody could place, until a person found out what it
said and entered it properly; the second by too many unreadable records. Saying so is a resolution like any other: it
goes through the resolutions topic, is decided in order with everything else, and stands in the safety log.
"""

from itertools import count
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from streams.domain.events import Envelope, Event, Resolution
from streams.domain.resume import CONTROL, RESUME_PARTITION, ResumeTopic
from streams.domain.time import Instant
from streams.domain.vocabulary import ResolutionKind, Role, Topic
from streams.errors import BadUsage
from streams.kafka import topics
from streams.kafka.client import connection
from streams.kafka.offsets import OffsetsClient
from streams.kafka.partitioner import key_of, partition_for
from streams.kafka.registry import codec_for
from streams.kafka.started import started
from streams.settings import Settings


def key_for(partition: int, partitions: int) -> str:
    """A name that is no patient's and lies in this partition, so that its own shard reads the resolution."""
    return next(
        name for n in count() if partition_for(key_of(name := f"{CONTROL}{n}"), partitions) == partition
    )


async def resume(
    partition: int,
    by: str,
    rationale: str,
    now: Instant,
    settings: Settings,
    topic: ResumeTopic | None = None,
) -> None:
    """Write the resolution that lifts the stop of one partition, or of one topic of it.

    Raises BadUsage for a partition that does not exist, or an offset that does not yet; RefuseToStart when Kafka
    or its topics cannot be used.
    """
    partitions = (await topics.check(settings)).partitions
    if not 0 <= partition < partitions:
        raise BadUsage(f"there is no partition {partition}; allowed: 0 to {partitions - 1}")
    if topic is not None and topic.through:
        await _must_be_there(topic, partition, settings)
    key = key_for(partition, partitions)
    body = Resolution(
        None,
        ResolutionKind.CLOSED,
        by,
        Role.SRE,
        rationale_ref=rationale,
        outcome_code=RESUME_PARTITION if topic is None else topic.as_code(),
    )
    event = Event(
        Topic.RESOLUTIONS, Envelope(f"resume-{uuid4()}", key, now, now, "heed", recorded_by=by), body
    )
    codec = await codec_for(settings)
    async with started(
        AIOKafkaProducer(**connection(settings), enable_idempotence=True, acks="all")
    ) as producer:
        await producer.send_and_wait(
            settings.topic(Topic.RESOLUTIONS), codec.encode_event(event), key=key_of(key), partition=partition
        )


async def _must_be_there(topic: ResumeTopic, partition: int, settings: Settings) -> None:
    """What is let through must have been seen: nothing is let through that may still come."""
    offsets = OffsetsClient(connection(settings))
    await offsets.open()
    try:
        place = (settings.topic(topic.topic), partition)
        end = (await offsets.ends([place]))[place]
    finally:
        await offsets.close()
    if topic.through > end:
        raise BadUsage(f"--through {topic.through}: {topic.topic}[{partition}] ends at offset {end}")

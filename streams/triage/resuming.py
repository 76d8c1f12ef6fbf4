"""Lets a partition send again after an objection that nobody could read and nobody could place (rule 1.1).

A person found out what the record said, or whose it was, and entered it properly. That is a resolution like any
other: it goes through the resolutions topic, is decided in order with everything else, and stands in the safety log.
"""

from itertools import count
from typing import Final
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from streams.domain.events import Envelope, Event, Resolution
from streams.domain.time import Instant
from streams.domain.vocabulary import ResolutionKind, Role, Topic
from streams.errors import BadUsage
from streams.kafka import topics
from streams.kafka.client import connection
from streams.kafka.partitioner import key_of, partition_for
from streams.kafka.registry import codec_for
from streams.settings import Settings

OUTCOME: Final = "resume_partition"


def key_for(partition: int, partitions: int) -> str:
    """A name that is no patient's and lies in this partition, so that its own shard reads the resolution."""
    return next(
        name for n in count() if partition_for(key_of(name := f"heed-partition-{n}"), partitions) == partition
    )


async def resume(partition: int, by: str, rationale: str, now: Instant, settings: Settings) -> None:
    """Write the resolution that lifts the stop of one partition.

    Raises BadUsage for a partition that does not exist; RefuseToStart when Kafka or its topics cannot be used.
    """
    partitions = (await topics.check(settings)).partitions
    if not 0 <= partition < partitions:
        raise BadUsage(f"there is no partition {partition}; allowed: 0 to {partitions - 1}")
    key = key_for(partition, partitions)
    body = Resolution(
        None, ResolutionKind.CLOSED, by, Role.SRE, rationale_ref=rationale, outcome_code=OUTCOME
    )
    event = Event(
        Topic.RESOLUTIONS, Envelope(f"resume-{uuid4()}", key, now, now, "heed", recorded_by=by), body
    )
    codec = await codec_for(settings)
    async with AIOKafkaProducer(**connection(settings), enable_idempotence=True, acks="all") as producer:
        await producer.send_and_wait(
            settings.topic(Topic.RESOLUTIONS), codec.encode_event(event), key=key_of(key), partition=partition
        )

"""The only place that picks a worker's real parts."""

from typing import Any, Final

from streams import decisions
from streams.domain.vocabulary import INPUT_TOPICS, STATE_TOPICS, Topic
from streams.kafka import topics
from streams.kafka.barrier import Barrier
from streams.kafka.client import connection
from streams.kafka.offsets import OffsetsClient
from streams.kafka.outbox import BATCH_BYTES
from streams.kafka.registry import codec_for
from streams.ops.policy_file import PolicyFile
from streams.ops.tracing import traces_for
from streams.settings import Settings

from .clock import clock_from
from .host import Kafka
from .parts import Names, Parts

#: Room for a batch's and a record's own bytes, and for the headers of a dead letter.
_AROUND_A_RECORD: Final = 2_000


async def build_parts(settings: Settings) -> Parts:
    """Check the topics and pick everything a shard works with. Raises RefuseToStart."""
    checked = await topics.check(settings)
    return Parts(
        engine=decisions,
        codec=await codec_for(settings),
        clock=clock_from(settings),
        policy_file=PolicyFile(settings.policy),
        names=Names(settings.topic_prefix, checked.partitions),
        traces=traces_for(settings, "heed-worker"),
    )


async def build_kafka(settings: Settings) -> tuple[Kafka, Barrier]:
    """Connect the clients that all shards share. Raises BrokerUnreachable."""
    connect: dict[str, Any] = connection(settings)
    offsets = OffsetsClient(connect)
    await offsets.open()
    limits = await topics.record_limits(settings)
    larger = {
        settings.topic(topic): limits[topic] - _AROUND_A_RECORD
        for topic in (*INPUT_TOPICS, Topic.DEAD_LETTERS)
        if limits[topic] > BATCH_BYTES
    }
    kafka = Kafka(connect, settings.worker_group, offsets, larger)
    return kafka, Barrier(offsets, [settings.topic(topic) for topic in STATE_TOPICS])

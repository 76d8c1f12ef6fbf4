"""The Faust app: group membership, assignment, the fetch thread, and one agent that feeds the shards.

What of Faust is used, and what is kept away from, is in architecture.md section 4; the figures beside the
settings were measured there.
"""

from pathlib import Path
from typing import Any, Final

import faust
from faust.app.base import BootStrategy
from faust.tables import TableManager

from streams.domain.vocabulary import INPUT_TOPICS
from streams.kafka.batch import Stretch
from streams.kafka.transport import Stretches, StretchTransport
from streams.ops.fatal import give_up

from .assignor import EvenAssignor
from .host import Host, Kafka
from .inbox import LostRecords
from .parts import Names

#: The partitions of a worker that does not come back move after this; Faust's 60 s took 41 to 59 s. One that
#: comes back under its name has them at once (docs/decisions/0050-members-with-a-name.md). Seconds.
SESSION_TIMEOUT_S: Final = 10
#: Also how long the others take to hear that somebody has come or gone. Seconds.
HEARTBEAT_S: Final = 1
REBALANCE_TIMEOUT_S: Final = 15
#: Larger than the session time-out, which Faust demands; also how long a restore could block a stock app.
REQUEST_TIMEOUT_S: Final = 20
#: Records of one poll over all partitions. With 2 000 a turn this keeps every shard of a worker busy.
POLL_RECORDS: Final = 8_000
FETCH_BYTES: Final = 4 << 20


class NoProducer(BootStrategy):
    """Faust's own producer has nothing to do: every write is a shard's transaction."""

    enable_kafka_producer = False


class NoTables(TableManager):
    """Faust waits a second for tables to be declared before it joins the group; there are none."""

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


class WorkerApp(faust.App):
    """Faust's app without the services that Heed replaces."""

    BootStrategy = NoProducer


def build_app(kafka: Kafka, names: Names, host: Host, data: Path, instance: str | None = None) -> faust.App:
    """The app, ready to start; ``data`` is a folder of Faust's, in which nothing of ours is kept.

    ``instance``: the name under which this worker is known to its group, whenever it is started.
    """
    data.mkdir(parents=True, exist_ok=True)
    app = WorkerApp(
        kafka.group,
        broker="kafka://",  # the transport connects by itself
        store="memory://",
        datadir=data,
        web_enabled=False,  # it would serve tables on all addresses
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=names.partitions,
        table_standby_replicas=1,  # without tables too: with 0 Faust falls back to round robin
        PartitionAssignor=EvenAssignor,
        TableManager=NoTables,
        # Told to the group, compared when it is told again, and used for nothing: a worker may come back elsewhere.
        canonical_url=f"http://{instance or 'worker'}",
        stream_wait_empty=False,  # hangs a rebalance while anything is in hand
        stream_buffer_maxsize=64,  # stretches, not records
        broker_session_timeout=SESSION_TIMEOUT_S,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_rebalance_timeout=REBALANCE_TIMEOUT_S,
        broker_request_timeout=REQUEST_TIMEOUT_S,
        broker_max_poll_records=POLL_RECORDS,
        consumer_max_fetch_size=FETCH_BYTES,
        consumer_auto_offset_reset="none",  # every partition is told where to start
    )
    transport = StretchTransport(app.conf.broker_consumer, app)
    transport.owner = host
    transport.connect = kafka.connect
    transport.instance = instance
    app.transport = transport

    @app.agent(app.topic(*(names.topic(topic) for topic in INPUT_TOPICS), schema=Stretches()), name="route")
    async def route(stream: Any) -> None:
        """Hand every stretch to its shard at once: no topic may wait here for another's progress."""
        async for event in stream.noack().events():
            message = event.message
            hand_over(host, message.topic, message.partition, event.value)

    return app


def hand_over(host: Host, topic: str, partition: int, stretch: Stretch) -> None:
    """Whatever goes wrong here ends the process: Faust would start the agent again and go on behind the gap."""
    try:
        host.receive(topic, partition, stretch)
    except LostRecords as error:
        give_up("lost_records", error, topic=topic, partition=partition, next="restart")
    except Exception as error:  # noqa: BLE001  # a defect of ours: what was being handed over is lost as well
        give_up("not_handed_over", error, topic=topic, partition=partition, next="restart")

"""The broker of a bench run: topics of their own for every run, filled beforehand, and where they end."""

import asyncio
import json
import os
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from confluent_kafka import IsolationLevel, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.domain.vocabulary import Topic
from streams.kafka import topics
from streams.kafka.broker import LocalKafka
from streams.kafka.codec import SCHEMA_ON
from streams.kafka.schemas import SchemaSet, schema_directory
from streams.settings import Settings, load

from .workload import Row

_PRODUCER: Final[dict[str, Any]] = {
    "linger.ms": 20,
    "batch.size": 500_000,
    "queue.buffering.max.messages": 2_000_000,
    "queue.buffering.max.kbytes": 1_000_000,
    "enable.idempotence": True,
    "log_level": 2,  # a broker that is stopped at the end is no news
}
#: A broker on a machine with much else to do may take long. Seconds.
_ANSWER_S: Final = 60.0
_AGAIN_S: Final = 0.2
_TRIES: Final = 20


class Place(msgspec.Struct, frozen=True):
    """Where one run happens: topics with a prefix of their own, a folder, a group."""

    bootstrap: str
    prefix: str
    partitions: int
    folder: Path
    policy: Path | None = None

    @property
    def group(self) -> str:
        return f"{self.prefix}worker"

    def topic(self, topic: Topic) -> str:
        return self.prefix + topic

    def heed_environ(self) -> dict[str, str]:
        """The HEED_* variables of this place."""
        environ = {
            "HEED_BOOTSTRAP_SERVERS": self.bootstrap,
            "HEED_TOPIC_PREFIX": self.prefix,
            "HEED_WORKER_GROUP": self.group,
            "HEED_PARTITIONS": str(self.partitions),
            "HEED_REPLICATION_FACTOR": "1",
            "HEED_STATE_DIR": str(self.folder),
        }
        return environ if self.policy is None else environ | {"HEED_POLICY": str(self.policy)}

    def settings(self) -> Settings:
        return load(environ=self.heed_environ())


class Cluster:
    """A broker, seen by the bench."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap = bootstrap
        self._folder = folder
        self._admin = AdminClient({"bootstrap.servers": bootstrap})

    def new_place(self, partitions: int, policy: str | None = None) -> Place:
        """Topics of their own: every topic of the contract, empty. ``policy``: what stands in the policy file."""
        prefix = f"bench-{uuid.uuid4().hex[:8]}-"
        folder = self._folder / prefix
        folder.mkdir(parents=True)
        file = None
        if policy is not None:
            file = folder / "policy.yaml"
            file.write_text(policy)
        place = Place(self.bootstrap, prefix, partitions, folder, file)
        asyncio.run(topics.create(place.settings()))
        return place

    def forget(self, place: Place) -> None:
        """Delete what a run has left on the broker."""
        there = self._admin.list_topics(timeout=_ANSWER_S).topics
        names = [name for name in there if place.prefix in name]
        for done in self._admin.delete_topics(names, operation_timeout=_ANSWER_S).values():
            done.result(_ANSWER_S)

    def ends(self, topic: str, partitions: int) -> dict[int, int]:
        """Up to where a reader of committed records gets, by partition. A new topic may not have its leader yet."""
        asked = {TopicPartition(topic, p): OffsetSpec.latest() for p in range(partitions)}
        for tries_left in reversed(range(_TRIES)):
            answers = self._admin.list_offsets(asked, isolation_level=IsolationLevel.READ_COMMITTED)
            try:
                return {tp.partition: answer.result(_ANSWER_S).offset for tp, answer in answers.items()}
            except (KafkaException, TimeoutError):
                if not tries_left:
                    raise
                time.sleep(_AGAIN_S)
        raise AssertionError("the last try returns or raises")

    def fill(self, place: Place, rows: Iterable[Row]) -> int:
        """Append rows to their topics, as fast as the broker takes them; how many."""
        producer = Producer(_PRODUCER | {"bootstrap.servers": self.bootstrap})
        names = {topic.value: place.topic(topic) for topic in Topic}
        count = 0
        for row in rows:
            while True:
                try:
                    producer.produce(names[row.topic], row.value, row.key, row.partition)
                    break
                except BufferError:
                    producer.poll(0.1)
            count += 1
            if not count % 10_000:
                producer.poll(0)
        assert not producer.flush(120)
        return count


@contextmanager
def started() -> Iterator[Cluster]:
    """The broker that HEED_BOOTSTRAP_SERVERS names, or one of its own; its folder goes away with it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = os.environ.get("HEED_BOOTSTRAP_SERVERS")
        if address is None:
            address = stack.enter_context(LocalKafka(folder / "kafka")).bootstrap
        yield Cluster(address, folder / "places")


def write_schemas(file: Path) -> Path:
    """The schemas of workload 1 for the peers, by name, with the ids that frames carry."""
    found = SchemaSet.load(schema_directory())
    wanted: Mapping[str, str] = {
        SCHEMA_ON[topic]: topic for topic in (Topic.APPOINTMENTS, Topic.DECISIONS, Topic.SEND_COMMANDS)
    }
    out = {name: {"id": found.id_of_head(name), "schema": _plain(found.heads[name].raw)} for name in wanted}
    file.write_text(json.dumps(out), encoding="utf-8")
    return file


def _plain(raw: Any) -> Any:
    """Without documentation and logical types: times stay numbers for everyone."""
    if isinstance(raw, dict):
        return {key: _plain(part) for key, part in raw.items() if key not in ("doc", "logicalType")}
    return [_plain(part) for part in raw] if isinstance(raw, list) else raw

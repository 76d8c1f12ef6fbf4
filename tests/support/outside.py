"""A system outside Heed: its own client (confluent-kafka), its own Avro encoding, straight from schemas/."""

import io
import itertools
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import fastavro
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, Producer, TopicPartition

from streams.domain.records import Decision
from streams.domain.vocabulary import Topic
from streams.kafka.codec import SCHEMA_ON, Codec
from streams.settings import Settings
from streams.worker.clock import RealClock

_SCHEMAS: Final = Path(__file__).resolve().parents[2] / "schemas"
_NUMBERS = itertools.count(1)


@cache
def _schema(name: str) -> tuple[int, Any]:
    ids = {
        entry["name"]: int(number)
        for number, entry in json.loads((_SCHEMAS / "registry.json").read_text()).items()
    }
    return ids[name], fastavro.parse_schema(json.loads((_SCHEMAS / f"{name}.avsc").read_text()))


def encoded(topic: Topic, fields: Mapping[str, Any]) -> bytes:
    """Confluent framing around an Avro body."""
    number, schema = _schema(SCHEMA_ON[topic])
    body = io.BytesIO()
    fastavro.schemaless_writer(body, schema, dict(fields))
    return struct.pack(">bI", 0, number) + body.getvalue()


def now() -> int:
    """The machine's clock, in UTC milliseconds: what another system would write."""
    return RealClock().now()


def envelope(patient: str, at: int, version: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "event_id": f"e{next(_NUMBERS)}",
        "patient_id": patient,
        "version": version,
        "occurred_at": at,
        "source": "outside",
        **fields,
    }


def patient(patient: str, at: int, **fields: Any) -> dict[str, Any]:
    """An adult who can be texted and written to."""
    identity = {
        "nhs_number": "9990548609", "family_name": "Test", "given_name": "Ada", "born": "1980-01-01",
        "record_status": "VALID", "death": "NONE", "sensitive_flag": False, "open_episode": False,
        "last_seen_at": at - 86_400_000, "lacks_capacity": False,
    }  # fmt: skip
    sms = {
        "contact_id": "sms", "channel": "sms", "value": "+447700900001", "verified_at": at - 864_000_000,
        "bounced": False, "unsafe": False, "restricted": False, "shared_with": 0, "relationship_recorded": False,
    }  # fmt: skip
    return envelope(patient, at, identity=identity, contacts=[sms], **fields)


def appointment(patient: str, at: int, starts_at: int, version: int = 1, **fields: Any) -> dict[str, Any]:
    given = {
        "appointment_id": "A1", "status": "BOOKED", "starts_at": starts_at, "service_code": "GEN", "mode": "IN_PERSON",
        "site": "Main Hospital", "generic_site": "Main Hospital", "initiated_by": "PROVIDER",
    }  # fmt: skip
    return envelope(patient, at, version) | given | fields


def objection(patient: str, at: int, version: int = 1, **fields: Any) -> dict[str, Any]:
    given = {
        "objection_id": "O1", "action": "RECORDED", "scope": "METHOD", "channels": ["sms"],
        "reason": "PREFERS_OTHER_METHOD", "received_at": at, "received_via": "phone", "patient_only": False,
    }  # fmt: skip
    return envelope(patient, at, version) | given | fields


class Sender:
    """Produces to Heed's topics; ``close`` or leaving the block waits until everything is acknowledged."""

    def __init__(self, settings: Settings, client: Mapping[str, Any] | None = None) -> None:
        """``client``: how to reach a secured broker, as confluent-kafka names it."""
        self._settings = settings
        self._producer = Producer(
            {
                **(client or {"bootstrap.servers": settings.bootstrap_servers}),
                "partitioner": "murmur2_random",  # Kafka's own; librdkafka's default would scatter the patients
                "message.max.bytes": 3_000_000,
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 2,
            }
        )

    def send(self, topic: Topic, fields: Mapping[str, Any], then: Callable[[], None] | None = None) -> None:
        """Encode and produce; ``then`` is called once the broker has acknowledged it."""
        self.raw(topic, str(fields["patient_id"]).encode(), encoded(topic, fields), then=then)

    def raw(
        self, topic: Topic, key: bytes | None, value: bytes | None, partition: int = -1,
        then: Callable[[], None] | None = None, headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:  # fmt: skip
        def acknowledged(error: KafkaError | None, _message: Message) -> None:
            assert error is None, error.str() if error else ""
            if then is not None:
                then()

        while True:
            try:
                self._producer.produce(
                    self._settings.topic(topic),
                    value,
                    key,
                    partition,
                    on_delivery=acknowledged,
                    headers=list(headers),
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return

    def flush(self) -> None:
        assert self._producer.flush(60) == 0

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()


def send_patients(settings: Settings, count: int) -> list[str]:
    """So many patients; their ids."""
    names = [f"P{number}" for number in range(count)]
    with Sender(settings) as sender:
        for name in names:
            sender.send(Topic.PATIENTS, patient(name, now()))
    return names


def committed(settings: Settings, topic: Topic, client: Mapping[str, Any] | None = None) -> list[Message]:
    """Everything on a topic that a reader at read_committed sees now, in order within each partition."""
    name = settings.topic(topic)
    consumer = Consumer(
        {
            **(client or {"bootstrap.servers": settings.bootstrap_servers}),
            "group.id": "tests",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.message.max.bytes": 4_000_000,
            "fetch.wait.max.ms": 20,
        }
    )
    try:
        partitions = set(consumer.list_topics(name, 10).topics[name].partitions)
        consumer.assign([TopicPartition(name, p, OFFSET_BEGINNING) for p in partitions])
        found: list[Message] = []
        while partitions:
            message = consumer.poll(10)
            assert message is not None, f"no answer for {name}"
            error = message.error()
            if error is None:
                found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                partitions.discard(message.partition())
        return found
    finally:
        consumer.close()


_CODEC = Codec.local()


def outputs(settings: Settings, topic: Topic, client: Mapping[str, Any] | None = None) -> list[Any]:
    """The records that Heed has written to one of its topics."""
    found = committed(settings, topic, client)
    return [_CODEC.decode_output(topic, message.value() or b"") for message in found]


def decided(settings: Settings) -> list[Decision]:
    """Decisions on appointment events, in the order of each partition."""
    return [d for d in outputs(settings, Topic.DECISIONS) if d.input.topic == Topic.APPOINTMENTS]

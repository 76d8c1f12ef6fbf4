"""What comes in while a worker is overloaded, the urgent beside the many, and when the urgent was decided."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from streams.domain.events import (
    Appointment,
    Body,
    Contact,
    Envelope,
    Event,
    Identity,
    Objection,
    PatientSections,
    Result,
)
from streams.domain.records import Decision
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import (
    AppointmentStatus,
    Channel,
    ObjectionAction,
    ObjectionReason,
    ResultStatus,
    Scope,
    Topic,
)
from streams.kafka import client
from streams.kafka.codec import Codec
from streams.kafka.partitioner import partition_for
from streams.settings import Settings
from streams.worker.clock import RealClock

PARTITIONS: Final = 4
PATIENTS: Final = 20_000
#: What the worker's clock is set to, inside every window; the same in UTC milliseconds.
START: Final = "2026-10-13T11:00:00+01:00"
NOW: Final = 1_791_885_600_000
#: Every fifth change of an appointment moves it; the others tell of another room, which nobody need be told.
MOVES: Final = 5

CLOCK: Final = RealClock()
_codec: Final = Codec.local()


def encoded(topic: Topic, patient: str, version: int, event_id: str, body: Body) -> bytes:
    return _codec.encode_event(Event(topic, Envelope(event_id, patient, version, NOW, "flood"), body))


def sections() -> PatientSections:
    identity = Identity("9990548609", "Test", "Ada", born="1980-01-01", last_seen_at=NOW - DAY)
    return PatientSections(
        identity=identity, contacts=(Contact("sms", Channel.SMS, "+447700900001", NOW - DAY),)
    )


def change(patient: str, version: int) -> bytes:
    """The next version of a patient's one appointment."""
    body = Appointment(
        f"a-{patient}", AppointmentStatus.BOOKED, NOW + 9 * DAY + (version // MOVES) % 2 * HOUR, service_code="GEN",
        site="Main Hospital", generic_site="Main Hospital", room=f"Room {version % 40}",
    )  # fmt: skip
    return encoded(Topic.APPOINTMENTS, patient, version, f"{patient}-{version}", body)


def flood(begin: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """Changes of all patients in turn, without end."""
    number = begin
    while True:
        patient = f"flood-{number % PATIENTS:06}"
        yield patient.encode(), change(patient, number // PATIENTS + 1)
        number += 1


class Pump:
    """Appends to a topic in batches, as fast as it is told."""

    def __init__(self, settings: Settings, producer: AIOKafkaProducer, topic: Topic) -> None:
        self._producer = producer
        self._name = settings.topic(topic)
        self._open: dict[int, Any] = {}
        self.count = 0

    async def put(self, key: bytes, value: bytes) -> None:
        partition = partition_for(key, PARTITIONS)
        batch = self._open.get(partition)
        if batch is None or batch.append(timestamp=None, key=key, value=value) is None:
            if batch is not None:
                await self._producer.send_batch(batch, self._name, partition=partition)
            batch = self._open[partition] = self._producer.create_batch()
            batch.append(timestamp=None, key=key, value=value)
        self.count += 1

    async def flush(self) -> None:
        sent = [await self._producer.send_batch(b, self._name, partition=p) for p, b in self._open.items()]
        self._open.clear()
        await asyncio.gather(*sent)

    async def run(self, source: Iterator[tuple[bytes, bytes]], rate: float, seconds: float) -> None:
        begun, fed = time.monotonic(), 0
        while (elapsed := time.monotonic() - begun) < seconds:
            while fed < elapsed * rate:
                for _ in range(min(500, int(elapsed * rate) - fed + 1)):
                    await self.put(*next(source))
                    fed += 1
                await asyncio.sleep(0)
            await self.flush()
            await asyncio.sleep(0.02)


class Urgent:
    """Objections with an appointment behind each, and critical results; when each was acknowledged."""

    def __init__(self, settings: Settings, producer: AIOKafkaProducer) -> None:
        self._settings = settings
        self._producer = producer
        self.results: dict[str, float] = {}
        self.objectors = 0

    async def run(self) -> None:
        number = 0
        while True:
            number += 1
            objector, patient, result = f"objects-{number:06}", f"flood-{number:06}", f"r-{number:06}"
            await self._send(Topic.PATIENTS, objector, sections())
            objection = Objection(
                f"o-{objector}", ObjectionAction.RECORDED, Scope.METHOD, (Channel.SMS,),
                reason=ObjectionReason.PREFERS_OTHER_METHOD, received_at=NOW, received_via="phone",
            )  # fmt: skip
            await self._send(Topic.OBJECTIONS, objector, objection)
            self.objectors += 1
            await self._produce(Topic.APPOINTMENTS, objector, change(objector, 1))
            await self._send(
                Topic.RESULTS, patient, Result(result, ResultStatus.FINAL, "K", "GEN", critical=True)
            )
            self.results[result] = CLOCK.now() / 1_000
            await asyncio.sleep(0.25)

    async def _send(self, topic: Topic, patient: str, body: Body) -> None:
        await self._produce(topic, patient, encoded(topic, patient, 1, f"{topic}-{patient}", body))

    async def _produce(self, topic: Topic, patient: str, value: bytes) -> None:
        key = patient.encode()
        partition = partition_for(key, PARTITIONS)
        await self._producer.send_and_wait(self._settings.topic(topic), value, key, partition=partition)


class Ear:
    """Hears when a result was decided: by the broker's stamp, since it may itself be late. Seconds since 1970."""

    def __init__(self) -> None:
        self.heard: dict[str, float] = {}

    async def listen(self, settings: Settings) -> None:
        consumer = AIOKafkaConsumer(
            isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=50, **client.connection(settings)
        )  # fmt: skip
        await consumer.start()
        consumer.assign([TopicPartition(settings.topic(Topic.DECISIONS), p) for p in range(PARTITIONS)])
        await consumer.seek_to_end()
        try:
            while True:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        if b"r-0" in record.value:  # decoding all would cost more than deciding them
                            decision = _codec.decode_output(Topic.DECISIONS, record.value)
                            assert isinstance(decision, Decision)
                            self.heard.setdefault(decision.subject.id, record.timestamp / 1_000)
        finally:
            await consumer.stop()

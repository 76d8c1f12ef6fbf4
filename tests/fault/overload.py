"""Four times what a worker can take, for minutes: ``make overload OVERLOAD="--seconds 60"``.

One worker, one broker, four partitions. First a burst shows what the worker takes at most. Then appointment changes
come in at so many times that rate, and beside them, as always, objections, an appointment right behind each, and
critical results. Asked is that memory stays bounded, that no rebalance happens, that objections and critical results
do not wait behind the flood, that nothing is sent against an objection, and that the lag drains once the flood ends.
Prints a line every ten seconds, at the end one of JSON; exit code 1 when something did not hold.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
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
from streams.kafka import client, topics
from streams.kafka.broker import LocalKafka
from streams.kafka.codec import Codec
from streams.kafka.partitioner import partition_for
from streams.settings import Settings, load
from streams.worker.clock import RealClock
from tests.support.outside import outputs
from tests.support.running import Heed

PARTITIONS: Final = 4
PATIENTS: Final = 20_000
BURST: Final = 30_000
START: Final = "2026-10-13T11:00:00+01:00"  # inside every window
NOW: Final = 1_791_885_600_000
POLICY: Final = 'version: "overload"\nsettle_s: {appointment: 0, result: 0}\ncoalesce_min: 0\nsurge: {factor: 100, minimum: 1000000}\n'
#: Every fifth change of an appointment moves it; the others tell of another room, which nobody need be told.
MOVES: Final = 5
_BATCH_BYTES: Final = 200_000
_DRAIN_S: Final = 3_600.0
_HEAR_S: Final = 60.0
_ANSWER_S: Final = 60.0
#: What must hold. Bytes of resident memory beyond the table's own growth; seconds.
GROWTH_MB: Final = 150.0
URGENT_S: Final = 10.0

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


class Look(msgspec.Struct, frozen=True):
    """The worker at one moment."""

    at: float
    consumed: float
    rss_mb: float
    state_mb: float
    waiting: float
    objection_lag: float
    overdue: float
    turns: float


def look(worker: Heed) -> Look:
    """Raises AssertionError when it does not answer for a minute: on a busy machine that is no failure of its own."""
    end = time.monotonic() + _ANSWER_S
    while True:
        try:
            text = worker.get("/metrics")[1].splitlines()
            break
        except TimeoutError:
            assert time.monotonic() < end, "the worker does not answer"

    def total(name: str) -> float:
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in text if line.startswith((f"{name} ", f"{name}{{"))
        )

    return Look(
        time.monotonic(), total("heed_events_consumed_total"), total("process_resident_memory_bytes") / 1e6,
        total("heed_state_store_bytes") / 1e6, total("heed_records_waiting"), total("heed_objection_lag_seconds"),
        total("heed_holds_overdue"), total("heed_turn_seconds_count"),
    )  # fmt: skip


async def follow(worker: Heed, looks: list[Look], until: float) -> None:
    """Look every second until a moment (monotonic)."""
    while time.monotonic() < until:
        looks.append(await asyncio.to_thread(look, worker))
        if len(looks) % 10 == 0:
            _say(looks[-1], looks[max(0, len(looks) - 10)])
        await asyncio.sleep(1)


def _say(now: Look, before: Look) -> None:
    rate = (now.consumed - before.consumed) / max(0.1, now.at - before.at)
    print(  # noqa: T201
        f"{rate:8,.0f} events/s  {now.rss_mb:6.0f} MB, {now.state_mb:5.0f} of them the table  {now.waiting:7,.0f} in hand  "
        f"objections {now.objection_lag:4.1f} s behind", file=sys.stderr,
    )  # fmt: skip


async def drained(worker: Heed, looks: list[Look], fed: float) -> float:
    """Seconds until everything that was fed has been taken."""
    begun = time.monotonic()
    while (await asyncio.to_thread(look, worker)).consumed < fed:
        assert time.monotonic() - begun < _DRAIN_S, "the lag does not drain"
        await follow(worker, looks, time.monotonic() + 2)
    return time.monotonic() - begun


async def play(settings: Settings, worker: Heed, seconds: float, times: float) -> dict[str, Any]:
    """Burst, flood, drain; the figures."""
    producer = AIOKafkaProducer(max_batch_size=_BATCH_BYTES, **client.connection(settings))
    await producer.start()
    people = Pump(settings, producer, Topic.PATIENTS)
    for number in range(PATIENTS):
        patient = f"flood-{number:06}"
        await people.put(patient.encode(), encoded(Topic.PATIENTS, patient, 1, f"p-{patient}", sections()))
    await people.flush()
    await drained(worker, [], PATIENTS)

    pump, source = Pump(settings, producer, Topic.APPOINTMENTS), flood()
    before = look(worker)
    for _ in range(BURST):
        await pump.put(*next(source))
    await pump.flush()
    await drained(worker, [], PATIENTS + BURST)
    rate = BURST / (time.monotonic() - before.at)
    print(f"sustainable: {rate:,.0f} events/s; now {times:g} times that for {seconds:.0f} s", file=sys.stderr)  # noqa: T201

    ear, urgent, looks = Ear(), Urgent(settings, producer), list[Look]()
    tasks = [asyncio.create_task(ear.listen(settings)), asyncio.create_task(urgent.run())]
    begun = time.monotonic()
    tasks.append(asyncio.create_task(follow(worker, looks, begun + seconds)))
    flooded = pump.count
    await pump.run(source, times * rate, seconds)
    fed_rate = (pump.count - flooded) / (time.monotonic() - begun)
    tasks[1].cancel()
    behind = PATIENTS + pump.count + 4 * urgent.objectors - look(worker).consumed
    total = PATIENTS + pump.count + len(urgent.results) + 3 * urgent.objectors
    drain = await drained(worker, looks, total)
    end = time.monotonic() + _HEAR_S
    while len(ear.heard) < len(urgent.results) and time.monotonic() < end:
        await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    await producer.stop()
    return {
        "sustainable": round(rate), "times": round(fed_rate / rate, 1), "seconds": seconds,
        "events": pump.count - flooded, "behind_at_the_end": round(behind), "drained_s": round(drain),
        **_memory(looks), **_urgent(looks, urgent, ear),
    }  # fmt: skip


def _memory(looks: list[Look]) -> dict[str, Any]:
    """Resident memory without the table, from the tenth part of the flood on to its highest."""
    own = [one.rss_mb - one.state_mb for one in looks]
    first = own[len(own) // 10]
    return {
        "rss_mb": round(max(one.rss_mb for one in looks)), "table_mb": round(looks[-1].state_mb),
        "growth_mb": round(max(own) - first, 1), "most_in_hand": round(max(one.waiting for one in looks)),
    }  # fmt: skip


def _urgent(looks: list[Look], urgent: Urgent, ear: Ear) -> dict[str, Any]:
    waited = sorted(ear.heard[name] - at for name, at in urgent.results.items() if name in ear.heard)
    return {
        "objections": urgent.objectors, "objection_lag_s": round(max(one.objection_lag for one in looks), 1),
        "critical_results": len(urgent.results), "results_unheard": len(urgent.results) - len(waited),
        "result_p50_s": round(waited[len(waited) // 2], 2), "result_worst_s": round(waited[-1], 2),
        "overdue": round(max(one.overdue for one in looks)),
    }  # fmt: skip


def against_objections(settings: Settings) -> int:
    return sum(one.patient_id.startswith("objects-") for one in outputs(settings, Topic.SEND_COMMANDS))


def held(figures: dict[str, Any]) -> dict[str, bool]:
    """What was asked for, and whether it was so."""
    return {
        "memory bounded": figures["growth_mb"] <= GROWTH_MB,
        "no rebalance": figures["assignments"] == 1,
        "objections first": figures["objection_lag_s"] <= URGENT_S,
        "critical results do not wait behind the flood": figures["result_worst_s"] <= URGENT_S
        and not figures["results_unheard"],
        "nothing overdue": figures["overdue"] == 0,
        "nothing against an objection": figures["objected"] == 0,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--times", type=float, default=4.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, LocalKafka(Path(name) / "kafka") as broker:
        folder = Path(name)
        (folder / "policy.yaml").write_text(POLICY)
        environ = {
            "HEED_BOOTSTRAP_SERVERS": broker.bootstrap, "HEED_PARTITIONS": str(PARTITIONS), "HEED_REPLICATION_FACTOR": "1",
            "HEED_STATE_DIR": name, "HEED_POLICY": str(folder / "policy.yaml"),
        }  # fmt: skip
        settings = load(environ=environ)
        asyncio.run(topics.create(settings))
        clock = {"HEED_CLOCK": f"{START}@{CLOCK.now()}x1", "HEED_CLOCK_ALLOWED": "demo"}
        with Heed("worker", settings, **clock) as worker:
            figures = asyncio.run(play(settings, worker, args.seconds, args.times))
            figures["assignments"] = worker.said().count('"assigned"')
            figures["objected"] = against_objections(settings)
        so = held(figures)
        print(json.dumps(figures | {"held": all(so.values())}))  # noqa: T201
        for what, was in so.items():
            if not was:
                print(f"did not hold: {what}", file=sys.stderr)  # noqa: T201
        return 0 if all(so.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

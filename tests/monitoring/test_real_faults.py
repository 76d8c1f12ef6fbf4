"""Real faults of real processes: a real Prometheus fires the alert in time, and it clears after repair.

Rules are those of deploy/, their durations divided by 15 (tests/support/scraping.py). Run by ``make monitoring``.
"""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.domain.vocabulary import Topic
from streams.kafka import topics
from streams.kafka.broker import LocalKafka
from streams.settings import Settings
from streams.worker.clock import RealClock
from tests.support.monitored import Hospital
from tests.support.outside import appointment, envelope, outputs, patient
from tests.support.running import until
from tests.support.scraping import COMPRESSION

pytestmark = [pytest.mark.monitoring, pytest.mark.timeout(400)]

HOUR = 3_600_000


@pytest.fixture
def hospital(created: Settings, tmp_path: Path) -> Iterator[Hospital]:
    one = Hospital(created, tmp_path)
    with one.worker, one.recorder, one.prometheus:
        now = RealClock().now()
        for number in range(20):
            one.send(Topic.PATIENTS, patient(f"P{number}", now))
            one.send(Topic.APPOINTMENTS, appointment(f"P{number}", now, now + 200 * HOUR))
        until(lambda: one.worker.metric("heed_decision_seconds_count") >= 20)
        yield one


def test_processes_that_stop_and_come_back(hospital: Hospital) -> None:
    hospital.calm(10)
    available = "heed:available:bool"
    assert hospital.prometheus.value(available) == 1
    hospital.recorder.kill()
    hospital.fires("RecorderDown", 120)
    hospital.recorder.start().until_ready()
    hospital.clears("RecorderDown")
    hospital.worker.kill()
    hospital.fires("WorkerDown", 60)
    assert hospital.prometheus.value(available) == 0
    hospital.worker.start().until_ready()
    hospital.clears("WorkerDown")
    hospital.clears("ScrapeAbsent")
    hospital.clears("NotReady")
    hospital.clears("PartitionsUnowned")
    hospital.calm(5)


def test_what_cannot_be_read(hospital: Hospital) -> None:
    hospital.calm(5)
    hospital.raw(Topic.RESULTS, b"P1", b"\x00\x00\x00\x00\x63nothing")
    hospital.fires("SchemaIncompatible", 30 * COMPRESSION)  # the registry is asked again first
    assert "ObjectionPoison" not in hospital.prometheus.firing()
    hospital.raw(Topic.OBJECTIONS, b"P2", b"not an objection")
    hospital.fires("ObjectionPoison", 0)
    assert "ShardPaused" not in hospital.prometheus.firing()  # whose objection it was is known
    numbers = itertools.count()

    def another() -> None:
        if next(numbers) % 20 == 0:  # every two seconds
            hospital.raw(Topic.RESULTS, b"P3", b"not a result")

    hospital.fires("DeadLetterRate", 17 * 60, also=another)
    hospital.clears("ObjectionPoison", remembers=16 * 60)
    hospital.clears("SchemaIncompatible", remembers=16 * 60)
    hospital.clears("DeadLetterRate", remembers=16 * 60)


def test_a_critical_result_nobody_takes(created: Settings, tmp_path: Path) -> None:
    """Minutes of the clock are seconds here: the deadline is the worker's own."""
    wall = RealClock().now()
    clock = {"HEED_CLOCK": f"2026-10-13T10:00:00+01:00@{wall}x60", "HEED_CLOCK_ALLOWED": "demo"}
    began = 1_791_882_000_000
    hospital = Hospital(created, tmp_path, **clock)
    with hospital.worker, hospital.recorder, hospital.prometheus:
        hospital.send(Topic.PATIENTS, patient("P1", began))
        result: dict[str, Any] = {
            "result_id": "R1", "status": "FINAL", "test_code": "K", "service_code": "GEN", "reviewed": False,
            "release": "UNSET", "critical": True, "bad_news": False, "within_threshold": False,
        }  # fmt: skip
        hospital.send(Topic.RESULTS, envelope("P1", began, **result))
        until(lambda: outputs(created, Topic.ESCALATION_TASKS))
        hospital.fires("CriticalResultUnowned", 10 * COMPRESSION)
        hospital.fires("TaskUnacknowledged", 30 * COMPRESSION)
        (task,) = {task.task_id: task for task in outputs(created, Topic.ESCALATION_TASKS)}.values()
        now = began + (RealClock().now() - wall) * 60
        claim = {
            "task_id": task.task_id,
            "kind": "CLAIMED",
            "by": "u1",
            "role": str(task.role),
            "purposes": [],
        }
        hospital.send(Topic.RESOLUTIONS, envelope("P1", now, **claim))
        hospital.clears("CriticalResultUnowned")
        hospital.clears("TaskUnacknowledged")


def test_a_broker_that_does_not_answer(own_kafka: LocalKafka, settings: Settings, tmp_path: Path) -> None:
    ours = msgspec.structs.replace(settings, bootstrap_servers=own_kafka.bootstrap)
    asyncio.run(topics.create(ours))
    hospital = Hospital(ours, tmp_path)
    with hospital.worker, hospital.recorder, hospital.prometheus:
        hospital.calm(5)
        own_kafka.pause()
        try:
            hospital.fires("KafkaUnreachable", 60 + 15 * COMPRESSION)
            hospital.fires("NotReady", 300)
        finally:
            own_kafka.resume()
        hospital.clears("KafkaUnreachable", remembers=15 * COMPRESSION)
        hospital.clears("NotReady", remembers=15 * COMPRESSION)


def test_a_broker_that_is_killed_and_comes_back(
    own_kafka: LocalKafka, settings: Settings, tmp_path: Path
) -> None:
    """Connections are refused. A process that was within a turn may give up: then that it is gone pages as well."""
    ours = msgspec.structs.replace(settings, bootstrap_servers=own_kafka.bootstrap)
    asyncio.run(topics.create(ours))
    hospital = Hospital(ours, tmp_path)
    with hospital.worker, hospital.recorder, hospital.prometheus:
        until(lambda: hospital.recorder.metric("heed_heartbeat_seconds_count") >= 4)
        hospital.calm(5)
        own_kafka.kill()
        paged = hospital.pages(("KafkaUnreachable", "WorkerDown"), 60 + 15 * COMPRESSION)
        if not (hospital.worker.ended or hospital.recorder.ended):
            assert "KafkaUnreachable" in paged
        own_kafka.start()
        hospital.start_what_ended()
        for alert in (*paged, "KafkaUnreachable", "WorkerDown", "RecorderDown", "NotReady", "HeartbeatLost"):
            hospital.clears(alert, remembers=45 * COMPRESSION)  # its clients find it again within seconds
        decided = hospital.worker.metric("heed_decisions_total")
        hospital.send(Topic.PATIENTS, patient("P1", RealClock().now()))
        hospital.send(
            Topic.APPOINTMENTS, appointment("P1", RealClock().now(), RealClock().now() + 200 * HOUR)
        )
        until(lambda: hospital.worker.metric("heed_decisions_total") > decided)
        hospital.calm(5)

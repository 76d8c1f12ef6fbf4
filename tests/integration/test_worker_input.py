"""What a worker cannot take as it is: unreadable, in the wrong partition, or from topics that forget."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.domain.time import DAY
from streams.domain.vocabulary import Outcome, Topic
from streams.kafka import client
from streams.kafka.partitioner import partition_for
from streams.settings import Settings
from tests.support.outside import (
    Sender,
    appointment,
    committed,
    decided,
    encoded,
    envelope,
    now,
    objection,
    send_patients,
)
from tests.support.running import Heed, until

pytestmark = pytest.mark.timeout(240)


def test_what_cannot_be_read_is_set_aside_with_its_reason_and_the_partition_goes_on(
    at_once: Settings,
) -> None:
    patients = send_patients(at_once, 40)
    good = appointment("P1", now(), now() + 9 * DAY)
    huge = appointment("P2", now(), now() + 9 * DAY, source="x" * 1_000_000)
    with Sender(at_once) as sender:
        sender.raw(Topic.APPOINTMENTS, b"P3", b"not avro")
        sender.raw(Topic.APPOINTMENTS, b"P3", b"\0\0\0\x03\xe7 an unknown schema")
        sender.raw(Topic.OBJECTIONS, b"P4", None)
        sender.send(Topic.APPOINTMENTS, huge)
        sender.send(Topic.RESULTS, {**_result("P5"), "patient_id": "P5"})
        sender.flush()
        sender.raw(Topic.APPOINTMENTS, b"P6", _encoded_for("P7"))
        sender.raw(Topic.APPOINTMENTS, None, b"\xff" * 1_900_000)
        sender.send(Topic.APPOINTMENTS, good)
    with Heed("worker", at_once) as worker:
        until(lambda: len(committed(at_once, Topic.DEAD_LETTERS)) >= 6 and decided(at_once), 60)
        until(lambda: worker.metric("heed_consumer_lag") == 0)
        assert worker.get("/readyz") == (200, "ok\n")
    letters = committed(at_once, Topic.DEAD_LETTERS)
    reasons = Counter(dict(letter.headers() or [])["heed.reason"].decode() for letter in letters)
    assert reasons == {
        "undecodable": 2, "unknown_schema": 1, "null_value": 1, "field_too_long": 1, "key_mismatch": 1,
    }  # fmt: skip
    by_reason = {dict(letter.headers() or [])["heed.reason"]: letter for letter in letters}
    assert by_reason[b"null_value"].value() is None
    assert len(by_reason[b"field_too_long"].value() or b"") > 1_000_000
    assert good["event_id"] in {d.event_id for d in decided(at_once)}
    assert len(patients) == 40


def _encoded_for(name: str) -> bytes:
    return encoded(Topic.APPOINTMENTS, appointment(name, now(), now() + 9 * DAY))


def _result(name: str) -> dict[str, object]:
    return envelope(name, now()) | {
        "result_id": "R1", "status": "FINAL", "test_code": "FBC", "service_code": "GEN", "reviewed": True,
        "release": "NOTIFY", "critical": False, "bad_news": False, "within_threshold": False,
    }  # fmt: skip


def test_a_header_whose_name_is_not_utf_8_stops_nobody(at_once: Settings) -> None:
    send_patients(at_once, 1)
    odd = appointment("P0", now(), now() + 9 * DAY)
    plain = appointment("P0", now(), now() + 9 * DAY, appointment_id="A2")
    with Sender(at_once) as sender:
        name: Any = b"\xff\xfe"  # librdkafka asks for bytes, not for text
        sender.raw(Topic.APPOINTMENTS, b"P0", encoded(Topic.APPOINTMENTS, odd), headers=[(name, b"1")])
        sender.send(Topic.APPOINTMENTS, plain)
    with Heed("worker", at_once) as worker:
        until(lambda: len(decided(at_once)) >= 2, 60)
        assert worker.get("/readyz") == (200, "ok\n")
    assert {d.event_id for d in decided(at_once)} == {odd["event_id"], plain["event_id"]}
    assert not committed(at_once, Topic.DEAD_LETTERS)


def test_a_record_in_the_wrong_partition_is_passed_on_to_its_own(at_once: Settings) -> None:
    send_patients(at_once, 1)
    wrong = (partition_for(b"P0", 4) + 1) % 4
    with Sender(at_once) as sender:
        sender.raw(
            Topic.OBJECTIONS, b"P0", encoded(Topic.OBJECTIONS, objection("P0", now())), partition=wrong
        )
    with Heed("worker", at_once) as worker:
        until(lambda: worker.metric("heed_misplaced_total") == 1)
        until(lambda: len(committed(at_once, Topic.OBJECTIONS)) == 2)
        with Sender(at_once) as sender:
            sender.send(Topic.APPOINTMENTS, appointment("P0", now(), now() + 9 * DAY))
        until(lambda: decided(at_once))
    assert [d.outcome for d in decided(at_once)] == [Outcome.ESCALATE]


def test_a_topic_that_cannot_be_read_stops_alone_and_readiness_says_so(at_once: Settings) -> None:
    send_patients(at_once, 10)
    poisoned = partition_for(b"P1", 4)
    with Sender(at_once) as sender:
        for _ in range(200):
            sender.raw(Topic.RESULTS, b"P1", b"rubbish", partition=poisoned)
    with Heed("worker", at_once) as worker:
        with Sender(at_once) as sender:
            sender.send(Topic.APPOINTMENTS, appointment("P1", now(), now() + 9 * DAY))
        until(lambda: decided(at_once))
        until(
            lambda: (
                worker.get("/readyz")
                == (503, f"results[{poisoned}]: stopped, too many records cannot be read\n")
            )
        )
        assert len(committed(at_once, Topic.DEAD_LETTERS)) == 50


def test_unsafe_settings_of_a_topic_under_a_running_worker_stop_all_deciding(at_once: Settings) -> None:
    send_patients(at_once, 4)
    with Heed("worker", at_once) as worker:
        until(lambda: worker.metric("heed_events_consumed_total") == 4)
        asyncio.run(_alter(at_once, Topic.OBJECTIONS, "retention.ms", "604800000"))
        until(lambda: "objections has retention.ms=604800000" in worker.get("/readyz")[1], 40)
        with Sender(at_once) as sender:
            sender.send(Topic.APPOINTMENTS, appointment("P1", now(), now() + 9 * DAY))
        until(lambda: worker.metric("heed_consumer_lag") == 1)  # it has seen it, and does not take it
        assert decided(at_once) == []
        assert worker.get("/readyz")[0] == 503
        assert worker.get("/livez")[0] == 200


async def _alter(settings: Settings, topic: Topic, setting: str, value: str) -> None:
    change = ConfigResource(ConfigResourceType.TOPIC, settings.topic(topic), configs={setting: value})
    async with client.admin(settings) as admin:
        await admin.alter_configs([change])

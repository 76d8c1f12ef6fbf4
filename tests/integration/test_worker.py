"""Worker processes on a real broker: every event decided once, in order, whatever arrives and whoever dies."""

import asyncio
import time
from collections import Counter, deque
from functools import partial
from pathlib import Path

import msgspec
import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.domain.records import Decision
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import Outcome, Topic
from streams.kafka import client, topics
from streams.kafka.broker import LocalKafka
from streams.kafka.partitioner import partition_for
from streams.settings import Settings
from tests.support.outside import (
    Sender,
    appointment,
    committed,
    encoded,
    envelope,
    now,
    objection,
    outputs,
    patient,
)
from tests.support.running import Heed, until

pytestmark = pytest.mark.timeout(240)


def send_patients(settings: Settings, count: int) -> list[str]:
    names = [f"P{number}" for number in range(count)]
    with Sender(settings) as sender:
        for name in names:
            sender.send(Topic.PATIENTS, patient(name, now()))
    return names


def decided(settings: Settings) -> list[Decision]:
    """Decisions on appointment events, in the order of each partition."""
    return [d for d in outputs(settings, Topic.DECISIONS) if d.input.topic == Topic.APPOINTMENTS]


def assert_each_once_and_in_order(settings: Settings, sent: dict[str, str]) -> None:
    """Each of ``sent`` (patient by event id) has been decided once; each patient's events in their order."""
    decisions = decided(settings)
    assert Counter(d.event_id for d in decisions) == Counter(list(sent))
    assert len({d.decision_id for d in decisions}) == len(decisions)
    offsets: dict[str, list[int]] = {}
    for decision in decisions:
        offsets.setdefault(decision.patient_id, []).append(decision.input.offset)
    assert all(of_one == sorted(of_one) for of_one in offsets.values())
    commands = [command.command_id for command in outputs(settings, Topic.SEND_COMMANDS)]
    assert len(set(commands)) == len(commands)


def send_appointments(settings: Settings, patients: list[str], rounds: int) -> dict[str, str]:
    sent = {}
    with Sender(settings) as sender:
        for number in range(1, rounds + 1):
            for name in patients:
                starts_at = now() + 9 * DAY + number * HOUR
                event = appointment(name, now(), starts_at, appointment_id=f"A{number}")
                sent[event["event_id"]] = name
                sender.send(Topic.APPOINTMENTS, event)
    return sent


def test_two_workers_decide_what_an_independent_client_produces_once_and_in_order(at_once: Settings) -> None:
    with Heed("worker", at_once, "one"), Heed("worker", at_once, "two"):
        patients = send_patients(at_once, 200)
        sent = send_appointments(at_once, patients, 10)
        until(lambda: len(decided(at_once)) >= len(sent), 60)
        assert_each_once_and_in_order(at_once, sent)


def test_a_killed_worker_loses_and_doubles_nothing(at_once: Settings) -> None:
    patients = send_patients(at_once, 300)
    with Heed("worker", at_once, "one") as one, Heed("worker", at_once, "two") as two:
        sent = send_appointments(at_once, patients, 10)
        until(lambda: one.metric("heed_events_consumed_total") > 100)
        one.kill()
        with Heed("worker", at_once, "three") as three:
            until(lambda: len(decided(at_once)) >= len(sent), 90)
            two.kill()
            more = [f"{name}" for name in patients]
            sent |= _another_appointment(at_once, more)
            until(lambda: len(decided(at_once)) >= len(sent), 90)
            assert_each_once_and_in_order(at_once, sent)
            assert three.terminate() == 0


def _another_appointment(settings: Settings, patients: list[str]) -> dict[str, str]:
    sent = {}
    with Sender(settings) as sender:
        for name in patients:
            event = appointment(name, now(), now() + 20 * DAY, appointment_id="last")
            sent[event["event_id"]] = name
            sender.send(Topic.APPOINTMENTS, event)
    return sent


def test_an_objection_acknowledged_first_is_applied_first(at_once: Settings) -> None:
    patients = send_patients(at_once, 1_000)
    with Heed("worker", at_once) as worker:
        until(lambda: worker.metric("heed_table_patients") >= len(patients))
        acknowledged: deque[str] = deque()
        with Sender(at_once) as objections, Sender(at_once) as appointments:

            def follow() -> None:  # an appointment leaves once its patient's objection is acknowledged
                while acknowledged:
                    name = acknowledged.popleft()
                    appointments.send(Topic.APPOINTMENTS, appointment(name, now(), now() + 9 * DAY))

            for name in patients:
                objections.send(
                    Topic.OBJECTIONS, objection(name, now()), then=partial(acknowledged.append, name)
                )
                follow()
            objections.flush()
            follow()
        until(lambda: len(decided(at_once)) >= len(patients), 60)
    assert outputs(at_once, Topic.SEND_COMMANDS) == []
    assert {d.outcome for d in decided(at_once)} == {Outcome.ESCALATE}


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


def test_workers_join_and_leave_twelve_partitions_under_load(
    settings: Settings, at_once_policy: Path
) -> None:
    twelve = msgspec.structs.replace(settings, partitions=12, policy=at_once_policy)
    asyncio.run(topics.create(twelve))
    patients = send_patients(twelve, 300)
    with Heed("worker", twelve, "one") as one:
        sent = send_appointments(twelve, patients, 10)
        until(lambda: one.metric("heed_events_consumed_total") > 300)
        with Heed("worker", twelve, "two") as two, Heed("worker", twelve, "three") as three:
            workers = (one, two, three)
            until(lambda: [w.metric("heed_partitions_owned") for w in workers] == [4, 4, 4], 60)
            assert three.terminate() == 0
            until(lambda: one.metric("heed_partitions_owned") + two.metric("heed_partitions_owned") == 12, 60)
        until(lambda: one.metric("heed_partitions_owned") == 12, 60)
        until(lambda: len(decided(twelve)) >= len(sent), 60)
        assert_each_once_and_in_order(twelve, sent)


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


def test_retention_on_objections_under_a_running_worker_stops_all_deciding(at_once: Settings) -> None:
    send_patients(at_once, 4)
    with Heed("worker", at_once) as worker:
        until(lambda: worker.metric("heed_events_consumed_total") == 4)
        asyncio.run(_forget_after_a_week(at_once, Topic.OBJECTIONS))
        until(lambda: "retention.ms=604800000" in worker.get("/readyz")[1], 40)
        with Sender(at_once) as sender:
            sender.send(Topic.APPOINTMENTS, appointment("P1", now(), now() + 9 * DAY))
        time.sleep(3)
        assert decided(at_once) == []
        assert worker.get("/readyz")[0] == 503
        assert worker.get("/livez")[0] == 200


async def _forget_after_a_week(settings: Settings, topic: Topic) -> None:
    change = ConfigResource(
        ConfigResourceType.TOPIC, settings.topic(topic), configs={"retention.ms": "604800000"}
    )
    async with client.admin(settings) as admin:
        await admin.alter_configs([change])


def test_sigterm_ends_within_five_seconds_under_load(at_once: Settings) -> None:
    patients = send_patients(at_once, 200)
    with Heed("worker", at_once) as worker:
        sent = send_appointments(at_once, patients, 10)
        assert worker.terminate(5.0) == 0
    with Heed("worker", at_once, "again"):
        until(lambda: len(decided(at_once)) >= len(sent), 60)
    assert_each_once_and_in_order(at_once, sent)


def test_a_worker_that_was_down_does_first_what_is_overdue(created: Settings, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text('version: "test"\nsettle_s: {appointment: 3, result: 3}\n')
    settings = msgspec.structs.replace(created, policy=file)
    send_patients(settings, 50)
    with Heed("worker", settings) as worker, Sender(settings) as sender:
        until(lambda: worker.metric("heed_table_patients") == 50)
        for number in range(50):
            sender.send(Topic.APPOINTMENTS, appointment(f"P{number}", now(), now() + 9 * DAY))
        sender.flush()
        until(lambda: len(decided(settings)) == 50)
        assert worker.terminate() == 0
    assert {d.outcome for d in decided(settings)} == {Outcome.HOLD}
    time.sleep(3)
    with Heed("worker", settings, "again") as again:
        until(lambda: len(decided(settings)) == 100, 10)
        assert again.metric("heed_wakes_total") == 50
        assert again.metric("heed_holds_overdue") == 0


def test_the_broker_away_for_a_while_costs_nothing(
    own_kafka: LocalKafka, settings: Settings, at_once_policy: Path
) -> None:
    ours = msgspec.structs.replace(settings, bootstrap_servers=own_kafka.bootstrap, policy=at_once_policy)
    asyncio.run(topics.create(ours))
    patients = send_patients(ours, 100)
    with Heed("worker", ours) as worker:
        sent = send_appointments(ours, patients, 20)
        own_kafka.kill()
        time.sleep(20)
        own_kafka.restart()
        until(lambda: len(decided(ours)) >= len(sent) or worker.ended, 60)
        if worker.ended:  # it may give up, if it says so: its supervisor starts it again
            assert worker.wait(0) == 1
            with Heed("worker", ours, "again"):
                until(lambda: len(decided(ours)) >= len(sent), 60)
        assert_each_once_and_in_order(ours, sent)

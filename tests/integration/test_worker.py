"""Worker processes on a real broker: every event decided once, in order, whatever arrives and whoever dies."""

import asyncio
import time
from collections import Counter, deque
from functools import partial
from pathlib import Path

import msgspec
import pytest

from streams.domain.time import DAY, HOUR, SECOND
from streams.domain.vocabulary import Outcome, Topic
from streams.kafka import topics
from streams.kafka.broker import LocalKafka
from streams.settings import Settings
from tests.fault.clocks import Clocks
from tests.support.outside import (
    Sender,
    appointment,
    decided,
    now,
    objection,
    outputs,
    send_patients,
)
from tests.support.running import Heed, outlasted, until

pytestmark = pytest.mark.timeout(240)


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
    with Clocks(tmp_path, now()) as clocks:  # stands still until the worker is down, however long that takes
        standing = {"HEED_CLOCK": clocks.text("worker"), "HEED_CLOCK_ALLOWED": "demo"}
        with Heed("worker", settings, **standing) as worker, Sender(settings) as sender:
            until(lambda: worker.metric("heed_table_patients") == 50)
            for number in range(50):
                sender.send(Topic.APPOINTMENTS, appointment(f"P{number}", now(), now() + 9 * DAY))
            sender.flush()
            until(lambda: len(decided(settings)) == 50)
            assert worker.terminate() == 0
        assert {d.outcome for d in decided(settings)} == {Outcome.HOLD}
        clocks.set(now() + 3 * SECOND)
        with Heed("worker", settings, "again", **standing) as again:
            until(lambda: len(decided(settings)) == 100)
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
        outlasted(worker, lambda: len(decided(ours)) >= len(sent))
        assert_each_once_and_in_order(ours, sent)

"""``heed rebuild`` where one patient's row cannot be written: told of, stopped for, and nobody else touched."""

import asyncio
from collections.abc import Callable

import pytest

from streams.cli.main import main
from streams.domain.packing import pack, unpack
from streams.domain.patient import PatientState
from streams.domain.time import DAY
from streams.domain.vocabulary import Outcome, Reason, Role, Topic
from streams.kafka.outbox import RECORD_BYTES
from streams.kafka.partitioner import partition_for
from streams.settings import Settings
from streams.worker.journal import unpack_shard
from streams.worker.table import SHARD_KEY
from tests.fault.test_backup import restore_backup
from tests.support.outside import (
    Sender,
    appointment,
    committed,
    decided,
    now,
    objection,
    outputs,
    patient,
    send_patients,
)
from tests.support.running import Heed, set_environment, until

pytestmark = pytest.mark.timeout(240)

NAMES = [f"P{number}" for number in range(24)]
HERE = partition_for(b"P0", 4)
NEIGHBOUR = next(name for name in NAMES[1:] if partition_for(name.encode(), 4) == HERE)


def too_large(patient: PatientState) -> bytes:
    """Who objected, that is P0, has no room."""
    return pack(patient) + bytes(RECORD_BYTES if patient.objections else 0)


def rebuilt(capsys: pytest.CaptureFixture[str], code: int) -> str:
    capsys.readouterr()
    assert main(["rebuild"]) == code
    return capsys.readouterr().out


def table(settings: Settings) -> dict[bytes, bytes]:
    """The newest rows of the partition."""
    rows = [row for row in committed(settings, Topic.PATIENT_TABLE) if row.partition() == HERE]
    return {row.key() or b"": row.value() or b"" for row in rows}


def books(settings: Settings, appointment_id: str) -> None:
    with Sender(settings) as sender:
        for name in ("P0", NEIGHBOUR):
            booked = appointment(name, now(), now() + 9 * DAY, appointment_id=appointment_id)
            sender.send(Topic.APPOINTMENTS, booked)


def ends(settings: Settings, appointment_id: str) -> dict[str, tuple[Outcome, Reason]]:
    """How each patient's appointment was decided last."""
    return {d.patient_id: (d.outcome, d.reason) for d in decided(settings) if d.subject.id == appointment_id}


def is_told_and_stopped_for(settings: Settings) -> None:
    [letter] = committed(settings, Topic.DEAD_LETTERS)
    headers = dict(letter.headers() or [])
    [original] = committed(settings, Topic.OBJECTIONS)
    assert (headers["heed.reason"], headers["heed.topic"]) == (b"field_too_long", b"objections")
    assert (letter.key(), letter.value()) == (b"P0", original.value())
    place = f"objections-{HERE}-{original.offset()}"
    [task] = [one for one in outputs(settings, Topic.ESCALATION_TASKS) if one.subject.id == place]
    assert (task.role, task.reason) == (Role.SRE, Reason.OBJECTION_UNREADABLE)
    rows = table(settings)
    assert b"P0" not in rows, "it stays as it was: the table was emptied"
    assert unpack(rows[NEIGHBOUR.encode()]).contacts
    shard, _ = unpack_shard(rows[SHARD_KEY])
    assert shard.paused


def sends_nothing_until_resumed(settings: Settings, book: Callable[[str], None]) -> None:
    with Heed("worker", settings) as worker:
        book("A2")
        until(lambda: len(ends(settings, "A2")) == 2)
        assert all(reason is Reason.FAIL_CLOSED for _, reason in ends(settings, "A2").values())
        assert "no message leaves" in worker.get("/readyz")[1]
        with Sender(settings) as sender:  # a person had both sent again, as the runbook says
            sender.send(Topic.PATIENTS, patient("P0", now(), version=2))
            sender.send(Topic.OBJECTIONS, objection("P0", now(), version=2))
        until(lambda: worker.metric("heed_consumer_lag") == 0)
        assert main(["resume", "--partition", str(HERE), "--by", "sre-1", "--because", "INC-1"]) == 0
        until(lambda: worker.metric("heed_shards_paused") == 0)
        book("A3")
        until(lambda: len(ends(settings, "A3")) == 2)
        after = ends(settings, "A3")
        assert after["P0"][0] is Outcome.ESCALATE, "the objection is honoured"
        assert after[NEIGHBOUR][1] is not Reason.FAIL_CLOSED, "at night their message waits for the morning"


def test_an_objection_whose_patient_has_no_room_is_told_of_and_stops_the_partition(
    at_once: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_environment(monkeypatch, at_once)
    send_patients(at_once, len(NAMES))
    with Sender(at_once) as sender:
        sender.send(Topic.OBJECTIONS, objection("P0", now()))
    with Heed("worker", at_once) as worker:
        books(at_once, "A1")
        until(lambda: ends(at_once, "A1").keys() == {"P0", NEIGHBOUR})
        until(lambda: worker.metric("heed_consumer_lag") == 0)
        worker.terminate(30)
    asyncio.run(restore_backup(at_once, []))

    with monkeypatch.context() as full:
        full.setattr("streams.triage.rows.pack", too_large)
        said = rebuilt(capsys, 1)
        assert f"partition {HERE}: STOPPED, 1 patients could not be written" in said
        assert f"objections[{HERE}]@0" in said
        is_told_and_stopped_for(at_once)
        rebuilt(capsys, 0)  # a second time there is nothing to do, and nobody is told twice
        is_told_and_stopped_for(at_once)

    sends_nothing_until_resumed(at_once, lambda id_: books(at_once, id_))

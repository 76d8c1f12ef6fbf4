"""What one turn comes to when it cannot be decided as it stands: nothing of the attempt may be left."""

import struct
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatch

from streams import decisions
from streams.decisions import Response
from streams.domain.events import Envelope, Event, Objection, Resolution
from streams.domain.packing import pack, unpack
from streams.domain.patient import PatientState
from streams.domain.shard import ShardState
from streams.domain.time import HOUR
from streams.domain.vocabulary import (
    INPUT_TOPICS,
    Channel,
    ObjectionAction,
    Reason,
    ResolutionKind,
    Role,
    Scope,
    Topic,
)
from streams.errors import UnknownSchema
from streams.kafka.outbox import RECORD_BYTES, Outbox
from streams.kafka.unknown_schemas import EVERY_ID
from streams.ops.policy_file import PolicyFile
from streams.worker.deciding import Decided, decide_turn
from streams.worker.intake import Work
from streams.worker.journal import Journal, pack_shard, unpack_shard
from streams.worker.parts import Names, Parts
from streams.worker.poison import Breaker
from streams.worker.table import PatientTable
from tests.unit.worker.test_turn import CODEC, Noon, Rec, appointment, patient, portion

LARGEST = 1_040_000


class Producer:
    """A shard's producer of which only the outbox is asked."""

    partition = 0

    def outbox(self) -> Outbox:
        larger = {topic.value: LARGEST for topic in (*INPUT_TOPICS, Topic.DEAD_LETTERS)}
        return Outbox(lambda: BatchBuilder(1_000_000, 0, is_transactional=1), 0, larger)


class Deciding:
    """One partition of ``partitions``, with an empty table."""

    def __init__(self, folder: Path, partitions: int = 1, settle: int = 0) -> None:
        file = folder / "policy.yaml"
        file.write_text(f'version: "test"\nsettle_s: {{appointment: {settle}, result: 0}}\n')
        self.parts = Parts(decisions, CODEC, Noon(), PolicyFile(file), Names("", partitions))
        self.breakers = {topic: Breaker() for topic in INPUT_TOPICS}
        self.table, self.state, self.journal = PatientTable(), ShardState(), Journal()

    def __call__(self, work: Work, unknown_schemas: Any = EVERY_ID) -> Decided:
        producer: Any = Producer()
        return decide_turn(
            self.parts, producer, self.table, self.state, self.journal, self.breakers, work, unknown_schemas
        )

    def turn(self, work: Work) -> Decided:
        """Decide, and make it true."""
        decided = self(work)
        self.table.put_many(decided.changes)
        self.state, self.journal = decided.shard, decided.journal
        return decided

    def later(self, by: int) -> None:
        self.parts = msgspec.structs.replace(self.parts, clock=Noon(self.parts.clock.now() + by))


@pytest.fixture
def decide(tmp_path: Path) -> Deciding:
    return Deciding(tmp_path)


def written(decided: Decided) -> dict[tuple[str, int], int]:
    return {at: batch.record_count() for at, batch in decided.outbox.batches()}


def reasons(decided: Decided) -> list[bytes]:
    """Of the dead letters, as their headers say."""
    return [
        value
        for (topic, _), batch in decided.outbox.batches() if topic == Topic.DEAD_LETTERS
        for record in DefaultRecordBatch(bytes(batch._build()))
        for name, value in record.headers if name == "heed.reason"
    ]  # fmt: skip


# A resume that no number can follow.


@pytest.mark.parametrize("through", ["²", "9" * 20])
def test_a_resume_with_an_impossible_offset_lets_nothing_go_on_and_stops_nobody(
    decide: Deciding, through: str
) -> None:
    body = Resolution(
        None, ResolutionKind.CLOSED, "sre-1", Role.SRE, rationale_ref="INC-1",
        outcome_code=f"resume_topic:results:{through}",
    )  # fmt: skip
    decided = decide(Work(state=[portion(Topic.RESOLUTIONS, control(body))]))
    assert decided.shard.let_through == {}


def control(body: Resolution) -> Rec:
    key = "heed-partition-0"
    event = Event(Topic.RESOLUTIONS, Envelope("r1", key, 1, Noon().now(), "heed", recorded_by="sre-1"), body)
    return Rec(0, key.encode(), CODEC.encode_event(event))


def resume() -> Rec:
    return control(
        Resolution(
            None,
            ResolutionKind.CLOSED,
            "sre-1",
            Role.SRE,
            rationale_ref="INC-1",
            outcome_code="resume_partition",
        )
    )


# Patients whose changes cannot be written.


def broken(change: Callable[[Response], Response]) -> SimpleNamespace:
    """An engine whose answers about appointments are spoilt."""

    def respond(patient_id: str, known: Any, event: Event, at: Any, env: Any) -> Response:
        response = decisions.respond(patient_id, known, event, at, env)
        return change(response) if event.topic is Topic.APPOINTMENTS and patient_id == "P1" else response

    return SimpleNamespace(respond=respond, wake=decisions.wake, refuse=decisions.refuse)


def too_high_a_version(response: Response) -> Response:
    assert response.patient is not None
    patient = msgspec.structs.replace(response.patient, version=1 << 70)
    return msgspec.structs.replace(response, patient=patient)


def half_a_letter(response: Response) -> Response:
    outputs = tuple(msgspec.structs.replace(out, patient_id="P1\ud800") for out in response.outputs)
    return msgspec.structs.replace(response, outputs=outputs)


@pytest.mark.parametrize("spoil", [too_high_a_version, half_a_letter])
def test_what_cannot_be_packed_or_encoded_is_one_patients_trouble(
    decide: Deciding, spoil: Callable[[Response], Response]
) -> None:
    decide.parts = msgspec.structs.replace(decide.parts, engine=broken(spoil))
    deciding = [portion(Topic.APPOINTMENTS, appointment(0), appointment(1, "P2"))]
    decided = decide(Work([portion(Topic.PATIENTS, patient("P2"))], deciding=deciding))
    assert set(decided.changes) == {b"P1", b"P2"}
    assert decided.journal.refused == decided.journal.kept == decided.journal.failed == (b"P1",)
    assert reasons(decided) == [b"rule_failed"], "no matter of size"
    refused = unpack(decided.changes[b"P1"] or b"")
    assert not refused.appointments
    assert [task.reason for task in refused.tasks.values()] == [Reason.DATA_QUALITY]
    assert written(decided)["dead-letters", 0] == 1
    assert written(decided)["escalation-tasks", 0] >= 1


def test_what_is_too_large_is_told_from_what_is_a_defect_of_ours(
    decide: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    def large(one: PatientState) -> bytes:
        return pack(one) + bytes(RECORD_BYTES if one.appointments else 0)

    monkeypatch.setattr("streams.worker.turn.pack", large)
    known = [portion(Topic.PATIENTS, patient())]
    decided = decide(Work(known, deciding=[portion(Topic.APPOINTMENTS, appointment(0))]))
    assert (decided.journal.refused, decided.journal.failed) == ((b"P1",), ())
    assert set(reasons(decided)) == {b"field_too_long"}


def test_a_machine_without_memory_refuses_nobody(decide: Deciding, monkeypatch: pytest.MonkeyPatch) -> None:
    def pack(_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr("streams.worker.turn.pack", pack)
    with pytest.raises(MemoryError):
        decide(Work([portion(Topic.PATIENTS, patient())]))


def test_what_only_counts_keeps_nobody_from_being_decided(
    decide: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("streams.worker.tally.Tally.look", look)
    decided = decide(
        Work([portion(Topic.PATIENTS, patient())], deciding=[portion(Topic.APPOINTMENTS, appointment(0))])
    )
    assert list(decided.changes) == [b"P1"]


def test_what_is_due_and_cannot_be_written_is_told_once_a_day(tmp_path: Path) -> None:
    decide = Deciding(tmp_path, settle=30)
    decide.turn(
        Work([portion(Topic.PATIENTS, patient())], deciding=[portion(Topic.APPOINTMENTS, appointment(0))])
    )
    held = unpack(decide.table.get(b"P1") or b"").asked

    def wake(patient_id: str, known: Any, env: Any) -> Response:
        return too_high_a_version(decisions.wake(patient_id, known, env))

    engine = SimpleNamespace(
        respond=decisions.respond, wake=wake, refuse=decisions.refuse, wake_refused=decisions.wake_refused
    )
    decide.parts = msgspec.structs.replace(decide.parts, engine=engine)
    tasks = []
    for hours in (1, 1, 24, 1):
        decide.later(hours * HOUR)
        decided = decide.turn(Work(wakes=[b"P1"]))
        assert decided.journal.refused == (b"P1",)
        assert decided.journal.steps[0].keys == (b"P1",)
        assert unpack(decide.table.get(b"P1") or b"").asked == held, "it stays due"
        assert ("send-commands", 0) not in written(decided)
        tasks.append(written(decided).get(("escalation-tasks", 0), 0))
    assert tasks == [1, 0, 1, 0]


def objection() -> Rec:
    body = Objection("O1", ObjectionAction.RECORDED, Scope.METHOD, channels=(Channel.SMS,))
    event = Event(Topic.OBJECTIONS, Envelope("o1", "P1", 1, Noon().now(), "test"), body)
    return Rec(0, b"P1", CODEC.encode_event(event))


def test_an_objection_that_cannot_be_applied_stops_messages_and_its_task_can_be_closed(
    decide: Deciding,
) -> None:
    def respond(patient_id: str, known: Any, event: Event, at: Any, env: Any) -> Response:
        response = decisions.respond(patient_id, known, event, at, env)
        return too_high_a_version(response) if event.topic is Topic.OBJECTIONS else response

    engine = SimpleNamespace(respond=respond, wake=decisions.wake, refuse=decisions.refuse)
    decide.parts = msgspec.structs.replace(decide.parts, engine=engine)
    decide.turn(Work([portion(Topic.PATIENTS, patient()), portion(Topic.OBJECTIONS, objection())]))
    decided = decide.turn(Work(deciding=[portion(Topic.APPOINTMENTS, appointment(0))]))
    known = unpack(decide.table.get(b"P1") or b"")
    assert known.unreadable_objection
    assert Reason.OBJECTION_UNREADABLE in {task.reason for task in known.tasks.values()}
    assert ("send-commands", 0) not in written(decided)


def test_where_not_even_the_task_has_room_the_patient_stays_as_they_were(
    decide: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pack(_: object) -> bytes:
        raise OverflowError

    monkeypatch.setattr("streams.worker.turn.pack", pack)
    decided = decide(Work([portion(Topic.PATIENTS, patient())]))
    assert decided.changes == {}
    assert (decided.journal.refused, decided.journal.kept) == ((b"P1",), ())
    assert written(decided)["escalation-tasks", 0] == 1


class Full:
    """Packs nobody but who fits, until there is room: then everybody."""

    def __init__(self, fits: Callable[[PatientState], bool]) -> None:
        self.fits = fits

    def __call__(self, patient: PatientState) -> bytes:
        if not self.fits(patient):
            raise OverflowError
        return pack(patient)


@pytest.mark.parametrize("value", [None, b"rubbish"])
def test_an_objection_whose_patient_has_no_room_for_the_hold_stops_the_partition(
    decide: Deciding, monkeypatch: pytest.MonkeyPatch, value: bytes | None
) -> None:
    """``value``: of an objection that cannot be read either; None: of one that can."""
    decide.turn(Work([portion(Topic.PATIENTS, patient())]))
    monkeypatch.setattr("streams.worker.turn.pack", Full(lambda one: not (one.objections or one.tasks)))
    record = objection() if value is None else Rec(0, b"P1", value)
    decided = decide.turn(Work([portion(Topic.OBJECTIONS, record)]))
    assert (decided.journal.refused, decided.journal.kept) == ((b"P1",), ())
    assert decide.state.paused
    assert (written(decided)["escalation-tasks", 0], written(decided)["dead-letters", 0]) == (1, 1)
    monkeypatch.undo()  # the patient's next record is smaller
    decide.state, decide.journal = unpack_shard(pack_shard(decide.state, decide.journal))  # a restart
    decided = decide.turn(Work(deciding=[portion(Topic.APPOINTMENTS, appointment(0))]))
    assert ("send-commands", 0) not in written(decided)
    resumed = Work([portion(Topic.OBJECTIONS, objection()), portion(Topic.RESOLUTIONS, resume())])
    assert not decide.turn(resumed).shard.paused, "a person had it entered again, and let the partition go on"
    decide.later(HOUR)
    decided = decide.turn(Work(wakes=[b"P1"], deciding=[portion(Topic.APPOINTMENTS, appointment(1))]))
    assert ("send-commands", 0) not in written(decided)
    assert unpack(decide.table.get(b"P1") or b"").objections


def test_nothing_else_without_room_stops_a_partition(
    decide: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.worker.turn.pack", Full(lambda one: False))
    records = [portion(Topic.PATIENTS, patient()), portion(Topic.RESOLUTIONS, Rec(0, b"P1", b"rubbish"))]
    decided = decide.turn(Work(records, deciding=[portion(Topic.APPOINTMENTS, appointment(0))]))
    assert not decided.shard.paused
    assert written(decided)["dead-letters", 0] == 3


# Schemas that are asked for.


def unknown(offset: int, schema_id: int) -> Rec:
    return Rec(offset, b"P1", b"\0" + struct.pack(">I", schema_id) + b"x")


def test_a_dead_letter_counts_once_however_often_its_turn_is_decided(decide: Deciding) -> None:
    work = Work(deciding=[portion(Topic.APPOINTMENTS, *(unknown(n, 1_000 + n) for n in range(12)))])
    asked: set[int] = set()
    for _ in range(12):
        with pytest.raises(UnknownSchema) as raised:
            decide(work, asked)
        assert decide.breakers[Topic.APPOINTMENTS].row == 0
        asked.add(raised.value.schema_id or 0)
    decide(work, asked)
    assert decide.breakers[Topic.APPOINTMENTS].row == 12
    assert not decide.breakers[Topic.APPOINTMENTS].open

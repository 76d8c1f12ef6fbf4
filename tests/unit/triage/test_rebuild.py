"""What a rebuilt partition takes over from inputs and outputs. No broker: what was read is given."""

import argparse
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from streams.cli import rebuild as cli
from streams.decisions import Environment, refuse, respond
from streams.domain.events import Envelope, Event, Resolution
from streams.domain.packing import pack, unpack
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import DeadLetter, Decision, EscalationTask
from streams.domain.shard import ShardState
from streams.domain.time import HOUR, Instant
from streams.domain.vocabulary import INPUT_TOPICS, Outcome, Reason, ResolutionKind, Role, Topic
from streams.errors import BadRecord
from streams.kafka.outbox import RECORD_BYTES
from streams.kafka.reading import Stored
from streams.ops.person import hash_of
from streams.settings import Settings
from streams.triage import no_room
from streams.triage.rebuild import _Partition
from streams.triage.rebuilt import Rebuilt
from streams.worker.hindsight import Made
from streams.worker.intake import Work
from streams.worker.journal import Journal, unpack_shard
from streams.worker.table import SHARD_KEY
from tests.support.policies import policy
from tests.unit.decisions.test_recollect import ADA, AT, BOOKED, ENV
from tests.unit.worker.test_deciding import Deciding, objection
from tests.unit.worker.test_hindsight import decision
from tests.unit.worker.test_turn import CODEC, NOW, Rec, patient, portion

RUBBISH = b"rubbish"
NOBODYS = [None, b"\xff\xfe", SHARD_KEY, b"x" * 600]


class Producer:
    """Keeps what is committed, in its order."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes | None] = {}
        self.tasks: list[bytes] = []
        self.letters: list[DeadLetter] = []
        self.last: list[str] = []  # topics of the last transaction

    def outbox(self) -> Any:
        self.last = []
        return SimpleNamespace(add=self._add, add_dead_letter=self._add_letter)

    def _add(self, topic: str, key: bytes, value: bytes) -> None:
        self.last.append(topic)
        if topic == Topic.ESCALATION_TASKS:
            self.tasks.append(value)
        else:
            self.rows[key] = value

    def _add_letter(self, topic: str, letter: DeadLetter) -> None:
        self.last.append(topic)
        self.letters.append(letter)

    async def commit(self, _outbox: object, _offsets: object) -> None:
        pass


def partition(shard: ShardState | None = None) -> _Partition:
    settings: Any = SimpleNamespace(topic=str, worker_group="g")
    nothing: Any = None
    one = _Partition(settings, {}, nothing, CODEC, policy(), NOW, 0, 1)
    one._shard = shard or ShardState()
    return one


def rebuilt(one: _Partition, *inputs: Stored) -> ShardState:
    for stored in inputs:
        one._inputs[Topic(stored.topic)].append(stored)
    one._recollect({topic: one._taken(topic, 1_000) for topic in INPUT_TOPICS})
    return one._shard


def stored(topic: Topic, key: bytes | None, value: bytes | None, at: Instant, offset: int = 0) -> Stored:
    return Stored(topic.value, 0, offset, at, key, value, {})


def resumed(at: Instant, because: str | None = "INC-1") -> Stored:
    body = Resolution(
        None, ResolutionKind.CLOSED, "sre-1", Role.SRE, rationale_ref=because, outcome_code="resume_partition"
    )
    event = Event(Topic.RESOLUTIONS, Envelope(f"r{at}", "heed-partition-0", at, at, "heed", recorded_by="sre-1"), body)  # fmt: skip
    return stored(Topic.RESOLUTIONS, b"heed-partition-0", CODEC.encode_event(event), at)


@pytest.mark.parametrize("key", NOBODYS)
def test_an_objection_from_nobody_knows_whom_stops_the_partition_as_it_stopped_the_worker(
    tmp_path: Path, key: bytes | None
) -> None:
    worker = Deciding(tmp_path)
    worker.turn(Work([portion(Topic.OBJECTIONS, Rec(0, key, RUBBISH))]))
    one = partition()
    assert rebuilt(one, stored(Topic.OBJECTIONS, key, RUBBISH, NOW)).paused
    assert worker.state.paused
    assert not one._touched, "nobody has a row for it"


@pytest.mark.parametrize("topic", [Topic.PATIENTS, Topic.RESOLUTIONS, Topic.APPOINTMENTS])
def test_no_other_record_from_nobody_does(topic: Topic) -> None:
    one = partition()
    assert not rebuilt(one, *(stored(topic, key, RUBBISH, NOW) for key in NOBODYS)).paused
    assert not one._touched


def test_an_unreadable_objection_of_a_known_patient_holds_their_messages_only() -> None:
    one = partition()
    assert not rebuilt(one, stored(Topic.OBJECTIONS, b"P1", RUBBISH, NOW)).paused
    assert one._touched[b"P1"].unreadable_objection


def test_a_partition_that_was_resumed_since_is_not_stopped_again() -> None:
    nobodys = stored(Topic.OBJECTIONS, None, RUBBISH, NOW - HOUR)
    assert rebuilt(partition(), nobodys, resumed(NOW - HOUR + 1)) == ShardState()
    stopped = ShardState(paused=True, paused_at=NOW - 2 * HOUR)
    assert rebuilt(partition(stopped), resumed(NOW - HOUR)) == ShardState()
    assert rebuilt(partition(stopped), resumed(NOW - HOUR, because=None)) == stopped, "the rules refuse it"


def test_a_resume_from_before_the_objection_does_not_let_it_go_on() -> None:
    nobodys = stored(Topic.OBJECTIONS, None, RUBBISH, NOW)
    assert rebuilt(partition(), resumed(NOW), nobodys).paused


def test_nor_one_from_before_the_worker_met_an_objection_that_carries_an_older_time() -> None:
    bad, at = BadRecord(Reason.UNDECODABLE, "rubbish"), Position(Topic.OBJECTIONS, 0, 0, NOW)
    made = refuse(None, None, bad, None, RUBBISH, at, Environment(policy(), NOW)).outputs
    one = partition()
    for task in made:
        if isinstance(task, EscalationTask):
            one._stops.raised(task)
    assert rebuilt(one, stored(Topic.OBJECTIONS, None, RUBBISH, NOW - HOUR), resumed(NOW)).paused


async def test_a_patient_whom_the_table_has_no_room_for_stays_as_they_were_and_stops_the_partition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    producer = Producer()

    async def write(*inputs: Stored, raised: EscalationTask | None = None) -> dict[bytes, bytes | None]:
        nonlocal producer
        one, producer = partition(), Producer()
        if raised is not None:
            one._stops.raised(raised)
        rebuilt(one, *inputs)
        to: Any = producer
        taken = {topic: one._taken(topic, 1_000) for topic in INPUT_TOPICS}
        unwritable = await one._write(to, {}, taken)
        assert unwritable == {b"P1"} - producer.rows.keys()
        assert no_room.named(unwritable, taken, "key") == tuple(
            f"patient {hash_of(key, 'key')}" for key in unwritable
        )
        assert no_room.named(unwritable, taken, None) == ("objections[0]@8",) * len(unwritable)
        return producer.rows

    said = stored(Topic.PATIENTS, b"P1", patient().value, NOW)
    objected = [stored(Topic.OBJECTIONS, b"P1", objection().value, NOW, offset) for offset in (7, 8)]
    rows = await write(said, *objected)
    assert not producer.tasks
    assert not producer.letters
    assert not unpack_shard(rows[SHARD_KEY])[0].paused
    assert unpack(rows[b"P1"] or b"").objections
    for full, why in ((_too_large, Reason.FIELD_TOO_LONG), (_cannot, Reason.RULE_FAILED)):
        monkeypatch.setattr("streams.triage.rows.pack", full)
        rows = await write(said, *objected)
        assert rows.keys() == {SHARD_KEY}
        assert unpack_shard(rows[SHARD_KEY])[0].paused
        told = [(one.key, one.offset, one.reason) for one in producer.letters]
        assert told == [(b"P1", 7, why), (b"P1", 8, why)]
        [task] = [CODEC.decode_output(Topic.ESCALATION_TASKS, one) for one in producer.tasks]
        assert isinstance(task, EscalationTask)
        assert (task.role, task.reason) == (Role.SRE, Reason.OBJECTION_UNREADABLE)
        assert (task.subject.id, task.patient_id) == ("objections-0-8", "")
        at_once = producer.last
        rows = await write(said, *objected, raised=task)
        assert unpack_shard(rows[SHARD_KEY])[0].paused
        assert not producer.tasks, "a worker has raised it, under the same id"
        assert [one.offset for one in producer.letters] == [7]
        assert at_once[-1] == Topic.PATIENT_TABLE, "in the transaction after which the table is no longer old"


# What was decided about what had been read.


@pytest.mark.parametrize(
    ("nhs_number", "outcome", "applied"),
    [("9990548609", Outcome.SEND, ["A1"]), ("9990548600", Outcome.QUARANTINE, [])],
)
def test_what_intake_refused_is_not_applied(nhs_number: str, outcome: Outcome, applied: list[str]) -> None:
    body: Any = replace(BOOKED.body, nhs_number=nhs_number)
    event = replace(BOOKED, body=body)
    made = [one for one in respond("P1", ADA, event, AT, ENV).outputs if isinstance(one, Decision)]
    assert [one.outcome for one in made] == [outcome]
    one = partition()
    one._rows[b"P1"] = pack(ADA)
    one._take(Topic.APPOINTMENTS, stored(Topic.APPOINTMENTS, b"P1", CODEC.encode_event(event), NOW), made)
    assert list(one._patient(b"P1").appointments) == applied
    assert not one._patient(b"P1").asked


# Where it has been read to.


class Offsets:
    """Every topic was made anew: it ends at 40, and its reader had come to 10."""

    async def ends(self, places: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        return dict.fromkeys(places, 40)

    async def committed(self, _group: str, places: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        return dict.fromkeys(places, 10)


@pytest.mark.parametrize(("offset", "read_to"), [(9, 10), (10, 11), (39, 40), (40, 10), (5_000, 10)])
async def test_a_hold_from_before_a_topic_was_made_anew_skips_none_of_its_records(
    offset: int, read_to: int
) -> None:
    one, offsets = partition(), Offsets()
    one._offsets = cast(Any, offsets)
    one._journal = Journal(9, NOW, (), {Topic.APPOINTMENTS: 10})
    one._ends = await one._input_ends()
    ended = decision(offset, NOW + HOUR)  # since the backup
    one._unseen = [ended]
    assert one._is_unseen(Made(ended, NOW + HOUR))
    assert (await one._read_to())[Topic.APPOINTMENTS] == read_to


async def test_what_was_decided_about_the_topic_as_it_was_long_ago_is_not_decided_since() -> None:
    one, offsets = partition(), Offsets()
    one._offsets = cast(Any, offsets)
    one._journal = Journal(9, NOW, (), {Topic.APPOINTMENTS: 10})
    one._ends = await one._input_ends()
    assert not one._is_unseen(Made(decision(5_000, NOW - HOUR), NOW - HOUR))
    assert one._is_unseen(Made(decision(39, NOW - HOUR), NOW - HOUR)), "its clock may have been behind"


def _too_large(patient: PatientState) -> bytes:
    return pack(patient) + bytes(RECORD_BYTES)


def _cannot(_: PatientState) -> bytes:
    raise OverflowError


@pytest.mark.parametrize(("unwritable", "code"), [((), 0), (("patient 9f3c", "patient a1"), 1)])
def test_a_partition_that_was_stopped_is_said_and_patients_who_could_not_be_written_fail_the_command(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    unwritable: tuple[str, ...],
    code: int,
) -> None:
    async def done(_settings: object, _now: Instant, say: Callable[[Rebuilt], None]) -> list[Rebuilt]:
        one = Rebuilt(3, 5, 4, 1, 0, unwritable, stopped=True)
        say(one)
        return [one]

    monkeypatch.setattr("streams.triage.rebuild.rebuild", done)
    assert cli.run(argparse.Namespace(), Settings()) == code
    said = capsys.readouterr().out
    assert f"partition 3: STOPPED, {len(unwritable)} patients could not be written" in said
    assert all(whom in said for whom in unwritable)

"""One turn with the real rules and codec, and no broker: what it writes, and what it changes."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from streams import decisions
from streams.domain.events import Appointment, Contact, Envelope, Event, Identity, PatientSections
from streams.domain.heartbeat import HEARTBEAT_KEY, Heartbeat, pack_heartbeat
from streams.domain.packing import unpack
from streams.domain.shard import ShardState
from streams.domain.time import DAY, Instant
from streams.domain.vocabulary import AppointmentStatus, Channel, Topic
from streams.errors import UnknownSchema
from streams.kafka.codec import Codec
from streams.kafka.outbox import Outbox, RecordTooLarge
from streams.ops.policy_file import PolicyFile
from streams.worker.arrivals import arrivals_of
from streams.worker.inbox import Portion
from streams.worker.journal import Journal
from streams.worker.parts import Names, Parts
from streams.worker.poison import IN_A_ROW, Breaker
from streams.worker.refusals import Refusals
from streams.worker.table import PatientTable
from streams.worker.turn import Turn

NOW = 1_796_119_200_000  # Tuesday 1 December 2026, 10:00
CODEC = Codec.local()


class Noon:
    def __init__(self, at: Instant = NOW) -> None:
        self._at = at

    def now(self) -> Instant:
        return self._at

    def real_seconds(self, duration: int) -> float:
        return duration / 1_000


class Rec:
    def __init__(self, offset: int, key: bytes | None, value: bytes | None) -> None:
        self.offset = offset
        self.timestamp = NOW
        self.key = key
        self.value = value
        self.headers: list[tuple[str, bytes]] = []


class Shard:
    """A table and what turns on it have written."""

    def __init__(self, folder: Path, partitions: int = 1, settle: int = 0) -> None:
        file = folder / "policy.yaml"
        file.write_text(f'version: "test"\nsettle_s: {{appointment: {settle}, result: {settle}}}\n')
        self.parts = Parts(decisions, CODEC, Noon(), PolicyFile(file), Names("", partitions))
        self.table = PatientTable()
        self.journal = Journal()

    def turn(self, at: Instant = NOW, **more: Any) -> Turn:
        self.parts = msgspec.structs.replace(self.parts, clock=Noon(at))
        self.outbox = Outbox(lambda: BatchBuilder(1_000_000, 0, is_transactional=1), 0, {})
        return Turn(self.parts, 0, self.table, ShardState(), self.outbox, **more)

    def written(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for (topic, _partition), batch in self.outbox.batches():
            found[topic] = found.get(topic, 0) + batch.record_count()
        return found


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    return Shard(tmp_path)


def patient(name: str = "P1") -> Rec:
    contacts = (Contact("sms", Channel.SMS, "+447700900001", NOW - DAY),)
    sections = PatientSections(Identity("9990548609", "Test", "Ada", born="1980-01-01"), contacts)
    event = Event(Topic.PATIENTS, Envelope("p1", name, 1, NOW, "test"), sections)
    return Rec(0, name.encode(), CODEC.encode_event(event))


def appointment(offset: int, name: str = "P1", key: bytes | None = None) -> Rec:
    body = Appointment(
        f"A{offset}", AppointmentStatus.BOOKED, NOW + 9 * DAY, service_code="GEN", site="Main Hospital"
    )
    event = Event(Topic.APPOINTMENTS, Envelope(f"e{offset}", name, 1, NOW, "test"), body)
    return Rec(offset, name.encode() if key is None else key, CODEC.encode_event(event))


def portion(topic: Topic, *records: Rec) -> Portion:
    return Portion(topic, list(records), records[-1].offset + 1, 0.0)


def test_a_patient_touched_ten_times_is_written_once(shard: Shard) -> None:
    turn = shard.turn()
    turn.apply(portion(Topic.PATIENTS, patient()), Breaker())
    turn.apply(portion(Topic.APPOINTMENTS, *(appointment(number) for number in range(10))), Breaker())
    changes, journal = turn.finish(shard.journal)
    assert list(changes) == [b"P1"]
    assert shard.written()["patient-table"] == 2  # the patient, and the shard's own row
    assert shard.written()["decisions"] >= 10
    assert journal.read_to == {Topic.PATIENTS: 1, Topic.APPOINTMENTS: 10}


def test_nothing_changes_before_the_changes_are_folded_in(shard: Shard) -> None:
    turn = shard.turn()
    turn.apply(portion(Topic.PATIENTS, patient()), Breaker())
    changes, _ = turn.finish(shard.journal)
    assert shard.table.get(b"P1") is None
    shard.table.put_many(changes)
    packed = shard.table.get(b"P1")
    assert packed is not None
    assert unpack(packed).known


def test_what_cannot_be_read_is_set_aside_and_the_rest_goes_on(shard: Shard) -> None:
    turn = shard.turn()
    turn.apply(portion(Topic.PATIENTS, patient()), Breaker())
    rubbish = Rec(0, b"P1", b"rubbish")
    assert turn.apply(portion(Topic.APPOINTMENTS, rubbish, appointment(1)), Breaker()) == 2
    turn.finish(shard.journal)
    assert shard.written()["dead-letters"] == 1
    assert shard.written()["decisions"] >= 1


def test_a_breaker_ends_the_portion_where_it_opens(shard: Shard) -> None:
    turn = shard.turn()
    records = [Rec(number, b"P1", b"rubbish") for number in range(80)]
    assert turn.apply(portion(Topic.RESULTS, *records), Breaker()) == 50
    _, journal = turn.finish(shard.journal)
    assert journal.read_to == {Topic.RESULTS: 50}


def test_a_schema_that_might_be_learnt_is_asked_for_before_anything_is_decided(shard: Shard) -> None:
    unknown = Rec(0, b"P1", b"\0\0\0\x03\xe7rest")
    with pytest.raises(UnknownSchema):
        shard.turn().apply(portion(Topic.RESULTS, unknown), Breaker())
    turn = shard.turn(unknown_schemas={999})
    turn.apply(portion(Topic.RESULTS, unknown), Breaker())
    assert shard.written()["dead-letters"] == 1


def test_a_record_in_the_wrong_partition_goes_on_to_its_own_unread(tmp_path: Path) -> None:
    shard = Shard(tmp_path, partitions=4)  # P1 is in partition 3 of 4
    turn = shard.turn()
    assert turn.apply(portion(Topic.APPOINTMENTS, appointment(0)), Breaker()) == 1
    assert [target for target, _ in shard.outbox.batches()] == [("appointments", 3)]
    assert turn.finish(shard.journal)[0] == {}


def headers_written(outbox: Outbox) -> dict[str, list[list[tuple[str, bytes]]]]:
    """By topic, the headers of every record."""
    found: dict[str, list[list[tuple[str, bytes]]]] = {}
    for (topic, _partition), batch in outbox.batches():
        batch.close()
        for record in MemoryRecords(bytes(batch._build())).next_batch():
            found.setdefault(topic, []).append([(name, bytes(value)) for name, value in record.headers])
    return found


TRACED = ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")


def test_what_follows_from_a_traced_record_carries_its_context(shard: Shard) -> None:
    turn = shard.turn()
    turn.apply(portion(Topic.PATIENTS, patient()), Breaker())
    traced = appointment(0)
    traced.headers = [TRACED, ("other", b"not ours")]
    turn.apply(portion(Topic.APPOINTMENTS, traced), Breaker())
    turn.finish(shard.journal)
    written = headers_written(shard.outbox)
    assert written["send-commands"] == written["decisions"] == [[TRACED]]
    assert written["patient-table"] == [[], []]


def test_what_was_held_goes_on_in_the_trace_it_came_with(tmp_path: Path) -> None:
    shard = Shard(tmp_path, settle=30)
    turn = shard.turn()
    turn.apply(portion(Topic.PATIENTS, patient()), Breaker())
    traced = appointment(0)
    traced.headers = [TRACED]
    turn.apply(portion(Topic.APPOINTMENTS, traced), Breaker())
    changes, shard.journal = turn.finish(shard.journal)
    assert "send-commands" not in shard.written()
    shard.table.put_many(changes)
    later = shard.turn(at=NOW + 31_000)
    later.wake(b"P1")
    assert headers_written(shard.outbox)["send-commands"] == [[TRACED]]


@pytest.mark.parametrize("partitions", [1, 4])
def test_a_heartbeat_is_passed_on_in_its_own_partition_and_is_nobodys(
    tmp_path: Path, partitions: int
) -> None:
    shard = Shard(tmp_path, partitions)
    turn = shard.turn()
    beat = Rec(0, HEARTBEAT_KEY, pack_heartbeat(Heartbeat(NOW)))
    turn.apply(portion(Topic.RECEIPTS, beat), Breaker())
    assert [target for target, _ in shard.outbox.batches()] == [("heartbeats", 0)]
    assert turn.finish(shard.journal)[0] == {}
    assert turn.tally.counts == {
        ("consumed", "receipts", "heartbeat"): 1,
        ("consumed", "receipts", "accepted"): 0,
    }
    assert arrivals_of([portion(Topic.RECEIPTS, beat)]) == []


def test_a_heartbeat_between_bad_records_does_not_keep_a_topic_going(shard: Shard) -> None:
    breaker = Breaker()
    beats = [Rec(2 * number, HEARTBEAT_KEY, pack_heartbeat(Heartbeat(NOW))) for number in range(IN_A_ROW)]
    bad = [Rec(2 * number + 1, b"P1", b"no Avro") for number in range(IN_A_ROW)]
    mixed = [record for pair in zip(beats, bad, strict=True) for record in pair]
    assert shard.turn().apply(portion(Topic.RECEIPTS, *mixed), breaker) == len(mixed)
    assert breaker.open


@pytest.mark.parametrize(("topic", "value"), [(Topic.RECEIPTS, b"?"), (Topic.OBJECTIONS, b'{"sent_at":1}')])
def test_what_only_looks_like_a_heartbeat_is_set_aside(shard: Shard, topic: Topic, value: bytes) -> None:
    shard.turn().apply(portion(topic, Rec(0, HEARTBEAT_KEY, value)), Breaker())
    assert shard.written()["dead-letters"] == 1


def test_the_shards_own_key_is_nobodys(shard: Shard) -> None:
    turn = shard.turn()
    turn.apply(portion(Topic.APPOINTMENTS, appointment(0, key=b"\x00shard")), Breaker())
    changes, _ = turn.finish(shard.journal)
    assert changes == {}
    assert shard.written()["dead-letters"] == 1


def test_a_patient_whose_state_no_record_can_hold_is_refused_and_not_changed(
    shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.kafka.outbox.RECORD_BYTES", 100)
    monkeypatch.setattr("streams.kafka.outbox._SURELY_FITS", 0)
    turn = shard.turn()
    turn.apply(portion(Topic.PATIENTS, patient()), Breaker())
    with pytest.raises(RecordTooLarge) as refused:
        turn.finish(shard.journal)
    assert refused.value.key == b"P1"
    monkeypatch.undo()
    again = shard.turn(refusals=Refusals(frozenset({b"P1"})))
    again.apply(portion(Topic.PATIENTS, patient()), Breaker())
    assert again.finish(shard.journal)[0] == {}
    assert shard.written()["dead-letters"] == 1

"""The model over histories made by real turns, without a broker: several policies, and a changelog that was compacted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams import decisions
from streams.domain.events import (
    Appointment,
    Contact,
    Envelope,
    Event,
    Identity,
    Objection,
    PatientSections,
)
from streams.domain.records import Decision
from streams.domain.shard import ShardState
from streams.domain.time import DAY, HOUR, SECOND, Instant
from streams.domain.vocabulary import (
    INPUT_TOPICS,
    AppointmentStatus,
    Channel,
    ObjectionAction,
    Outcome,
    Scope,
    Topic,
)
from streams.errors import BadUsage
from streams.kafka.codec import Codec
from streams.kafka.framing import frame_header
from streams.kafka.outbox import Header, Outbox
from streams.kafka.reading import Stored
from streams.kafka.schemas import Schema, SchemaSet, schema_directory
from streams.kafka.unknown_schemas import EVERY_ID
from streams.ops.policy_file import PolicyFile
from streams.policy.model import Policy
from streams.verify.findings import Findings, Kind
from streams.verify.ledger import OUTPUTS, Ledger, decoded
from streams.verify.model import Model
from streams.verify.policies import PolicyOfTurn, read_policies, require
from streams.verify.written import compare
from streams.worker.inbox import Portion
from streams.worker.journal import Journal
from streams.worker.parts import Names, Parts
from streams.worker.poison import Breaker
from streams.worker.refusals import Refusals
from streams.worker.table import SHARD_KEY, PatientTable
from streams.worker.turn import Turn

NOW = 1_796_119_200_000  # Tuesday 1 December 2026, 10:00
CODEC = Codec.local()
TURNS = 8


class Hand:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> Instant:
        return self.at

    def real_seconds(self, duration: int) -> float:
        return duration / 1_000


class Kept(Outbox):
    """What a turn writes, as it would lie in the topics."""

    def __init__(self) -> None:
        super().__init__(None, 0, {})
        self.kept: list[tuple[str, bytes | None, bytes | None, dict[str, bytes]]] = []

    def add_to(
        self, target: tuple[str, int], key: bytes | None, value: bytes | None, headers: list[Header] | None = None
    ) -> None:  # fmt: skip
        self.kept.append((target[0], key, value, dict(headers or ())))


class Life:
    """One partition: inputs, and a worker that takes them turn by turn, whatever its policy is just then."""

    def __init__(self, policy: Path) -> None:
        self.clock = Hand()
        self.topics: dict[str, list[Stored]] = {topic: [] for topic in (*INPUT_TOPICS, *OUTPUTS)}
        self.changelog: list[Stored] = []
        self._parts = Parts(decisions, CODEC, self.clock, PolicyFile(policy), Names("", 1))
        self._table, self._shard, self._journal = PatientTable(), ShardState(), Journal()

    def policy(self, file: Path) -> None:
        self._parts = Parts(decisions, CODEC, self.clock, PolicyFile(file), Names("", 1))

    def _append(
        self, to: list[Stored], topic: str, key: bytes | None, value: bytes | None, headers: dict[str, bytes]
    ) -> Stored:  # fmt: skip
        stored = Stored(topic, 0, len(to), self.clock.at, key, value, headers)
        to.append(stored)
        return stored

    def turn(
        self,
        *events: Event,
        wakes: tuple[bytes, ...] = (),
        schema_id: int | None = None,
        refused: tuple[bytes, ...] = (),
        kept: tuple[bytes, ...] = (),
        failed: tuple[bytes, ...] = (),
    ) -> None:
        """These come in, and the next turn takes them; due patients first. ``schema_id``: as which they are written."""
        outbox = Kept()
        turn = Turn(
            self._parts,
            0,
            self._table,
            self._shard,
            outbox,
            Refusals(frozenset(refused), frozenset(kept), frozenset(failed)),
            EVERY_ID,
        )
        turn.fail_closed(False)
        for due in wakes:
            turn.wake(due)
        for event in events:
            patient, data = event.envelope.patient_id.encode(), CODEC.encode_event(event)
            data = data if schema_id is None else frame_header(schema_id) + data[5:]
            stored = self._append(self.topics[event.topic], event.topic, patient, data, {})
            turn.apply(Portion(event.topic, [Record(stored)], stored.offset + 1, 0.0), Breaker())
        changes, self._journal = turn.finish(self._journal)
        self._shard = turn.env.shard
        self._table.put_many(changes)
        for topic, key, value, headers in outbox.kept:
            to = self.changelog if topic == Topic.PATIENT_TABLE else self.topics[topic]
            self._append(to, topic, key, value, headers)
        self.clock.at += SECOND

    def ledger(self, rows: list[Stored] | None = None) -> Ledger:
        """What is read of it; ``rows``: what is left of the changelog."""
        ledger = Ledger(
            0, {t: self.topics[t] for t in INPUT_TOPICS}, {t: self.topics[t] for t in OUTPUTS}, [], {}
        )
        for stored in self.changelog if rows is None else rows:
            ledger.take_row(stored)
        return ledger

    def decisions(self) -> list[Decision]:
        found = [decoded(CODEC, Topic.DECISIONS, stored) for stored in self.topics[Topic.DECISIONS]]
        return [one for one in found if isinstance(one, Decision)]

    def compacted(self, end: int) -> list[Stored]:
        """The changelog once its first ``end`` rows were compacted: of each key only the newest among them."""
        newest = {stored.key: stored.offset for stored in self.changelog[:end]}
        return [
            stored for stored in self.changelog if stored.offset >= end or newest[stored.key] == stored.offset
        ]


class Record:
    """A stored record as the worker consumes it."""

    def __init__(self, stored: Stored) -> None:
        self.offset = stored.offset
        self.timestamp = stored.timestamp
        self.key = stored.key
        self.value = stored.value
        self.headers: list[tuple[str, bytes]] = []


def person(name: str) -> Event:
    contacts = (Contact("sms", Channel.SMS, "+447700900001", NOW - DAY),)
    sections = PatientSections(Identity("9990548609", "Test", "Ada", born="1980-01-01"), contacts)
    return Event(Topic.PATIENTS, Envelope(f"p-{name}", name, 1, NOW, "test"), sections)


def moved(name: str, version: int) -> Event:
    """The next version of this patient's one appointment."""
    body = Appointment(
        f"a-{name}", AppointmentStatus.BOOKED, NOW + 9 * DAY + version * HOUR, service_code="GEN", site="Main Hospital"
    )  # fmt: skip
    return Event(Topic.APPOINTMENTS, Envelope(f"{name}-{version}", name, version, NOW, "test"), body)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two policies that decide otherwise: the second one waits for corrections."""
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text('version: "one"\nsettle_s: {appointment: 0, result: 0}\ncoalesce_min: 0\n')
    two.write_text('version: "two"\nsettle_s: {appointment: 30, result: 30}\ncoalesce_min: 0\n')
    return one, two


def lived(policy: Path) -> Life:
    life = Life(policy)
    life.turn(person("P1"), person("P2"))
    for number in range(2, TURNS):
        life.turn(moved("P1", number), *([moved("P2", number)] if number % 3 == 0 else []))
    life.turn(person("P3"))
    return life


def differences(
    life: Life, policies: dict[str, Policy], rows: list[Stored] | None = None, codec: Codec = CODEC
) -> dict[Kind, int]:
    findings, ledger = Findings(), life.ledger(rows)
    model = Model(ledger, codec, PolicyOfTurn(policies, life.decisions()), 1, findings)
    model.replay()
    compare(ledger, model.expected, model.table, findings)
    return dict(findings.counts)


def test_one_policy_decides_the_same_again(files: tuple[Path, Path]) -> None:
    life = lived(files[0])
    assert Outcome.SEND in {d.outcome for d in life.decisions()}
    assert differences(life, read_policies(files[:1])) == {}
    assert differences(life, read_policies(files[1:])), "other rules decide otherwise"


def test_a_policy_that_changed_in_between_decides_its_own_turns(files: tuple[Path, Path]) -> None:
    life = lived(files[0])
    life.policy(files[1])
    life.turn(moved("P3", 1))
    life.turn(person("P4"))  # decides nothing, so names no version
    life.clock.at += 30 * SECOND
    life.turn(wakes=(b"P3",))
    life.policy(files[0])
    life.turn(moved("P2", TURNS))
    by_version = [(d.policy_version.partition("+")[0], d.outcome) for d in life.decisions()][-3:]
    assert by_version == [("two", Outcome.HOLD), ("two", Outcome.SEND), ("one", Outcome.SEND)]
    assert differences(life, read_policies(files)) == {}
    assert differences(life, read_policies(files[:1]))


def test_a_version_without_a_file_is_named(files: tuple[Path, Path]) -> None:
    life = lived(files[0])
    with pytest.raises(BadUsage, match=r"policy one\+\w+, .* given here are two\+\w+: .*--policy FILE"):
        require(read_policies(files[1:]), life.decisions())
    require(read_policies(files), life.decisions())


def test_wherever_compaction_has_got_to_the_turns_since_are_decided_again(files: tuple[Path, Path]) -> None:
    life = lived(files[0])
    policies = read_policies(files[:1])
    proven = []
    for end in range(1, len(life.changelog) + 1):
        ledger = life.ledger(life.compacted(end))
        model = Model(ledger, CODEC, PolicyOfTurn(policies, life.decisions()), 1, Findings())
        proven.append(len(model.turns))
        assert differences(life, policies, life.compacted(end)) == {}, end
    assert proven[0] == TURNS, "nothing was removed yet"
    assert proven[-1] == 0, "one journal alone is no beginning"
    assert sorted(proven, reverse=True) == proven
    assert set(range(TURNS - 2)) <= set(proven)


def objected(name: str) -> Event:
    body = Objection("O1", ObjectionAction.RECORDED, Scope.METHOD, channels=(Channel.SMS,))
    return Event(Topic.OBJECTIONS, Envelope("o1", name, 1, NOW, "test"), body)


async def test_what_the_registry_did_not_know_then_is_decided_as_it_was(files: tuple[Path, Path]) -> None:
    """By now it knows the schema; a record that was set aside for it stays set aside."""

    class Registry:
        async def schema(self, schema_id: int) -> Schema:
            return schemas.heads["ObjectionEvent"]

    schemas = SchemaSet.load(schema_directory())
    own = {name: schemas.id_of_head(name) for name in schemas.heads}
    codec = Codec(schemas, own, schemas.by_id, Registry())
    life = lived(files[0])
    life.turn(objected("P1"), schema_id=4711)
    life.turn(moved("P1", TURNS))
    await codec.learn(4711)
    assert differences(life, read_policies(files[:1]), codec=codec) == {}
    own_id = life.topics[Topic.OBJECTIONS][0]
    life.topics[Topic.OBJECTIONS][0] = Stored(
        own_id.topic, 0, 0, own_id.timestamp, own_id.key, CODEC.encode_event(objected("P1")), {}
    )
    assert differences(life, read_policies(files[:1]), codec=codec), "one of ours was never unknown"


def test_what_was_due_and_could_not_be_written_is_decided_the_same_again(files: tuple[Path, Path]) -> None:
    life = Life(files[1])
    life.turn(person("P1"))
    life.turn(moved("P1", 1))
    life.clock.at += 30 * SECOND
    life.turn(wakes=(b"P1",), refused=(b"P1",), kept=(b"P1",))
    life.turn(wakes=(b"P1",), refused=(b"P1",))
    assert len(life.topics[Topic.ESCALATION_TASKS]) == 1
    life.turn(wakes=(b"P1",))
    life.turn(objected("P1"), refused=(b"P1",), kept=(b"P1",))
    life.turn(moved("P1", 2), refused=(b"P1",))
    life.turn(moved("P1", 3), refused=(b"P1",), failed=(b"P1",))
    assert differences(life, read_policies(files[1:])) == {}


def test_an_objection_that_not_even_a_hold_had_room_for_stops_the_partition_here_too(
    files: tuple[Path, Path],
) -> None:
    life = Life(files[1])
    life.turn(person("P1"))
    life.turn(objected("P1"), refused=(b"P1",))
    life.turn(moved("P1", 1))
    life.clock.at += 30 * SECOND
    life.turn(wakes=(b"P1",))
    assert [one.rule for one in life.decisions()][-1] == "3.1"
    assert differences(life, read_policies(files[1:])) == {}


def without_last(topic: Topic) -> Callable[[Life], object]:
    return lambda life: life.topics[topic].pop()


def last_twice(topic: Topic) -> Callable[[Life], object]:
    return lambda life: life.topics[topic].append(life.topics[topic][-1])


def other_row(life: Life) -> None:
    at = next(n for n in range(len(life.changelog) - 1, 0, -1) if life.changelog[n].key == b"P1")
    row, older = life.changelog[at], next(r for r in life.changelog if r.key == b"P1")
    life.changelog[at] = Stored(row.topic, 0, row.offset, row.timestamp, row.key, older.value, {})


@pytest.mark.parametrize(
    ("bug", "found"),
    [
        (without_last(Topic.DECISIONS), Kind.LOST),
        (last_twice(Topic.SEND_COMMANDS), Kind.DUPLICATED),
        (other_row, Kind.TABLE),
    ],
    ids=["lost", "doubled", "table"],
)
def test_behind_a_compaction_differences_are_still_found(
    files: tuple[Path, Path], bug: Callable[[Life], object], found: Kind
) -> None:
    life = lived(files[0])
    end = next(stored.offset for stored in life.changelog if stored.key == SHARD_KEY) + 4
    assert life.ledger(life.compacted(end)).gap == 0
    bug(life)
    assert found in differences(life, read_policies(files[:1]), life.compacted(end))


def test_what_is_not_proven_is_said(files: tuple[Path, Path]) -> None:
    from streams.verify.findings import Report
    from streams.verify.report import lines

    def said(*notes: str) -> list[str]:
        none: dict[str, Any] = {}
        return list(lines(Report(none, none, [], 0, 0, list(notes), 1.0)))

    assert said()[-1] == "clean (1.0 s)"
    assert "NOT PROVEN: partition 3" in said("partition 3")
    assert said("partition 3")[-1] == "clean, but for what is not proven (above) (1.0 s)"

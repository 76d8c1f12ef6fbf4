"""One shard from turn to turn, without a broker: what it takes over, what it waits for, and when it goes on again."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from streams import decisions
from streams.decisions import Response
from streams.domain.events import Envelope, Event, Resolution
from streams.domain.packing import due_of, unpack
from streams.domain.patient import Asked
from streams.domain.shard import ShardState
from streams.domain.time import SECOND
from streams.domain.vocabulary import INPUT_TOPICS, Reason, ResolutionKind, Role, Topic
from streams.errors import UnknownSchema
from streams.kafka.batch import Stretch
from streams.kafka.codec import Codec
from streams.kafka.framing import frame_header
from streams.kafka.outbox import Outbox
from streams.kafka.schemas import SchemaSet, schema_directory
from streams.worker.deciding import Decided
from streams.worker.inbox import Portion
from streams.worker.intake import Work
from streams.worker.journal import Journal, pack_shard
from streams.worker.parts import Parts
from streams.worker.pressure import Pressure
from streams.worker.shard import LATER_MS, WAKES_IN_A_ROW, Shard
from streams.worker.skew import Skew
from streams.worker.table import SHARD_KEY
from tests.unit.worker.test_deciding import Deciding, Producer, objection, unknown, written
from tests.unit.worker.test_turn import CODEC, NOW, Rec, appointment, patient, portion

SCHEMAS = SchemaSet.load(schema_directory())


class Committing(Producer):
    """Every commit of it succeeds."""

    broker_time = None
    written_to: Mapping[tuple[str, int], int] = {}

    async def commit(self, outbox: Outbox, offsets: Mapping[tuple[str, int], int]) -> None:
        pass


class Registry:
    """Knows the newest schema of objections under 77, from the moment it is told."""

    knows = False

    async def schema(self, schema_id: int) -> Any:
        return SCHEMAS.heads["ObjectionEvent"] if self.knows and schema_id == 77 else None


def with_registry(parts: Parts, registry: Registry) -> Parts:
    ids = {name: number for number, name in enumerate(SCHEMAS.heads, 1)}
    return msgspec.structs.replace(parts, codec=Codec(SCHEMAS, ids, {}, registry))


def flowing(parts: Parts, rows: Mapping[bytes, bytes | None] | None = None) -> Shard:
    """A shard that has taken these rows over, and begins with what is due."""
    producer: Any = Committing()
    barrier: Any = None
    shard = Shard(parts, producer, barrier, lambda *_: None, Skew())
    shard.recover({key: packed for key, packed in (rows or {}).items() if packed is not None})
    shard.flow(dict.fromkeys(INPUT_TOPICS, 0))
    return shard


def asked_of(decided: Decided) -> list[Asked]:
    """What P1 waits for after this turn."""
    return list(unpack(decided.changes[b"P1"] or b"").asked.values())


async def next_turn(shard: Shard, at: int) -> bool:
    """A turn after the barrier has answered that there is nothing to wait for."""
    question = shard.intake.question(at)
    if question is not None:
        shard.intake.answer(question, shard.intake.inbox.state_reached())
    return await shard._turn()


@pytest.fixture
def held(tmp_path: Path) -> tuple[Parts, Mapping[bytes, bytes | None]]:
    """P1's appointment waited for corrections, and is due by now."""
    decide = Deciding(tmp_path, settle=30)
    decided = decide.turn(
        Work([portion(Topic.PATIENTS, patient())], deciding=[portion(Topic.APPOINTMENTS, appointment(0))])
    )
    assert due_of(decided.changes[b"P1"] or b"") == NOW + 30 * SECOND
    decide.later(31 * SECOND)
    return decide.parts, decided.changes


# Schemas that are asked for.


async def test_a_schema_given_up_once_is_asked_for_again_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.kafka.unknown_schemas.UNKNOWN_FOR_S", 3_600.0)
    shard = flowing(with_registry(Deciding(tmp_path).parts, Registry()))
    work = Work([Portion(Topic.OBJECTIONS, [unknown(0, 77)], 1, 0.0)])
    with pytest.raises(UnknownSchema):
        shard._decide(work)
    await shard._learn(77)
    shard._fold(shard._decide(work))  # given up, for now: quarantined
    shard._decide(work)
    monkeypatch.setattr("streams.kafka.unknown_schemas.time", SimpleNamespace(monotonic=lambda: 1e12))
    with pytest.raises(UnknownSchema):
        shard._decide(work)


async def test_who_was_due_in_a_turn_that_had_to_learn_a_schema_first_is_due_again(
    held: tuple[Parts, Mapping[bytes, bytes | None]],
) -> None:
    parts, rows = held
    registry = Registry()
    registry.knows = True
    shard, now = flowing(with_registry(parts, registry), rows), parts.clock.now()
    newer = objection()
    newer.value = frame_header(77) + (newer.value or b"")[5:]
    shard.receive(Topic.OBJECTIONS, Stretch(0, 1, [newer], 0.0, 1))
    assert await next_turn(shard, now), "the schema is asked for"
    assert unpack(shard.table.get(b"P1") or b"").asked, "and nothing decided"
    assert await next_turn(shard, now)
    known = unpack(shard.table.get(b"P1") or b"")
    assert list(known.objections) == ["O1"]
    assert not known.asked


# Patients whose due instant does not move on.


async def test_who_is_due_again_and_again_waits_a_minute(
    held: tuple[Parts, Mapping[bytes, bytes | None]],
) -> None:
    """A rule of ours that leaves somebody due must not become a busy loop."""
    parts, rows = held

    def wake(patient_id: str, known: Any, env: Any) -> Response:
        return Response(known, (), env.shard)

    engine = SimpleNamespace(respond=decisions.respond, wake=wake, refuse=decisions.refuse)
    shard, now = flowing(msgspec.structs.replace(parts, engine=engine), rows), parts.clock.now()
    due = []
    for _ in range(WAKES_IN_A_ROW):
        assert await next_turn(shard, now)
        due.append(shard.intake.timers.next())
    assert due == [NOW + 30 * SECOND] * (WAKES_IN_A_ROW - 1) + [now + LATER_MS]
    assert not await next_turn(shard, now)


# Topics that were stopped.


def resume(role: Role, rationale: str | None) -> Rec:
    body = Resolution(
        None,
        ResolutionKind.CLOSED,
        "s-1",
        role,
        rationale_ref=rationale,
        outcome_code="resume_topic:results:120",
    )
    key = "heed-partition-0"
    event = Event(Topic.RESOLUTIONS, Envelope("r1", key, 1, NOW, "heed", recorded_by="s-1"), body)
    return Rec(0, key.encode(), CODEC.encode_event(event))


@pytest.mark.parametrize(
    ("role", "rationale", "goes_on"),
    [
        (Role.SRE, "INC-1", True),
        (Role.IG, "INC-1", True),
        (Role.BOOK, "INC-1", False),
        (Role.SRE, None, False),
    ],
)
def test_only_who_may_lets_a_stopped_topic_go_on(
    tmp_path: Path, role: Role, rationale: str | None, goes_on: bool
) -> None:
    shard = flowing(Deciding(tmp_path).parts)
    shard.breakers[Topic.RESULTS].open = True
    shard.intake.inbox.stopped.add(Topic.RESULTS)
    shard.receive(Topic.RESOLUTIONS, Stretch(0, 1, [resume(role, rationale)], 0.0, 1))
    breaker = shard.breakers[Topic.RESULTS]
    assert (not breaker.open, breaker.through) == ((True, 120) if goes_on else (False, 0))
    assert (Topic.RESULTS not in shard.intake.inbox.stopped) is goes_on


def test_what_a_person_let_through_is_let_through_after_a_restart_too(tmp_path: Path) -> None:
    state = ShardState(let_through={Topic.RESULTS.value: 120})
    shard = flowing(Deciding(tmp_path).parts, {SHARD_KEY: pack_shard(state, Journal())})
    through = {topic: breaker.through for topic, breaker in shard.breakers.items()}
    assert through == dict.fromkeys(INPUT_TOPICS, 0) | {Topic.RESULTS: 120}


@pytest.mark.parametrize(
    ("stopped", "paused"),
    [
        ({Topic.RESULTS}, [Topic.RESULTS]),
        ({Topic.RESULTS, Topic.RESOLUTIONS}, [Topic.RESULTS]),
        ({Topic.RESOLUTIONS}, []),
    ],
)
def test_resolutions_are_fetched_on_while_they_are_stopped(
    tmp_path: Path, stopped: set[Topic], paused: list[Topic]
) -> None:
    """One of them may say that the topic goes on."""
    shard = flowing(Deciding(tmp_path).parts)
    shard.intake.inbox.stopped |= stopped
    told: list[Topic] = []
    Pressure(lambda topic, _: told.append(topic), lambda *_: None).note(shard)
    assert told == paused


# Failing closed.


@pytest.mark.parametrize("fail_closed", [False, True])
def test_who_is_due_and_fails_closed_is_sent_nothing(
    held: tuple[Parts, Mapping[bytes, bytes | None]], fail_closed: bool
) -> None:
    parts, rows = held
    decided = flowing(parts, rows)._decide(Work(wakes=[b"P1"], wakes_fail_closed=fail_closed))
    assert (("send-commands", 0) in written(decided)) is not fail_closed
    assert (Reason.FAIL_CLOSED in {one.reason for one in asked_of(decided)}) is fail_closed
    assert decided.journal.steps[0].fail_closed is fail_closed

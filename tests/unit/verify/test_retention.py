"""A cluster that has run for months: what retention has removed is no difference, and no loss hides behind it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.domain.events import Appointment, Envelope, Event
from streams.domain.records import EscalationTask, RecordEntry, SendCommand
from streams.domain.time import DAY, HOUR, MINUTE, Instant, Millis
from streams.domain.vocabulary import AppointmentStatus, Outcome, Topic
from streams.kafka.reading import Stored
from streams.kafka.topics import kept_for
from streams.recorder.entries import message_entry, task_entry
from streams.settings import Settings
from streams.verify.conservation import Conservation
from streams.verify.findings import Findings, Kind
from streams.verify.ledger import decoded
from streams.verify.model import Model
from streams.verify.policies import PolicyOfTurn, read_policies
from streams.verify.retention import MARGIN, note, removed, removed_before
from streams.verify.written import compare
from tests.unit.verify.test_model import CODEC, NOW, Life, person

DAYS = (0, 1, 2, 3, 6, 7, 8, 9, 10)  # not at the weekend
TODAY = NOW + DAYS[-1] * DAY + HOUR


def booked(name: str, at: Instant) -> Event:
    body = Appointment(
        f"a-{name}-{at}", AppointmentStatus.BOOKED, at + 20 * DAY, service_code="GEN", site="Main Hospital"
    )
    return Event(Topic.APPOINTMENTS, Envelope(f"{name}-{at}", name, 1, at, "test"), body)


@pytest.fixture
def lived(tmp_path: Path) -> Life:
    """A message and a task each morning, on record: one patient can be written to, nobody knows the other."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        'version: "one"\nsettle_s: {appointment: 0, result: 0}\ncoalesce_min: 0\nstate_grace_s: 0\n'
    )
    life = Life(policy)
    for day in DAYS:
        life.clock.at = NOW + day * DAY
        life.turn(person(f"P{day}"))
        life.turn(booked(f"P{day}", life.clock.at), booked(f"N{day}", life.clock.at))
        life.clock.at += MINUTE
        life.turn(wakes=(b"N%d" % day,))
    record(life, policy)
    outcomes = [decision.outcome for decision in life.decisions()]
    assert outcomes.count(Outcome.SEND) == len(DAYS)
    assert outcomes.count(Outcome.ESCALATE) == len(DAYS)
    return life


def record(life: Life, policy: Path) -> None:
    made = sorted(
        [*life.topics[Topic.SEND_COMMANDS], *life.topics[Topic.ESCALATION_TASKS]], key=lambda s: s.timestamp
    )
    for stored in made:
        entry: RecordEntry
        match decoded(CODEC, Topic(stored.topic), stored):
            case SendCommand() as command:
                entry = message_entry(command, next(iter(read_policies([policy]).values())), stored.timestamp)
            case EscalationTask() as task:
                entry = task_entry(task, stored.timestamp)
            case other:
                raise AssertionError(other)
        life.clock.at = stored.timestamp
        life._append(life.topics[Topic.RECORDS], Topic.RECORDS, stored.key, CODEC.encode(entry), {})
    life.clock.at = TODAY


def cut(life: Life, topic: Topic, days: int) -> Instant:
    """Retention removes what is older than so many days; from when on all must be there."""
    left = [stored for stored in life.topics[topic] if stored.timestamp >= TODAY - days * DAY]
    assert 0 < len(left) < len(life.topics[topic])
    life.topics[topic] = left
    return removed_before(left[0].timestamp, days * DAY, TODAY)


def found(life: Life, removed_of: dict[Topic, Instant], policy: Path | None = None) -> dict[Kind, int]:
    ledger, findings = life.ledger(), Findings()
    ledger.removed = removed_of
    ledger.recorded_to = {Topic.SEND_COMMANDS: 1_000, Topic.ESCALATION_TASKS: 1_000}
    Conservation(ledger, CODEC, 1, findings).check()
    if policy is not None:
        model = Model(ledger, CODEC, PolicyOfTurn(read_policies([policy]), life.decisions()), 1, findings)
        model.replay()
        compare(ledger, model.expected, model.table, findings)
    return dict(findings.counts)


def test_a_whole_history_is_clean(lived: Life, tmp_path: Path) -> None:
    assert found(lived, {}, tmp_path / "policy.yaml") == {}


def test_what_retention_has_removed_is_no_difference(lived: Life, tmp_path: Path) -> None:
    removed_of = {Topic.SEND_COMMANDS: cut(lived, Topic.SEND_COMMANDS, 7)}
    removed_of[Topic.ESCALATION_TASKS] = cut(lived, Topic.ESCALATION_TASKS, 9)
    assert found(lived, {}) != {}, "as it was: red for ever"
    assert found(lived, removed_of, tmp_path / "policy.yaml") == {}


@pytest.mark.parametrize(
    ("topic", "kinds"),
    [
        (Topic.SEND_COMMANDS, {Kind.UNLINKED, Kind.INVENTED, Kind.LOST}),
        (Topic.ESCALATION_TASKS, {Kind.UNLINKED, Kind.INVENTED, Kind.LOST}),
    ],
)
@pytest.mark.parametrize("which", [0, 3, -1])
def test_a_loss_within_what_is_kept_is_found(
    lived: Life, tmp_path: Path, topic: Topic, kinds: set[Kind], which: int
) -> None:
    cut(lived, topic, 7)
    del lived.topics[topic][which]
    left = lived.topics[topic][0].timestamp
    removed_of = {topic: removed_before(left, 7 * DAY, TODAY)}
    assert kinds <= found(lived, removed_of, tmp_path / "policy.yaml").keys()


def test_an_empty_topic_hides_no_loss_younger_than_it_keeps(lived: Life) -> None:
    lived.topics[Topic.SEND_COMMANDS] = []
    removed_of = {Topic.SEND_COMMANDS: removed_before(None, 7 * DAY, TODAY)}
    assert found(lived, removed_of) == {Kind.UNLINKED: 5, Kind.INVENTED: 5}


def test_the_later_version_of_an_old_task_needs_no_first_one(lived: Life) -> None:
    first = lived.topics[Topic.ESCALATION_TASKS][0]
    task = decoded(CODEC, Topic.ESCALATION_TASKS, first)
    assert isinstance(task, EscalationTask)
    later = CODEC.encode(msgspec.structs.replace(task, version=2))
    removed_of = {Topic.ESCALATION_TASKS: cut(lived, Topic.ESCALATION_TASKS, 7)}
    lived._append(lived.topics[Topic.ESCALATION_TASKS], Topic.ESCALATION_TASKS, first.key, later, {})
    assert found(lived, removed_of) == {Kind.LOST: 1}, "its entry, and nothing else"


def test_an_input_whose_dead_letter_may_be_gone_is_not_called_lost(lived: Life) -> None:
    old = lived.topics[Topic.APPOINTMENTS][2]
    nobody = Stored(old.topic, 0, old.offset, old.timestamp, b"P1", b"rubbish", {})
    lived.topics[Topic.APPOINTMENTS][2] = nobody
    lived.topics[Topic.DECISIONS] = [
        s
        for s, d in zip(lived.topics[Topic.DECISIONS], lived.decisions(), strict=True)
        if d.input.offset != 2
    ]
    rest = found(lived, {})
    assert rest[Kind.LOST] >= 1
    assert Kind.LOST not in found(lived, {Topic.DEAD_LETTERS: NOW + 5 * DAY})


@pytest.mark.parametrize(
    ("first", "kept", "since"),
    [
        (TODAY - 9 * DAY, 7 * DAY, TODAY - 9 * DAY),  # segments are removed whole
        (TODAY - DAY, 7 * DAY, TODAY - 7 * DAY),  # the younger ones were never there, or lost
        (None, 7 * DAY, TODAY - 7 * DAY),
        (TODAY - DAY, None, TODAY - DAY),  # size removes them too
        (None, None, TODAY),
    ],
)
def test_from_when_on_everything_must_be_there(
    first: Instant | None, kept: Millis | None, since: Instant
) -> None:
    assert removed_before(first, kept, TODAY) == since + MARGIN


@pytest.mark.parametrize(
    ("age", "size", "kept"), [("604800000", "-1", 7 * DAY), ("604800000", "1000", None), ("-1", "-1", None)]
)
def test_only_age_says_how_long_a_topic_keeps_records(age: str, size: str, kept: Millis | None) -> None:
    assert kept_for({"retention.ms": age, "retention.bytes": size}) == kept


async def test_only_topics_that_begin_later_have_lost_something(settings_of: Settings) -> None:
    class Offsets:
        async def beginnings(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
            return {place: 5 if "send-commands" in place[0] else 0 for place in places}

    records = {Topic.SEND_COMMANDS: [Stored("", 0, 5, TODAY - 8 * DAY, None, None, {})], Topic.DECISIONS: []}
    offsets: Any = Offsets()
    left = await removed(offsets, settings_of, 0, records, {Topic.SEND_COMMANDS: 7 * DAY}, TODAY)
    assert left == {Topic.SEND_COMMANDS: TODAY - 8 * DAY + MARGIN}
    assert note(left.items()) is not None
    assert "send-commands 2026-12-03 11:10" in str(note(left.items()))
    assert note([]) is None


@pytest.fixture
def settings_of() -> Settings:
    return Settings()

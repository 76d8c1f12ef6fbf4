"""Messages that waited, and what an objection logged meanwhile makes of them: on histories made by real turns."""

import msgspec
import pytest

from streams.domain.events import Envelope, Event, Objection
from streams.domain.records import Decision, SendCommand
from streams.domain.time import DAY, HOUR, MINUTE, SECOND, Instant
from streams.domain.vocabulary import Channel, ObjectionAction, Outcome, Scope, Topic
from streams.verify.findings import Findings, Kind, Place
from streams.verify.ledger import Ledger, decoded
from streams.verify.objected import check_objections
from tests.unit.verify.conftest import EVENING, due, sent
from tests.unit.verify.test_model import CODEC, NOW, Life, moved


def objects(name: str, at: Instant, action: ObjectionAction = ObjectionAction.RECORDED) -> Event:
    body = Objection(f"o-{name}", action, Scope.METHOD, (Channel.SMS,))
    version = 1 if action is ObjectionAction.RECORDED else 2
    return Event(Topic.OBJECTIONS, Envelope(f"o-{name}-{version}", name, version, at, "test"), body)


def log(life: Life, event: Event, at: Instant) -> None:
    """It is logged, and no turn takes it."""
    into = life.topics[event.topic]
    life.clock.at, now = at, life.clock.at
    life._append(into, event.topic, event.envelope.patient_id.encode(), CODEC.encode_event(event), {})
    life.clock.at = now


def looked_at(
    life: Life, slack: int = 0, *, journals: bool = True, ledger: Ledger | None = None
) -> tuple[dict[Kind, int], int]:
    ledger, findings = ledger or life.ledger(), Findings()
    if not journals:
        ledger.turns, ledger.come = [], {}
    made: list[tuple[Place, Decision]] = []
    commands: list[tuple[Place, SendCommand]] = []
    for topic, into in ((Topic.DECISIONS, made), (Topic.SEND_COMMANDS, commands)):
        for stored in ledger.outputs[topic]:
            into.append((ledger.place(topic, stored.offset), decoded(CODEC, topic, stored)))  # type: ignore[arg-type]
    looked = check_objections(ledger, CODEC, made, commands, slack, findings)
    return dict(findings.counts), looked.raced


@pytest.mark.parametrize("slack", [0, 5 * SECOND])
def test_a_held_message_against_a_newer_objection_is_found(held: Life, slack: int) -> None:
    log(held, objects("P1", EVENING + HOUR), EVENING + HOUR)
    held.clock.at = due(held)
    held.turn(wakes=(b"P1",))
    assert sent(held) == [Outcome.HOLD, Outcome.SEND], "the wake passed the barrier: what is to be found"
    assert looked_at(held, slack) == ({Kind.OBJECTED: 1}, 0)


def test_a_wake_that_came_late_still_had_to_know_what_was_logged_before_it_was_due(held: Life) -> None:
    log(held, objects("P1", EVENING + HOUR), EVENING + HOUR)
    held.clock.at = due(held) + 40 * MINUTE
    held.turn(wakes=(b"P1",))
    assert looked_at(held) == ({Kind.OBJECTED: 1}, 0)


def test_what_was_logged_when_the_message_was_due_already_is_not_asked_of_it(held: Life) -> None:
    log(held, objects("P1", due(held) + SECOND), due(held) + SECOND)
    held.clock.at = due(held) + 2 * SECOND
    held.turn(wakes=(b"P1",))
    assert sent(held)[-1] is Outcome.SEND
    assert looked_at(held) == ({}, 0), "its mark may have been read before"


def test_a_message_that_is_held_by_an_objection_is_no_difference(held: Life) -> None:
    held.clock.at = EVENING + HOUR
    held.turn(objects("P1", EVENING + HOUR))
    held.clock.at = max(due(held), NOW + 22 * HOUR)
    held.turn(wakes=(b"P1",))
    assert looked_at(held) == ({}, 0)


def forgetting(life: Life) -> None:
    """Bug: this worker's table has lost the objection that it has read."""
    kept = life._table.get(b"P1")
    assert kept is not None
    life.turn(objects("P1", life.clock.at))
    life._table.put_many({b"P1": kept})


def test_what_its_turn_had_read_binds_a_message_without_any_slack(held: Life) -> None:
    held.clock.at = NOW + DAY
    forgetting(held)
    held.turn(moved("P1", 2))
    assert sent(held)[-1] is Outcome.SEND
    assert looked_at(held, 5 * SECOND) == ({Kind.OBJECTED: 1}, 0), "logged a second before, and applied"
    assert looked_at(held, 5 * SECOND, journals=False) == ({}, 1), (
        "without its journal it can only be counted"
    )
    assert looked_at(held, journals=False) == ({Kind.OBJECTED: 1}, 0)


def test_an_objection_just_before_is_counted_where_it_cannot_be_told_which_was_first(held: Life) -> None:
    held.clock.at = NOW + DAY
    log(held, objects("P1", NOW + DAY - 4_900), NOW + DAY - 4_900)
    held.turn(moved("P1", 2))
    assert looked_at(held, 5 * SECOND) == ({}, 1)
    assert looked_at(held) == ({Kind.OBJECTED: 1}, 0)


def test_a_withdrawal_that_its_turn_had_not_read_excuses_nothing(held: Life) -> None:
    held.clock.at = NOW + DAY
    forgetting(held)
    at = held.clock.at
    log(held, objects("P1", at, ObjectionAction.WITHDRAWN), at + SECOND)
    held.turn(moved("P1", 2))
    assert looked_at(held, 5 * SECOND) == ({Kind.OBJECTED: 1}, 0)


def test_turns_with_the_same_clock_are_told_apart_by_when_they_were_written(held: Life) -> None:
    """Clocks of tests stand still; the newest turn with the message's time is not the one that sent it."""
    held.clock.at = NOW + DAY
    held.turn(moved("P1", 2))
    held.turn(objects("P1", NOW + DAY + SECOND))
    ledger = held.ledger()
    at = ledger.turns[-2][1].at
    ledger.turns[-1] = (ledger.turns[-1][0], msgspec.structs.replace(ledger.turns[-1][1], at=at))
    assert len({journal.at for _, journal in ledger.turns[-2:]}) == 1
    assert looked_at(held, ledger=ledger) == ({}, 0)

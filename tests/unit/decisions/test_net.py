"""Whatever raises: the worker goes on, nothing is sent, a person gets it, and what protects stays."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import pytest

from streams import decisions
from streams.decisions import Response
from streams.domain.events import Body, Receipt, Resolution
from streams.domain.packing import next_due
from streams.domain.position import Position
from streams.domain.records import DeadLetter, EscalationTask, Output, SendCommand
from streams.domain.time import DAY, HOUR, MINUTE
from streams.domain.vocabulary import Channel, ReceiptStatus, ResolutionKind, Role, Topic
from streams.errors import BadRecord
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    PATIENT,
    Chart,
    appointment,
    cancelled,
    identity,
    known,
    objection,
    of,
    reasons,
    result,
    sections,
)
from tests.support.policies import policy

SMS: Final = Channel.SMS


def broken(*_: Any, **__: Any) -> NoReturn:
    raise ValueError("Ada Test, 9990548609")


def fail(patch: pytest.MonkeyPatch, what: str, how: Callable[..., NoReturn] = broken) -> None:
    """Let a function of the rules raise; ``what``: its module and name."""
    module, _, name = what.partition(".")
    patch.setattr(import_module(f"streams.decisions.{module}"), name, how)


def tasks(written: Sequence[Output]) -> list[str]:
    return sorted(f"{one.role} {one.reason}" for one in written if isinstance(one, EscalationTask))


def letters(written: Sequence[Output]) -> list[tuple[str, str]]:
    return [(one.reason, one.error) for one in written if isinstance(one, DeadLetter)]


FAILED: Final = [("rule_failed", "deciding failed: ValueError")]


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("respond.examine", cancelled()),
        ("respond.supersede_older", cancelled()),
        ("respond.frame", cancelled()),
        ("respond.carry_out", result()),
        ("respond.receive", Receipt("C1", ReceiptStatus.DELIVERED, SMS)),
        ("respond.resolve", Resolution("T1", ResolutionKind.CLOSED, "staff-1", Role.IG)),
        ("respond.sections_changed", sections(SMS)),
        ("life.prune", Receipt("C1", ReceiptStatus.DELIVERED, SMS)),
    ],
)
def test_a_record_whose_rules_fail_goes_to_a_person(
    monkeypatch: pytest.MonkeyPatch, what: str, body: Body
) -> None:
    fail(monkeypatch, what)
    chart = Chart(known(SMS))
    written = chart.hear(body)
    assert "R-DQ data_quality" in tasks(written)
    assert letters(written)[-1:] == FAILED
    assert not of(SendCommand, written)
    assert "Ada" not in repr(written)


def test_an_objection_that_fails_stops_messages_and_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = Chart(known(SMS, Channel.EMAIL))
    with monkeypatch.context() as patch:
        fail(patch, "respond.objection_changed")
        written = chart.hear(objection(SMS))
    assert tasks(written) == ["R-DQ data_quality", "R-IG objection_unreadable"]
    assert chart.patient is not None
    assert "O1" in chart.patient.objections
    assert reasons(chart.hear(appointment(IN_TWO_WEEKS))) == ["ESCALATE comms_hold"]


def test_a_death_is_not_forgotten_because_what_follows_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = Chart(known(SMS))
    with monkeypatch.context() as patch:
        fail(patch, "respond.sections_changed")
        chart.hear(sections(SMS, identity=identity(death="FORMAL")))
    assert reasons(chart.hear(appointment(IN_TWO_WEEKS))) == ["SUPPRESS deceased"]


def test_what_newer_facts_may_have_replaced_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = Chart(known(SMS), policy=policy())
    chart.hear(appointment(IN_TWO_WEEKS))
    with monkeypatch.context() as patch:
        fail(patch, "respond.examine")
        assert reasons(chart.hear(cancelled(IN_TWO_WEEKS))) == [
            "SUPPRESS superseded",
            "ESCALATE data_quality",
        ]
    assert not of(SendCommand, chart.wait(NOW + HOUR // 2))


def test_an_action_that_failed_may_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = Chart(known(SMS))
    (sent,) = of(SendCommand, chart.hear(appointment(IN_TWO_WEEKS)))
    receipt = chart.event(Receipt(sent.command_id, ReceiptStatus.DELIVERED, SMS))
    with monkeypatch.context() as patch:
        fail(patch, "respond.receive")
        chart.hear_event(receipt)
    assert chart.hear_event(receipt) == ()
    assert chart.patient is not None
    assert chart.patient.sent[sent.command_id].closed


@pytest.mark.parametrize(
    "what", ["respond.frame", "respond.confirm_overdue", "life.reassign", "life.chase_results"]
)
def test_what_is_due_and_fails_becomes_a_task_and_its_timer_ends(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    chart = Chart(known(SMS), policy=policy())
    for body in (appointment(IN_TWO_WEEKS), result()):
        chart.hear(body)
    if what != "respond.frame":
        chart.wait(NOW + MINUTE)
    assert chart.patient is not None
    chart.now = NOW + (10 * DAY if what != "respond.frame" else MINUTE)
    fail(monkeypatch, what)
    written = chart.keep(decisions.wake(PATIENT, chart.patient, chart.env()))
    assert "R-DQ data_quality" in tasks(written)
    assert set(letters(written)) == set(FAILED)
    assert not of(SendCommand, written)
    assert not 0 < next_due(chart.patient) <= chart.now


def test_one_hold_that_fails_does_not_keep_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = Chart(known(SMS), policy=policy())
    for body in (appointment(IN_TWO_WEEKS), result()):
        chart.hear(body)
    fail(monkeypatch, "framing._frame_appointment")
    assert sorted(reasons(chart.wait(NOW + MINUTE))) == ["ESCALATE data_quality", "SEND app_default"]


@pytest.fixture
def no_task_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handing over fails too: the roles of the policy, say, cannot be read."""
    fail(monkeypatch, "desk.new_task")


@pytest.mark.usefixtures("no_task_either")
def test_when_no_task_can_be_made_a_dead_letter_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = Chart(known(SMS))
    fail(monkeypatch, "respond.objection_changed")
    assert letters(chart.hear(objection(SMS))) == FAILED
    assert chart.patient is not None
    assert chart.patient.unreadable_objection
    fail(monkeypatch, "respond.decide")
    assert letters(chart.hear(appointment(IN_TWO_WEEKS))) == FAILED


@pytest.mark.usefixtures("no_task_either")
def test_when_no_task_can_be_made_what_is_due_is_tried_an_hour_later(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = Chart(known(SMS), policy=policy())
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.now = NOW + MINUTE
    assert chart.patient is not None
    with monkeypatch.context() as patch:
        fail(patch, "respond.decide")
        written = chart.keep(decisions.wake(PATIENT, chart.patient, chart.env()))
    assert letters(written) == FAILED
    assert next_due(chart.patient) == NOW + MINUTE + HOUR
    assert reasons(chart.wait(NOW + 2 * HOUR)) == ["SEND app_default"]


def refused(patient_id: str | None, topic: Topic) -> Response:
    chart = Chart(known(SMS))
    at = Position(topic, 0, 5, NOW)
    patient = chart.patient if patient_id is not None else None
    return decisions.refuse(
        patient_id, patient, BadRecord("undecodable", "bad"), b"P1", b"x", at, chart.env()
    )


@pytest.mark.parametrize(
    ("patient_id", "topic", "held", "paused", "asked"),
    [
        (PATIENT, Topic.OBJECTIONS, True, False, ["R-DQ data_quality", "R-IG objection_unreadable"]),
        (PATIENT, Topic.RESULTS, False, False, ["R-DQ data_quality"]),
        (None, Topic.OBJECTIONS, None, True, []),
        (None, Topic.RESULTS, None, False, []),
    ],
)
def test_a_refusal_that_fails_protects_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
    patient_id: str | None,
    topic: Topic,
    held: bool | None,
    paused: bool,
    asked: list[str],
) -> None:
    fail(monkeypatch, "refusing.refuse")
    response = refused(patient_id, topic)
    assert letters(response.outputs) == FAILED
    (letter,) = (one for one in response.outputs if isinstance(one, DeadLetter))
    assert (letter.key, letter.value) == (b"P1", b"x")
    assert tasks(response.outputs) == asked
    assert response.shard.paused is paused
    assert (None if response.patient is None else response.patient.unreadable_objection) is held


def test_a_machine_without_memory_is_no_fault_of_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine would decide otherwise, and the proof (``heed verify``) has to find the same."""

    def exhausted(*_: Any) -> NoReturn:
        raise MemoryError

    chart = Chart(known(SMS))
    for what in ("respond.examine", "respond.frame", "respond._follow", "life.prune"):
        with monkeypatch.context() as patch:
            fail(patch, what, exhausted)
            with pytest.raises(MemoryError):
                chart.hear(appointment(IN_TWO_WEEKS))
    fail(monkeypatch, "refusing.refuse", exhausted)
    with pytest.raises(MemoryError):
        refused(PATIENT, Topic.RESULTS)

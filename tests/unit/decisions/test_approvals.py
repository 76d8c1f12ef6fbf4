"""Approvals of one message (9.8) and decisions that stand (9.4): complete, by the right people, or refused."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.domain.events import Resolution
from streams.domain.patient import PatientState
from streams.domain.records import EscalationTask, SendCommand
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import (
    Channel,
    Ground,
    ObjectionAction,
    ObjectionReason,
    Purpose,
    ResolutionKind,
    Role,
    TaskStatus,
)
from tests.support.charts import (
    NOW,
    SETTLED,
    Chart,
    act,
    appointment,
    cancelled,
    contact,
    identity,
    known,
    objection,
    of,
    proxy,
    reasons,
    request,
    sections,
    task,
)
from tests.support.policies import policy

APPROVED: Final[dict[str, Any]] = {
    "second_by": "ig-1",
    "second_role": Role.IG,
    "rationale_ref": "r1",
    "objection_id": "O1",
    "objection_version": 1,
    "ground": Ground.G3,
    "channel": Channel.SMS,
}


def objected() -> Chart:
    """Tomorrow is cancelled, and the only channel is objected to."""
    chart = Chart(known(Channel.SMS))
    chart.hear(appointment())
    chart.hear(objection(Channel.SMS))
    chart.hear(cancelled())
    return chart


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": None},
        {"rationale_ref": None},
        {"objection_id": None},
        {"objection_id": "O2"},
        {"objection_version": 2},
        {"ground": Ground.G5},
        {"second_by": None},
        {"second_by": "staff-1"},
        {"second_role": Role.CLIN},
        {"channel": Channel.EMAIL},
    ],
)
def test_an_approval_that_is_not_complete_is_refused(changes: dict[str, Any]) -> None:
    chart = objected()
    done = act(chart, ResolutionKind.OVERRIDE_APPROVED, "override_needed", **{**APPROVED, **changes})
    assert done == ["override_not_accepted"]
    assert task(chart, "override_needed").status is TaskStatus.OPEN


def test_an_approval_by_two_people_of_the_grounds_roles_sends_it() -> None:
    chart = objected()
    assert act(chart, ResolutionKind.OVERRIDE_APPROVED, "override_needed", **APPROVED) == ["override_review"]
    assert task(chart, "override_needed").status is TaskStatus.CLOSED


def test_an_approval_that_no_rule_can_carry_out_is_refused() -> None:
    chart = objected()
    chart.hear(sections(Channel.SMS, identity=identity(born="never")))
    done = act(chart, ResolutionKind.OVERRIDE_APPROVED, "override_needed", **APPROVED)
    assert done == ["override_not_accepted"]


def test_an_approval_for_a_closed_window_is_refused() -> None:
    """9.8 sends now or not at all: who approves at night is told so, and approves in the morning."""
    chart = Chart(known(Channel.SMS), now=NOW + 12 * HOUR)
    chart.hear(appointment(NOW + 46 * HOUR))
    chart.hear(objection(Channel.SMS))
    chart.hear(cancelled(NOW + 46 * HOUR))
    done = act(chart, ResolutionKind.OVERRIDE_APPROVED, "override_needed", **APPROVED)
    assert done == ["override_not_accepted"]
    chart.wait(NOW + 22 * HOUR)
    done = act(chart, ResolutionKind.OVERRIDE_APPROVED, "override_needed", **APPROVED)
    assert done == ["override_review"]


def test_an_approval_on_a_task_that_stands_for_no_request_is_refused() -> None:
    chart = objected()
    done = act(chart, ResolutionKind.OVERRIDE_APPROVED, "answer_objection", **APPROVED)
    assert done == ["override_not_accepted"]


ADULT: Final = known(Channel.SMS)
CHILD: Final = known(identity=identity(born="2018-01-01"), proxies=(proxy(contacts=(contact(Channel.SMS),)),))


@pytest.mark.parametrize(("patient", "sent_to"), [(ADULT, ["PATIENT"]), (CHILD, [])])
def test_a_threat_is_told_to_the_patient_or_to_nobody(patient: PatientState, sent_to: list[str]) -> None:
    """Whoever stands in may be the threat (G7, C233), however usable they are."""
    chart = Chart(patient)
    chart.hear(request(Purpose.THREAT_CONTACT, authorised_by="safe-9", authoriser_role=Role.SAFE))
    people: dict[str, Any] = {"by": "safe-1", "role": Role.SAFE, "second_by": "cg-1", "second_role": Role.CG}
    fields: dict[str, Any] = {"rationale_ref": "r1", "ground": Ground.G7, "channel": Channel.SMS}
    done = act(chart, ResolutionKind.OVERRIDE_APPROVED, "threat", **people, **fields)
    assert done == (["override_review"] if sent_to else ["override_not_accepted"])
    assert [one.recipient_role for one in chart.all(SendCommand)] == sent_to


STANDING: Final[dict[str, Any]] = {**APPROVED, "purposes": (Purpose.APPT_CANCEL,)}


def stands(chart: Chart, **changes: Any) -> bool:
    act(chart, ResolutionKind.STANDING_DECISION, **{**STANDING, **changes})
    assert chart.patient is not None
    return bool(chart.patient.standing)


@pytest.mark.parametrize(
    ("changes", "sound"),
    [
        ({}, True),
        ({"valid_to": NOW + 30 * DAY}, True),
        ({"valid_from": NOW - DAY, "valid_to": NOW + 300 * DAY}, True),
        ({"valid_to": NOW + 400 * DAY}, False),
        ({"valid_to": NOW}, False),
        ({"objection_id": None}, False),
        ({"objection_id": "O2"}, False),
        ({"objection_version": 3}, False),
        ({"ground": None}, False),
        ({"ground": Ground.G2}, False),
        ({"ground": Ground.G7}, False),
        ({"channel": None}, False),
        ({"purposes": ()}, False),
        ({"rationale_ref": ""}, False),
        ({"second_by": None}, False),
    ],
)
def test_a_standing_decision_is_complete_or_refused(changes: dict[str, Any], sound: bool) -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(objection(Channel.SMS))
    assert stands(chart, **changes) is sound


@pytest.mark.parametrize(
    ("reason", "action"),
    [
        (ObjectionReason.SAFETY_STALKING, ObjectionAction.RECORDED),
        (ObjectionReason.NOT_GIVEN, ObjectionAction.RECORDED),
        (ObjectionReason.COST, ObjectionAction.WITHDRAWN),
    ],
)
def test_no_standing_decision_against_this(reason: ObjectionReason, action: ObjectionAction) -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(objection(Channel.SMS, reason=reason, action=action))
    assert not stands(chart)


def test_no_standing_decision_when_nobody_knows_how_old_the_patient_is() -> None:
    chart = Chart(known(Channel.SMS, identity=identity(born="1.1.1980")))
    chart.hear(objection(Channel.SMS))
    assert not stands(chart)


@pytest.mark.parametrize(
    ("named", "left"),
    [
        ({"objection_id": "O1"}, 0),
        ({"objection_id": "O1", "ground": Ground.G3}, 0),
        ({"objection_id": "O1", "ground": Ground.G3, "channel": Channel.SMS}, 0),
        ({}, 0),
        ({"objection_id": "O2"}, 1),
        ({"objection_id": "O1", "ground": Ground.G5}, 1),
        ({"objection_id": "O1", "channel": Channel.EMAIL}, 1),
    ],
)
def test_revoking_takes_back_what_is_named(named: dict[str, Any], left: int) -> None:
    chart = Chart(known(Channel.SMS), policy=policy(**SETTLED))
    chart.hear(objection(Channel.SMS))
    assert stands(chart)
    act(chart, ResolutionKind.STANDING_REVOKED, **named)
    assert chart.patient is not None
    assert len(chart.patient.standing) == left


def test_only_so_many_versions_of_standing_decisions_are_remembered() -> None:
    chart = Chart(known(Channel.SMS))
    for number in range(510):
        act(chart, ResolutionKind.STANDING_REVOKED, objection_id=f"O{number}")
    assert chart.patient is not None
    assert list(chart.patient.standing_versions) == [f"O{number}:*:*" for number in range(10, 510)]


def test_a_revocation_ends_older_decisions_of_the_objection_only() -> None:
    chart = Chart(known(Channel.SMS, Channel.EMAIL))
    chart.hear(objection(Channel.SMS, Channel.EMAIL))
    decision = Resolution(None, ResolutionKind.STANDING_DECISION, "staff-1", Role.BOOK)
    for version, channel in ((1, Channel.SMS), (3, Channel.EMAIL)):
        chart.hear(replace(decision, **{**STANDING, "channel": channel}), version=version)
    chart.hear(replace(decision, kind=ResolutionKind.STANDING_REVOKED, objection_id="O1"), version=2)
    assert chart.patient is not None
    assert list(chart.patient.standing) == ["O1:G3:email"]


def test_a_standing_decision_lets_go_what_waited_for_it() -> None:
    chart = objected()
    act(chart, ResolutionKind.STANDING_DECISION, **STANDING)
    assert reasons(chart.outputs)[-1] == "SEND override_standing"
    assert of(EscalationTask, chart.outputs)[-1].status is TaskStatus.CLOSED

"""What an objection, or a changed wish, sets in motion."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.domain.events import Permission, Preferences
from streams.domain.records import EscalationTask, Output, SafetyEntry
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import (
    Channel,
    ChannelGroup,
    ObjectionAction,
    ObjectionReason,
    PermissionState,
    Purpose,
    ResolutionKind,
    Scope,
    TaskStatus,
)
from tests.support.charts import (
    NOW,
    Chart,
    act,
    appointment,
    cancelled,
    identity,
    known,
    objection,
    of,
    reasons,
    request,
    sections,
    task,
)
from tests.support.times import uk

SMS: Final = Channel.SMS


def tasks(written: tuple[Output, ...]) -> list[str]:
    return sorted(one.reason for one in of(EscalationTask, written))


@pytest.mark.parametrize(
    ("changes", "raised"),
    [
        ({"channels": (SMS,)}, ["answer_objection", "implications_notice"]),
        ({"channels": (Channel.EMAIL,)}, ["answer_objection"]),
        ({"scope": Scope.METHOD_GROUP, "channel_group": ChannelGroup.ELECTRONIC},
         ["answer_objection", "implications_notice"]),
        ({"scope": Scope.WHOLE_CARE}, ["answer_objection", "implications_notice"]),
        ({"scope": Scope.SERVICE, "services": ("X",)}, ["answer_objection", "implications_notice"]),
        ({"scope": Scope.UNKNOWN}, ["answer_objection", "implications_notice"]),
        ({"scope": Scope.RECIPIENT, "recipient_ref": "X1"}, ["answer_objection"]),
        ({"channels": (Channel.EMAIL,), "reason": ObjectionReason.NOT_GIVEN}, ["answer_objection", "capture_reason"]),
        ({"channels": (Channel.EMAIL,), "reason": ObjectionReason.OTHER_FREE_TEXT},
         ["answer_objection", "capture_reason"]),
        ({"channels": (Channel.EMAIL,), "reason": ObjectionReason.UNKNOWN}, ["answer_objection", "capture_reason"]),
        ({"channels": (SMS,), "action": ObjectionAction.WITHDRAWN}, []),
        ({"channels": (SMS,), "action": ObjectionAction.UNKNOWN}, []),
    ],
)  # fmt: skip
def test_companion_tasks(changes: dict[str, Any], raised: list[str]) -> None:
    chart = Chart(known(SMS, Channel.EMAIL))
    assert tasks(chart.hear(objection(**changes))) == raised


def test_nobody_is_told_of_implications_who_could_not_be_reached_anyway() -> None:
    assert tasks(Chart(known()).hear(objection(SMS))) == ["answer_objection"]


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("Tue 01 Dec 2026 11:00", "Fri 01 Jan 2027 11:00"),
        ("Mon 30 Nov 2026 09:00", "Wed 30 Dec 2026 09:00"),
        ("Sun 01 Nov 2026 11:30", "Tue 01 Dec 2026 11:30"),
        # entered late: the month is over, so it is answered soon (C106)
        ("Sun 01 Nov 2026 11:00", "Tue 08 Dec 2026 11:00"),
        ("Sun 01 Dec 2024 11:00", "Tue 08 Dec 2026 11:00"),
    ],
)
def test_an_objection_is_answered_within_a_calendar_month(received: str, due: str) -> None:
    chart = Chart(known(SMS))
    chart.hear(objection(Channel.EMAIL, received_at=uk(received)))
    assert task(chart, "answer_objection").due_at == uk(due)


def test_an_objection_without_a_time_of_receipt_counts_from_now() -> None:
    chart = Chart(known(SMS))
    chart.hear(objection(Channel.EMAIL, received_at=0))
    assert task(chart, "answer_objection").due_at == uk("Fri 01 Jan 2027 11:00")


def test_a_withdrawal_ends_the_tasks_about_it() -> None:
    chart = Chart(known(SMS))
    chart.hear(objection(SMS, reason=ObjectionReason.NOT_GIVEN))
    written = chart.hear(objection(SMS, action=ObjectionAction.WITHDRAWN))
    assert {one.status for one in of(EscalationTask, written)} == {TaskStatus.SUPERSEDED}
    assert chart.patient is not None
    assert not chart.patient.tasks


def test_wishes_and_refusals_that_contradict_raise_one_task_each() -> None:
    chart = Chart(known(SMS))
    chart.hear(objection(SMS, Channel.LETTER))
    wishes = Preferences((SMS, Channel.LETTER, Channel.EMAIL))
    written = chart.hear(replace(sections(), identity=None, contacts=None, preferences=wishes))
    assert tasks(written) == ["preference_conflict", "preference_conflict"]
    refusal = (Permission(SMS, PermissionState.DECLINED), Permission(Channel.EMAIL, PermissionState.OPTED_IN))
    written = chart.hear(replace(sections(), identity=None, contacts=None, permissions=refusal))
    assert tasks(written) == ["capture_reason"]


@pytest.mark.parametrize(("received_at", "incident"), [(NOW - HOUR, True), (NOW, True), (NOW + 1, False)])
def test_a_message_that_left_while_the_objection_was_on_its_way_is_reviewed(
    received_at: int, incident: bool
) -> None:
    """C004."""
    chart = Chart(known(SMS))
    chart.hear(request(Purpose.PRESCRIPTION_READY))
    chart.now = NOW + HOUR
    written = chart.hear(objection(SMS, received_at=received_at))
    kinds = [one.kind for one in written if isinstance(one, SafetyEntry)]
    assert kinds == (["objected_send_during_propagation"] if incident else [])


def objected() -> Chart:
    chart = Chart(known(SMS, Channel.EMAIL))
    chart.hear(appointment())
    chart.hear(objection(SMS, Channel.EMAIL))
    chart.hear(cancelled())
    return chart


def test_an_amendment_that_leaves_a_channel_lets_the_message_go() -> None:
    chart = objected()
    chart.now += HOUR
    written = chart.hear(objection(SMS, action=ObjectionAction.AMENDED))
    assert reasons(written) == ["SEND app_default"]
    assert task(chart, "override_needed").status is TaskStatus.CLOSED


def test_an_amendment_that_changes_nothing_for_the_task_leaves_it() -> None:
    chart = objected()
    version = task(chart, "override_needed").version
    assert reasons(chart.hear(objection(SMS, Channel.EMAIL, action=ObjectionAction.AMENDED))) == []
    assert task(chart, "override_needed").version == version


def test_what_somebody_works_on_is_left_to_them() -> None:
    chart = objected()
    act(chart, ResolutionKind.CLAIMED, "override_needed")
    assert reasons(chart.hear(objection(SMS, action=ObjectionAction.AMENDED))) == []


def test_what_no_rule_can_decide_again_stays_with_the_person() -> None:
    chart = objected()
    chart.hear(sections(SMS, identity=identity(born="0000-00-00")))
    assert reasons(chart.hear(objection(SMS, action=ObjectionAction.WITHDRAWN))) == []
    assert task(chart, "override_needed").status is TaskStatus.OPEN


def test_a_protected_objection_takes_the_task_to_safeguarding() -> None:
    chart = objected()
    written = chart.hear(objection(SMS, objection_id="O2", reason=ObjectionReason.SAFETY_COERCION))
    assert reasons(written) == ["ESCALATE protected_objection"]
    assert task(chart, "override_needed").status is TaskStatus.SUPERSEDED


def test_an_objection_that_is_past_its_appointment_ends_the_task() -> None:
    chart = objected()
    chart.now = NOW + DAY
    assert reasons(chart.hear(objection(SMS, action=ObjectionAction.AMENDED))) == ["SUPPRESS past"]

"""Stages 1 and 2: what is refused whoever it is about, and what still matters."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions.relevance import (
    cancelled_meanwhile,
    no_net_change,
    past,
    replay_guard,
    settle,
    state_only,
    threat,
    unknown_purpose,
    unknown_status,
    wrong_medication,
)
from streams.domain.decision import Hold, Suppress
from streams.domain.events import Appointment
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import (
    AppointmentStatus,
    Channel,
    Priority,
    Purpose,
    Reason,
    Role,
    SubjectKind,
)
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    TOMORROW,
    Chart,
    appointment,
    cancelled,
    case,
    known,
    reasons,
    request,
    result,
)

SMS: Final = Channel.SMS


@pytest.mark.parametrize(
    ("purpose", "role", "decided"),
    [
        (Purpose.DIRECT_MARKETING, None, "SUPPRESS out_of_scope_purpose"),
        (Purpose.RESEARCH, None, "SUPPRESS out_of_scope_purpose"),
        (Purpose.STAFF_TO_STAFF, None, "SUPPRESS out_of_scope_purpose"),
        (Purpose.EMERGENCY_TRIAGE, None, "ESCALATE emergency"),
        (Purpose.BAD_NEWS, None, "ESCALATE bad_news"),
        (Purpose.COMPLEX_CLINICAL, None, "ESCALATE complex_clinical"),
        (Purpose.UNKNOWN, None, "QUARANTINE unknown_purpose"),
        (Purpose.COMMUNICABLE_ALERT, None, "QUARANTINE unauthorised_ground"),
        (Purpose.COMMUNICABLE_ALERT, Role.IG, "QUARANTINE unauthorised_ground"),
        (Purpose.COMMUNICABLE_ALERT, Role.PH, "SEND app_default"),
        (Purpose.WAITLIST_VALIDATION, Role.WL, "SEND app_default"),
        (Purpose.OUTAGE_WELFARE, Role.PLAN, "SEND app_default"),
        (Purpose.THREAT_CONTACT, Role.SAFE, "ESCALATE threat"),
        (Purpose.MEDICATION_ERROR, Role.CLIN, "SEND app_default"),
        (Purpose.MEDICATION_ERROR, Role.ADMIN, "QUARANTINE unauthorised_ground"),
        (Purpose.SCREENING_INVITE, None, "SEND app_default"),
    ],
)
def test_what_a_purpose_leads_to(purpose: Purpose, role: Role | None, decided: str) -> None:
    chart = Chart(known(SMS))
    body = request(purpose, authorised_by="who-1", authoriser_role=role)
    assert reasons(chart.hear(body)) == [decided]


def test_a_role_without_a_person_authorises_nothing() -> None:
    chart = Chart(known(SMS))
    body = request(Purpose.COMMUNICABLE_ALERT, authoriser_role=Role.PH)
    assert reasons(chart.hear(body)) == ["QUARANTINE unauthorised_ground"]


def test_rows_of_requests_are_silent_about_appointments() -> None:
    framed = case(known(SMS))
    for row in (unknown_purpose, threat, wrong_medication, cancelled_meanwhile):
        assert row(framed) is None


@pytest.mark.parametrize(
    ("left", "held"),
    [
        (14 * DAY, 30_000),
        (2 * HOUR + 10_000, 10_000),  # it wakes while it can still help
        (2 * HOUR, 30_000),
        (10_000, 10_000),
    ],
)
def test_the_settle_window_is_cut_at_the_deadline(left: int, held: int) -> None:
    framed = case(known(SMS), cancelled(NOW + left), told=appointment(NOW + left), settle_s__appointment=30)
    hold = settle(framed)
    assert isinstance(hold, Hold)
    assert hold.until - NOW == held
    assert settle(replace(framed, asked=replace(framed.asked, waited=(Reason.SETTLE,)))) is None


def test_results_settle_by_their_own_window() -> None:
    hold = settle(case(known(SMS), result(), settle_s__result=7, settle_s__appointment=30))
    assert isinstance(hold, Hold)
    assert hold.until - NOW == 7_000
    assert settle(case(known(SMS), result(), settle_s__result=0)) is None


@pytest.mark.parametrize(
    ("start", "priority"),
    [(TOMORROW, Priority.P1), (IN_TWO_WEEKS, Priority.P2), (NOW - HOUR, None)],
)
def test_a_status_that_nobody_knows_is_read_by_a_person(start: int, priority: Priority | None) -> None:
    answer = unknown_status(case(known(SMS), appointment(start, status=AppointmentStatus.UNKNOWN)))
    assert (answer.draft.priority if answer is not None else None) is priority


@pytest.mark.parametrize(
    ("told", "body", "occurred", "decided"),
    [
        (appointment(NOW - HOUR), cancelled(NOW - HOUR), NOW - 2 * HOUR, "late_notification"),
        (appointment(NOW - HOUR), cancelled(NOW - HOUR), NOW - HOUR, "past"),
        (appointment(NOW - HOUR), appointment(NOW - HOUR, site="B"), NOW - 2 * HOUR, "late_notification"),
        (None, cancelled(NOW - HOUR, previous_starts_at=NOW - HOUR), NOW - 2 * HOUR, "late_notification"),
        (None, appointment(NOW - HOUR), NOW - 2 * HOUR, "past"),
        (appointment(TOMORROW), cancelled(TOMORROW), NOW, None),
    ],
)
def test_what_came_too_late(
    told: Appointment | None, body: Appointment, occurred: int, decided: str | None
) -> None:
    framed = case(known(SMS), body, told=told, asked={"occurred_at": occurred})
    answer = past(framed)
    if decided is None:
        assert answer is None
        return
    assert isinstance(answer, Suppress)
    assert answer.reason is Reason.PAST
    assert bool(answer.companions) is (decided == "late_notification")


@pytest.mark.parametrize(
    ("body", "silent"),
    [
        (cancelled(NOW - HOUR), False),
        (cancelled(NOW - HOUR, previous_starts_at=NOW - 2 * HOUR), True),
        (cancelled(TOMORROW), True),
    ],
)
def test_a_cancellation_of_what_nobody_was_told(body: Appointment, silent: bool) -> None:
    assert (no_net_change(case(known(SMS), body)) is None) is silent


@pytest.mark.parametrize(
    ("asked", "passes"),
    [
        ({}, True),
        ({"replay": True}, False),
        ({"occurred_at": NOW - 30 * DAY}, True),
        ({"occurred_at": NOW - 30 * DAY - 1}, False),
        ({"occurred_at": NOW - 31 * DAY, "held_since": NOW - 2 * DAY}, True),
        ({"occurred_at": NOW - 31 * DAY, "waited": (Reason.REPLAY_GUARD,)}, True),
        ({"replay": True, "waited": (Reason.REPLAY_GUARD,)}, True),
    ],
)
def test_old_news_and_replays_tell_nobody_anything(asked: dict[str, Any], passes: bool) -> None:
    assert (replay_guard(case(known(SMS), SubjectKind.RESULT, asked=asked)) is None) is passes
    assert replay_guard(case(known(SMS), asked=asked)) is None, "an appointment ahead still matters"


def test_a_reminder_of_what_was_cancelled_would_mislead() -> None:
    chart = Chart(known(SMS))
    chart.hear(cancelled(IN_TWO_WEEKS))
    about = {"appointment_id": "A1"}
    assert reasons(chart.hear(request(Purpose.APPT_REMINDER, **about))) == ["SUPPRESS superseded"]
    reply = request(Purpose.ADMIN_REPLY, request_id="Q2", **about)
    assert reasons(chart.hear(reply)) == ["SEND app_default"]


@pytest.mark.parametrize("status", [AppointmentStatus.ATTENDED, AppointmentStatus.DID_NOT_ATTEND])
def test_attended_or_not_asks_for_nothing(status: AppointmentStatus) -> None:
    framed = case(known(SMS), appointment(NOW - HOUR, status=status), told=appointment(NOW - HOUR))
    assert state_only(framed) == Suppress(Reason.PAST)

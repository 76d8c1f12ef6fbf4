"""The derived times and purposes of B1, at their boundaries."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions.framing import differs, frame
from streams.decisions.request import services_of
from streams.domain.events import Appointment
from streams.domain.patient import Asked, Sent
from streams.domain.position import Position
from streams.domain.time import DAY, HOUR, MINUTE
from streams.domain.vocabulary import (
    AppointmentStatus,
    Channel,
    Level,
    Mode,
    Purpose,
    ReceiptStatus,
    RecipientRole,
    StartsPrecision,
    SubjectKind,
    Topic,
)
from streams.errors import CannotDecide
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    PATIENT,
    TOMORROW,
    Chart,
    appointment,
    cancelled,
    case,
    identity,
    known,
    request,
    result,
)
from tests.support.policies import policy
from tests.support.times import uk

BOOKED: Final = appointment(TOMORROW)
VIDEO: Final[dict[str, Any]] = {"mode": Mode.VIDEO, "join_link_ref": "https://video.example.org/a"}


@pytest.mark.parametrize(
    ("told", "body", "purpose"),
    [
        (None, BOOKED, Purpose.APPT_CONFIRM),
        (None, appointment(**VIDEO), Purpose.APPT_VIRTUAL_INVITE),
        (None, appointment(mode=Mode.VIDEO), Purpose.APPT_CONFIRM),
        (None, cancelled(), Purpose.APPT_CANCEL),
        (BOOKED, cancelled(), Purpose.APPT_CANCEL),
        (cancelled(), BOOKED, Purpose.APPT_REINSTATE),
        (cancelled(), appointment(IN_TWO_WEEKS), Purpose.APPT_REINSTATE),
        (BOOKED, appointment(IN_TWO_WEEKS), Purpose.APPT_CHANGE),
        (BOOKED, appointment(site="Other Hospital"), Purpose.APPT_CHANGE),
        (BOOKED, appointment(**VIDEO), Purpose.APPT_CHANGE),
        (appointment(**VIDEO), appointment(**{**VIDEO, "join_link_ref": "https://video.example.org/b"}),
         Purpose.APPT_VIRTUAL_INVITE),
        (appointment(**VIDEO), appointment(mode=Mode.VIDEO), Purpose.APPT_CHANGE),
    ],
)  # fmt: skip
def test_purpose_against_what_was_told(told: Appointment | None, body: Appointment, purpose: Purpose) -> None:
    assert case(known(), body, told=told).purpose is purpose


@pytest.mark.parametrize(
    ("shift", "moved", "brought_forward"),
    [
        (15 * MINUTE, True, False),
        (15 * MINUTE - 1, False, False),
        (-15 * MINUTE, True, True),
        (1 - 15 * MINUTE, False, False),
    ],
)
def test_a_shift_is_material_from_fifteen_minutes_on(shift: int, moved: bool, brought_forward: bool) -> None:
    found = case(known(), appointment(TOMORROW + shift), told=BOOKED).difference
    assert (found.any, found.material, found.moved, found.brought_forward) == (
        True, moved, moved, brought_forward,
    )  # fmt: skip


def test_a_cancelled_appointment_that_moves_is_still_cancelled() -> None:
    framed = case(known(), cancelled(IN_TWO_WEEKS), told=cancelled())
    assert not framed.difference.any


@pytest.mark.parametrize(
    ("told", "body", "affected"),
    [
        # cancelled: the old start
        (BOOKED, cancelled(TOMORROW), TOMORROW),
        (BOOKED, cancelled(IN_TWO_WEEKS), TOMORROW),
        (None, cancelled(IN_TWO_WEEKS, previous_starts_at=TOMORROW), TOMORROW),
        (None, cancelled(TOMORROW, previous_starts_at=NOW - HOUR), TOMORROW),
        (None, cancelled(NOW - HOUR), None),
        # moved: the earlier of the two that is still ahead (C038, C040)
        (BOOKED, appointment(IN_TWO_WEEKS), TOMORROW),
        (appointment(IN_TWO_WEEKS), appointment(TOMORROW), TOMORROW),
        (appointment(NOW - DAY), appointment(IN_TWO_WEEKS), IN_TWO_WEEKS),
        (appointment(NOW), appointment(IN_TWO_WEEKS), IN_TWO_WEEKS),
        (appointment(NOW - 2 * DAY), appointment(NOW - DAY), None),
        # another place, confirmed, reinstated: the start
        (BOOKED, appointment(TOMORROW, site="Other Hospital"), TOMORROW),
        (None, appointment(TOMORROW), TOMORROW),
        (cancelled(NOW + HOUR), appointment(IN_TWO_WEEKS), IN_TWO_WEEKS),
        (None, appointment(NOW), None),
        # a status that nobody can read: it may be off, or moved
        (BOOKED, appointment(IN_TWO_WEEKS, status=AppointmentStatus.UNKNOWN), TOMORROW),
        (
            None,
            appointment(IN_TWO_WEEKS, status=AppointmentStatus.UNKNOWN, previous_starts_at=TOMORROW),
            TOMORROW,
        ),
        (appointment(NOW), appointment(IN_TWO_WEEKS, status=AppointmentStatus.UNKNOWN), IN_TWO_WEEKS),
        (appointment(NOW), appointment(NOW - HOUR, status=AppointmentStatus.UNKNOWN), None),
    ],
)
def test_affected_start(told: Appointment | None, body: Appointment, affected: int | None) -> None:
    timing = case(known(), body, told=told).timing
    assert timing.affected_start == affected
    assert timing.over is (affected is None)


@pytest.mark.parametrize(
    ("left", "short", "late", "deadline"),
    [
        (48 * HOUR, True, False, 46 * HOUR),
        (48 * HOUR + 1, False, False, 46 * HOUR + 1),
        (2 * HOUR + 1, True, False, 1),
        (2 * HOUR, True, True, 2 * HOUR),
        (2 * HOUR - 1, True, True, 2 * HOUR - 1),
        (1, True, True, 1),
    ],
)
def test_short_notice_and_the_late_case_to_the_millisecond(
    left: int, short: bool, late: bool, deadline: int
) -> None:
    timing = case(known(), cancelled(NOW + left), told=appointment(NOW + left)).timing
    assert (timing.short_notice, timing.late, timing.deadline) == (short, late, NOW + deadline)


@pytest.mark.parametrize(
    ("now", "needed_by", "deadline"),
    [
        # needed by the day's first moment, less the travel time
        ("Tue 01 Dec 2026 11:00", "Tue 01 Dec 2026 22:00", "Tue 01 Dec 2026 22:00"),
        ("Tue 01 Dec 2026 22:00", "Tue 01 Dec 2026 22:00", "Wed 02 Dec 2026 00:00"),
        ("Tue 01 Dec 2026 23:59:59.999", "Tue 01 Dec 2026 22:00", "Wed 02 Dec 2026 00:00"),
        # once the day has begun it is late, until it is over (C046)
        ("Wed 02 Dec 2026 00:00", "Tue 01 Dec 2026 22:00", "Wed 02 Dec 2026 23:59:59.999"),
        ("Wed 02 Dec 2026 15:00", "Tue 01 Dec 2026 22:00", "Wed 02 Dec 2026 23:59:59.999"),
    ],
)
def test_a_day_without_a_time(now: str, needed_by: str, deadline: str) -> None:
    day: dict[str, Any] = {"starts_precision": StartsPrecision.DAY}
    noon = uk("Wed 02 Dec 2026 12:00")
    timing = case(known(), cancelled(noon, **day), told=appointment(noon, **day), now=uk(now)).timing
    assert (timing.needed_by, timing.deadline) == (uk(needed_by), uk(deadline))


def test_a_day_without_a_time_is_past_at_midnight() -> None:
    day: dict[str, Any] = {"starts_precision": StartsPrecision.DAY}
    noon = uk("Wed 02 Dec 2026 12:00")
    midnight = uk("Thu 03 Dec 2026 00:00")
    assert case(known(), cancelled(noon, **day), told=appointment(noon, **day), now=midnight).timing.over


@pytest.mark.parametrize(
    ("needed_by", "expected"),
    [
        (None, (None, None, False)),
        (NOW + HOUR, (NOW + HOUR, NOW + HOUR, False)),
        (NOW, (NOW, NOW, True)),
    ],
)
def test_a_request_says_by_when_it_is_needed(
    needed_by: int | None, expected: tuple[int | None, int | None, bool]
) -> None:
    timing = case(known(), request(Purpose.PRESCRIPTION_READY, needed_by=needed_by)).timing
    assert (timing.needed_by, timing.deadline, timing.late) == expected
    assert not timing.over


@pytest.mark.parametrize(
    ("own", "needed_by", "deadline", "late"),
    [
        (None, TOMORROW - 2 * HOUR, TOMORROW - 2 * HOUR, False),
        (NOW + HOUR, NOW + HOUR, NOW + HOUR, False),
        (TOMORROW, TOMORROW - 2 * HOUR, TOMORROW - 2 * HOUR, False),
        (NOW - HOUR, NOW - HOUR, TOMORROW, True),
    ],
)
def test_a_reminder_is_bound_to_its_appointment(
    own: int | None, needed_by: int, deadline: int, late: bool
) -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(appointment(TOMORROW))
    assert chart.patient is not None
    body = request(Purpose.APPT_REMINDER, appointment_id="A1", needed_by=own)
    timing = case(chart.patient, body).timing
    assert (timing.needed_by, timing.deadline, timing.late) == (needed_by, deadline, late)


@pytest.mark.parametrize(
    ("listed", "said", "sensitive"),
    [("GUM", None, True), ("GEN", True, True), ("GEN", False, False), ("GUM", False, True), ("GEN", None, False)],
)  # fmt: skip
def test_a_request_about_a_sensitive_appointment_is_sensitive(
    listed: str, said: bool | None, sensitive: bool
) -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(appointment(TOMORROW, service_sensitive=said))
    assert chart.patient is not None
    body = request(Purpose.APPT_REMINDER, appointment_id="A1", service_code=listed)
    assert case(chart.patient, body).sensitive is sensitive


@pytest.mark.parametrize(("level", "written"), [(None, Level.L2), (Level.L0, Level.L0), (Level.L4, Level.L2)])
def test_a_request_may_ask_for_less_but_not_for_more(level: Level | None, written: Level) -> None:
    assert case(known(), request(Purpose.PRESCRIPTION_READY, level=level)).level is written


def test_the_service_of_a_request_that_is_forgotten_is_unknown() -> None:
    chart = Chart(known(Channel.SMS))
    for body in (appointment(service_code="A"), result(service_code="B")):
        chart.hear(body)
    chart.hear(request(Purpose.ADMIN_REPLY, service_code="C"))
    assert chart.patient is not None
    services = [
        services_of(chart.patient, Asked(kind, id_, 1, "e1", Position(Topic.REQUESTS, 0, 1), NOW))
        for kind, id_ in (
            (SubjectKind.APPOINTMENT, "A1"),
            (SubjectKind.RESULT, "R1"),
            (SubjectKind.REQUEST, "Q1"),
            (SubjectKind.APPOINTMENT, "A9"),
        )
    ]
    assert services == [("A",), ("B",), ("C",), ()]


def test_an_unreadable_date_of_birth_cannot_be_framed() -> None:
    with pytest.raises(CannotDecide, match="date of birth"):
        case(known(identity=identity(born="19800101x")))


def test_what_failed_for_this_version_is_remembered() -> None:
    """E9: a fallback that had to wait still knows; another version starts anew."""
    framed = case(known(Channel.SMS))
    failed = Sent(
        framed.asked, Purpose.APPT_CONFIRM, Channel.SMS, Level.L1, RecipientRole.PATIENT, None, "sms",
        NOW, NOW, 0, (Channel.EMAIL, Channel.SMS), ReceiptStatus.PERMANENT_FAILURE, False, True,
    )  # fmt: skip
    patient = replace(framed.patient, sent={"c1": failed})
    env = Chart().env()
    again = frame(PATIENT, patient, framed.asked, env)
    assert (again.tried, again.failed_before) == ((Channel.EMAIL, Channel.SMS), True)
    newer = frame(PATIENT, patient, replace(framed.asked, version=3), env)
    assert (newer.tried, newer.failed_before) == ((), False)


def test_nothing_told_is_any_difference() -> None:
    found = differs(BOOKED, None, policy())
    assert (found.any, found.material, found.cancelled, found.moved) == (True, True, False, False)


@pytest.mark.parametrize("status", [AppointmentStatus.ATTENDED, AppointmentStatus.DID_NOT_ATTEND])
def test_attended_is_state_only(status: AppointmentStatus) -> None:
    assert case(known(), appointment(status=status)).state_only

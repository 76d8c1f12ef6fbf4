"""What time does to a file: tasks move on, what is over is forgotten, what is open is kept."""

from typing import Final

import pytest
from msgspec.structs import replace

from streams.domain.events import Receipt, Resolution
from streams.domain.patient import PatientState, StandingDecision
from streams.domain.records import EscalationTask, SendCommand
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import Channel, Ground, Level, Purpose, ReceiptStatus, ResolutionKind, Role
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    TOMORROW,
    Chart,
    act,
    appointment,
    cancelled,
    known,
    of,
    request,
    result,
    task,
)
from tests.support.policies import policy

QUIET: Final = {"settle_s__appointment": 0, "settle_s__result": 0, "daily_cap": 50}


def moves(chart: Chart, until: int) -> list[tuple[int, str]]:
    """When and to whom tasks move, in minutes from now."""
    written = of(EscalationTask, chart.wait(until))
    return [(one.version, one.owner) for one in written]


def test_a_task_that_nobody_takes_moves_on_and_is_missed() -> None:
    chart = Chart(known())
    chart.hear(appointment())
    chart.hear(cancelled())
    version = task(chart, "no_contact_detail").version
    moved = moves(chart, NOW + 2 * HOUR)
    assert moved == [
        (version + 1, "booking-deputy"),
        (version + 2, "booking-lead"),
        (version + 3, "booking-lead"),
    ]


def test_a_claimed_task_stays_with_who_has_it_and_can_be_missed_all_the_same() -> None:
    chart = Chart(known())
    chart.hear(appointment())
    chart.hear(cancelled())
    act(chart, ResolutionKind.CLAIMED, "no_contact_detail")
    assert [owner for _, owner in moves(chart, NOW + 2 * HOUR)] == ["staff-1"]


def with_history() -> Chart:
    """An appointment, a result, a request and their messages, all done with."""
    chart = Chart(known(Channel.SMS), policy=policy(**QUIET))
    for body in (appointment(TOMORROW), result(), request(Purpose.PRESCRIPTION_READY)):
        chart.hear(body)
        command = chart.all(SendCommand)[-1]
        chart.hear(Receipt(command.command_id, ReceiptStatus.DELIVERED, command.channel))
    return chart


def pruned(chart: Chart, after: int) -> PatientState:
    chart.wait(NOW + after)
    chart.hear(Resolution(None, ResolutionKind.STANDING_REVOKED, "staff-1", Role.IG))
    assert chart.patient is not None
    return chart.patient


@pytest.mark.parametrize(
    ("after", "appointments", "results", "requests", "sent"),
    [
        (8 * DAY, 1, 1, 1, 0),
        (30 * DAY + 12 * HOUR, 1, 1, 0, 0),
        (31 * DAY, 0, 1, 0, 0),
        (100 * DAY, 0, 0, 0, 0),
    ],
)
def test_what_is_over_is_forgotten_in_time(
    after: int, appointments: int, results: int, requests: int, sent: int
) -> None:
    chart = with_history()
    chart.wait(NOW + 7 * DAY)  # nobody called about the result: a task, closed by a person
    act(chart, ResolutionKind.CONTACTED, "missed_action")
    state = pruned(chart, after)
    found = (len(state.appointments), len(state.results), len(state.requests), len(state.sent))
    assert found == (appointments, results, requests, sent)


def test_it_is_looked_at_once_a_day() -> None:
    chart = with_history()
    assert chart.patient is not None
    first = chart.patient.pruned_at
    assert pruned(chart, HOUR).pruned_at == first
    assert pruned(chart, 25 * HOUR).pruned_at > first


def test_what_is_open_is_kept() -> None:
    chart = Chart(known(), policy=policy(**QUIET))
    chart.hear(appointment(TOMORROW))
    state = pruned(chart, 100 * DAY)
    assert "A1" in state.appointments, "a task about it is open"


def test_a_cancelled_appointment_whose_told_time_is_ahead_is_kept() -> None:
    chart = Chart(known(Channel.SMS), policy=policy(**QUIET))
    chart.hear(appointment(NOW + 60 * DAY))
    assert chart.patient is not None
    entry = chart.patient.appointments["A1"]
    body = cancelled(NOW - 40 * DAY)
    chart.patient = replace(chart.patient, appointments={"A1": replace(entry, body=body)}, sent={})
    assert "A1" in pruned(chart, 25 * HOUR).appointments


def test_a_standing_decision_that_has_ended_is_forgotten() -> None:
    made = StandingDecision(
        "O1", 1, Ground.G3, Channel.SMS, (Purpose.APPT_CANCEL,), Level.L1, ("a", "b"), "r1",
        NOW - DAY, NOW + DAY, "", False,
    )  # fmt: skip
    chart = Chart(known(standing={"O1:G3:sms": made}), policy=policy(**QUIET))
    chart.hear(appointment(IN_TWO_WEEKS))
    assert chart.patient is not None
    assert chart.patient.standing
    chart.now = NOW + 2 * DAY
    chart.hear(appointment(IN_TWO_WEEKS, room="B2"))
    assert chart.patient is not None
    assert not chart.patient.standing

"""What time does to a file: tasks move on, what is over is forgotten, what is open is kept."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions.forgotten import forget, left_of
from streams.domain.events import Receipt, Resolution
from streams.domain.packing import pack
from streams.domain.patient import PatientState, RequestEntry, ResultEntry, StandingDecision
from streams.domain.records import EscalationTask, SendCommand
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import (
    Channel,
    Ground,
    Level,
    Purpose,
    ReceiptStatus,
    ResolutionKind,
    ResultStatus,
    Role,
    SubjectKind,
)
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
    reasons,
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


def told_and_forgotten(*, normal: bool = False) -> Chart:
    chart = with_history()
    assert chart.patient is not None
    results = {id_: replace(entry, told_normal=normal) for id_, entry in chart.patient.results.items()}
    chart.patient = replace(chart.patient, results=results)
    chart.wait(NOW + 8 * DAY)
    act(chart, ResolutionKind.CLOSED, "missed_action", outcome_code="rang")
    assert not pruned(chart, 91 * DAY).results
    return chart


@pytest.mark.parametrize(
    ("changes", "normal", "asked"),
    [
        ({"status": ResultStatus.CANCELLED}, False, "ESCALATE withdrawn_result"),
        ({"status": ResultStatus.CORRECTED}, False, "ESCALATE corrected_after_told"),
        ({"abnormal": True}, True, "ESCALATE corrected_after_told"),
        ({}, False, "SUPPRESS no_net_change"),
    ],
)
def test_what_a_patient_was_told_is_remembered_when_the_result_is_not(
    changes: dict[str, Any], normal: bool, asked: str
) -> None:
    """B10 rows 1 and 5: in December a clinician takes back what was said in September."""
    assert reasons(told_and_forgotten(normal=normal).hear(result(**changes), version=2)) == [asked]


@pytest.mark.parametrize(
    ("version", "asked"), [(1, "SUPPRESS duplicate"), (0, "SUPPRESS stale_version"), (2, "SEND app_default")]
)
def test_a_request_issued_again_is_a_duplicate_however_late(version: int, asked: str) -> None:
    chart = told_and_forgotten()
    assert reasons(chart.hear(request(Purpose.PRESCRIPTION_READY), version=version)) == [asked]


def test_only_so_many_are_remembered_and_what_was_told_the_longest() -> None:
    told = {f"R{n}": ResultEntry(1, result(result_id=f"R{n}"), NOW, told_at=NOW) for n in range(150)}
    asked = {f"Q{n}": RequestEntry(1, request(Purpose.SCREENING_INVITE), NOW) for n in range(150)}
    patient = known(results=told, requests=asked)
    kept = forget(patient, {}, {})
    assert (len(kept), sum(one.told_at > 0 for one in kept.values())) == (200, 150)
    assert left_of(replace(patient, forgotten=kept), SubjectKind.REQUEST, "Q99") is None
    assert left_of(replace(patient, forgotten=kept), SubjectKind.REQUEST, "Q100") is not None
    assert len(pack(replace(known(), forgotten=kept))) - len(pack(known())) < 5_000


def test_a_letter_that_nothing_confirms_is_forgotten_with_its_appointment() -> None:
    chart = Chart(known(Channel.LETTER), policy=policy(**QUIET))
    (letter,) = of(SendCommand, chart.hear(appointment(IN_TWO_WEEKS)))
    assert letter.channel is Channel.LETTER
    assert len(pruned(chart, 40 * DAY).sent) == 1, "it may still come back"
    left = pruned(chart, 46 * DAY)
    assert (left.sent, left.appointments) == ({}, {})

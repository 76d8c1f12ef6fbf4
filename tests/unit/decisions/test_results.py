"""B10 row by row, and the contact line at its edges."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions import wake
from streams.decisions.results import contact_line
from streams.domain.events import Agreement, Permission
from streams.domain.records import Decision, EscalationTask, SendCommand
from streams.domain.time import DAY
from streams.domain.vocabulary import (
    Channel,
    Level,
    PermissionState,
    Purpose,
    Reason,
    Release,
    ResolutionKind,
    ResultStatus,
)
from tests.support.charts import NOW, PATIENT, SETTLED, Chart, act, case, known, of, reasons, result
from tests.support.policies import policy
from tests.support.times import uk

APP: Final = Channel.NHS_APP
AGREED: Final = Agreement("FBC", None, NOW + DAY, "clinician-1")
L4: Final = (Permission(APP, PermissionState.OPTED_IN, Level.L4),)
WITHIN: Final[dict[str, Any]] = {"within_threshold": True, "abnormal": False}


@pytest.mark.parametrize(
    ("changes", "decided"),
    [
        ({}, "SEND app_default"),
        ({"status": ResultStatus.CANCELLED}, "SUPPRESS result_cancelled_untold"),
        ({"critical": True}, "ESCALATE critical_result"),
        (
            {"critical": True, "status": ResultStatus.PRELIMINARY, "reviewed": False},
            "ESCALATE critical_result",
        ),
        ({"critical": True, "status": ResultStatus.CANCELLED}, "SUPPRESS result_cancelled_untold"),
        ({"bad_news": True}, "ESCALATE bad_news"),
        ({"bad_news": True, "release": Release.DO_NOT_NOTIFY}, "ESCALATE bad_news"),
        ({"release": Release.DISCUSS_FIRST}, "ESCALATE discuss_first"),
        ({"abnormal": True, "release": Release.UNSET}, "ESCALATE discuss_first"),
        ({"abnormal": True, "release": Release.UNKNOWN}, "ESCALATE discuss_first"),
        ({"abnormal": True, "release": Release.DO_NOT_NOTIFY}, "ESCALATE discuss_first"),
        ({"abnormal": True}, "SEND app_default"),
        ({"status": ResultStatus.PRELIMINARY}, "SUPPRESS awaiting_final"),
        ({"status": ResultStatus.CORRECTED}, "SEND app_default"),
        ({"release": Release.DO_NOT_NOTIFY}, "SUPPRESS clinician_choice"),
        ({"reviewed": False}, "HOLD awaiting_review"),
        ({"reviewed": False, "release": Release.UNSET}, "HOLD awaiting_review"),
        ({"reviewed": False, **WITHIN}, "SEND app_default"),
        ({"reviewed": False, "release": Release.UNSET, **WITHIN}, "SEND app_default"),
        ({"reviewed": False, "within_threshold": True}, "SEND app_default"),
        ({"sensitive_test": True}, "SEND app_default"),
        ({"sensitive_test": True, "release": Release.UNSET}, "ESCALATE sensitive_result"),
        ({"sensitive_test": True, "reviewed": False, **WITHIN}, "ESCALATE sensitive_result"),
        ({"service_code": "GUM"}, "SEND app_default"),
        ({"test_code": "HIV_TEST", "sensitive_test": False}, "SEND app_default"),
        ({"release": Release.UNSET}, "ESCALATE result_not_classified"),
        ({"release": Release.UNKNOWN}, "ESCALATE discuss_first"),
        ({"release": Release.UNKNOWN, "reviewed": False, **WITHIN}, "ESCALATE discuss_first"),
        ({"status": ResultStatus.UNKNOWN}, "ESCALATE result_not_classified"),
    ],
)
def test_each_row(changes: dict[str, Any], decided: str) -> None:
    chart = Chart(known(APP, agreements=(AGREED,)))
    assert reasons(chart.hear(result(**changes))) == [decided]


@pytest.mark.parametrize(
    ("changes", "decided"),
    [
        ({"status": ResultStatus.CANCELLED}, "ESCALATE withdrawn_result"),
        ({"status": ResultStatus.CORRECTED}, "ESCALATE corrected_after_told"),
        ({"status": ResultStatus.PRELIMINARY}, "SUPPRESS awaiting_final"),
        ({"reviewed_by": "dr-2"}, "SUPPRESS no_net_change"),
        ({"critical": True}, "ESCALATE critical_result"),
        ({"abnormal": True}, "SUPPRESS no_net_change"),
    ],
)
def test_after_the_patient_was_told_that_it_is_there(changes: dict[str, Any], decided: str) -> None:
    chart = Chart(known(APP))
    chart.hear(result())
    assert reasons(chart.hear(result(**changes))) == [decided]


def normal_chart(**changes: Any) -> Chart:
    state = known(APP, agreements=(AGREED,), permissions=L4)
    return Chart(replace(state, **changes), policy=policy(l4_enabled=True, **SETTLED))


@pytest.mark.parametrize(
    ("patient", "changes", "level"),
    [
        ({}, WITHIN, "L4"),
        ({}, {**WITHIN, "reviewed": False, "release": Release.UNSET}, "L4"),
        ({}, {"within_threshold": True}, "L3"),
        ({}, {"within_threshold": False, "abnormal": False}, "L3"),
        ({"agreements": (replace(AGREED, valid_to=NOW),)}, WITHIN, "L3"),
        ({"agreements": (replace(AGREED, valid_to=NOW + 1),)}, WITHIN, "L4"),
        ({"agreements": (replace(AGREED, test_code="U&E"),)}, WITHIN, "L3"),
        ({"agreements": ()}, WITHIN, "L3"),
        ({"permissions": ()}, WITHIN, "L3"),
    ],
)
def test_when_a_result_may_be_called_normal(
    patient: dict[str, Any], changes: dict[str, Any], level: str
) -> None:
    chart = normal_chart(**patient)
    chart.hear(result(**changes))
    (command,) = chart.all(SendCommand)
    assert command.level == level
    assert (command.purpose is Purpose.RESULT_NORMAL) is (level == "L4")


@pytest.mark.parametrize(
    ("unit", "agreed", "raised"),
    [("mmol/L", "mmol/L", False), ("mmol/L", "mg/dL", True), (None, "mg/dL", True), ("mmol/L", None, True)],
)
def test_another_unit_is_a_matter_for_data_quality(
    unit: str | None, agreed: str | None, raised: bool
) -> None:
    chart = normal_chart(agreements=(replace(AGREED, unit=agreed),))
    written = chart.hear(result(value_unit=unit, **WITHIN))
    tasks = [one.reason for one in of(EscalationTask, written)]
    assert tasks == (["data_quality"] if raised else [])


def test_who_was_told_that_it_is_normal_is_called_when_it_is_not() -> None:
    chart = normal_chart()
    chart.hear(result(**WITHIN))
    assert reasons(chart.hear(result(within_threshold=True, abnormal=False, reviewed_by="dr-2"))) == [
        "SUPPRESS no_net_change"
    ]
    assert reasons(chart.hear(result(within_threshold=False, abnormal=None))) == [
        "ESCALATE corrected_after_told"
    ]
    act(chart, ResolutionKind.CONTACTED, "corrected_after_told")
    assert reasons(chart.hear(result(abnormal=True, reviewed_by="dr-3"))) == ["SUPPRESS no_net_change"]


def test_a_result_that_nobody_decided_for_days_is_a_clinicians_at_once() -> None:
    """C053: the worker was down; the review's time ran from when the result arrived."""
    chart = Chart(known(APP), policy=policy(settle_s__result=30))
    chart.hear(result(reviewed=False))
    assert chart.patient is not None
    env = replace(chart.env(), now=NOW + 3 * DAY)
    assert reasons(chart.keep(wake(PATIENT, chart.patient, env))) == ["ESCALATE unreviewed_result"]


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("Tue 01 Dec 2026 11:00", None),
        ("Tue 01 Dec 2026 08:00", None),
        ("Tue 01 Dec 2026 07:59:59.999", "Tue 01 Dec 2026 08:00"),
        # it has to stay open for half an hour
        ("Tue 01 Dec 2026 18:00", None),
        ("Tue 01 Dec 2026 18:00:00.001", "Wed 02 Dec 2026 08:00"),
        ("Tue 01 Dec 2026 18:30", "Wed 02 Dec 2026 08:00"),
        ("Fri 04 Dec 2026 18:10", "Mon 07 Dec 2026 08:00"),
        ("Thu 24 Dec 2026 18:10", "Tue 29 Dec 2026 08:00"),
        # London's clocks: 08:00 is 07:00 UTC in summer
        ("Mon 29 Mar 2027 07:30", "Tue 30 Mar 2027 08:00"),
    ],
)
def test_the_contact_line(now: str, opens: str | None) -> None:
    held = contact_line(case(known(APP), result(), now=uk(now)))
    assert (held.until if held is not None else None) == (uk(opens) if opens is not None else None)


def test_the_window_of_a_notice_ends_to_the_millisecond() -> None:
    chart = Chart(known(APP))
    chart.hear(result())
    chart.now = NOW + 15 * 60_000 - 1
    assert reasons(chart.hear(result(result_id="R2"))) == ["HOLD coalesce"]
    other = Chart(known(APP))
    other.hear(result())
    other.now = NOW + 15 * 60_000
    assert reasons(other.hear(result(result_id="R2"))) == ["SEND app_default"]


def test_results_that_were_held_go_in_one_notice_which_opens_the_next_window() -> None:
    chart = Chart(known(APP))
    for number in range(1, 4):
        chart.hear(result(result_id=f"R{number}"))
    chart.hear(result(result_id="R9", bad_news=True))
    written = chart.wait(NOW + 15 * 60_000)
    assert sorted(reasons(written)) == ["SEND app_default", "SUPPRESS coalesced"]
    assert chart.patient is not None
    assert all(entry.told_at for name, entry in chart.patient.results.items() if name != "R9")
    assert chart.patient.notice_until == NOW + 30 * 60_000


def test_the_time_for_a_review_counts_from_the_first_version_that_waits() -> None:
    chart = Chart(known(APP))
    chart.hear(result(reviewed=False))
    chart.now = NOW + DAY - 1
    held = of(Decision, chart.hear(result(reviewed=False, value_unit="a")))[-1]
    assert (held.reason, held.hold_until) == (Reason.AWAITING_REVIEW, NOW + DAY)
    chart.now = NOW + DAY
    assert "ESCALATE unreviewed_result" in reasons(chart.hear(result(reviewed=False, value_unit="b")))

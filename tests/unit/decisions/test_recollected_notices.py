"""Notices of results, put back into a patient's state: the window they open, and the results they spoke for (B10)."""

from typing import Final

import pytest
from msgspec.structs import replace

from streams.decisions.recollect import decided, took
from streams.domain.events import Event, Receipt
from streams.domain.patient import PatientState
from streams.domain.records import Decision, EscalationTask, SendCommand
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import Channel, Outcome, Reason, ReceiptStatus
from tests.support.charts import NOW, Chart, known, of, proxy, reasons, result
from tests.support.policies import policy

ADA: Final = known(Channel.SMS)
POLICY: Final = policy(settle_s__appointment=0, settle_s__result=0)


def heard(chart: Chart, *results: str) -> list[Event]:
    events = [chart.event(result(result_id=id_)) for id_ in results]
    for event in events:
        chart.hear_event(event)
    return events


def recollected(chart: Chart, events: list[Event], order: int = 1) -> PatientState:
    """From inputs and outputs; ``order`` -1: the decisions about one result before those of an older one."""
    patient = ADA
    commands = {one.command_id: one for one in chart.all(SendCommand)}
    for event in events[::order]:
        patient = took(patient, event, NOW)
        for one in chart.all(Decision):
            if one.event_id == event.envelope.event_id:
                patient = decided(patient, one, commands.get(one.command_id or ""), POLICY)
    return patient


@pytest.mark.parametrize("order", [1, -1])
def test_results_that_a_notice_spoke_for_are_told_by_it_and_chased(order: int) -> None:
    chart = Chart(ADA, policy=POLICY)
    events = heard(chart, "R1", "R2", "R3")
    chart.wait(NOW + 4 * HOUR)
    assert [one for one in reasons(chart.outputs) if "HOLD" not in one] == [
        "SEND app_default", "SEND app_default", "SUPPRESS coalesced",
    ]  # fmt: skip
    assert chart.patient is not None
    made = recollected(chart, events, order)
    assert made.results == chart.patient.results
    assert {one.told_by for one in made.results.values()} == {"", "R2"}
    assert all(one.chase_at for one in made.results.values())
    for field in ("notice_until", "notice_at", "notice_to", "notice_by", "day_count"):
        assert getattr(made, field) == getattr(chart.patient, field), field


def test_after_a_failed_notice_a_person_has_all_that_it_spoke_for() -> None:
    chart = Chart(ADA, policy=POLICY)
    events = heard(chart, "R1", "R2", "R3")
    chart.wait(NOW + 4 * HOUR)
    (_, second) = chart.all(SendCommand)
    chart.patient = recollected(chart, events)
    written = chart.hear(Receipt(second.command_id, ReceiptStatus.PERMANENT_FAILURE, Channel.SMS))
    about = {one.subject.id for one in of(EscalationTask, written)}
    assert {"R2", "R3"} <= about
    assert chart.patient is not None
    assert [one.told_at > 0 for one in chart.patient.results.values()] == [True, False, False]


def test_a_notice_that_failed_in_the_forgotten_hour_spoke_for_nothing() -> None:
    chart = Chart(ADA, policy=POLICY)
    events = heard(chart, "R1", "R2", "R3")
    chart.wait(NOW + 4 * HOUR)
    (_, second) = chart.all(SendCommand)
    before = recollected(chart, events)
    failure = chart.event(Receipt(second.command_id, ReceiptStatus.PERMANENT_FAILURE, Channel.SMS))
    written = chart.hear_event(failure)
    after = took(before, failure, chart.now)
    for one in of(Decision, written):
        after = decided(after, one, None, POLICY)
    assert chart.patient is not None
    assert after.results == chart.patient.results


def test_no_second_notice_goes_out_within_the_window() -> None:
    chart = Chart(ADA, policy=POLICY)
    events = heard(chart, "R1")
    chart.patient = recollected(chart, events)
    assert reasons(chart.hear(result(result_id="R2"))) == ["HOLD coalesce"]
    chart.patient = recollected(chart, events)
    chart.now = chart.patient.notice_until
    assert reasons(chart.hear(result(result_id="R4"))) == ["SEND app_default"]


def test_an_older_notice_that_is_read_later_opens_no_older_window() -> None:
    chart = Chart(ADA, policy=POLICY)
    events = heard(chart, "R1")
    chart.now = NOW + DAY
    events += heard(chart, "R2")
    assert chart.patient is not None
    assert recollected(chart, events, -1).notice_by == chart.patient.notice_by == "R2"


@pytest.mark.parametrize(("command", "reader"), [(True, "X1"), (False, None)])
def test_whom_a_notice_went_to_is_what_its_message_says(command: bool, reader: str | None) -> None:
    """Where the message is gone nobody knows, so that the next notice waits whoever it is for."""
    chart = Chart(replace(ADA, proxies=(proxy(),)), policy=POLICY)
    (event,) = heard(chart, "R1")
    (decision,), (sent,) = chart.all(Decision), chart.all(SendCommand)
    message = replace(sent, proxy_ref="X1") if command else None
    assert decided(took(ADA, event, NOW), decision, message, POLICY).notice_to == reader


def test_what_is_less_than_a_notice_opens_no_window_and_is_not_chased() -> None:
    """B10.8: of a sensitive test only "please contact us"; B10.9: a normal result says so itself."""
    chart = Chart(ADA, policy=POLICY)
    event = chart.event(result(sensitive_test=True))
    (decision,) = of(Decision, chart.hear_event(event))
    assert (decision.outcome, "B10.8" in decision.rule_path) == (Outcome.SEND, True)
    made = recollected(chart, [event])
    assert chart.patient is not None
    assert made.results == chart.patient.results
    assert (made.notice_until, made.results["R1"].chase_at) == (0, 0)
    coalesced = replace(decision, outcome=Outcome.SUPPRESS, reason=Reason.COALESCED, rule_path=("B10",))
    assert decided(took(ADA, event, NOW), coalesced, None, POLICY).results["R1"].chase_at

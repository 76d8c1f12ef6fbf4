"""After a message (B6.2): what receipts and silence lead to, and what they no longer concern."""

from typing import Final

import pytest
from msgspec.structs import replace

from streams.domain.events import Receipt
from streams.domain.records import EscalationTask, SendCommand
from streams.domain.vocabulary import Channel, Mode, Purpose, ReceiptStatus
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    Chart,
    appointment,
    cancelled,
    identity,
    known,
    reasons,
    request,
    result,
    sections,
)
from tests.support.policies import policy

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
FAILED: Final = ReceiptStatus.PERMANENT_FAILURE


def sent(chart: Chart, status: ReceiptStatus, command: SendCommand | None = None) -> list[str]:
    """Report on a message, the last one unless another is named; gives what was decided."""
    command = command if command is not None else chart.all(SendCommand)[-1]
    return reasons(chart.hear(Receipt(command.command_id, status, command.channel)))


def told(*channels: Channel) -> Chart:
    """A patient who has just been sent a cancellation for tomorrow."""
    chart = Chart(known(*channels))
    chart.hear(appointment())
    chart.hear(cancelled())
    return chart


def test_a_failure_of_what_newer_facts_are_about_to_replace_is_theirs() -> None:
    chart = Chart(known(Channel.SMS, Channel.EMAIL), policy=policy(settle_s__appointment=60))
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.wait(NOW + 2 * MINUTE)
    chart.hear(cancelled(IN_TWO_WEEKS))
    assert sent(chart, ReceiptStatus.TECHNICAL_FAILURE) == []
    assert reasons(chart.wait(NOW + 4 * MINUTE)) == ["SEND app_default"]


def test_a_failure_of_what_was_replaced_concerns_nobody() -> None:
    chart = Chart(known(Channel.SMS, Channel.EMAIL))
    chart.hear(appointment(IN_TWO_WEEKS))
    first = chart.all(SendCommand)[-1]
    chart.hear(appointment(IN_TWO_WEEKS + HOUR))
    assert sent(chart, ReceiptStatus.TECHNICAL_FAILURE, first) == []


def test_what_fails_after_the_start_is_over() -> None:
    chart = told(Channel.SMS, Channel.EMAIL)
    chart.now = NOW + 23 * HOUR
    assert sent(chart, ReceiptStatus.TECHNICAL_FAILURE) == []


def test_a_rule_that_fails_on_the_way_to_the_next_channel_is_a_task() -> None:
    chart = told(Channel.SMS, Channel.EMAIL)
    chart.hear(sections(Channel.SMS, identity=identity(born="1980-13-01")))
    assert sent(chart, ReceiptStatus.TECHNICAL_FAILURE) == ["ESCALATE data_quality"]


def test_a_provider_that_refuses_stops_the_message() -> None:
    chart = told(Channel.SMS, Channel.EMAIL)
    assert sent(chart, ReceiptStatus.REFUSED) == ["ESCALATE data_quality"]


def settling_newer() -> Chart:
    """A patient who was sent an appointment; its cancellation has just begun to settle."""
    chart = Chart(known(Channel.SMS, Channel.EMAIL), policy=policy(settle_s__appointment=60))
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.wait(NOW + 2 * MINUTE)
    chart.hear(cancelled(IN_TWO_WEEKS))
    return chart


def test_a_provider_that_refuses_stops_the_newer_version_too() -> None:
    chart = settling_newer()
    assert sent(chart, ReceiptStatus.REFUSED) == ["ESCALATE data_quality"]
    assert chart.patient is not None
    assert chart.patient.asked == {}
    assert reasons(chart.wait(NOW + 4 * MINUTE)) == []


def test_what_failed_was_not_told_whatever_waits() -> None:
    chart = settling_newer()
    sent(chart, FAILED)
    assert chart.patient is not None
    assert chart.patient.appointments["A1"].told is None


def test_an_unread_message_waits_for_what_settles() -> None:
    chart = settling_newer()
    assert chart.patient is not None
    (command_id,) = chart.patient.sent
    overdue = replace(chart.patient.sent[command_id], confirm_by=chart.now)
    chart.patient = replace(chart.patient, sent={command_id: overdue})
    assert reasons(chart.wait(chart.now)) == []
    assert chart.patient.sent[command_id].confirm_by == chart.patient.asked["appointment:A1"].until


def test_a_provider_that_refuses_what_was_replaced_still_calls_for_a_look() -> None:
    chart = Chart(known(Channel.SMS, Channel.EMAIL))
    chart.hear(appointment(IN_TWO_WEEKS))
    first = chart.all(SendCommand)[-1]
    chart.hear(appointment(IN_TWO_WEEKS + HOUR))
    sent(chart, ReceiptStatus.REFUSED, first)
    tasks = [(one.role, one.priority) for one in chart.all(EscalationTask)]
    assert tasks == [("R-DQ", "P2")]


def test_a_bounce_of_what_was_replaced_is_learned_once() -> None:
    chart = Chart(known(Channel.SMS, Channel.EMAIL))
    chart.hear(appointment(IN_TWO_WEEKS))
    first = chart.all(SendCommand)[-1]
    chart.hear(appointment(IN_TWO_WEEKS + HOUR))
    sent(chart, FAILED, first)
    assert chart.patient is not None
    assert chart.patient.contacts[0].bounced
    chart.hear(sections(Channel.SMS, Channel.EMAIL))  # somebody has mended it
    sent(chart, FAILED, first)
    assert not chart.patient.contacts[0].bounced


def test_when_the_older_and_the_newer_message_fail_nothing_was_told() -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(appointment(IN_TWO_WEEKS))
    first = chart.all(SendCommand)[-1]
    chart.hear(appointment(IN_TWO_WEEKS + HOUR))
    sent(chart, FAILED, first)
    sent(chart, FAILED)
    assert chart.patient is not None
    assert chart.patient.appointments["A1"].told is None


@pytest.mark.parametrize(
    ("start", "asked_after"),
    [
        # quiet for 2 h, and a person is asked an hour and the action buffer before it is needed
        (NOW + 8 * HOUR, 8 * HOUR - 2 * HOUR - 90 * MINUTE),
        (NOW + 4 * HOUR, HOUR),  # a quarter of the time left: that is at once
    ],
)
def test_silence_without_another_channel_asks_a_person_in_time(start: int, asked_after: int) -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(appointment(start))
    chart.hear(cancelled(start))
    assert reasons(chart.wait(NOW + asked_after - 1)) == []
    assert reasons(chart.wait(NOW + asked_after)) == ["ESCALATE uncontactable"]


def test_silence_with_time_asks_a_person_after_a_day() -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(appointment(IN_TWO_WEEKS))
    assert reasons(chart.wait(NOW + 24 * HOUR)) == ["ESCALATE uncontactable"]


def test_silence_moves_a_message_to_the_next_channel() -> None:
    chart = told(Channel.SMS, Channel.EMAIL)
    assert reasons(chart.wait(NOW + 2 * HOUR)) == ["SEND bounce_fallback"]


def test_a_newer_version_of_a_request_replaces_the_older_message() -> None:
    chart = Chart(known(Channel.SMS, Channel.EMAIL))
    chart.hear(request(Purpose.PRESCRIPTION_READY))
    first = chart.all(SendCommand)[-1]
    chart.hear(request(Purpose.PRESCRIPTION_READY, parameters={"day": "Monday"}))
    assert sent(chart, ReceiptStatus.TECHNICAL_FAILURE, first) == []
    assert sent(chart, ReceiptStatus.TECHNICAL_FAILURE) == ["SEND bounce_fallback"]


def test_a_result_notice_that_fails_everywhere_is_not_told() -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(result())
    assert sent(chart, FAILED) == ["ESCALATE uncontactable"]
    assert chart.patient is not None
    entry = chart.patient.results["R1"]
    assert (entry.told_at, entry.told_version, entry.chase_at) == (0, 0, 0)


def test_five_technical_failures_in_two_minutes_close_the_channel_for_one() -> None:
    chart = Chart(known(Channel.SMS))
    for number in range(5):
        chart.hear(request(Purpose.PRESCRIPTION_READY, request_id=f"Q{number}"))
        chart.now += 20_000
        sent(chart, ReceiptStatus.TECHNICAL_FAILURE)
        chart.policy = replace(chart.policy, daily_cap=100)
    closed = chart.hear(request(Purpose.PRESCRIPTION_READY, request_id="Q8"))
    assert reasons(closed) == ["ESCALATE cannot_arrive_in_time"]
    chart.now += MINUTE
    assert reasons(chart.hear(request(Purpose.PRESCRIPTION_READY, request_id="Q9"))) == ["SEND app_default"]


def test_four_technical_failures_leave_the_channel_open() -> None:
    chart = Chart(known(Channel.SMS))
    for number in range(4):
        chart.hear(request(Purpose.PRESCRIPTION_READY, request_id=f"Q{number}"))
        sent(chart, ReceiptStatus.TECHNICAL_FAILURE)
    chart.policy = replace(chart.policy, daily_cap=100)
    assert reasons(chart.hear(request(Purpose.PRESCRIPTION_READY, request_id="Q8"))) == ["SEND app_default"]


def test_the_data_task_of_a_bounce_is_one_a_channel() -> None:
    chart = Chart(known(Channel.SMS, Channel.EMAIL))
    chart.hear(request(Purpose.PRESCRIPTION_READY))
    sent(chart, FAILED)
    tasks = [one for one in chart.all(EscalationTask) if one.reason == "data_quality"]
    assert [(one.role, one.priority) for one in tasks] == [("R-DQ", "P3")]


@pytest.mark.parametrize(("by_a_person", "told_at"), [(True, NOW + MINUTE), (False, 0)])
def test_what_a_person_said_since_stays_told(by_a_person: bool, told_at: int) -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(result())
    assert chart.patient is not None
    (command,) = chart.all(SendCommand)
    message = replace(chart.patient.sent[command.command_id], closed=True, confirm_by=0)
    chart.patient = replace(chart.patient, sent={command.command_id: message})
    if by_a_person:
        entry = replace(chart.patient.results["R1"], told_at=NOW + MINUTE)
        chart.patient = replace(chart.patient, results={"R1": entry})
    sent(chart, FAILED)
    assert chart.patient is not None
    assert chart.patient.results["R1"].told_at == told_at


def test_a_link_that_reached_nobody_leaves_what_was_told_before_it() -> None:
    """The change was told; only the invitation that followed it failed (B1, B6.2)."""
    chart = Chart(known(Channel.SMS))
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.hear(appointment(IN_TWO_WEEKS, mode=Mode.VIDEO, join_link_ref="https://video.example.org/a"))
    chart.wait(NOW + MINUTE)
    assert chart.all(SendCommand)[-1].purpose is Purpose.APPT_VIRTUAL_INVITE
    assert sent(chart, FAILED) == ["ESCALATE uncontactable"]
    assert chart.patient is not None
    told = chart.patient.appointments["A1"].told
    assert told is not None
    assert (told.version, told.mode, told.join_link_ref) == (2, Mode.VIDEO, None)

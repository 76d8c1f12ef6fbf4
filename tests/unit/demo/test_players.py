"""The provider, the staff, and the clock that the demo sets."""

from pathlib import Path
from typing import Any

import pytest

from streams.demo.play import by_step
from streams.demo.provider import Provider
from streams.demo.scene import TimedRecord
from streams.demo.staff import Staff
from streams.domain.events import Receipt, Resolution
from streams.domain.time import DAY, MINUTE
from streams.domain.vocabulary import ReceiptStatus, Topic
from streams.errors import BadUsage
from streams.settings import Settings
from streams.worker.clock import clock_from
from streams.worker.shown_clock import ClockSetter


def command(number: int, channel: str) -> dict[str, Any]:
    return {
        "command_id": f"c{number:07}", "patient_id": f"P{number}", "channel": channel, "purpose": "APPT_CANCEL",
        "subject": {"kind": "appointment", "id": f"A{number}"}, "created_at": 1_000_000,
    }  # fmt: skip


def task(number: int, priority: str) -> dict[str, Any]:
    return {
        "task_id": f"t{number}", "version": 1, "status": "OPEN", "patient_id": f"P{number}", "reason": "override_needed",
        "subject": {"kind": "appointment", "id": f"A{number}"}, "purpose": "APPT_CANCEL", "priority": priority,
        "role": "R-BOOK", "owner": "booking-rota", "created_at": 1_000_000,
    }  # fmt: skip


def test_the_provider_confirms_most_messages_and_some_fail() -> None:
    provider = Provider()
    for number in range(400):
        provider.see(command(number, "sms"))
    assert provider.due(1_000_000 + 2 * MINUTE) == []
    said = [event.body.status for event in provider.due(1_000_000 + DAY) if isinstance(event.body, Receipt)]
    assert len(said) == 400
    assert 0 < said.count(ReceiptStatus.PERMANENT_FAILURE) < 40


def test_a_read_receipt_follows_an_app_message_that_somebody_opens() -> None:
    provider = Provider()
    for number in range(100):
        provider.see(command(number, "nhs_app"))
    said = [event.body.status for event in provider.due(1_000_000 + DAY) if isinstance(event.body, Receipt)]
    assert said.count(ReceiptStatus.DELIVERED) == 100
    assert 80 <= said.count(ReceiptStatus.READ) < 100


def test_staff_see_to_urgent_tasks_first_and_each_answer_is_given_once() -> None:
    answers = {}
    for priority in ("P0", "P3"):
        staff = Staff()
        for number in range(200):
            staff.see(task(number, priority))
        answers[priority] = staff.due(1_000_000 + DAY)
        assert staff.due(1_000_000 + DAY) == []
    assert len(answers["P0"]) > 2 * len(answers["P3"]) > 0
    assert all(isinstance(event.body, Resolution) and event.body.outcome_code for event in answers["P0"])


def test_staff_take_no_notice_of_later_versions_and_ended_tasks() -> None:
    staff = Staff()
    staff.see(task(1, "P0") | {"version": 2})
    staff.see(task(2, "P0") | {"status": "SUPERSEDED"})
    assert staff.due(1_000_000 + DAY) == []


def test_records_go_to_the_first_step_that_reaches_their_moment() -> None:
    records = [TimedRecord(at, Topic.RESULTS, b"P1", None, "") for at in (1, 10, 11, 20)]
    steps = [(now, [one.at for one in found]) for now, found in by_step(records, [10, 20])]
    assert steps == [(10, [1, 10]), (20, [11, 20])]


def test_a_shown_clock_shows_what_the_setter_set(tmp_path: Path) -> None:
    with ClockSetter(tmp_path / "clock", 5) as setter:
        clock = clock_from(Settings(clock=setter.text))
        assert clock.now() == 5
        setter.set(99)
        assert clock.now() == 99
        assert clock.real_seconds(DAY) < 1
        with pytest.raises(ValueError, match="cannot go back"):
            setter.set(98)


def test_a_clock_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="HEED_CLOCK"):
        clock_from(Settings(clock=f"file:{tmp_path / 'none'}"))

"""What a turn counts beside its decisions: changes at short notice, what became of them, and how long a message took."""

import msgspec
import pytest

from streams import decisions
from streams.decisions import Environment, Response
from streams.domain.events import (
    Appointment,
    Body,
    Contact,
    Envelope,
    Event,
    Identity,
    PatientSections,
    Receipt,
    Resolution,
)
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import Decision, EscalationTask, SendCommand
from streams.domain.time import DAY, HOUR, MINUTE, Instant
from streams.domain.vocabulary import AppointmentStatus, Channel, ReceiptStatus, ResolutionKind, Role, Topic
from streams.policy.load import default_path, load_overrides, read
from streams.worker.tally import Tally

NOW: Instant = 1_796_122_800_000  # Tuesday 1 December 2026, 11:00 in London
POLICY = load_overrides(read(default_path()), {"settle_s.appointment": 0, "settle_s.result": 0})


class Patient:
    """One patient's story, counted as a worker counts it."""

    def __init__(self, *channels: Channel) -> None:
        self.tally = Tally(NOW, POLICY)
        self._state: PatientState | None = None
        self._events = 0
        values = {Channel.SMS: "+447700900001", Channel.EMAIL: "ada@example.org"}
        contacts = tuple(Contact(c, c, values[c], NOW - DAY) for c in channels)
        who = Identity("9990548609", "Test", "Ada", born="1980-01-01", last_seen_at=NOW - DAY)
        self.happens(Topic.PATIENTS, PatientSections(who, contacts), NOW - DAY)

    def happens(self, topic: Topic, body: Body, at: Instant) -> Response:
        self._events += 1
        event = Event(topic, Envelope(f"e{self._events}", "P1", self._events, at, "test"), body)
        answer = decisions.respond(
            "P1", self._state, event, Position(topic, 0, self._events, at), Environment(POLICY, at)
        )
        self.tally.look(self._state, event, answer.patient, answer.outputs)
        self._state = answer.patient
        return answer

    def cancelled(self, hours: int) -> Response:
        """An appointment that was booked and told a day ago and begins in so many hours."""
        for status, at in ((AppointmentStatus.BOOKED, NOW - DAY), (AppointmentStatus.CANCELLED, NOW)):
            body = Appointment(
                "A1", status, NOW + hours * HOUR, service_code="GEN", site="Main", generic_site="Main"
            )
            answer = self.happens(Topic.APPOINTMENTS, body, at)
        return answer


def test_a_change_within_two_days_is_at_short_notice() -> None:
    patient = Patient(Channel.SMS)
    patient.cancelled(hours=30)
    assert patient.tally.counts["short_notice", "APPT_CANCEL"] == 1
    assert 30 * 3_600 in patient.tally.time_left


def test_a_change_next_week_is_not() -> None:
    patient = Patient(Channel.SMS)
    patient.cancelled(hours=200)
    assert ("short_notice", "APPT_CANCEL") not in patient.tally.counts


@pytest.mark.parametrize(
    ("told", "delivered"),
    [
        ([ReceiptStatus.ACCEPTED], 0),
        ([ReceiptStatus.DELIVERED, ReceiptStatus.READ], 1),
        ([ReceiptStatus.PERMANENT_FAILURE], 0),
    ],
)
def test_a_message_is_delivered_once(told: list[ReceiptStatus], delivered: int) -> None:
    patient = Patient(Channel.SMS)
    (command,) = (out for out in patient.cancelled(hours=30).outputs if isinstance(out, SendCommand))
    for minutes, status in enumerate(told, 1):
        patient.happens(
            Topic.RECEIPTS, Receipt(command.command_id, status, command.channel), NOW + minutes * MINUTE
        )
    assert patient.tally.counts.get(("short_notice_outcome", "delivered"), 0) == delivered
    assert patient.tally.receipts == [("sms", 60.0)] * delivered


@pytest.mark.parametrize(
    ("hours", "after", "counted"),
    [
        (30, MINUTE, {"in_time": 1}),
        (30, 29 * HOUR, {"late": 1}),  # the patient must know two hours before the start
        (200, MINUTE, {}),  # not at short notice
    ],
)
def test_a_change_is_closed_in_time_by_a_message_that_arrives(
    hours: int, after: int, counted: dict[str, int]
) -> None:
    """S2: most changes end so, and no task is ever made of them."""
    assert POLICY.min_useful_notice == 2 * HOUR
    patient = Patient(Channel.SMS)
    (command,) = (out for out in patient.cancelled(hours).outputs if isinstance(out, SendCommand))
    for status in (ReceiptStatus.ACCEPTED, ReceiptStatus.DELIVERED, ReceiptStatus.READ):
        patient.happens(Topic.RECEIPTS, Receipt(command.command_id, status, command.channel), NOW + after)
    found = {key[2]: n for key, n in patient.tally.counts.items() if key[:2] == ("deadlines", "short_notice")}
    assert found == counted


def test_an_appointment_that_was_brought_back_is_judged_by_the_start_the_patient_knew() -> None:
    """From in 30 hours to next week: they must know before the old start, not before the new one."""
    patient = Patient(Channel.SMS)
    for hours, at in ((30, NOW - DAY), (200, NOW)):
        body = Appointment(
            "A1", AppointmentStatus.BOOKED, NOW + hours * HOUR, service_code="GEN", site="Main"
        )
        answer = patient.happens(Topic.APPOINTMENTS, body, at)
    (command,) = (out for out in answer.outputs if isinstance(out, SendCommand))
    arrived = Receipt(command.command_id, ReceiptStatus.DELIVERED, command.channel)
    patient.happens(Topic.RECEIPTS, arrived, NOW + 29 * HOUR)
    assert patient.tally.counts["deadlines", "short_notice", "late"] == 1


def test_one_good_message_has_arrived_once() -> None:
    """Three receipts of one message would hide two that failed."""
    patient = Patient(Channel.SMS)
    (command,) = (out for out in patient.cancelled(hours=30).outputs if isinstance(out, SendCommand))
    for status in (ReceiptStatus.ACCEPTED, ReceiptStatus.DELIVERED, ReceiptStatus.READ):
        patient.happens(Topic.RECEIPTS, Receipt(command.command_id, status, command.channel), NOW + MINUTE)
    found = {key[2]: number for key, number in patient.tally.counts.items() if key[0] == "delivery"}
    assert found == {"arrived": 1, "accepted": 2}


def test_a_person_who_reached_the_patient_counts() -> None:
    patient = Patient()  # nobody can write to her
    task = next(out for out in patient.cancelled(hours=30).outputs if isinstance(out, EscalationTask))
    reached = Resolution(task.task_id, ResolutionKind.CONTACTED, "staff-1", Role.BOOK)
    patient.happens(Topic.RESOLUTIONS, reached, NOW + MINUTE)
    assert patient.tally.counts["short_notice_outcome", "human_contacted"] == 1


@pytest.mark.parametrize("held", [1, 2])
def test_what_was_held_is_missed_when_nothing_decides_it(held: int) -> None:
    """Woken with one request held, which is told at a glance, and with two, which is not."""
    policy = load_overrides(read(default_path()), {"settle_s.appointment": 30})
    state: PatientState | None = None
    for number in range(held):
        body = Appointment(f"A{number}", AppointmentStatus.BOOKED, NOW + 5 * DAY, service_code="GEN")
        event = Event(Topic.APPOINTMENTS, Envelope(f"e{number}", "P1", 1, NOW, "test"), body)
        at = Position(Topic.APPOINTMENTS, 0, number, NOW)
        state = decisions.respond("P1", state, event, at, Environment(policy, NOW)).patient
    assert state is not None
    assert len(state.asked) == held

    answer = decisions.wake("P1", state, Environment(policy, NOW + 30_000))
    tally = Tally(NOW, policy)
    tally.look(state, None, answer.patient, answer.outputs)
    assert tally.gap == 0

    gone = msgspec.structs.replace(state, asked={})
    tally.look(state, None, gone, [out for out in answer.outputs if not isinstance(out, Decision)])
    assert tally.gap == held

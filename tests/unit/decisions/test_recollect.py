"""What the outputs show of a forgotten hour, put back into a patient's state. See tests/fault/test_backup.py for whole days."""

import pytest
from msgspec.structs import replace

from streams.decisions import Environment, respond, wake
from streams.decisions.recollect import decided, open_request, task_seen, took
from streams.domain.events import Appointment, Contact, Envelope, Event, Identity, Proxy, Receipt
from streams.domain.patient import Asked, PatientState
from streams.domain.position import Position
from streams.domain.records import Decision, EscalationTask, Output, Override, SendCommand
from streams.domain.time import DAY, Instant
from streams.domain.vocabulary import (
    AppointmentStatus,
    Channel,
    Ground,
    Mode,
    Outcome,
    Purpose,
    Reason,
    ReceiptStatus,
    SubjectKind,
    TaskStatus,
    Topic,
)
from streams.policy.load import default_path, load_overrides, read

NOW: Instant = 1_796_122_800_000  # Tuesday 1 December 2026, 11:00 in London
POLICY = load_overrides(read(default_path()), {"settle_s.appointment": 0})
ENV = Environment(POLICY, NOW)
ADA = PatientState(
    identity=Identity("9990548609", "Test", "Ada", born="1980-01-01", last_seen_at=NOW - DAY),
    contacts=(Contact("sms-1", Channel.SMS, "+447700900001", NOW - DAY),),
)
BOOKED = Event(
    Topic.APPOINTMENTS,
    Envelope("e1", "P1", 1, NOW, "pas"),
    Appointment(
        "A1", AppointmentStatus.BOOKED, NOW + 9 * DAY, service_code="GEN", site="Main Hospital",
        generic_site="Main Hospital",
    ),
)  # fmt: skip
AT = Position(Topic.APPOINTMENTS, 0, 5, NOW)


def receipt(command_id: str, status: ReceiptStatus) -> Event:
    body = Receipt(command_id, status, Channel.SMS)
    return Event(Topic.RECEIPTS, Envelope(f"r-{status}", "P1", 1, NOW, "gateway"), body)


def known_after(patient: PatientState, outputs: tuple[Output, ...]) -> PatientState:
    commands = {one.command_id: one for one in outputs if isinstance(one, SendCommand)}
    for one in outputs:
        if isinstance(one, Decision):
            patient = decided(patient, one, commands.get(one.command_id or ""), POLICY)
    return patient


def decision_of(outputs: tuple[Output, ...]) -> Decision:
    return next(one for one in outputs if isinstance(one, Decision) and one.outcome is Outcome.SEND)


def sent() -> tuple[PatientState, PatientState, str]:
    """The patient as the rules left her, as she is recollected, and the command."""
    response = respond("P1", ADA, BOOKED, AT, ENV)
    assert response.patient is not None
    rebuilt = known_after(took(ADA, BOOKED, NOW), tuple(response.outputs))
    return response.patient, rebuilt, next(iter(response.patient.sent))


def test_a_message_is_known_told_and_its_receipt_awaited() -> None:
    real, rebuilt, command = sent()
    assert rebuilt.appointments == real.appointments
    assert rebuilt.sent[command].contact_id == "sms-1"
    assert rebuilt.sent[command].confirm_by > NOW
    assert (rebuilt.day, rebuilt.day_count) == (real.day, real.day_count)
    assert not rebuilt.asked
    again = respond("P1", rebuilt, BOOKED, AT, ENV)
    assert [one.reason for one in again.outputs if isinstance(one, Decision)] == [Reason.DUPLICATE]


def test_a_message_against_an_objection_is_known_as_one() -> None:
    response = respond("P1", ADA, BOOKED, AT, ENV)
    command = next(one for one in response.outputs if isinstance(one, SendCommand))
    decision = next(one for one in response.outputs if isinstance(one, Decision))
    override = Override(Ground.G3, Reason.OVERRIDE_ASSESSED, "O1", 1, ("ig-1",), "r1", (), 0)
    before = took(ADA, BOOKED, NOW)
    for said in (None, override):
        rebuilt = decided(before, decision, replace(command, override=said), POLICY)
        assert rebuilt.sent[command.command_id].overridden is (said is not None)


def test_a_link_that_the_message_did_not_carry_is_still_owed() -> None:
    told = respond("P1", ADA, BOOKED, AT, ENV).patient
    assert told is not None
    body = replace(BOOKED.body, mode=Mode.VIDEO, join_link_ref="https://video.example.org/a")
    video = Event(Topic.APPOINTMENTS, Envelope("e2", "P1", 2, NOW, "pas"), body)
    response = respond("P1", told, video, AT, ENV)
    rebuilt = known_after(took(told, video, NOW), tuple(response.outputs))
    assert response.patient is not None
    assert rebuilt.appointments == response.patient.appointments
    (owed,) = rebuilt.asked.values()
    assert (owed.until, owed.version, owed.event_id) == (NOW, 2, "e2#link:sms")
    forgotten = decided(took(told, video, NOW), decision_of(response.outputs), None, POLICY)
    assert not forgotten.asked, "without the command, the reading that sends less"
    followed = wake("P1", rebuilt, ENV)
    assert [one.purpose for one in followed.outputs if isinstance(one, SendCommand)] == [
        Purpose.APPT_VIRTUAL_INVITE
    ]
    assert not known_after(rebuilt, tuple(followed.outputs)).asked


def test_a_receipt_is_heard_and_a_detail_that_failed_is_not_used_again() -> None:
    _, rebuilt, command = sent()
    arrived = took(rebuilt, receipt(command, ReceiptStatus.DELIVERED), NOW)
    assert arrived.sent[command].closed
    failed = took(rebuilt, receipt(command, ReceiptStatus.PERMANENT_FAILURE), NOW)
    assert failed.sent[command].failed
    assert failed.contacts[0].bounced
    assert took(rebuilt, receipt("of nobody", ReceiptStatus.READ), NOW).sent == rebuilt.sent
    accepted = took(rebuilt, receipt(command, ReceiptStatus.ACCEPTED), NOW)
    assert accepted.sent[command].confirm_by == rebuilt.sent[command].confirm_by


def test_what_failed_while_a_newer_version_waits_was_not_told() -> None:
    _, patient, command_id = sent()
    waiting = Asked(SubjectKind.APPOINTMENT, "A1", 2, "e2", AT, NOW)
    patient = open_request(patient, waiting, NOW)
    patient = took(patient, receipt(command_id, ReceiptStatus.TECHNICAL_FAILURE), NOW)
    assert patient.appointments["A1"].told is None


def test_a_detail_of_a_proxy_that_failed_is_not_used_again() -> None:
    """The patient's own detail of the same name is another one."""
    _, rebuilt, command = sent()
    mum = Proxy("X1", contacts=(Contact("sms-1", Channel.SMS, "+447700900009", NOW),))
    to_mum = replace(rebuilt.sent[command], proxy_ref="X1")
    rebuilt = replace(rebuilt, proxies=(mum, replace(mum, proxy_id="X2")), sent={command: to_mum})
    failed = took(rebuilt, receipt(command, ReceiptStatus.PERMANENT_FAILURE), NOW)
    assert [p.contacts[0].bounced for p in failed.proxies] == [True, False]
    assert not failed.contacts[0].bounced


def test_a_message_replaced_by_a_newer_one_that_fails_after_all_told_nobody() -> None:
    _, rebuilt, command = sent()
    rebuilt = replace(rebuilt, sent={command: replace(rebuilt.sent[command], closed=True, confirm_by=0)})
    failed = took(rebuilt, receipt(command, ReceiptStatus.PERMANENT_FAILURE), NOW)
    assert failed.sent[command].failed
    assert failed.contacts[0].bounced
    assert failed.appointments["A1"].told is None
    read = replace(rebuilt.sent[command], status=ReceiptStatus.READ)
    arrived = replace(rebuilt, sent={command: read})
    after = took(arrived, receipt(command, ReceiptStatus.PERMANENT_FAILURE), NOW)
    assert replace(after, recent=arrived.recent) == arrived


def test_what_failed_and_was_given_to_a_person_was_not_told() -> None:
    real, rebuilt, command = sent()
    failure = receipt(command, ReceiptStatus.PERMANENT_FAILURE)
    real_after = respond("P1", real, failure, AT, ENV)
    assert real_after.patient is not None
    assert real_after.patient.appointments["A1"].told is None
    after = known_after(took(rebuilt, failure, NOW), tuple(real_after.outputs))
    assert after.appointments == real_after.patient.appointments


def test_what_was_decided_after_a_message_that_did_not_arrive() -> None:
    _, rebuilt, command = sent()
    response = respond("P1", rebuilt, BOOKED, AT, ENV)
    last = next(one for one in response.outputs if isinstance(one, Decision))
    held = replace(last, outcome=Outcome.HOLD, rule_path=("10", "7.1"), event_id="e1", hold_until=NOW + DAY)
    waiting = decided(rebuilt, held, None, POLICY)
    assert waiting.sent[command].failed
    assert waiting.appointments["A1"].told is None
    assert waiting.asked["appointment:A1"].until == NOW + DAY
    assert waiting.asked["appointment:A1"].ordinal == rebuilt.sent[command].asked.ordinal + 1
    by_a_person = {"A1": rebuilt.appointments["A1"]}
    again = decided(
        replace(waiting, appointments=by_a_person), replace(held, reason=Reason.SURGE), None, POLICY
    )
    assert again.appointments == by_a_person, "the message was taken back once"


def test_a_message_that_arrived_did_not_fail_because_another_one_did() -> None:
    """What is decided after a message (stage 10) is about the one that is still awaited."""
    _, rebuilt, command = sent()
    arrived = took(rebuilt, receipt(command, ReceiptStatus.DELIVERED), NOW)
    response = respond("P1", rebuilt, BOOKED, AT, ENV)
    last = next(one for one in response.outputs if isinstance(one, Decision))
    after = replace(last, outcome=Outcome.HOLD, rule_path=("10", "7.1"), event_id="e1", hold_until=NOW + DAY)
    known = decided(arrived, after, None, POLICY)
    assert (known.sent[command].closed, known.sent[command].failed) == (True, False)


@pytest.mark.parametrize(("held_version", "waits"), [(1, False), (2, True)])
def test_a_decision_ends_what_waited_in_its_version_and_nothing_newer(held_version: int, waits: bool) -> None:
    response = respond("P1", ADA, BOOKED, AT, ENV)
    made = next(one for one in response.outputs if isinstance(one, Decision))
    asked = Asked(SubjectKind.APPOINTMENT, "A1", held_version, f"e{held_version}", AT, NOW)
    waiting = open_request(took(ADA, BOOKED, NOW), asked, NOW + DAY)
    assert (asked.key in decided(waiting, made, None, POLICY).asked) is waits


def test_a_request_that_nobody_has_decided_is_due_at_once() -> None:
    asked = Asked(SubjectKind.APPOINTMENT, "A1", 1, "e1", AT, NOW)
    waiting = open_request(took(ADA, BOOKED, NOW), asked, NOW)
    assert waiting.asked[asked.key].until == NOW


def test_a_task_is_taken_in_its_newest_version_and_forgotten_when_it_is_over() -> None:
    unreachable = replace(ADA, contacts=())
    response = respond("P1", unreachable, BOOKED, AT, ENV)
    assert response.patient is not None
    task = next(one for one in response.outputs if isinstance(one, EscalationTask))
    opened = next(one for one in response.outputs if isinstance(one, Decision))
    seen = task_seen(unreachable, task, opened, NOW)
    known, made = seen.tasks[task.task_id], response.patient.tasks[task.task_id]
    assert replace(known, asked=None) == replace(made, asked=None)
    assert known.asked is not None
    assert made.asked is not None
    assert known.asked.same_thing(made.asked)
    claimed = replace(task, version=2, status=TaskStatus.CLAIMED, owner="someone")
    assert task_seen(seen, claimed, None, NOW).tasks[task.task_id].claimed_by == "someone"
    assert task_seen(seen, claimed, None, NOW).tasks[task.task_id].asked == seen.tasks[task.task_id].asked
    assert task_seen(seen, task, opened, NOW) is seen
    assert not task_seen(seen, replace(task, version=2, status=TaskStatus.CLOSED), None, NOW).tasks

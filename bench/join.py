"""Workload 1, the plain join, as an engine of Heed's: what every peer in bench/peers does too.

One decision for every appointment event, a command for each that says BOOKED (a quarter). The patient's row is
looked up and replaced: how many events so far, and when the last one starts, which the next decision tells.
"""

from typing import Any, Final

from streams.decisions import Environment, Response, adopt, refuse, wake
from streams.domain.events import Appointment, Event
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import (
    Basis,
    Decision,
    InputRef,
    Output,
    SendCommand,
    Subject,
    TemplateRef,
)
from streams.domain.time import DAY
from streams.domain.vocabulary import (
    AppointmentStatus,
    Channel,
    Level,
    Outcome,
    Purpose,
    Reason,
    RecipientRole,
    SubjectKind,
)

__all__ = ["adopt", "refuse", "respond", "wake"]

POLICY: Final = "join"
_NOBODY: Final = PatientState()
_TEMPLATE: Final = TemplateRef("appt_confirm", 1, "0000000000000000")


def respond(
    patient_id: str, patient: PatientState | None, event: Event, at: Position, env: Environment
) -> Response:
    """The join: a function of the event and the patient's row."""
    envelope, body = event.envelope, event.body
    assert type(body) is Appointment
    before = patient or _NOBODY
    seen = before.version + 1
    send = body.status is AppointmentStatus.BOOKED
    subject = Subject(SubjectKind.APPOINTMENT, body.appointment_id, envelope.version)
    decision = Decision(
        "d-" + envelope.event_id, envelope.event_id, InputRef(at.topic, at.partition, at.offset), patient_id,
        Outcome.SEND if send else Outcome.SUPPRESS, Reason.PREFERRED if send else Reason.STALE_VERSION,
        "7.1" if send else "4.1", ("4.1", "7.1"), Purpose.APPT_CONFIRM, subject, Level.L2,
        before.notice_until or None, "c-" + envelope.event_id if send else None, (), seen, POLICY,
        envelope.occurred_at, env.now,
    )  # fmt: skip
    outputs: tuple[Output, ...] = (decision,)
    if send:
        outputs = (decision, _command(decision, body, env))
    after = PatientState(version=seen, notice_until=body.starts_at, notice_at=envelope.occurred_at)
    return Response(after, outputs, env.shard)


def _command(decision: Decision, body: Appointment, env: Environment) -> SendCommand:
    until = body.starts_at - DAY
    basis = Basis(
        "6(1)(e)", "9(2)(h)", "direct care", RecipientRole.PATIENT, None, Purpose.APPT_CONFIRM, Level.L2,
        Reason.PREFERRED, None, None, (), _TEMPLATE, decision.rule_path, POLICY, POLICY,
        decision.state_version, decision.occurred_at, env.now, until,
    )  # fmt: skip
    parameters: dict[str, Any] = {"site": body.generic_site, "starts_at": str(body.starts_at)}
    assert decision.command_id is not None
    return SendCommand(
        decision.command_id, decision.decision_id, decision.patient_id, Purpose.APPT_CONFIRM, decision.subject,
        Channel.SMS, RecipientRole.PATIENT, None, "+447700900001", _TEMPLATE.id, _TEMPLATE.version, parameters,
        "en", Level.L2, Reason.PREFERRED, basis, None, decision.state_version, POLICY, env.now, until, None,
        env.now,
    )  # fmt: skip

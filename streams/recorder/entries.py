"""What goes into the patient's record: one entry for each message, task and change of an objection.

Pure: what is written follows from what was emitted and the policy alone. A record can be seen online, by
the patient and by whoever stands behind the patient. So no entry says why somebody objects, entries that
could put a person at risk or tell what nobody has yet told them are hidden, and hidden entries read like
any other (S1 lines 7 and 18, C196).
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final, Literal

import msgspec

from streams.decisions.ids import uuid5
from streams.domain.events import Event, Objection
from streams.domain.records import EscalationTask, RecordEntry, SendCommand
from streams.domain.time import Instant
from streams.domain.vocabulary import (
    PROTECTED_REASONS,
    Channel,
    Ground,
    ObjectionAction,
    Purpose,
    Reason,
    Role,
    SubjectKind,
    TaskStatus,
    Topic,
)
from streams.policy.model import Policy, RecordMode
from streams.policy.parameters import BadParameter
from streams.policy.render import render
from streams.policy.templates import Template

Visibility = Literal["NORMAL", "HIDDEN"]

#: Tasks that exist because somebody may be in danger, or because of a protected objection.
_SAFETY: Final = frozenset(
    {
        Reason.PROTECTED_OBJECTION,
        Reason.OBJECTION_UNREADABLE,
        Reason.SENSITIVE_FLAG,
        Reason.EXCLUDED_PERSON,
        Reason.THREAT,
    }
)
#: Tasks whose very existence tells what a person must be told by a person (1.8, B10 rows 1 to 3).
_TOLD_IN_PERSON: Final = frozenset(
    {
        Reason.BAD_NEWS,
        Reason.COMPLEX_CLINICAL,
        Reason.CRITICAL_RESULT,
        Reason.DISCUSS_FIRST,
        Reason.EMERGENCY,
        Reason.SENSITIVE_RESULT,
    }
)
_BY: Final = {
    Channel.NHS_APP: "NHS App message",
    Channel.SMS: "Text message",
    Channel.EMAIL: "Email",
    Channel.LETTER: "Letter",
    Channel.IM_COMMERCIAL: "Instant message",
}
_ABOUT: Final = {
    SubjectKind.APPOINTMENT: "an appointment",
    SubjectKind.RESULT: "a test result",
    SubjectKind.REQUEST: "a message that was asked for",
    SubjectKind.OBJECTION: "how to contact the patient",
    SubjectKind.PATIENT: "the patient's details",
    SubjectKind.RECORD: "the patient's record",
}
_PARTS: Final = {"purpose": "purpose: ", "channel": "channel: ", "ground": "override "}
_DONE: Final = {
    TaskStatus.OPEN: "opened",
    TaskStatus.CLAIMED: "taken on",
    TaskStatus.SUPERSEDED: "replaced by a newer one",
    TaskStatus.CLOSED: "closed",
}
_CHANGED: Final = {
    ObjectionAction.RECORDED: "recorded",
    ObjectionAction.AMENDED: "amended",
    ObjectionAction.WITHDRAWN: "withdrawn",
    ObjectionAction.UNKNOWN: "changed",
}


def message_entry(command: SendCommand, policy: Policy, now: Instant) -> RecordEntry:
    """What was sent: the text itself, or a summary, as the policy's ``record_mode`` says for the purpose."""
    text = _text(command, policy)
    grounds = () if command.override is None else (command.override.ground,)
    threat = command.purpose is Purpose.THREAT_CONTACT or Ground.G7 in grounds
    return RecordEntry(
        record_id=_record_id(Topic.SEND_COMMANDS, command.patient_id, command.command_id),
        emitted_topic=Topic.SEND_COMMANDS,
        emitted_id=command.command_id,
        patient_id=command.patient_id,
        kind="MESSAGE",
        mode="SUMMARY" if text is None else "EXACT",
        summary=_summary(command) if text is None else text,
        content_ref=f"{command.template_id}@{command.template_version}",
        online_visibility="HIDDEN" if threat else "NORMAL",
        basis=_basis(command),
        emitted_at=command.created_at,
        recorded_at=now,
    )


def task_entry(task: EscalationTask, now: Instant) -> RecordEntry:
    """What a person was asked to do, and each change of it; never why somebody objects."""
    return RecordEntry(
        record_id=_record_id(Topic.ESCALATION_TASKS, task.patient_id, _task_version(task)),
        emitted_topic=Topic.ESCALATION_TASKS,
        emitted_id=_task_version(task),
        patient_id=task.patient_id,
        kind="TASK",
        mode="SUMMARY",
        summary=f"Task for {task.role} about {_ABOUT[task.subject.kind]}: {_DONE[task.status]}.",
        content_ref=None,
        online_visibility=_task_visibility(task),
        basis=f"policy {task.policy_version}",
        emitted_at=task.created_at,
        recorded_at=now,
    )


def objection_entry(event: Event, now: Instant) -> RecordEntry:
    """That an objection was recorded, amended or withdrawn; never its reason (S1 line 18)."""
    body = event.body
    assert isinstance(body, Objection)
    patient = event.envelope.patient_id
    emitted = objection_id(event)
    return RecordEntry(
        record_id=_record_id(Topic.OBJECTIONS, patient, emitted),
        emitted_topic=Topic.OBJECTIONS,
        emitted_id=emitted,
        patient_id=patient,
        kind="OBJECTION",
        mode="SUMMARY",
        summary=f"Contact wishes {_CHANGED[body.action]}.",
        content_ref=None,
        online_visibility="HIDDEN" if body.reason in PROTECTED_REASONS else "NORMAL",
        basis=f"objection {emitted}",
        emitted_at=event.envelope.occurred_at,
        recorded_at=now,
    )


def objection_id(event: Event) -> str:
    """``<objection>/<version>``: one change of one objection, however often its event was delivered."""
    body = event.body
    assert isinstance(body, Objection)
    return f"{body.objection_id}/{event.envelope.version}"


def _record_id(topic: Topic, patient_id: str, emitted_id: str) -> str:
    """``record/<topic>/<patient>/<emitted id>``."""
    return uuid5(f"record/{topic}/{patient_id}/{emitted_id}")


def _task_version(task: EscalationTask) -> str:
    return f"{task.task_id}/{task.version}"


def _task_visibility(task: EscalationTask) -> Visibility:
    safety = task.reason in _SAFETY or task.role is Role.SAFE or task.safe_contact_ref is not None
    hidden = safety or task.reason in _TOLD_IN_PERSON or task.ground is Ground.G7
    return "HIDDEN" if hidden or task.purpose is Purpose.THREAT_CONTACT else "NORMAL"


def _text(command: SendCommand, policy: Policy) -> str | None:
    """The text as it was sent; None when a summary is wanted, or the wording is no longer on file."""
    if policy.record_mode[command.purpose] is not RecordMode.EXACT:
        return None
    template = _template(command, policy.templates.templates)
    if template is None:
        return None
    try:
        message = render(
            template, command.language, command.channel, command.parameters, policy.templates.organisation
        )
    except BadParameter:
        return None
    return f"{message.subject}\n\n{message.body}" if message.subject else message.body


def _template(command: SendCommand, templates: tuple[Template, ...]) -> Template | None:
    wanted = command.basis.template
    same: Callable[[Template], bool] = lambda template: template.ref == wanted  # noqa: E731
    return next(filter(same, templates), None)


def _summary(command: SendCommand) -> str:
    return (
        f"{_BY.get(command.channel, 'Message')} about {_ABOUT[command.subject.kind]}, "
        f"wording {command.template_id} version {command.template_version}."
    )


def _basis(command: SendCommand) -> str:
    """B12 in short, as ``basis_of`` reads it. Objections are named by nothing at all: the decision has them."""
    basis = command.basis
    parts = [
        f"purpose: {command.purpose}",
        f"GDPR {basis.gdpr_art6}, {basis.gdpr_art9}",
        basis.cldc_basis,
        f"channel: {command.channel}, {command.selection_reason}",
        f"policy {command.policy_version}",
    ]
    if command.override is not None:
        parts.append(f"override {command.override.ground}, decision {command.override.decision_ref}")
    return "; ".join(parts)


class MessageBasis(msgspec.Struct, frozen=True):
    """What the basis of a message's entry says of it. None: it does not say (written by an earlier version)."""

    purpose: str | None = None
    channel: str | None = None
    ground: str | None = None


def basis_of(entry: RecordEntry) -> MessageBasis:
    """Read the basis of a message's entry: send commands are gone after a week, the record is kept.

    >>> basis = "purpose: APPT_CANCEL; GDPR 6(1)(e), 9(2)(h); duty; channel: sms, preferred; policy p1"
    >>> entry = RecordEntry("r", Topic.SEND_COMMANDS, "c", "P", "MESSAGE", "EXACT", "", None, "NORMAL", basis, 0, 0)
    >>> basis_of(entry)
    MessageBasis(purpose='APPT_CANCEL', channel='sms', ground=None)
    """
    found: dict[str, str] = {}
    for part in entry.basis.split("; "):
        for name, sign in _PARTS.items():
            if part.startswith(sign):
                found[name] = part.removeprefix(sign).partition(",")[0]
    if found.get("channel") not in tuple(Channel):  # earlier: only why it was chosen
        found.pop("channel", None)
    return MessageBasis(**found)


def fingerprint(event: Event) -> int:
    """64 bits of whose objection changed, which one, and to which version.

    Every change there ever was is remembered, since any may be delivered again: the texts would take three times the
    memory. That two of ten million are taken for one has a chance of 3 in a million.
    """
    patient = event.envelope.patient_id
    said = f"{len(patient)}/{patient}/{objection_id(event)}".encode()
    return int.from_bytes(blake2b(said, digest_size=8).digest(), "big")

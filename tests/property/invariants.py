"""What must hold of every record that is emitted (B16), told by an oracle of its own: no rule is imported here.

A check answers with a sentence when the invariant is broken, and with None when it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from streams.domain.events import Contact, Event, Objection, Request
from streams.domain.patient import PatientState
from streams.domain.records import Decision, EscalationTask, SendCommand
from streams.domain.time import Instant
from streams.domain.vocabulary import (
    ELECTRONIC,
    PROTECTED_REASONS,
    UNCLEAR_REASONS,
    Channel,
    Level,
    ObjectionAction,
    PermissionState,
    Purpose,
    Reason,
    RecipientRole,
    Scope,
    SubjectKind,
)
from streams.scenarios.match import Emitted

#: Vocabulary 1.3: the most a purpose may say.
MOST: Final = {
    Purpose.RESULT_AVAILABLE: Level.L3,
    Purpose.RESULT_NORMAL: Level.L4,
    Purpose.PRESCRIPTION_READY: Level.L2,
    Purpose.FOLLOW_UP_CHECK: Level.L2,
    Purpose.VACCINATION_INVITE: Level.L2,
    Purpose.SCREENING_INVITE: Level.L2,
    Purpose.MEDICATION_ERROR: Level.L2,
    Purpose.COMMUNICABLE_ALERT: Level.L0,
    Purpose.THREAT_CONTACT: Level.L0,
}
CHANNEL_MOST: Final = {
    Channel.NHS_APP: Level.L4,
    Channel.LETTER: Level.L4,
    Channel.SMS: Level.L3,
    Channel.EMAIL: Level.L3,
}
NEVER_SENT: Final = frozenset(
    {
        Purpose.EMERGENCY_TRIAGE, Purpose.BAD_NEWS, Purpose.COMPLEX_CLINICAL, Purpose.DIRECT_MARKETING,
        Purpose.RESEARCH, Purpose.STAFF_TO_STAFF, Purpose.UNKNOWN, Purpose.THREAT_CONTACT,
    }
)  # fmt: skip
#: Tasks that are not about reaching the patient before something begins.
UNBOUND: Final = frozenset(
    {
        Reason.REVERIFY_CONTACT, Reason.DATA_QUALITY, Reason.ANSWER_OBJECTION, Reason.CAPTURE_REASON,
        Reason.IMPLICATIONS_NOTICE, Reason.PREFERENCE_CONFLICT, Reason.MISSED_ACTION, Reason.LATE_NOTIFICATION,
        Reason.OBJECTION_UNREADABLE,
    }
)  # fmt: skip


class Ledger:
    """Which objections stand, as the event log says: the newest version of each; and which service a request was for."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[int, Objection]] = {}
        self.services: dict[
            str, str
        ] = {}  # by request; a state that is looked at later may have been pruned of it

    def apply(self, event: Event) -> None:
        if isinstance(event.body, Request):
            self.services[event.body.request_id] = event.body.service_code
        if isinstance(event.body, Objection):
            version, id_ = event.envelope.version, event.body.objection_id
            if id_ not in self.known or self.known[id_][0] < version:
                self.known[id_] = (version, event.body)

    def covering(self, command: SendCommand, service: str) -> dict[str, tuple[int, Objection]]:
        """The objections that forbid this channel for this service, exceptions not yet looked at."""
        return {
            id_: (version, body)
            for id_, (version, body) in self.known.items()
            if body.action is not ObjectionAction.WITHDRAWN
            and not (body.patient_only and command.recipient_role is RecipientRole.PROXY)
            and _covers(body, command.channel, service)
        }


def _covers(body: Objection, channel: Channel, service: str) -> bool:
    named = channel in body.channels or Channel.UNKNOWN in body.channels or not body.channels
    match body.scope:
        case Scope.WHOLE_CARE | Scope.UNKNOWN:
            return True
        case Scope.SERVICE:
            return service in body.services
        case Scope.METHOD:
            return named
        case Scope.METHOD_GROUP:
            return channel in ELECTRONIC
        case Scope.METHOD_AND_SERVICE:
            return named and service in body.services
        case _:
            return False


def service_of(command: SendCommand, patient: PatientState, ledger: Ledger) -> str:
    subject = command.subject
    if subject.kind is SubjectKind.APPOINTMENT:
        return patient.appointments[subject.id].body.service_code
    if subject.kind is SubjectKind.RESULT:
        return patient.results[subject.id].body.service_code
    return ledger.services[subject.id]


def broken_by_send(
    one: Emitted, command: SendCommand, patient: PatientState, ledger: Ledger
) -> Iterator[str]:
    """Every sentence says which invariant a command breaks."""
    yield from _i1(command, patient, ledger)
    if not patient.known:
        yield "I2: sent while the patient is not known"
    yield from _i4(command, patient)
    if not one.at == command.created_at < command.valid_until:
        yield "I5: valid until before it was made"
    if command.subject.kind is SubjectKind.APPOINTMENT:
        entry = patient.appointments[command.subject.id]
        starts = [entry.body.starts_at, entry.body.previous_starts_at or 0]
        starts += [told.starts_at for told in (entry.told, entry.before) if told is not None]
        if command.valid_until > max(starts) + 86_400_000:  # a day without a time ends at midnight
            yield "I5: could be delivered after the appointment"
    if not _is_one_address(command):
        yield "I14: not exactly one address"
    if command.purpose in NEVER_SENT:
        yield "1.8, G7: this purpose is never a message"
    if msgspec.to_builtins(command)["provider_fallback"] != "FORBIDDEN":
        yield "C097: a provider may choose another channel"
    yield from _i12(command)


def _i1(command: SendCommand, patient: PatientState, ledger: Ledger) -> Iterator[str]:
    covering = ledger.covering(command, service_of(command, patient, ledger))
    considered = {seen.id: seen.version for seen in command.basis.objections_considered}
    for id_, (version, _) in covering.items():
        if considered.get(id_) != version:
            yield f"I1: the basis does not name {id_} in its current version"
    excepted = {
        id_
        for id_, (_, body) in covering.items()
        if any(command.purpose in e.purposes and command.channel in e.channels for e in body.exceptions)
    }
    barred = {id_: body for id_, (_, body) in covering.items() if id_ not in excepted}
    if not barred:
        return
    override = command.override
    if override is None:
        yield "I1: sent past an objection without override or exception"
        return
    if (override.objection_id, override.objection_version) not in {
        (id_, version) for id_, (version, _) in covering.items()
    }:
        yield "I1: the override names another objection or version"
    if any(body.scope in (Scope.WHOLE_CARE, Scope.SERVICE, Scope.UNKNOWN) for body in barred.values()):
        yield "B4: an objection to care or a service was overridden"
    human = command.selection_reason is Reason.OVERRIDE_ONE_OFF
    if not human and any(b.reason in PROTECTED_REASONS | UNCLEAR_REASONS for b in barred.values()):
        yield "9.1: a protected or unclear objection was overridden without a person"


def _i4(command: SendCommand, patient: PatientState) -> Iterator[str]:
    level = command.level
    caps = [MOST.get(command.purpose, Level.L1), CHANNEL_MOST[command.channel]]
    if command.override is not None:
        caps.append(Level.L2 if command.purpose is Purpose.MEDICATION_ERROR else Level.L1)
    if command.recipient_role is RecipientRole.PATIENT:
        caps += [
            p.max_level
            for p in patient.permissions
            if p.channel is command.channel and p.state is PermissionState.OPTED_IN
        ]
    caps += [_contact_cap(contact) for contact in _used(command, patient)]
    if _is_sensitive(command, patient):
        caps.append(Level.L1 if command.subject.kind is SubjectKind.APPOINTMENT else Level.L0)
    if level > min(caps):
        yield f"I4: {level} is more than {min(caps)}"


def _used(command: SendCommand, patient: PatientState) -> list[Contact]:
    """The contact that was written to; none when it changed since."""
    if command.recipient_role is RecipientRole.PATIENT:
        people = [patient.contacts]
    else:
        people = [p.contacts for p in patient.proxies if p.proxy_id == command.proxy_ref]
    found = [c for one in people for c in one if c.channel is command.channel and c.value == command.address]
    usable = [c for c in found if not (c.bounced or c.unsafe or c.restricted)]
    return usable[:1] or found[:1]


def _contact_cap(contact: Contact) -> Level:
    if contact.shared_with > 0:
        return Level.L1 if contact.relationship_recorded else Level.L0
    return Level.L4


def _is_sensitive(command: SendCommand, patient: PatientState) -> bool:
    subject = command.subject
    if subject.kind is SubjectKind.APPOINTMENT:
        return patient.appointments[subject.id].body.service_sensitive is True
    if subject.kind is SubjectKind.RESULT:
        return patient.results[subject.id].body.sensitive_test is True
    return False


def _is_one_address(command: SendCommand) -> bool:
    address = command.address
    if not address or any(mark in address for mark in ";\n\r"):
        return False
    return "," not in address or command.channel is Channel.LETTER


def _i12(record: msgspec.Struct) -> Iterator[str]:
    text = msgspec.json.encode(record).decode()
    for reason in PROTECTED_REASONS:
        if f'"{reason}"' in text:
            yield "I12: a protected reason is told"


def broken_by_task(one: Emitted, task: EscalationTask, patient: PatientState | None) -> Iterator[str]:
    if not task.owner:
        yield "I13: a task without an owner"
    if task.version == 1 and task.due_at < task.created_at:
        yield "I13: due before it was made"
    if task.acknowledge_by > task.due_at:
        yield "I13: to be acknowledged after it is due"
    if task.version == 1 and patient is not None and task.reason not in UNBOUND:
        latest = _latest_start(task, patient)
        if latest is not None and one.at < latest < task.due_at:
            yield "I13: due after the appointment has begun"
    yield from _i12(task)


def _latest_start(task: EscalationTask, patient: PatientState) -> Instant | None:
    entry = patient.appointments.get(task.subject.id)
    if task.subject.kind is not SubjectKind.APPOINTMENT or entry is None:
        return None
    starts = [entry.body.starts_at, entry.body.previous_starts_at or 0]
    starts += [told.starts_at for told in (entry.told, entry.before) if told is not None]
    return max(starts) + 86_400_000 if entry.body.starts_precision == "DAY" else max(starts)


def broken_by_decision(decision: Decision) -> Iterator[str]:
    if decision.rule not in (*decision.rule_path, "B6", "B6.2"):
        yield f"the rule {decision.rule} is not on its own path"
    if decision.outcome == "HOLD" and (decision.hold_until or 0) <= decision.decided_at:
        yield "I13: a hold that does not wait"
    if decision.outcome != "HOLD" and decision.hold_until is not None:
        yield "I3: terminal, and yet it waits"
    yield from _i12(decision)


def live_twice(patient: PatientState) -> bool:
    """I11: two commands that may both still be delivered, for one subject and recipient."""
    live = [one.asked.key for one in patient.sent.values() if not (one.closed or one.failed)]
    return len(live) != len(set(live))

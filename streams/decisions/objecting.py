"""What an objection or a changed wish sets in motion: tasks for people, and another look at open tasks."""

from __future__ import annotations

from functools import partial
from typing import Final

from msgspec.structs import replace

from streams.domain.calendar import add_months
from streams.domain.decision import Draft, Escalate
from streams.domain.events import Objection
from streams.domain.patient import Asked, OpenTask, PatientState
from streams.domain.records import Subject
from streams.domain.vocabulary import (
    UNCLEAR_REASONS,
    Channel,
    ObjectionAction,
    Priority,
    Reason,
    Role,
    Scope,
    SubjectKind,
    TaskStatus,
)

from .channels import usable_contact
from .decide import decide
from .desk import Desk
from .faults import attempt
from .framing import frame
from .guarding import closed_for
from .objections import METHOD_SCOPES, active, channels_of, forbids
from .outcome import carry_out, conflict_task, refusal_tasks
from .request import WAITED, services_of, settled
from .selection import objected_channels

_ABOUT_OBJECTIONS: Final = frozenset(
    {Reason.CAPTURE_REASON, Reason.IMPLICATIONS_NOTICE, Reason.ANSWER_OBJECTION}
)
#: Tasks that exist because an objection stood in the way; a change of it is a reason to look again (C099).
_BECAUSE_OF_OBJECTIONS: Final = frozenset(
    {
        Reason.WHOLE_CARE_OBJECTION,
        Reason.SERVICE_OBJECTION,
        Reason.PROTECTED_OBJECTION,
        Reason.UNCLEAR_OBJECTION,
        Reason.CONTACT_OTHERWISE,
        Reason.OVERRIDE_NEEDED,
    }
)
#: Tasks that offer a call or a letter: a new objection may make them another person's, never a message.
_LOOKED_AT_AGAIN: Final = _BECAUSE_OF_OBJECTIONS | {Reason.PHONE_PREFERRED, Reason.UNCONTACTABLE}
_ABOUT_A_REQUEST: Final = frozenset({SubjectKind.APPOINTMENT, SubjectKind.RESULT, SubjectKind.REQUEST})


def objection_changed(desk: Desk, body: Objection) -> None:
    """After an objection was recorded, amended or withdrawn."""
    if body.action is ObjectionAction.WITHDRAWN:
        _drop_tasks_about(desk, body.objection_id)
    else:
        _companion_tasks(desk, body)
        _conflicts(desk, body)
        _sent_meanwhile(desk, body)
    look_again(desk)


def unknown_role(desk: Desk, where: str) -> None:
    """1.2: the word for a role is none that we know; what it says protects all the same, and the source is mended."""
    draft = Draft(Role.DQ, Priority.P2, Reason.DATA_QUALITY, unbound=True)
    desk.companion(draft, (SubjectKind.PATIENT, f"role:{where}", 0))


def _sent_meanwhile(desk: Desk, body: Objection) -> None:
    """C004: a message that left after the objection reached a desk and before it reached us is reviewed."""
    for command_id, sent in desk.patient.sent.items():
        services = services_of(desk.patient, sent.asked)
        if sent.created_at >= body.received_at and forbids(body, sent, *services):
            subject = Subject(sent.asked.kind, sent.asked.id, sent.asked.version)
            desk.log_safety("objected_send_during_propagation", subject, command_id)


def _drop_tasks_about(desk: Desk, objection_id: str, reasons: frozenset[Reason] = _ABOUT_OBJECTIONS) -> None:
    for id_, task in list(desk.patient.tasks.items()):
        if task.reason in reasons and task.id == objection_id:
            desk.end_task(id_, TaskStatus.SUPERSEDED)


def _companion_tasks(desk: Desk, body: Objection) -> None:
    entry = desk.patient.objections[body.objection_id]
    about = (SubjectKind.OBJECTION, _first_of_its_kind(desk.patient, body), entry.version)
    if body.reason in UNCLEAR_REASONS:
        desk.companion(Draft(Role.IG, Priority.P3, Reason.CAPTURE_REASON, unbound=True), about)
    else:
        _drop_tasks_about(desk, body.objection_id, frozenset({Reason.CAPTURE_REASON}))
    if body.assessment is not None and body.assessment.role is Role.UNKNOWN:
        unknown_role(desk, "assessment")
    if body.action is not ObjectionAction.RECORDED:
        return
    if _has_implications(desk, body):
        desk.companion(Draft(Role.IG, Priority.P3, Reason.IMPLICATIONS_NOTICE, unbound=True), about)
    # Received in the future is a slip, or "for ever": it counts from now.
    month = add_months(min(body.received_at or desk.now, desk.now), 1)
    if month <= desk.now:
        month = desk.env.policy.calendar.add_working_days(desk.now, 5)  # entered late: answer soon (C106)
    answer = Draft(Role.IG, Priority.P4, Reason.ANSWER_OBJECTION, due_at=month, unbound=True)
    desk.companion(answer, about)


def _first_of_its_kind(patient: PatientState, body: Objection) -> str:
    """Two objections to the same thing are both kept and make one task (C107)."""

    def kind(one: Objection) -> tuple[object, ...]:
        return (
            one.scope,
            frozenset(one.channels),
            one.channel_group,
            frozenset(one.services),
            one.recipient_ref,
        )

    return next(entry.body.objection_id for entry in active(patient) if kind(entry.body) == kind(body))


def _has_implications(desk: Desk, body: Objection) -> bool:
    """S0 line 79: care as a whole, a service, or the most effective way to reach this person."""
    if body.scope in (Scope.WHOLE_CARE, Scope.SERVICE, Scope.UNKNOWN):
        return True
    if body.scope not in METHOD_SCOPES:
        return False
    best = most_effective(desk)
    return best is not None and best in channels_of(body)


def most_effective(desk: Desk) -> Channel | None:
    """The channel that would be chosen first: the patient's own order, then the organisation's."""
    wishes = desk.patient.preferences
    order = (*(wishes.channels if wishes is not None else ()), *desk.env.policy.organisation_order)
    for channel in order:
        if usable_contact(desk.patient.contacts, channel) is not None:
            return channel
    return None


def _conflicts(desk: Desk, body: Objection) -> None:
    wishes = desk.patient.preferences
    if wishes is None or body.scope not in METHOD_SCOPES:
        return
    named = channels_of(body)
    for channel in wishes.channels:
        if channel in named:
            conflict_task(desk, channel)


def sections_changed(desk: Desk, before: PatientState) -> None:
    """After a patient event: new wishes may contradict objections, new refusals want their reason."""
    patient = desk.patient
    if patient.preferences is not before.preferences:
        for entry in active(patient):
            _conflicts(desk, entry.body)
    if patient.permissions is not before.permissions:
        refusal_tasks(desk)
    hold = patient.hold
    if hold is not None and hold is not before.hold and hold.owner_role is Role.UNKNOWN:
        unknown_role(desk, "hold")
    if (patient.permissions, patient.safe_contact, patient.proxies) != (
        before.permissions,
        before.safe_contact,
        before.proxies,
    ):
        _say_what_is_closed(desk)


def look_again(desk: Desk) -> None:
    """Re-decide what an objection sent to a person, unless somebody already works on it (C099, C100).

    What newer facts are about to decide is left to them; what no rule can decide stays with the person.
    """
    for id_, task in list(desk.patient.tasks.items()):
        if (
            task.asked is None
            or task.status is not TaskStatus.OPEN
            or task.reason not in _LOOKED_AT_AGAIN
            or task.asked.key in desk.patient.asked
            or id_ not in desk.patient.tasks
        ):
            continue
        # What cannot be decided stays with the person, whose task is open.
        attempt(desk, partial(_decide_again, desk, task, task.asked), lambda said: None)
    _say_what_is_closed(desk)


def _decide_again(desk: Desk, task: OpenTask, asked: Asked) -> None:
    ruling = decide(frame(desk.patient_id, desk.patient, settled(desk, asked), desk.env))
    same = isinstance(ruling.verdict, Escalate) and ruling.verdict.draft.reason is task.reason
    to_a_person = isinstance(ruling.verdict, Escalate) or task.reason in _BECAUSE_OF_OBJECTIONS
    if to_a_person and not same:
        carry_out(desk, ruling)


def _say_what_is_closed(desk: Desk) -> None:
    """Newer facts update the task (B13): a claimed one too, so that nobody calls whom they must not (C100)."""
    for id_, task in list(desk.patient.tasks.items()):
        closed = _closed_now(desk, task)
        if closed != task.do_not_use:
            desk.put_task(id_, replace(task, version=task.version + 1, do_not_use=closed))


def _closed_now(desk: Desk, task: OpenTask) -> tuple[Channel, ...]:
    """What must not be used for an open task as things stand; what was closed stays so where no rule can tell."""
    asked = task.asked
    if asked is None and task.kind not in _ABOUT_A_REQUEST:
        return closed_for(desk.patient)
    if asked is None:
        asked = Asked(task.kind, task.id, task.entity_version, desk.event_id, desk.at, desk.now)
    again = replace(asked, until=0, reason=None, rule="", waited=WAITED)

    def closed() -> tuple[Channel, ...]:
        return objected_channels(decide(frame(desk.patient_id, desk.patient, again, desk.env)).case)

    def as_before(_: str) -> tuple[Channel, ...]:
        return tuple(dict.fromkeys((*task.do_not_use, *closed_for(desk.patient))))

    return attempt(desk, closed, as_before)

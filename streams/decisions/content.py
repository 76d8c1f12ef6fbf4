"""Stage 4 beside results, and stage 6: what may be said, and objections to the care itself."""

from __future__ import annotations

from msgspec.structs import replace

from streams.domain.decision import Draft, Escalate, Hold, Suppress
from streams.domain.vocabulary import (
    Level,
    PermissionState,
    Priority,
    Purpose,
    Reason,
    Role,
)
from streams.policy.templates import NO_FORMATS

from .case import Case
from .objections import removed_recipients, to_service, whole_care
from .purposes import APPOINTMENT_PURPOSES, CLINICAL_PURPOSES, COURTESY, role_for
from .status import priority

_APPROVAL_DAYS = 2  # working days a campaign waits for its second person before R-IG is asked


def appointment_unclear(case: Case) -> Escalate | None:
    """1.2: a message about an appointment that we do not know, or of which we do not know whether it stands, or where."""
    if case.request is None or case.purpose not in APPOINTMENT_PURPOSES:
        return None
    untimed = case.appointment is None and not case.request.parameters.get(
        "when"
    )  # nothing to say when it is
    unclear = untimed or case.unreadable
    return Escalate(Draft(Role.DQ, priority(case, Priority.P3), Reason.DATA_QUALITY)) if unclear else None


def follow_up_not_agreed(case: Case) -> Escalate | None:
    """4.2: a follow-up check needs the patient's opt-in and the clinician's advice it follows (S2 line 47)."""
    if case.purpose is not Purpose.FOLLOW_UP_CHECK:
        return None
    opted = any(p.state is PermissionState.OPTED_IN for p in case.patient.permissions)
    parameters = case.request.parameters if case.request is not None else {}
    advised = any("advice" in name and value for name, value in parameters.items())
    if opted and advised:
        return None
    return Escalate(Draft(Role.CLIN, priority(case, Priority.P2), Reason.FOLLOW_UP_NOT_AGREED))


def not_seen_recently(case: Case) -> Escalate | None:
    """4.3: no clinical message to somebody not seen for long, without a visit it belongs to (S2 line 55)."""
    if case.level is not Level.L4 and case.purpose is not Purpose.FOLLOW_UP_CHECK:
        return None
    if case.result is not None and case.result.body.encounter_id:
        return None
    identity = case.patient.identity
    assert identity is not None
    seen = identity.last_seen_at
    if seen is not None and case.now - seen <= case.policy.not_seen:
        return None
    return Escalate(Draft(Role.CLIN, priority(case, Priority.P2), Reason.NOT_SEEN_RECENTLY))


def cap_if_sensitive(case: Case) -> Case | None:
    """4.4: of a sensitive service, appointments at a generic place and time; of anything else, L0 (S0 line 33)."""
    if not case.sensitive:
        return None
    cap = Level.L1 if case.purpose in APPOINTMENT_PURPOSES else Level.L0
    return replace(case, cap=min(case.cap, cap))


def ethics(case: Case) -> Escalate | None:
    """4.5: somebody asked for an ethical look first (S0 line 31)."""
    if case.request is None or not case.request.ethics_review:
        return None
    return Escalate(Draft(Role.CG, priority(case, Priority.P2), Reason.ETHICS_REVIEW))


def no_template(case: Case) -> Escalate | None:
    """4.6: no approved wording for this purpose on any channel at any level it may have."""
    registry, policy = case.policy.templates, case.policy
    for level in registry.levels(case.purpose):
        if level > case.level or level > case.cap:
            continue
        for channel in policy.organisation_order:
            if registry.find(case.purpose, level, channel, "en", NO_FORMATS, case.now, policy.template_grace):
                return None
    return Escalate(Draft(Role.CSO, priority(case, Priority.P2), Reason.NO_TEMPLATE))


def second_person(case: Case) -> Hold | Escalate | None:
    """4.7: a campaign or free text waits for somebody other than its author (S0 line 107)."""
    request = case.request
    if request is None:
        return None
    written = request.campaign_ref is not None or any("text" in name for name in request.parameters)
    approver = request.second_approver
    if not written or (approver and approver != request.authorised_by):
        return None
    if Reason.AWAITING_APPROVAL not in case.asked.waited:
        until = case.policy.calendar.add_working_days(case.now, _APPROVAL_DAYS)
        if case.timing.needed_by is not None:
            until = min(until, case.timing.needed_by - case.policy.action_buffer)
        if until > case.now:
            return Hold(Reason.AWAITING_APPROVAL, until, final=True)
    return Escalate(Draft(Role.IG, Priority.P3, Reason.APPROVAL_EXPIRED))


def whole_care_objection(case: Case) -> Suppress | Escalate | None:
    """6.1: the person wants no processing for their care; staff speak with them, nothing is sent."""
    if whole_care(case.patient) is None:
        return None
    if case.purpose in COURTESY or case.purpose is Purpose.WAITLIST_VALIDATION:
        return Suppress(Reason.OBJECTION_UPHELD)
    rank = Priority.P1 if case.pressing else Priority.P3
    return Escalate(Draft(Role.IG, rank, Reason.WHOLE_CARE_OBJECTION, copy_roles=(Role.CLIN,), own_role=True))


def service_objection(case: Case) -> Suppress | Escalate | None:
    """6.2: the person objects to this service; other services are unaffected (C091, C092)."""
    if to_service(case.patient, *case.services) is None:
        return None
    if case.purpose in COURTESY or case.purpose is Purpose.WAITLIST_VALIDATION:
        return Suppress(Reason.OBJECTION_UPHELD)
    clinical = case.purpose in CLINICAL_PURPOSES
    rank = Priority.P1 if case.timing.short_notice or clinical else Priority.P3
    return Escalate(Draft(role_for(case.purpose), rank, Reason.SERVICE_OBJECTION))


def remove_recipients(case: Case) -> Case | None:
    """6.3: whoever the patient wants left out is left out before the recipient is chosen."""
    removed = removed_recipients(case.patient)
    return replace(case, removed_proxies=removed) if removed and case.patient.proxies else None

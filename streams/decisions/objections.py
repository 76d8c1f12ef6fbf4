"""What an objection covers (B4): an objection forbids, whatever anybody prefers or permits.

Pure look-ups over a Case. Where an objection is unclear the widest reading counts: an unknown scope is
the whole care, an unknown or missing channel is every channel, a missing service is every service.
"""

from __future__ import annotations

from typing import Final

from streams.domain.events import Objection
from streams.domain.patient import ObjectionEntry, PatientState, Sent
from streams.domain.vocabulary import (
    ELECTRONIC,
    PROTECTED_REASONS,
    SAFETY_REASONS,
    SENDABLE,
    UNCLEAR_REASONS,
    Channel,
    ChannelGroup,
    ObjectionReason,
    PermissionState,
    RecipientRole,
    Scope,
)

from .case import Case
from .registry import is_registered

METHOD_SCOPES: Final = frozenset({Scope.METHOD, Scope.METHOD_GROUP, Scope.METHOD_AND_SERVICE})
EVERY_METHOD: Final = frozenset(Channel) - {Channel.UNKNOWN}
#: What an objection to care or a service closes; whether to call is for staff to decide (B4).
NOT_A_CALL: Final = ELECTRONIC | {Channel.LETTER}
_REFUSED: Final = (PermissionState.DECLINED, PermissionState.WITHDRAWN, PermissionState.UNKNOWN)


def active(patient: PatientState) -> list[ObjectionEntry]:
    """Every objection that is not withdrawn: received, under review and upheld all block."""
    return [entry for entry in patient.objections.values() if not entry.withdrawn]


def whole_care(patient: PatientState) -> ObjectionEntry | None:
    """The objection to the whole care, if there is one (rule 6.1). Unknown scopes count."""
    for entry in patient.objections.values():
        if not entry.withdrawn and entry.body.scope in (Scope.WHOLE_CARE, Scope.UNKNOWN):
            return entry
    return None


def to_service(patient: PatientState, *services: str) -> ObjectionEntry | None:
    """The objection to one of these services, if there is one (rule 6.2)."""
    for entry in patient.objections.values():
        if (
            not entry.withdrawn
            and entry.body.scope is Scope.SERVICE
            and _covers_service(entry.body, services)
        ):
            return entry
    return None


def removed_recipients(patient: PatientState) -> frozenset[str]:
    """Proxies and third parties the patient wants left out (rule 6.3); who names nobody means all of them."""
    removed: set[str] = set()
    for entry in patient.objections.values():
        if entry.withdrawn or entry.body.scope is not Scope.RECIPIENT:
            continue
        if not entry.body.recipient_ref:
            removed.update(proxy.proxy_id for proxy in patient.proxies)
        else:
            removed.add(entry.body.recipient_ref)
    return frozenset(removed)


def channels_of(body: Objection) -> frozenset[Channel]:
    """The methods an objection names; every method when it does not say, or says what we cannot read."""
    if body.scope is Scope.METHOD_GROUP:
        return ELECTRONIC if body.channel_group is ChannelGroup.ELECTRONIC else EVERY_METHOD
    if not body.channels or Channel.UNKNOWN in body.channels:
        return EVERY_METHOD
    return frozenset(body.channels)


def covers(body: Objection, channel: Channel, *services: str) -> bool:
    """Whether a method objection covers this channel for one of these services, exceptions aside.

    >>> covers(Objection("O1", "RECORDED", Scope.METHOD, (Channel.SMS,)), Channel.LETTER, "GEN")
    False
    """
    if body.scope not in METHOD_SCOPES:
        return False
    if body.scope is Scope.METHOD_AND_SERVICE and not _covers_service(body, services):
        return False
    return channel in channels_of(body)


def forbids(body: Objection, sent: Sent, *services: str) -> bool:
    """Whether an objection of any scope speaks against a message that was sent (C004, exceptions aside)."""
    if body.scope is Scope.RECIPIENT:
        return sent.proxy_ref is not None and body.recipient_ref in (None, "", sent.proxy_ref)
    if body.scope is Scope.SERVICE:
        return _covers_service(body, services)
    return body.scope not in METHOD_SCOPES or covers(body, sent.channel, *services)


def excepted(case: Case, body: Objection, channel: Channel) -> bool:
    """Whether the patient agreed to this use all the same; it is not an override (B4)."""
    for exception in body.exceptions:
        if (
            case.purpose in exception.purposes
            and channel in exception.channels
            and (case.timing.short_notice or not exception.short_notice_only)
        ):
            return True
    return False


def covering(case: Case, channel: Channel, *, proxy: bool = False) -> list[ObjectionEntry]:
    """The method objections that cover this channel, with those that an exception or a permit lifts.

    A patient's objection binds the same method to a proxy too, unless it is ``patient_only`` (B11.12).
    """
    found = []
    services = case.services
    for entry in case.patient.objections.values():
        if entry.withdrawn or (proxy and entry.body.patient_only):
            continue
        if covers(entry.body, channel, *services):
            found.append(entry)
    return found


def covered(case: Case, *, proxy: bool = False) -> set[Channel]:
    """Every method that ``covering`` finds an objection for, each objection read once."""
    found: set[Channel] = set()
    for entry in case.patient.objections.values():
        body = entry.body
        if entry.withdrawn or body.scope not in METHOD_SCOPES or (proxy and body.patient_only):
            continue
        if body.scope is not Scope.METHOD_AND_SERVICE or _covers_service(body, case.services):
            found |= channels_of(body)
    return found


def closed_in_general(patient: PatientState) -> set[Channel]:
    """What is closed whatever it is about: for who has to reach a patient about no request in particular.

    An objection for one service counts, since nobody knows of which one they will speak.
    """
    closed = {p.channel for p in patient.permissions if p.state in _REFUSED}
    safety = False
    for entry in active(patient):
        body = entry.body
        if body.scope in METHOD_SCOPES:
            closed |= channels_of(body)
        elif body.scope in (Scope.WHOLE_CARE, Scope.UNKNOWN):
            closed |= NOT_A_CALL
        safety = safety or body.reason in SAFETY_REASONS
    plan = patient.safe_contact
    if safety or (plan is not None and plan.active):
        closed |= EVERY_METHOD.difference(safe_channels(patient))
    return closed | EVERY_METHOD if Channel.UNKNOWN in closed else closed


def permitted_once(case: Case, channel: Channel, entry: ObjectionEntry) -> bool:
    """Whether a one-off approval names this channel and this very version of this objection (9.8)."""
    permit = case.permit
    return (
        permit is not None
        and permit.channel is channel
        and permit.objection_id == entry.body.objection_id
        and permit.objection_version == entry.version
    )


def refused(patient: PatientState, channel: Channel) -> bool:
    """Whether the patient said no when asked for permission: an objection without a reason (B9).

    Like any objection of theirs it binds the same method to a proxy too (B11.12).
    A no on a channel that we cannot read is a no on every channel, as it is in an objection (B4).
    """
    for permission in patient.permissions:
        if permission.channel in (channel, Channel.UNKNOWN) and permission.state in _REFUSED:
            return True
    return False


def objected(case: Case) -> set[Channel]:
    """What is objected to or was refused, by whoever receives the message (B4, B9, B11.12)."""
    recipient, patient = case.recipient, case.patient
    proxy = recipient is not None and recipient.role is RecipientRole.PROXY
    closed = covered(case, proxy=proxy) if patient.objections else set()
    if recipient is not None and recipient.objected:
        closed.update(recipient.objected)
    if patient.permissions:
        closed.update(p.channel for p in patient.permissions if p.state in _REFUSED)
    return closed | EVERY_METHOD if Channel.UNKNOWN in closed else closed


def closes_unlisted(case: Case) -> bool:
    """Whether only channels listed as safe may be used (test E6): a plan, or a safety objection."""
    plan = case.patient.safe_contact
    if plan is not None and plan.active:
        return True
    for entry in case.patient.objections.values():
        if entry.withdrawn:
            continue
        reason = entry.body.reason
        if reason in SAFETY_REASONS:
            return True
        if case.sensitive and reason is ObjectionReason.SENSITIVE_SERVICE_PRIVACY:
            return True
    return False


def safe_channels(patient: PatientState) -> tuple[Channel, ...]:
    """The channels that the safe-contact plan lists; none without an active plan."""
    plan = patient.safe_contact
    return plan.channels if plan is not None and plan.active else ()


def is_protected(entries: list[ObjectionEntry]) -> bool:
    """Whether the channel counts as Protected: any protected reason, or several with an unclear one (B4)."""
    if any(entry.body.reason in PROTECTED_REASONS for entry in entries):
        return True
    return len(entries) > 1 and is_unclear(entries)


def is_unclear(entries: list[ObjectionEntry]) -> bool:
    """Whether the reason of one of them is not given, free text or unknown: no machine may set that one aside."""
    return any(entry.body.reason in UNCLEAR_REASONS for entry in entries)


def every_method_objected(case: Case) -> bool:
    """Whether even a letter and a call are objected to: only a meeting in person is left (B4).

    Every method is what this organisation could use: a channel that it does not have need not be objected to.
    """
    policy = case.policy
    usable = {one for one in SENDABLE if is_registered(policy, one, case.now)}
    return objected(case).issuperset(usable | {Channel.LETTER, Channel.PHONE_HUMAN})


def _covers_service(body: Objection, services: tuple[str, ...]) -> bool:
    return not body.services or any(service in body.services for service in services)

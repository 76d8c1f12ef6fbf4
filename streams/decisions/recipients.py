"""Who receives the message (B11): the patient, or one proxy, or nobody before a person has looked.

Rows 2, 5 and 8 to 11 are checked before 1, 3, 4, 6 and 7, as decisions.md says. Ages turn at
00:00 Europe/London on the birthday.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.addresses import same_place
from streams.domain.calendar import age_on, turns
from streams.domain.decision import Draft, Escalate
from streams.domain.events import Contact, Proxy
from streams.domain.vocabulary import (
    Channel,
    Level,
    Priority,
    ProxyBasis,
    ProxyMode,
    Purpose,
    Reason,
    RecipientRole,
    Role,
)

from .case import Case, Recipient
from .grounds import GROUND_TASKS, rank_of
from .purposes import GROUND_OF, RESULT_PURPOSES, SAFETY_PURPOSES

_OWN_CONTACT: Final = (ProxyBasis.LPA, ProxyBasis.COURT_DEPUTY, ProxyBasis.BEST_INTERESTS)


def _priority(case: Case, otherwise: Priority = Priority.P3) -> Priority:
    """P1 if short notice or a result, else what the row says; where safety is at stake the ground's own (B7, B6)."""
    if case.purpose in SAFETY_PURPOSES:
        return GROUND_TASKS[GROUND_OF[case.purpose]].priority
    return Priority.P1 if case.pressing else otherwise


def _listed(case: Case, *bases: ProxyBasis) -> list[Proxy]:
    return [p for p in case.patient.proxies if p.basis in bases and p.proxy_id not in case.removed_proxies]


def stand_ins(case: Case) -> list[Proxy]:
    """The proxies who would stand in for this patient now, usable or not (rows 4, 6 and 7)."""
    identity = case.patient.identity
    if not case.patient.proxies or identity is None:
        return []
    if case.asked.copy_to is not None:
        return [p for p in _listed(case, *ProxyBasis) if p.proxy_id == case.asked.copy_to]
    if case.minor:
        return [] if _competent(case) else _listed(case, ProxyBasis.PARENTAL)
    if identity.lacks_capacity:
        return _listed(case, *_OWN_CONTACT)
    nominated = _listed(case, ProxyBasis.NOMINATED)
    return [p for p in nominated if p.mode in (ProxyMode.INSTEAD_OF, ProxyMode.STANDS_IN)]


def _competent(case: Case) -> bool:
    """For a reminder its appointment's service counts: that is what would be told."""
    identity = case.patient.identity
    return identity is not None and case.services[-1] in identity.competent_for


def needs_stand_in(case: Case) -> bool:
    """Whether a message to the patient would not do: a child who is not competent, an adult without capacity."""
    identity = case.patient.identity
    if identity is None:
        return False
    if case.minor:
        return not _competent(case)
    return identity.lacks_capacity


def usable(case: Case, proxy: Proxy) -> bool:
    """Row 8: verified, in date, of this organisation, and scoped for purpose, service and level; row 9."""
    if not (proxy.verified and proxy.own_organisation) or proxy.excluded:
        return False
    if proxy.valid_from is not None and case.now < proxy.valid_from:
        return False
    if proxy.valid_to is not None and case.now >= proxy.valid_to:
        return False
    if proxy.services and not set(case.services).issubset(proxy.services):
        return False
    if proxy.max_level < min(case.level, case.cap):
        return False
    if case.purpose in RESULT_PURPOSES:
        return case.purpose in proxy.purposes
    return not proxy.purposes or case.purpose in proxy.purposes


def turned_sixteen(case: Case) -> Escalate | None:
    """B11.2: a parental proxy ends at 16; what the parent can read is capped or goes to a person."""
    identity = case.patient.identity
    if identity is None or not identity.born or case.minor or identity.lacks_capacity:
        return None
    shared = _parents_details(case)
    if not shared or Level.L0 in case.policy.templates.levels(case.purpose):
        return None  # the patient's own details, capped at L0 where a parent shares them (E10)
    own = case.patient.contacts
    if own and all(_place(contact) in shared for contact in own):
        return Escalate(Draft(Role.CLIN, _priority(case), Reason.PROXY_SUSPENDED))
    return None


def _parents_details(case: Case) -> frozenset[tuple[Channel, str]]:
    """Where messages to the parents go, those who must not be told included: do the patient's go there too?"""
    return frozenset(
        _place(contact)
        for proxy in case.patient.proxies
        if proxy.basis in (ProxyBasis.PARENTAL, ProxyBasis.UNKNOWN)  # who is unknown may be a parent (1.2)
        for contact in proxy.contacts
    )


def _place(contact: Contact) -> tuple[Channel, str]:
    return same_place(contact.channel, contact.value)


def review_due(case: Case) -> Escalate | None:
    """B11.5: from the review age on a parental proxy is suspended until somebody has reviewed it."""
    identity = case.patient.identity
    if identity is None or not identity.born or not case.minor:
        return None
    if age_on(identity.born, case.now) < case.policy.proxy_review_age:
        return None
    since = turns(identity.born, case.policy.proxy_review_age)
    parents = _listed(case, ProxyBasis.PARENTAL)
    if not parents or any(p.reviewed_at is not None and p.reviewed_at >= since for p in parents):
        return None
    rank = Priority.P3 if case.is_result else _priority(case)  # row 5 speaks of in-window alone
    return Escalate(Draft(Role.CLIN, rank, Reason.PROXY_SUSPENDED))


def named(case: Case) -> list[Proxy]:
    """The stand-ins of ``stand_ins`` that are not suspended for want of a review (row 5)."""
    people = stand_ins(case)
    identity = case.patient.identity
    if not people or identity is None or not case.minor:
        return people
    if age_on(identity.born, case.now) < case.policy.proxy_review_age:
        return people
    since = turns(identity.born, case.policy.proxy_review_age)
    return [p for p in people if p.reviewed_at is not None and p.reviewed_at >= since]


def excluded_person(case: Case) -> Escalate | None:
    """B11.11: an excluded proxy is never used; when nobody else stands in, safeguarding decides."""
    people = named(case)
    if any(p.excluded for p in people) and not any(not p.excluded for p in people):
        priority = _priority(case, Priority.P2)
        return Escalate(Draft(Role.SAFE, priority, Reason.EXCLUDED_PERSON))
    return None


def not_usable(case: Case) -> Escalate | None:
    """B11.8: no stand-in can be used, and the patient cannot be messaged instead."""
    people = [p for p in named(case) if not p.excluded]
    if any(usable(case, p) for p in people):
        return None
    if not people and case.patient.proxies and named(case):
        return None  # only excluded people are left: row 11 speaks
    if case.asked.copy_to is None and not needs_stand_in(case):
        return None
    if case.is_result and people and _usable_but_for_results(case, people):
        return None  # row 9 speaks
    return Escalate(Draft(Role.ADMIN, _priority(case), Reason.PROXY_NOT_USABLE))


def _usable_but_for_results(case: Case, people: list[Proxy]) -> bool:
    return any(usable(replace(case, purpose=Purpose.ADMIN_REPLY), replace(p, purposes=())) for p in people)


def no_results_scope(case: Case) -> Escalate | None:
    """B11.9: a result goes to a proxy only with an explicit scope for results (A1-07)."""
    if not case.is_result or not needs_stand_in(case):
        return None
    people = [p for p in named(case) if not p.excluded]
    if people and not any(usable(case, p) for p in people):
        return Escalate(Draft(Role.ADMIN, _priority(case), Reason.PROXY_NOT_USABLE))
    return None


def check_with_patient(case: Case) -> Escalate | None:
    """B11.10: nobody but the patient hears of a sensitive service before the patient was asked (S1 line 14)."""
    if case.sensitive and any(usable(case, p) for p in named(case)):
        return Escalate(
            Draft(
                Role.CLIN,
                _priority(case),
                Reason.CHECK_WITH_PATIENT,
                copy_roles=(Role.CG,),
                options=("ask_patient", "refer_to_caldicott"),
            )
        )
    return None


def competent_minor(case: Case) -> Escalate | Case | None:
    """B11.3: a competent young person is written to alone, on a verified detail that is theirs alone."""
    if not case.minor or not _competent(case):
        return None
    parents = _parents_details(case)
    verified = [
        c
        for c in case.patient.contacts
        if c.verified_at is not None
        and case.now - c.verified_at <= case.policy.verify_age
        and not (c.bounced or c.unsafe or c.restricted)
        and c.shared_with <= 0
        and _place(c) not in parents
    ]
    if not verified:
        return Escalate(Draft(Role.CLIN, _priority(case), Reason.COMPETENT_MINOR))
    return replace(case, recipient=_patient(case, tuple(verified)))


def ambiguous(case: Case) -> Escalate | None:
    """B11.13: several usable stand-ins and none, or more than one, marked primary (C128)."""
    people = [p for p in named(case) if usable(case, p)] if case.patient.proxies else []
    if len(people) > 1 and sum(p.primary for p in people) != 1:
        return Escalate(Draft(Role.ADMIN, _priority(case), Reason.PROXY_AMBIGUOUS))
    return None


def _stand_in(case: Case) -> Proxy | None:
    people = [p for p in named(case) if usable(case, p)]
    if len(people) > 1:
        people = [p for p in people if p.primary]
    return people[0] if people else None


def _to_proxy(case: Case, row_applies: bool) -> Case | None:
    if not row_applies or case.recipient is not None:
        return None
    proxy = _stand_in(case)
    if proxy is None:
        return None
    recipient = Recipient(
        RecipientRole.PROXY, proxy.proxy_id, proxy.contacts, (), proxy.objected_channels, proxy.max_level
    )
    return replace(case, recipient=recipient)


def parental_proxy(case: Case) -> Case | None:
    """B11.4: a child who is not competent for the service: the parental proxy."""
    return _to_proxy(case, bool(case.patient.proxies) and case.minor)


def acting_for_adult(case: Case) -> Case | None:
    """B11.6: an adult who lacks capacity: attorney, deputy or best-interests stand-in."""
    identity = case.patient.identity
    lacks = identity is not None and identity.lacks_capacity
    return _to_proxy(case, lacks and bool(case.patient.proxies) and not case.minor)


def nominated(case: Case) -> Case | None:
    """B11.7: the patient named somebody to receive messages instead of them, or a copy of this one."""
    return _to_proxy(case, bool(case.patient.proxies) and not case.minor)


def patient_themselves(case: Case) -> Escalate | Case | None:
    """B11.1: the patient, who is 16 or over. Of whom nobody knows that, it is not known who may be told."""
    identity = case.patient.identity
    if identity is not None and not identity.born:
        return Escalate(_age_unknown(case))
    if case.recipient is not None:
        return None
    return replace(case, recipient=_patient(case, case.patient.contacts))


def _age_unknown(case: Case) -> Draft:
    """Where safety is at stake whoever owns the ground reaches the person at once (B7); the date is mended beside that."""
    if case.purpose not in SAFETY_PURPOSES:
        return Draft(Role.DQ, _priority(case), Reason.DATA_QUALITY)
    plan = GROUND_TASKS[GROUND_OF[case.purpose]]
    return Draft(plan.role, rank_of(case, plan), Reason.DATA_QUALITY, (Role.DQ,), within=plan.within)


def _patient(case: Case, contacts: tuple[Contact, ...]) -> Recipient:
    wishes = case.patient.preferences
    preferred = () if wishes is None else wishes.channels
    if Channel.UNKNOWN in preferred:
        preferred = tuple(channel for channel in preferred if channel is not Channel.UNKNOWN)
    shared = _parents_details(case) if case.patient.proxies and not case.minor else frozenset()
    return Recipient(RecipientRole.PATIENT, None, contacts, preferred, shared_places=shared)


def copies_wanted(case: Case) -> tuple[str, ...]:
    """The proxies who get a copy as a second, separately decided request (B11.7); a fallback makes none again."""
    if not case.patient.proxies or case.asked.copy_to is not None or case.tried or case.minor:
        return ()
    named_for_copies = (
        p for p in case.patient.proxies if p.basis is ProxyBasis.NOMINATED and p.mode is ProxyMode.COPY
    )
    removed = case.removed_proxies
    return tuple(p.proxy_id for p in named_for_copies if p.proxy_id not in removed and usable(case, p))

"""Standing decisions (B7): valid for this person, objection version, ground, channel and purpose; else lapsed."""

from __future__ import annotations

import hashlib
from typing import Final

from streams.domain.calendar import add_months
from streams.domain.events import Body, Objection, Resolution
from streams.domain.patient import ObjectionEntry, PatientState, StandingDecision
from streams.domain.time import Instant
from streams.domain.vocabulary import (
    ORDINARY_REASONS,
    Channel,
    Ground,
    Level,
    ObjectionAction,
    RecordStatus,
    Scope,
)
from streams.errors import CannotDecide
from streams.policy.model import Policy

from .age import is_minor
from .approvals import approvers
from .case import Case
from .channels import Candidate
from .objections import METHOD_SCOPES, active, channels_of, refused

_MERGES: Final = (RecordStatus.MERGING, RecordStatus.SUPERSEDED)


def decision_from(
    body: Resolution, patient: PatientState, policy: Policy, now: Instant
) -> StandingDecision | None:
    """What a person decided beforehand; None when it may not stand (C087).

    It takes the approvers of a one-off, ends after 12 months, and never answers a protected reason. What would make
    it lapse must not be there already: it would come to life, unasked, when that is over.
    """
    ground, channel, rationale = body.ground, body.channel, body.rationale_ref
    if ground is None or ground in (Ground.G2, Ground.G7) or channel is None:
        return None
    if not rationale or not body.purposes:
        return None
    objection = patient.objections.get(body.objection_id) if body.objection_id is not None else None
    if objection is None or objection.withdrawn or objection.version != body.objection_version:
        return None
    if objection.body.reason not in ORDINARY_REASONS:
        return None
    start = now if body.valid_from is None else body.valid_from
    limit = add_months(start, policy.standing_decision_months)
    end = limit if body.valid_to is None else body.valid_to
    people = approvers(body, ground, protected=False)
    if people is None or not start < end <= limit or _has_lapsed(patient, channel, objection):
        return None
    try:
        minor = is_minor(patient, policy, now)
    except CannotDecide:
        return None  # when it lapses depends on the date of birth
    return StandingDecision(
        objection_id=objection.body.objection_id,
        objection_version=objection.version,
        ground=ground,
        channel=channel,
        purposes=body.purposes,
        max_level=body.max_level or Level.L1,
        decided_by=people,
        rationale_ref=rationale,
        valid_from=start,
        valid_to=end,
        contact_hash=contact_hash(patient, channel),
        minor=minor,
    )


def still_standing(patient: PatientState, body: Body) -> dict[str, StandingDecision]:
    """What a fact that was just applied leaves of the decisions on file; what lapsed does not come back (B7).

    It lapses when its objection changes, another one covers the channel (a refusal counts as one, B9), a safe-contact
    plan appears, the detail changes, or numbers merge. Time and age are looked at when it is used.
    """
    if _none_stands(patient):
        return {}
    return {
        id_: decision
        for id_, decision in patient.standing.items()
        if not (
            (isinstance(body, Objection) and _ended_by(body, decision))
            or decision.contact_hash != contact_hash(patient, decision.channel)
            or refused(patient, decision.channel)
        )
    }


def _none_stands(patient: PatientState) -> bool:
    """Whether numbers merge, or a safe-contact plan says how to reach this person."""
    identity, plan = patient.identity, patient.safe_contact
    merges = identity is not None and identity.record_status in _MERGES
    return merges or (plan is not None and plan.active)


def _has_lapsed(patient: PatientState, channel: Channel, about: ObjectionEntry) -> bool:
    """Whether a decision about one objection would lapse as soon as it is made."""
    if _none_stands(patient) or refused(patient, channel):
        return True
    return any(_covers_too(one.body, channel) for one in active(patient) if one is not about)


def _ended_by(body: Objection, decision: StandingDecision) -> bool:
    return body.objection_id == decision.objection_id or _covers_too(body, decision.channel)


def _covers_too(body: Objection, channel: Channel) -> bool:
    """Whether another objection covers the channel: one for a service, or the whole care, does too."""
    if body.action is ObjectionAction.WITHDRAWN or body.scope is Scope.RECIPIENT:
        return False
    return body.scope not in METHOD_SCOPES or channel in channels_of(body)


def contact_hash(patient: PatientState, channel: Channel) -> str:
    """A fingerprint of the details on a channel, the proxies' too, so that a change of detail ends the decision."""
    people = (patient.contacts, *(proxy.contacts for proxy in patient.proxies))
    values = "\n".join(c.value for contacts in people for c in contacts if c.channel is channel)
    return hashlib.sha256(values.encode()).hexdigest()[:16]


def valid_for(
    case: Case, entry: ObjectionEntry, ground: Ground, one: Candidate
) -> tuple[str, StandingDecision] | None:
    """The standing decision that answers this objection here and now, with its id; None when none does.

    It lapses by itself when the objection has another version, another objection covers the channel too,
    a safe-contact plan appears, the detail changes, or the patient turns 16.
    """
    if len(one.covering) != 1:
        return None
    plan = case.patient.safe_contact
    if plan is not None and plan.active:
        return None
    for id_, decision in case.patient.standing.items():
        if (
            decision.objection_id == entry.body.objection_id
            and decision.objection_version == entry.version
            and decision.ground is ground
            and decision.channel is one.channel
            and case.purpose in decision.purposes
            and decision.valid_from <= case.now < decision.valid_to
            and one.level <= decision.max_level
            and decision.contact_hash == contact_hash(case.patient, one.channel)
            and decision.minor == case.minor
        ):
            return id_, decision
    return None

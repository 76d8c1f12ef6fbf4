"""Standing decisions (B7): valid for this person, objection version, ground, channel and purpose; else lapsed."""

from __future__ import annotations

import hashlib

from streams.domain.patient import ObjectionEntry, PatientState, StandingDecision
from streams.domain.vocabulary import Channel, Ground

from .case import Case
from .channels import Candidate


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

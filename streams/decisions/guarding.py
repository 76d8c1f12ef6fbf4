"""What must not be used for a task (B2, ``do_not_use``): whoever gets one is told, beside a message or not."""

from __future__ import annotations

from msgspec.structs import replace

from streams.domain.decision import Draft
from streams.domain.patient import PatientState
from streams.domain.vocabulary import Channel

from .case import Case
from .objections import closed_in_general
from .selection import in_order, objected_channels


def has_something_to_say(patient: PatientState) -> bool:
    """For most patients there is nothing that must not be used."""
    return bool(patient.objections or patient.permissions or patient.safe_contact or patient.proxies)


def guarded(draft: Draft, case: Case) -> Draft:
    """The draft of a task that belongs to a request, with what must not be used for it."""
    if draft.do_not_use or not has_something_to_say(case.patient):
        return draft
    closed = objected_channels(case)
    return replace(draft, do_not_use=closed) if closed else draft


def closed_for(patient: PatientState) -> tuple[Channel, ...]:
    """For a task that belongs to no request: what is objected to for anything at all."""
    return in_order(closed_in_general(patient)) if has_something_to_say(patient) else ()

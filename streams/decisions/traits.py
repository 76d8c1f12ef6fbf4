"""Which rows cannot concern a case, told from a few facts: most patients have no proxy and object to nothing.

A row that names traits is asked only of cases that have one of them. Leaving a row out changes no outcome,
since it would have answered None; a test asks every left-out row all the same. What it buys: some thirty
calls fewer for the usual event.
"""

from __future__ import annotations

from typing import Final

from streams.domain.vocabulary import AppointmentStatus, Channel, Death, InitiatedBy, Mode, RecordStatus

from .case import Case

ALWAYS: Final = 0
OTHERS: Final = 1  # a proxy, a child, an adult without capacity: somebody else may receive the message
OBJECTS: Final = 2  # any objection, active or withdrawn
SENSITIVE: Final = 4
WAITING: Final = 8  # an open task or a message on its way
FLAGGED: Final = 16  # no record or not the usual one: a death, a merge, a protected person, a hold
STOPPED: Final = 32  # the shard or the surge guard holds messages back
UNUSUAL: Final = (
    64  # an appointment neither booked nor cancelled, of a mode we do not know, or changed by the patient
)
BY_PERSON: Final = 128  # a person approved this one message, or the patient would rather be called
EVERY: Final = OTHERS | OBJECTS | SENSITIVE | WAITING | FLAGGED | STOPPED | UNUSUAL | BY_PERSON

_ORDINARY_STATUS: Final = (AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED)


def traits_of(case: Case) -> int:
    """The traits of a case; rows change only its context, never these."""
    patient = case.patient
    traits = _of_the_record(case)
    if patient.objections:
        traits |= OBJECTS
    if case.sensitive:
        traits |= SENSITIVE
    if patient.tasks or patient.sent:
        traits |= WAITING
    shard = case.shard
    guard = shard.surges.get(case.service)
    if shard.recovering or shard.paused or (guard is not None and guard.open_since):
        traits |= STOPPED
    booked = case.appointment
    if booked is not None and (
        booked.status not in _ORDINARY_STATUS
        or booked.initiated_by is InitiatedBy.PATIENT
        or booked.mode is Mode.UNKNOWN
    ):
        traits |= UNUSUAL
    wishes = patient.preferences
    if case.permit is not None or (wishes is not None and Channel.PHONE_HUMAN in wishes.channels):
        traits |= BY_PERSON
    return traits


def _of_the_record(case: Case) -> int:
    """Who the patient is, and whether anybody stands in for them."""
    patient = case.patient
    identity = patient.identity
    if identity is None:
        return OTHERS | FLAGGED  # nothing is known: every row may have something to say
    traits = 0
    if patient.proxies or case.minor or identity.lacks_capacity or case.asked.copy_to is not None:
        traits |= OTHERS
    if (
        identity.death is not Death.NONE
        or identity.record_status is not RecordStatus.VALID
        or identity.sensitive_flag
        or identity.exit_code
        or patient.hold is not None
        or patient.unreadable_objection
    ):
        traits |= FLAGGED
    return traits

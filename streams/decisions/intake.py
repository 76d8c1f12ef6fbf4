"""Stage 1 on records (rows 1.2 to 1.6): is this event sound, new, and about the patient it is filed under?

Row 1.1 is in ``refuse``: bytes that could not be read have no event.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from streams.domain.decision import Draft
from streams.domain.events import (
    Appointment,
    Body,
    Contact,
    Event,
    Objection,
    PatientSections,
    Proxy,
    Request,
    Resolution,
    Result,
    entity_id,
)
from streams.domain.limits import violation
from streams.domain.nhs_number import is_valid
from streams.domain.patient import (
    AppointmentEntry,
    Forgotten,
    ObjectionEntry,
    PatientState,
    RequestEntry,
    ResultEntry,
)
from streams.domain.time import Instant
from streams.domain.vocabulary import Priority, Reason, Role, SubjectKind, Topic
from streams.policy.model import Policy

from . import standing_versions
from .case import Timing
from .forgotten import left_of
from .merges import SENDER, mark_of, starts_again, tells_the_same
from .starts import earliest_timing

REMEMBERED: Final = 16  # event ids a patient; versions catch what is older


class Refused(msgspec.Struct, frozen=True, gc=False):
    """A row of stage 1 ended the event. ``quarantined`` False: a SUPPRESS (1.4, 1.5)."""

    rule: str
    reason: Reason
    quarantined: bool
    error: str = ""
    tasks: tuple[Draft, ...] = ()


SUBJECT_OF: Final[dict[Topic, SubjectKind]] = {
    Topic.APPOINTMENTS: SubjectKind.APPOINTMENT,
    Topic.RESULTS: SubjectKind.RESULT,
    Topic.REQUESTS: SubjectKind.REQUEST,
    Topic.OBJECTIONS: SubjectKind.OBJECTION,
    Topic.PATIENTS: SubjectKind.PATIENT,
    Topic.RECEIPTS: SubjectKind.RECORD,
    Topic.RESOLUTIONS: SubjectKind.RECORD,
}


#: What protects is a duplicate by what it says, not by its id: two sources may have given the same one away.
_TOLD_BY_VERSION: Final = (Objection, PatientSections)
_FINGERPRINT: Final = blake2b(digest_size=8)  # copied for each id: a fifth cheaper than to set it up anew


def fingerprint(event_id: str) -> int:
    """64 bits of an event id: enough to tell a patient's last few events apart, small enough to keep."""
    hashed = _FINGERPRINT.copy()
    hashed.update(event_id.encode())
    return int.from_bytes(hashed.digest(), "big")


def examine(
    patient_id: str, patient: PatientState, event: Event, mark: int, policy: Policy, now: Instant
) -> Refused | None:
    """Ask rows 1.2 to 1.6 in order; None when the event may be applied. ``mark`` is its fingerprint."""
    broken = violation(event, now)
    if broken is not None:
        reason, field = broken
        return Refused(
            "1.2", reason, True, f"{field}: {reason}", (_data_quality(patient, event, policy, now),)
        )
    mistaken = _wrong_person(patient_id, event)
    if mistaken is not None:
        reason, error = mistaken
        return Refused("1.3", reason, True, error, wrong_person_tasks(patient, event, policy, now))
    if mark in patient.recent and not isinstance(event.body, _TOLD_BY_VERSION):
        return Refused("1.4", Reason.DUPLICATE, False)
    versions = _version_rows(patient, event)
    if versions is not None:
        return versions
    ahead = event.envelope.occurred_at - now
    if ahead > policy.skew_reject and event.topic is not Topic.OBJECTIONS:
        return Refused(
            "1.6",
            Reason.CLOCK_FAR_AHEAD,
            True,
            "occurred_at lies too far in the future",
            (_data_quality(patient, event, policy, now),),
        )
    return None


def flags(event: Event, policy: Policy, now: Instant) -> tuple[str, ...]:
    """Rows that only mark an event: 1.6 when its clock runs ahead by more than the tolerance."""
    return ("1.6",) if event.envelope.occurred_at - now > policy.skew_tolerance else ()


def _wrong_person(patient_id: str, event: Event) -> tuple[Reason, str] | None:
    if event.envelope.patient_id != patient_id:
        return Reason.KEY_MISMATCH, "message key and payload name different patients"
    body = event.body
    number = None
    if type(body) is Appointment or type(body) is Result:
        number = body.nhs_number
    elif type(body) is PatientSections and body.identity is not None:
        number = body.identity.nhs_number
    if number is not None and not is_valid(number):
        return Reason.BAD_NHS_NUMBER, "nhs_number: the check digit does not fit"
    return None


def named_timing(patient: PatientState, event: Event, policy: Policy, now: Instant) -> Timing:
    """The times of the appointment that a refused record names, so that its task is as urgent as it.

    The record may be the news that it is off: what the patient was told of it counts too.
    """
    body = event.body
    if type(body) is not Appointment:
        return Timing()
    entry = patient.appointments.get(body.appointment_id)
    return earliest_timing(body, entry.told if entry is not None else None, policy, now)


def _data_quality(patient: PatientState, event: Event, policy: Policy, now: Instant) -> Draft:
    rank = Priority.P1 if named_timing(patient, event, policy, now).short_notice else Priority.P2
    return Draft(Role.DQ, rank, Reason.DATA_QUALITY, stands_for_request=False)


def wrong_person_tasks(
    patient: PatientState, event: Event, policy: Policy, now: Instant
) -> tuple[Draft, ...]:
    """1.3: data quality looks at it; a critical result that we may not file still reaches a clinician."""
    tasks: tuple[Draft, ...] = (_data_quality(patient, event, policy, now),)
    if type(event.body) is Result and event.body.critical:
        tasks += (Draft(Role.DUTY, Priority.P0, Reason.CRITICAL_RESULT, stands_for_request=False),)
    return tasks


def _known(patient: PatientState, body: Body) -> tuple[int, Body | None] | None:
    """The version we have of an entity and what it says: None when that is forgotten, and only the version left."""
    found: AppointmentEntry | ResultEntry | ObjectionEntry | RequestEntry | None = None
    left: Forgotten | None = None
    if type(body) is Appointment:
        found = patient.appointments.get(body.appointment_id)
    elif type(body) is Result:
        found = patient.results.get(body.result_id)
        left = left_of(patient, SubjectKind.RESULT, body.result_id) if found is None else None
    elif type(body) is Objection:
        found = patient.objections.get(body.objection_id)
    elif type(body) is Request:
        found = patient.requests.get(body.request_id)
        left = left_of(patient, SubjectKind.REQUEST, body.request_id) if found is None else None
    if found is not None:
        return found.version, found.body
    return None if left is None else (left.version, None)


def _version_rows(patient: PatientState, event: Event) -> Refused | None:
    """1.4 and 1.5: the versions of one entity only rise; equal versions must tell the same story."""
    body, version = event.body, event.envelope.version
    if type(body) is PatientSections:
        return _section_rows(patient, body, version)
    if type(body) is Resolution:
        return _refused(standing_versions.row(patient, body, version))
    known = _known(patient, body)
    if known is None or version > known[0]:
        return None
    if event.envelope.source == SENDER and (mark_of(event) or starts_again(patient, event)):
        return None  # of what was told under the other number, whatever is newer here
    if version < known[0]:
        return Refused("1.5", Reason.STALE_VERSION, False)
    if known[1] is None or _story(known[1]) == _story(body) or tells_the_same(patient, event):
        return Refused("1.4", Reason.DUPLICATE, False)
    return _conflict()


def _refused(reason: Reason | None) -> Refused | None:
    if reason is None:
        return None
    if reason is Reason.VERSION_CONFLICT:
        return _conflict()
    return Refused("1.4" if reason is Reason.DUPLICATE else "1.5", reason, False)


def _story(body: Body) -> Body:
    """What an event says, without when it reached us: a reissued objection may be stamped anew (C007)."""
    return replace(body, received_at=0) if type(body) is Objection else body


def _section_rows(patient: PatientState, sections: PatientSections, version: int) -> Refused | None:
    """Each section has its own last version; an event none of whose sections is newer changes nothing."""
    stale = False
    for name in PatientSections.__struct_fields__:
        value = getattr(sections, name)
        if value is None:
            continue
        last = getattr(patient.sections, name)
        if version > last:
            return None
        if version == last and _as_reported(value) != _as_reported(getattr(patient, name)):
            return _conflict()
        stale = stale or version < last
    return Refused("1.5", Reason.STALE_VERSION, False) if stale else Refused("1.4", Reason.DUPLICATE, False)


def _as_reported(section: Any) -> Any:
    """A section without what receipts have taught us since: a detail that bounced (B6.2)."""
    if not isinstance(section, tuple):
        return section
    return tuple(
        replace(one, bounced=False)
        if isinstance(one, Contact)
        else replace(one, contacts=_as_reported(one.contacts))
        if isinstance(one, Proxy)
        else one
        for one in section
    )


def _conflict() -> Refused:
    task = Draft(Role.DQ, Priority.P2, Reason.DATA_QUALITY, stands_for_request=False)
    return Refused("1.5", Reason.VERSION_CONFLICT, True, "same version, different content", (task,))


def subject_of(event: Event) -> tuple[SubjectKind, str, int]:
    """What a decision about this event is about."""
    return SUBJECT_OF[event.topic], entity_id(event.body), event.envelope.version

"""From a request to a Case: its purpose, its service and the derived times of B1.

Decides nothing: the same facts always frame the same Case. Instants are UTC milliseconds.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.events import Appointment
from streams.domain.patient import AppointmentEntry, Asked, PatientState, Told
from streams.domain.vocabulary import (
    AppointmentStatus,
    Level,
    Mode,
    Purpose,
    SubjectKind,
)
from streams.policy.model import Policy

from .age import is_minor
from .case import Case, Difference, Environment, Timing
from .purposes import APPOINTMENT_PURPOSES, LEVEL_OF
from .starts import appointment_timing, bounded, start_timing

_NO_TIMING: Final = Timing()
_SAME: Final = Difference()


def frame(patient_id: str, patient: PatientState, asked: Asked, env: Environment) -> Case:
    """Put together what the rules will look at.

    Errors: KeyError when the subject is not in the state; the caller applied the event first.
    """
    if asked.kind is SubjectKind.APPOINTMENT:
        case = _frame_appointment(patient_id, patient, asked, env)
    elif asked.kind is SubjectKind.RESULT:
        case = _frame_result(patient_id, patient, asked, env)
    else:
        case = _frame_request(patient_id, patient, asked, env)
    return _with_history(case) if patient.sent else case


def _with_history(case: Case) -> Case:
    """What failed for this very version before: a fallback that had to wait still knows of it (E9, B6.2)."""
    asked = case.asked
    last = None
    for one in case.patient.sent.values():
        if one.failed and one.asked.version == asked.version and one.asked.same_thing(asked):
            last = one if last is None or len(one.tried) > len(last.tried) else last
    if last is None:
        return case
    return replace(case, tried=last.tried, failed_before=True)


def _frame_appointment(patient_id: str, patient: PatientState, asked: Asked, env: Environment) -> Case:
    entry = patient.appointments[asked.id]
    body = entry.body
    policy = env.policy
    told = _known(entry, policy)
    if asked.copy_to is not None and told is not None and told.version == entry.version:
        told = entry.before  # what the person who gets the copy was told (B11.7)
    difference = differs(body, told, policy)
    purpose = purpose_of(body, told, difference)
    return Case(
        patient_id,
        patient,
        policy,
        env.now,
        env.shard,
        asked,
        purpose,
        body.service_code,
        _is_sensitive(body, policy),
        Level.L1,
        appointment_timing(body, told, difference, policy, env.now),
        body,
        told,
        difference,
        is_minor(patient, policy, env.now),
    )


def _known(entry: AppointmentEntry, policy: Policy) -> Told | None:
    """What the recipient was last told; what was taken back does not count where it would be said once more.

    Whether that is known nobody can tell: told twice is better than never.
    """
    told = entry.told
    if told is None or not told.withdrawn:
        return told
    for one in (told, entry.before, *entry.earlier):
        again = one is not None and one.withdrawn and one.version < entry.version
        if not again or differs(entry.body, one, policy).any:
            return one
    return None


def _is_sensitive(body: Appointment, policy: Policy) -> bool:
    """What the source says; where it says nothing, the organisation's list."""
    said = body.service_sensitive
    return body.service_code in policy.sensitive_services if said is None else said


def _frame_result(patient_id: str, patient: PatientState, asked: Asked, env: Environment) -> Case:
    entry = patient.results[asked.id]
    body = entry.body
    listed = env.policy.sensitive_services
    sensitive = body.sensitive_test
    if sensitive is None:
        sensitive = body.service_code in listed or body.test_code in listed
    return Case(
        patient_id,
        patient,
        env.policy,
        env.now,
        env.shard,
        asked,
        Purpose.RESULT_AVAILABLE,
        body.service_code,
        sensitive or body.service_code in listed,
        Level.L3,
        _NO_TIMING,
        minor=is_minor(patient, env.policy, env.now),
        result=entry,
    )


def _frame_request(patient_id: str, patient: PatientState, asked: Asked, env: Environment) -> Case:
    body = patient.requests[asked.id].body
    entry = patient.appointments.get(body.appointment_id) if body.appointment_id else None
    policy = env.policy
    wanted = LEVEL_OF.get(body.purpose, Level.L0)
    service = body.service_code
    sensitive = service in policy.sensitive_services
    if entry is not None:
        sensitive = sensitive or _is_sensitive(entry.body, policy)
    timing = _NO_TIMING
    if entry is not None and body.purpose in APPOINTMENT_PURPOSES:  # B1: affected_start is theirs alone
        timing = start_timing(entry.body, policy, env.now)
    if body.needed_by is not None:
        timing = bounded(timing, body.needed_by, env.now)
    return Case(
        patient_id,
        patient,
        policy,
        env.now,
        env.shard,
        asked,
        body.purpose,
        service,
        sensitive,
        min(wanted, body.level) if body.level is not None else wanted,
        timing,
        entry.body if entry is not None else None,
        minor=is_minor(patient, policy, env.now),
        request=body,
    )


def tell(body: Appointment, version: int) -> Told:
    """What a recipient knows after being told of this version."""
    return Told(
        version,
        body.status,
        body.starts_at,
        body.site,
        body.mode,
        body.join_link_ref,
        body.clinician,
        body.room,
        body.starts_precision,
    )


def differs(body: Appointment, told: Told | None, policy: Policy) -> Difference:
    """Compare with what was last told: any difference, a material one, and of which kind (2.3, 2.5)."""
    if told is None:
        cancelled = body.status is AppointmentStatus.CANCELLED
        return Difference(any=True, material=True, cancelled=cancelled)
    if body.status is not told.status:
        return Difference(any=True, material=True, cancelled=body.status is AppointmentStatus.CANCELLED)
    shift = body.starts_at - told.starts_at
    relocated = body.site != told.site or body.mode is not told.mode
    link = body.join_link_ref != told.join_link_ref
    timed = _timed(body, told)
    minor = body.clinician != told.clinician or body.room != told.room
    if not (shift or relocated or link or timed or minor):
        return _SAME
    if body.status is AppointmentStatus.CANCELLED:
        return _SAME  # a cancelled appointment that moves is still cancelled
    moved = abs(shift) >= policy.materiality
    return Difference(
        any=True,
        material=moved or relocated or link or timed,
        moved=moved,
        brought_forward=moved and shift < 0,
        relocated=relocated,
    )


def _timed(body: Appointment, told: Told) -> bool:
    """Whether a day without a time now has one, or has lost it: the recipient would come at the wrong hour."""
    return told.precision is not None and told.precision is not body.starts_precision


def purpose_of(body: Appointment, told: Told | None, difference: Difference) -> Purpose:
    """The purpose of an appointment event against what the recipient was last told (B1)."""
    if body.status is AppointmentStatus.CANCELLED:
        return Purpose.APPT_CANCEL
    if told is None:
        virtual = body.mode is Mode.VIDEO and body.join_link_ref is not None
        return Purpose.APPT_VIRTUAL_INVITE if virtual else Purpose.APPT_CONFIRM
    if told.status is AppointmentStatus.CANCELLED:
        return Purpose.APPT_REINSTATE
    only_link = difference.material and not (difference.moved or difference.relocated or _timed(body, told))
    if only_link and body.status is AppointmentStatus.BOOKED and body.join_link_ref is not None:
        return Purpose.APPT_VIRTUAL_INVITE
    return Purpose.APPT_CHANGE

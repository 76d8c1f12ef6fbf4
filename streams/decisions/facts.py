"""Applying facts to a patient's state: idempotent, clock-free, and never a reason to send (style 3c)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from streams.domain.events import Appointment, Envelope, Event, Objection, PatientSections, Request, Result
from streams.domain.patient import (
    AppointmentEntry,
    ObjectionEntry,
    PatientState,
    RequestEntry,
    ResultEntry,
)
from streams.domain.time import Instant
from streams.domain.vocabulary import ObjectionAction, SubjectKind

from . import merges
from .forgotten import left_of


def apply(patient: PatientState, event: Event, occurred_at: Instant, now: Instant) -> PatientState:
    """The state after a fact; an older or equal version changes nothing."""
    changed = changes(patient, event, occurred_at, now)
    return replace(patient, **changed) if changed else patient


def changes(patient: PatientState, event: Event, occurred_at: Instant, now: Instant) -> dict[str, Any]:
    """The parts of the state that a fact replaces, for who changes others with them; none when it is not newer."""
    body, version = event.body, event.envelope.version
    if event.envelope.source == merges.SENDER:
        merged = merges.changes(patient, event, occurred_at)
        if merged is not None:
            return merged
    if type(body) is Appointment:
        known = patient.appointments.get(body.appointment_id)
        if known is None:
            entry = AppointmentEntry(version, body, occurred_at)
        elif known.version < version:
            entry = replace(known, version=version, body=body, occurred_at=occurred_at)
        else:
            return {}
        return {"appointments": {**patient.appointments, body.appointment_id: entry}}
    if type(body) is Result:
        held = patient.results.get(body.result_id)
        if held is None:
            left = left_of(patient, SubjectKind.RESULT, body.result_id)
            result = ResultEntry(version, body, occurred_at)
            if left is not None and left.told_at:
                result = replace(
                    result, told_at=left.told_at, told_version=left.version, told_normal=left.told_normal
                )
        elif held.version < version:
            result = replace(held, version=version, body=body, occurred_at=occurred_at)
        else:
            return {}
        return {"results": {**patient.results, body.result_id: result}}
    if type(body) is Objection:
        return _objection(patient, body, event.envelope, now)
    if type(body) is PatientSections:
        return _sections(patient, body, version)
    if type(body) is Request:
        asked = patient.requests.get(body.request_id)
        if asked is not None and asked.version >= version:
            return {}
        return {"requests": {**patient.requests, body.request_id: RequestEntry(version, body, occurred_at)}}
    return {}


def _objection(patient: PatientState, body: Objection, envelope: Envelope, now: Instant) -> dict[str, Any]:
    """Only a readable WITHDRAWN ends an objection; its tombstone keeps later versions in order (1.5)."""
    version = envelope.version
    known = patient.objections.get(body.objection_id)
    if known is not None and known.version >= version:
        return {}
    withdrawn = body.action is ObjectionAction.WITHDRAWN
    merged_from = known.merged_from if known is not None else merges.origin(envelope)
    entry = ObjectionEntry(version, body, now, withdrawn, merged_from)
    return {"objections": {**patient.objections, body.objection_id: entry}}


def _sections(patient: PatientState, body: PatientSections, version: int) -> dict[str, Any]:
    """Each section that is present and newer than its last replaces the whole section (contract 2)."""
    fields: dict[str, Any] = {}
    versions: dict[str, int] = {}
    for name in PatientSections.__struct_fields__:
        value = getattr(body, name)
        if value is not None and version > getattr(patient.sections, name):
            fields[name] = value
            versions[name] = version
    if fields:
        fields["sections"] = replace(patient.sections, **versions)
    return fields

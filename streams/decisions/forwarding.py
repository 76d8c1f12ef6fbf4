"""Merged records (rule 3.4, C064, C066): what belongs to a superseded number starts again under the survivor.

A shard never touches another shard's patients: it writes the events again, under the survivor's key, to
their own topics. Objections go first, so that the union of them is known when a request arrives.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.events import Body, Envelope, Event, Objection
from streams.domain.limits import longest
from streams.domain.patient import Asked, PatientState
from streams.domain.records import Forward
from streams.domain.time import Instant
from streams.domain.vocabulary import RecordStatus, SubjectKind, Topic

from .desk import Desk
from .ids import uuid5
from .objections import active

#: Who sends a forwarded event: the ``source`` of its envelope.
SENDER: Final = "heed"
_MERGED: Final = "#merged"
_TOPIC_OF: Final = {
    SubjectKind.APPOINTMENT: Topic.APPOINTMENTS,
    SubjectKind.RESULT: Topic.RESULTS,
    SubjectKind.REQUEST: Topic.REQUESTS,
}


def forward(desk: Desk, asked: Asked, survivor: str) -> None:
    """Send a request on to the surviving patient; the number it names is the superseded one, so it goes."""
    patient = desk.patient
    body: Body
    if asked.kind is SubjectKind.APPOINTMENT:
        body = replace(patient.appointments[asked.id].body, nhs_number=None)
    elif asked.kind is SubjectKind.RESULT:
        body = replace(patient.results[asked.id].body, nhs_number=None)
    else:
        body = patient.requests[asked.id].body
    _forward(desk, _TOPIC_OF[asked.kind], asked.event_id, asked.version, asked.occurred_at, body, survivor)


def forward_objections(desk: Desk, before: PatientState) -> None:
    """When a record has just been superseded, its objections bind messages to the survivor too."""
    survivor = _survivor(desk.patient)
    if survivor is None or survivor == _survivor(before):
        return
    for entry in active(desk.patient):
        event_id = f"{desk.event_id}:{entry.body.objection_id}"
        _forward(desk, Topic.OBJECTIONS, event_id, entry.version, entry.applied_at, entry.body, survivor)


def forward_objection(desk: Desk, body: Objection, version: int) -> None:
    """An objection, or its withdrawal, that is filed under the superseded number after the merge (C066)."""
    survivor = _survivor(desk.patient)
    if survivor is not None:
        _forward(desk, Topic.OBJECTIONS, desk.event_id, version, desk.occurred_at, body, survivor)


def as_survivors(patient: PatientState, event: Event) -> Event:
    """A forwarded objection that the survivor has another of by the same id is kept beside it (C064)."""
    body, version = event.body, event.envelope.version
    if event.envelope.source != SENDER or not isinstance(body, Objection):
        return event
    beside = body.objection_id + _MERGED
    own = patient.objections.get(body.objection_id)
    clash = (
        own is not None and own.version == version and replace(own.body, received_at=body.received_at) != body
    )
    if not clash and beside not in patient.objections:
        return event
    return replace(event, body=replace(body, objection_id=beside))


def _survivor(patient: PatientState) -> str | None:
    identity = patient.identity
    if identity is None or identity.record_status is not RecordStatus.SUPERSEDED:
        return None
    return identity.superseded_by or None


def _forward(
    desk: Desk, topic: Topic, event_id: str, version: int, occurred_at: Instant, body: Body, survivor: str
) -> None:
    named = event_id + _MERGED
    if len(named) > longest("event_id"):
        named = uuid5(f"forward/{desk.patient_id}/{named}")
    desk.write(Forward(Event(topic, Envelope(named, survivor, version, occurred_at, SENDER), body)))

"""Merged records (rule 3.4, C064, C066): what belongs to a superseded number starts again under the survivor.

A shard never touches another shard's patients: it writes the events again, under the survivor's key, to
their own topics. Objections go first, so that the union of them is known when a request arrives.
"""

from __future__ import annotations

from streams.domain.events import Body, Envelope, Event
from streams.domain.patient import Asked, PatientState
from streams.domain.records import Forward
from streams.domain.time import Instant
from streams.domain.vocabulary import RecordStatus, SubjectKind, Topic

from .desk import Desk
from .objections import active

_TOPIC_OF = {
    SubjectKind.APPOINTMENT: Topic.APPOINTMENTS,
    SubjectKind.RESULT: Topic.RESULTS,
    SubjectKind.REQUEST: Topic.REQUESTS,
}


def forward(desk: Desk, asked: Asked, survivor: str) -> None:
    """Send a request on to the surviving patient."""
    patient = desk.patient
    body: Body
    if asked.kind is SubjectKind.APPOINTMENT:
        body = patient.appointments[asked.id].body
    elif asked.kind is SubjectKind.RESULT:
        body = patient.results[asked.id].body
    else:
        body = patient.requests[asked.id].body
    _forward(desk, _TOPIC_OF[asked.kind], asked.event_id, asked.version, asked.occurred_at, body, survivor)


def forward_objections(desk: Desk, before: PatientState) -> None:
    """When a record has just been superseded, its objections bind messages to the survivor too."""
    identity = desk.patient.identity
    if (
        identity is None
        or identity.record_status is not RecordStatus.SUPERSEDED
        or not identity.superseded_by
    ):
        return
    known = before.identity
    if known is not None and known.superseded_by == identity.superseded_by:
        return
    for entry in active(desk.patient):
        _forward(
            desk,
            Topic.OBJECTIONS,
            f"{desk.event_id}:{entry.body.objection_id}",
            entry.version,
            entry.body.received_at,
            entry.body,
            identity.superseded_by,
        )


def _forward(
    desk: Desk, topic: Topic, event_id: str, version: int, occurred_at: Instant, body: Body, survivor: str
) -> None:
    envelope = Envelope(f"{event_id}#merged", survivor, version, occurred_at, "heed")
    desk.write(Forward(Event(topic, envelope, body)))

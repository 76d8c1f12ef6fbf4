"""Merged records (rule 3.4, C064, C066): what belongs to a superseded number starts again under the survivor.

A shard never touches another shard's patients: it writes the events again, under the survivor's key, to
their own topics. Objections go first, so that the union of them is known when a request arrives.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.events import Body, Envelope, Event, Objection
from streams.domain.limits import longest
from streams.domain.patient import Asked, ObjectionEntry, PatientState
from streams.domain.records import Forward
from streams.domain.time import Instant
from streams.domain.vocabulary import (
    ObjectionAction,
    ObjectionReason,
    RecordStatus,
    Scope,
    SubjectKind,
    Topic,
)

from .desk import Desk
from .facts import SENDER, origin
from .ids import uuid5
from .objections import active

_MERGED: Final = "#merged"
#: An objection that could not be read under a superseded number, as the survivor hears of it (1.1). Taken for an
#: objection it would forbid everything; ``unread`` knows it.
_UNREAD: Final = Objection(
    "heed:unreadable", ObjectionAction.UNKNOWN, Scope.UNKNOWN, reason=ObjectionReason.UNKNOWN
)
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
        entry = patient.appointments[asked.id]
        body = replace(entry.body, nhs_number=None)
        # What is told from here on is told there, and newer versions are compared with that.
        entry = replace(entry, told=None, before=None, earlier=())
        desk.change(appointments={**patient.appointments, asked.id: entry})
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
    if desk.patient.unreadable_objection:
        forward_hold(desk)
    for entry in active(desk.patient):
        event_id = f"{desk.event_id}:{entry.body.objection_id}"
        _forward(desk, Topic.OBJECTIONS, event_id, entry.version, entry.applied_at, entry.body, survivor)


def forward_objection(desk: Desk, body: Objection, version: int) -> None:
    """An objection, or its withdrawal, that is filed under the superseded number after the merge (C066)."""
    survivor = _survivor(desk.patient)
    if survivor is not None:
        _forward(desk, Topic.OBJECTIONS, desk.event_id, version, desk.occurred_at, body, survivor)


def forward_hold(desk: Desk) -> None:
    """The hold of an unreadable objection follows the merge too: who objected may be the survivor (1.1, C064)."""
    survivor = _survivor(desk.patient)
    if survivor is not None:
        event_id = f"{desk.event_id}:{_UNREAD.objection_id}"
        _forward(desk, Topic.OBJECTIONS, event_id, 1, desk.occurred_at, _UNREAD, survivor)


def unread(event: Event) -> bool:
    """Whether an event says that an objection could not be read under a number that was merged into this one."""
    body = event.body
    return (
        type(body) is Objection
        and body.objection_id == _UNREAD.objection_id
        and event.envelope.source == SENDER
    )


def as_survivors(patient: PatientState, event: Event) -> Event:
    """Of two objections by one id, the patient's own and a merged number's, both are kept (3.4, C064).

    Versions say which is newer of one objection, and nothing between two. What belongs to a merge goes on where
    that merge put it. What comes in under the survivor belongs to its own objection; where it has none, an
    amendment or withdrawal carries the merged one on (the source names the survivor now, C066).
    """
    body, known = event.body, patient.objections
    if type(body) is not Objection or body.objection_id not in known:
        return event
    own, merge = known[body.objection_id], origin(event.envelope)
    if own.merged_from == merge or _same(own, body, event.envelope.version):
        return event
    beside = body.objection_id + _MERGED
    for name in (beside, *(f"{beside}{number}" for number in range(2, len(known) + 2))):
        there = known.get(name)
        if there is None and not merge and body.action is not ObjectionAction.RECORDED:
            return event
        if there is None or there.merged_from == merge:
            return replace(event, body=replace(body, objection_id=name))
    raise AssertionError("there are more names than objections")


def _same(entry: ObjectionEntry, body: Objection, version: int) -> bool:
    return entry.version == version and replace(entry.body, received_at=body.received_at) == body


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
    merge = uuid5(f"merge/{desk.patient_id}")
    envelope = Envelope(named, survivor, version, occurred_at, SENDER, recorded_by=merge)
    desk.write(Forward(Event(topic, envelope, body)))

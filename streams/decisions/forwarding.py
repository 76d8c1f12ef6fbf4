"""Merged records (rule 3.4, C064, C066): what belongs to a superseded number starts again under the survivor.

A shard never touches another shard's patients: it writes the events again, under the survivor's key, to
their own topics. Objections go first, so that the union of them is known when a request arrives, and what was told
goes before what is to be told, on the same topic, so that newer versions are compared with it (B1).
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.events import Body, Envelope, Event, Objection
from streams.domain.limits import longest
from streams.domain.patient import AppointmentEntry, Asked, ObjectionEntry, PatientState, Told
from streams.domain.records import Forward
from streams.domain.time import Instant
from streams.domain.vocabulary import (
    ObjectionAction,
    ObjectionReason,
    Scope,
    SubjectKind,
    Topic,
)

from .desk import Desk
from .ids import uuid5
from .merges import SENDER, Mark, chain_of, mark_of, origin, survivor_of
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
    carry_told(desk, asked.event_id)
    patient = desk.patient
    body: Body
    if asked.kind is SubjectKind.APPOINTMENT:
        entry = patient.appointments[asked.id]
        body = replace(entry.body, nhs_number=None)
        if entry.told is not None:
            # What is told from here on is told there; should the merge be reversed, nobody here can tell what is known.
            entry = replace(entry, told=replace(entry.told, withdrawn=True))
            desk.change(appointments={**patient.appointments, asked.id: entry})
    elif asked.kind is SubjectKind.RESULT:
        body = replace(patient.results[asked.id].body, nhs_number=None)
    else:
        body = patient.requests[asked.id].body
    topic, replay = _TOPIC_OF[asked.kind], asked.replay
    _forward(desk, topic, asked.event_id, asked.version, asked.occurred_at, body, survivor, replay=replay)


def forward_record(desk: Desk, before: PatientState) -> None:
    """When a record has just been superseded: its objections bind messages to the survivor too."""
    survivor = survivor_of(desk.patient)
    if survivor == survivor_of(before):
        return
    if survivor is None:
        desk.change(told_to="")
        return
    if desk.patient.unreadable_objection:
        forward_hold(desk)
    for entry in active(desk.patient):
        event_id = f"{desk.event_id}:{entry.body.objection_id}"
        _forward(desk, Topic.OBJECTIONS, event_id, entry.version, entry.applied_at, entry.body, survivor)


def carry_told(desk: Desk, cause: str) -> None:
    """What was told here is told (B1): the survivor hears of it, once. ``cause``: the event that it goes with."""
    survivor, patient = survivor_of(desk.patient), desk.patient
    if survivor is None or patient.told_to == survivor:
        return
    desk.change(told_to=survivor)
    for id_ in patient.appointments:
        carry_one(desk, SubjectKind.APPOINTMENT, id_, cause)
    for id_ in patient.results:
        carry_one(desk, SubjectKind.RESULT, id_, cause)


def carry_one(desk: Desk, kind: SubjectKind, id_: str, cause: str) -> None:
    """The survivor hears what was told of one thing; nothing when it has yet to hear of all of it, or there is none."""
    survivor, patient = desk.patient.told_to, desk.patient
    if not survivor:
        return
    if kind is SubjectKind.APPOINTMENT:
        entry = patient.appointments[id_]
        for number, (told, mark) in enumerate(_to_be_known(patient, id_, entry)):
            body = _as_told(entry, told)
            event_id = f"{cause}:{kind}:{id_}:{number}"
            topic, at = Topic.APPOINTMENTS, entry.occurred_at
            _forward(desk, topic, event_id, told.version, at, body, survivor, mark=mark)
    elif kind is SubjectKind.RESULT and patient.results[id_].told_at:
        result = patient.results[id_]
        mark = Mark.NORMAL if result.told_normal else Mark.TOLD
        event_id, version = f"{cause}:{kind}:{id_}", result.told_version
        said = replace(result.body, nhs_number=None)
        _forward(desk, Topic.RESULTS, event_id, version, result.told_at, said, survivor, mark=mark)


def _to_be_known(patient: PatientState, id_: str, entry: AppointmentEntry) -> list[tuple[Told, Mark]]:
    """What was told, the latest last: the last of which it is known that it arrived, and what was sent since."""
    said: list[tuple[Told, Mark]] = []
    for told in chain_of(entry):
        doubtful = told.withdrawn or _on_its_way(patient, id_, told.version)
        mark = Mark.SENT if doubtful else Mark.TOLD
        if told is entry.told and _outdated(entry, told):
            mark = Mark.OLD_SENT if doubtful else Mark.OLD
        said.append((told, mark))
        if not doubtful:
            break
    return said[::-1]


def _outdated(entry: AppointmentEntry, told: Told) -> bool:
    """Whether somebody who does what they were told goes to the wrong place, or for nothing."""
    body = entry.body
    now = (body.status, body.starts_at, body.site, body.mode)
    return now != (told.status, told.starts_at, told.site, told.mode)


def _on_its_way(patient: PatientState, id_: str, version: int) -> bool:
    return any(
        sent.asked.kind is SubjectKind.APPOINTMENT and sent.asked.id == id_ and sent.asked.version == version
        for sent in patient.sent.values()
        if not (sent.closed or sent.failed) and sent.asked.copy_to is None
    )


def _as_told(entry: AppointmentEntry, told: Told) -> Body:
    return replace(
        entry.body,
        status=told.status,
        starts_at=told.starts_at,
        starts_precision=told.precision or entry.body.starts_precision,
        previous_starts_at=None,
        site=told.site,
        mode=told.mode,
        join_link_ref=told.join_link_ref,
        clinician=told.clinician,
        room=told.room,
        nhs_number=None,
    )


def send_on(desk: Desk, event: Event, survivor: str) -> None:
    """What was told under a number that was merged into this one goes on along merges."""
    envelope = event.envelope
    at, mark = envelope.occurred_at, mark_of(event)
    _forward(desk, event.topic, envelope.event_id, envelope.version, at, event.body, survivor, mark=mark)


def forward_objection(desk: Desk, body: Objection, version: int) -> None:
    """An objection, or its withdrawal, that is filed under the superseded number after the merge (C066)."""
    survivor = survivor_of(desk.patient)
    if survivor is not None:
        _forward(desk, Topic.OBJECTIONS, desk.event_id, version, desk.occurred_at, body, survivor)


def forward_hold(desk: Desk) -> None:
    """The hold of an unreadable objection follows the merge too: who objected may be the survivor (1.1, C064)."""
    survivor = survivor_of(desk.patient)
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


def _forward(
    desk: Desk,
    topic: Topic,
    event_id: str,
    version: int,
    occurred_at: Instant,
    body: Body,
    survivor: str,
    *,
    mark: Mark | None = None,
    replay: bool = False,
) -> None:
    named = event_id + _MERGED
    if len(named) > longest("event_id"):
        named = uuid5(f"forward/{desk.patient_id}/{named}") + _MERGED
    merge = uuid5(f"merge/{desk.patient_id}") + (mark or "")
    envelope = Envelope(named, survivor, version, occurred_at, SENDER, recorded_by=merge, replay=replay)
    desk.write(Forward(Event(topic, envelope, body)))

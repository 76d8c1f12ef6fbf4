"""From an event to a request, and from a request that ended to one that is looked at again."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.patient import Asked, PatientState
from streams.domain.time import Instant
from streams.domain.vocabulary import AppointmentStatus, Outcome, Reason, SubjectKind, TaskStatus
from streams.policy.model import Policy

from .desk import Desk
from .purposes import APPOINTMENT_PURPOSES

#: What is over once a request has been decided: it does not settle again, and is not judged by its age.
WAITED: Final = (
    Reason.SETTLE,
    Reason.STATE_GRACE,
    Reason.MERGE,
    Reason.AWAITING_APPROVAL,
    Reason.AWAITING_REVIEW,
    Reason.AUTHORISED_CALL,
    Reason.REPLAY_GUARD,
)
#: Of an appointment: it is to be, or nobody can tell.
MAY_TAKE_PLACE: Final = (AppointmentStatus.BOOKED, AppointmentStatus.UNKNOWN)


def asked_for_record(desk: Desk, kind: SubjectKind, id_: str, version: int) -> Asked:
    """The request that this very record makes."""
    return Asked(kind, id_, version, desk.event_id, desk.at, desk.occurred_at)


def settled(desk: Desk, asked: Asked) -> Asked:
    """A request that ended and is decided again: by a receipt or a resolution it is theirs, by a timer its own."""
    again = replace(asked, until=0, reason=None, rule="", waited=WAITED)
    if not desk.event_id or desk.event_id == asked.event_id:
        return again
    return replace(again, event_id=desk.event_id, position=desk.at, ordinal=desk.next_ordinal())


def still_owed(desk: Desk, asked: Asked) -> bool:
    """Whether somebody still has to be told of this very thing: an older request is held, or is a person's.

    Newer facts take its place, also when they come as a replay (2.7): what was accepted does not end with them.
    A replay that has only been settling was not accepted yet.
    """
    patient = desk.patient
    for one in patient.asked.values():
        same = one.id == asked.id and one.kind is asked.kind
        if same and (one.reason is not Reason.SETTLE or not is_replay(one, desk.env.policy, desk.now)):
            return True
    return any(
        task.asked is not None and task.asked.id == asked.id and task.asked.kind is asked.kind
        for task in patient.tasks.values()
    )


def in_hand(patient: PatientState, asked: Asked) -> bool:
    """Whether the same thing waits to be decided, or a person works on it (C100)."""
    return asked.key in patient.asked or any(
        task.status is TaskStatus.CLAIMED and task.asked is not None and task.asked.same_thing(asked)
        for task in patient.tasks.values()
    )


def is_replay(asked: Asked, policy: Policy, now: Instant) -> bool:
    """2.7: marked as one, or older on arrival than any event should be.

    Its age is that on arrival: what was accepted then is not dropped because a person or a hold took long.
    """
    return asked.replay or (asked.held_since or now) - asked.occurred_at > policy.max_event_age


def takes_place_of(patient: PatientState, newer: Asked, older: Asked) -> bool:
    """2.2: whether one request makes an older one moot: about the same thing, or the same appointment (I11).

    What an appointment event says goes for every message about that appointment; of two requests about one
    appointment the newer counts, when both say the same. No request takes the place of the event's own message.
    """
    if older.id == newer.id and older.same_thing(newer):  # most are not: seen without a call
        return True
    if older.kind is not SubjectKind.REQUEST or older.copy_to != newer.copy_to:
        return False
    entry = patient.requests.get(older.id)
    if entry is None or entry.body.purpose not in APPOINTMENT_PURPOSES or not entry.body.appointment_id:
        return False
    if newer.kind is SubjectKind.APPOINTMENT:
        return entry.body.appointment_id == newer.id
    other = patient.requests.get(newer.id) if newer.kind is SubjectKind.REQUEST else None
    return other is not None and (entry.body.appointment_id, entry.body.purpose) == (
        other.body.appointment_id,
        other.body.purpose,
    )


def held_since(desk: Desk, asked: Asked) -> Instant:
    """Since when an older version of the same result has waited; 0: none does.

    A result that is issued again does not start the review's time anew (B10.7, C171).
    """
    older = desk.patient.asked.get(asked.key)
    return older.held_since if older is not None else 0


def supersede_older(desk: Desk, asked: Asked) -> None:
    """2.2: a request that still waits for the same thing, copies included, ends here."""
    waiting = desk.patient.asked.values()
    older = [one for one in waiting if _waits_for_nothing(desk.patient, asked, one)] if waiting else []
    if not older:
        return
    for one in older:
        desk.record_decision(one, Outcome.SUPPRESS, Reason.SUPERSEDED, "2.2", ("2.2",))
    gone = {one.key for one in older}
    desk.change(asked={key: one for key, one in desk.patient.asked.items() if key not in gone})
    for id_, task in list(desk.patient.tasks.items()):
        watch = task.reason is Reason.OPENING_WATCH and task.status is TaskStatus.OPEN
        if watch and any(task.id == one.id and task.kind is one.kind for one in older):
            desk.end_task(id_, TaskStatus.SUPERSEDED)  # it watched over the hold that has just ended


def _waits_for_nothing(patient: PatientState, newer: Asked, waiting: Asked) -> bool:
    """A request about an appointment still waits when that changes: it will say what is true then."""
    if waiting.id == newer.id and waiting.kind is newer.kind:
        return True
    return newer.kind is SubjectKind.REQUEST and takes_place_of(patient, newer, waiting)


def services_of(patient: PatientState, asked: Asked) -> tuple[str, ...]:
    """The services a request is about, its appointment's too; none when its subject is forgotten."""
    if asked.kind is SubjectKind.APPOINTMENT and asked.id in patient.appointments:
        return (patient.appointments[asked.id].body.service_code,)
    if asked.kind is SubjectKind.RESULT and asked.id in patient.results:
        return (patient.results[asked.id].body.service_code,)
    if asked.id in patient.requests:
        body = patient.requests[asked.id].body
        booked = patient.appointments.get(body.appointment_id) if body.appointment_id else None
        return (body.service_code,) if booked is None else (body.service_code, booked.body.service_code)
    return ()

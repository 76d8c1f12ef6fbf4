"""The net below the rules: whatever raises, the worker goes on, nothing is sent, and a person gets it.

A record that raised out of a turn would be met again after every restart, and stop the whole worker for ever.
What a failing rule left half done is taken back; facts that were applied before stay, since they only ever
protect: a death or an objection is not forgotten because what follows from it failed. Should the handing over
itself fail, what is left cannot: a dead letter, the hold of rule 1.1 for an objection, timers an hour later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from streams.domain.events import Event
from streams.domain.patient import Asked, PatientState
from streams.domain.position import Position
from streams.domain.records import DeadLetter
from streams.domain.time import HOUR, Instant
from streams.domain.vocabulary import DECIDING_TOPICS, Reason, SubjectKind, Topic
from streams.errors import BadRecord

from . import life, refusing
from .case import Environment
from .desk import Desk, dead_letter
from .faults import attempt, fault, trying
from .intake import subject_of
from .request import asked_for_record, supersede_older
from .response import NOBODY, Response, answer

_LATER: Final = HOUR


def catch(desk: Desk, event: Event, said: str) -> None:
    """What becomes of an event whose rules failed; the desk is without what they left half done."""
    _hand_over(desk, said, lambda: _to_a_person(desk, event, said), _hold_if_objection)


def _to_a_person(desk: Desk, event: Event, said: str) -> None:
    kind, id_, version = subject_of(event)
    asked = asked_for_record(desk, kind, id_[:128], version)
    request = event.topic in DECIDING_TOPICS and event.topic is not Topic.RECEIPTS
    if request:
        supersede_older(desk, asked)  # nobody is told of facts that this one may have replaced
    if event.topic is Topic.OBJECTIONS:
        _hold_and_ask(desk, asked)
    fault(desk, asked, said, request=request)


def _hold_and_ask(desk: Desk, asked: Asked) -> None:
    """1.1: an objection that was not applied may forbid anything."""
    desk.open_task(asked, refusing.hold_contact(desk), desk.decision_id_for(asked), None)


def _hold_if_objection(patient: PatientState, desk: Desk) -> PatientState:
    return replace(patient, unreadable_objection=True) if desk.at.topic is Topic.OBJECTIONS else patient


def catch_wake(desk: Desk, said: str) -> None:
    """What becomes of what was due and could not be done: each thing goes to a person, and its timer ends."""
    _hand_over(desk, said, lambda: _give_up_due(desk, said), _put_off)


def _give_up_due(desk: Desk, said: str) -> None:
    """Holds, receipts that never came and calls that never came become tasks; a task's own timer is put off."""
    now, patient = desk.now, desk.patient
    _put_off_tasks(desk)
    for asked in patient.asked.values():
        if 0 < asked.until <= now:
            fault(desk, asked, said)
    for id_, sent in patient.sent.items():
        if 0 < sent.confirm_by <= now:
            desk.change(sent={**desk.patient.sent, id_: replace(sent, confirm_by=0)})
            fault(desk, replace(sent.asked, until=0), said)
    for id_, result in patient.results.items():
        if 0 < result.chase_at <= now:
            desk.change(results={**desk.patient.results, id_: replace(result, chase_at=0)})
            fault(desk, asked_for_record(desk, SubjectKind.RESULT, id_, result.version), said)


def _put_off_tasks(desk: Desk) -> None:
    desk.change(tasks=_put_off(desk.patient, desk).tasks)


def _put_off(patient: PatientState, desk: Desk) -> PatientState:
    """Everything that is due, an hour later: tried again, but not at once and for ever."""
    now, later = desk.now, desk.now + _LATER

    def when(due: Instant) -> Instant:
        return later if 0 < due <= now else due

    return replace(
        patient,
        asked={k: replace(a, until=when(a.until)) for k, a in patient.asked.items()},
        sent={k: replace(s, confirm_by=when(s.confirm_by)) for k, s in patient.sent.items()},
        tasks={k: replace(t, wake_at=when(t.wake_at)) for k, t in patient.tasks.items()},
        results={k: replace(r, chase_at=when(r.chase_at)) for k, r in patient.results.items()},
    )


def _hand_over(
    desk: Desk,
    said: str,
    to_a_person: Callable[[], None],
    else_keep: Callable[[PatientState, Desk], PatientState],
) -> None:
    """Call a person; where even that fails, what cannot fail."""
    desk.change(version=desk.patient.version + 1)

    def keep(_: str) -> None:
        desk.patient = else_keep(desk.patient, desk)
        desk.set_aside(Reason.RULE_FAILED, said)

    attempt(desk, to_a_person, keep)


def tend(desk: Desk) -> None:
    """Forget what is over. Should that fail, the decision stands all the same, and a person looks once a day."""
    if desk.now - desk.patient.pruned_at < life.PRUNE_EVERY:
        return

    def later(said: str) -> None:
        desk.change(pruned_at=desk.now)
        fault(desk, asked_for_record(desk, SubjectKind.PATIENT, "", 0), said, request=False)

    attempt(desk, lambda: life.prune(desk), later)


def refuse(
    patient_id: str | None,
    patient: PatientState | None,
    bad: BadRecord,
    key: bytes | None,
    value: bytes | None,
    at: Position,
    env: Environment,
) -> Response:
    """1.1: a record that could not be read. On the objection topic that stops messages (C023, C201)."""
    return trying(
        lambda: refusing.refuse(patient_id, patient, bad, key, value, at, env),
        lambda said: _protect(patient_id, patient, bad, key, value, at, env, said),
    )


def _protect(
    patient_id: str | None,
    patient: PatientState | None,
    bad: BadRecord,
    key: bytes | None,
    value: bytes | None,
    at: Position,
    env: Environment,
    said: str,
) -> Response:
    """Refusing it failed too: it is set aside as it came, and an unread objection stops messages all the same."""
    refused = dead_letter(
        at, Reason.RULE_FAILED, said, env.now, key=key, value=value, schema_id=bad.schema_id
    )
    unread = at.topic is Topic.OBJECTIONS
    if patient_id is None:
        return Response(patient, (refused,), refusing.paused(env) if unread else env.shard)
    desk = Desk(patient_id, patient or NOBODY, env, at.place, at, env.now)
    asked = Asked(SubjectKind.RECORD, at.topic, 0, at.place, at, env.now)
    _hand_over(desk, said, lambda: _refused(desk, asked, said, unread), _hold_if_objection)
    desk.outputs = [refused if isinstance(one, DeadLetter) else one for one in desk.outputs]
    return answer(desk)


def _refused(desk: Desk, asked: Asked, said: str, unread: bool) -> None:
    if unread:
        _hold_and_ask(desk, asked)
    fault(desk, asked, said, request=False)

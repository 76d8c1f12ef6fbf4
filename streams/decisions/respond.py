"""The whole of Heed's judgement behind four functions: respond to a fact, wake, refuse a bad record, adopt.

Each takes a patient's state and returns the next one with everything to be written. Pure: no clock, no
I/O. None of the first three raises: what a rule could not decide goes to a person (``net``).
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.events import Event, Objection, PatientSections, Receipt, Resolution
from streams.domain.packing import next_due
from streams.domain.patient import Asked, PatientState
from streams.domain.position import Position
from streams.domain.time import Instant
from streams.domain.vocabulary import (
    DECIDING_TOPICS,
    Outcome,
    Purpose,
    Reason,
    RecordStatus,
    ResultStatus,
    SubjectKind,
    Topic,
)

from . import facts, life, merges, surges
from .after_send import confirm_overdue, receive
from .case import Environment
from .decide import decide
from .desk import Desk
from .faults import attempt, attempt_with, fault, mark
from .forwarding import as_survivors, carry_told, forward_objection, forward_record, send_on, unread
from .framing import frame, tell
from .intake import (
    REMEMBERED,
    examine,
    fingerprint,
    flags,
    subject_of,
)
from .net import catch, catch_wake, refuse, tend
from .objecting import objection_changed, sections_changed
from .outcome import carry_out
from .refusing import UNREAD_ELSEWHERE, set_aside
from .request import asked_for_record, held_since, in_hand, is_replay, still_owed, supersede_older
from .resolving import resolve
from .response import NOBODY, Response, answer
from .results import no_longer_normal
from .standing import still_standing

#: No facts: one that failed is not remembered, and may be sent again.
_ACTIONS: Final = frozenset({Receipt, Resolution})
_COUNTED: Final = frozenset({Purpose.APPT_CHANGE, Purpose.APPT_CANCEL})


def respond(
    patient_id: str, patient: PatientState | None, event: Event, at: Position, env: Environment
) -> Response:
    """Decide one event. ``patient_id`` is the message key; ``at`` says where the record stands."""
    envelope = event.envelope
    known = patient if patient is not None else NOBODY
    occurred = envelope.occurred_at if envelope.occurred_at < env.now else env.now
    desk = Desk(patient_id, known, env, envelope.event_id, at, occurred)
    start = mark(desk)  # nothing that a record says may stop the worker
    accepted = attempt_with(desk, event, _accept, catch, start)
    if accepted is None:
        return answer(desk)
    if type(accepted.body) not in _ACTIONS:
        start = mark(desk)  # facts stay, whatever becomes of what follows from them
    attempt(desk, lambda: _follow(desk, accepted, known), lambda said: catch(desk, accepted, said), start)
    return answer(desk)


def _accept(desk: Desk, event: Event) -> Event | None:
    """Apply the event's facts; gives it as the survivor has it, None when it was set aside."""
    known, policy, envelope = desk.patient, desk.env.policy, event.envelope
    event = as_survivors(known, event)
    seen = fingerprint(envelope.event_id)
    refused = (
        UNREAD_ELSEWHERE if unread(event) else examine(desk.patient_id, known, event, seen, policy, desk.now)
    )
    if refused is not None:
        set_aside(desk, event, refused)
        return None
    desk.patient = replace(
        known,
        version=known.version + 1,
        recent=(*known.recent[-(REMEMBERED - 1) :], seen),
        **facts.changes(known, event, desk.occurred_at, desk.now),
    )
    if envelope.source == merges.SENDER:
        desk.change(standing={})  # numbers were merged: standing decisions lapse (B7)
    elif desk.patient.standing and isinstance(event.body, (Objection, PatientSections)):
        desk.change(standing=still_standing(desk.patient, event.body))
    return event


def _follow(desk: Desk, event: Event, before: PatientState) -> None:
    """What follows from facts that were applied. ``before``: the state without them."""
    if event.topic in DECIDING_TOPICS:
        _decide(desk, event, before)
    else:
        _learn(desk, event, before)
    tend(desk)


def _decide(desk: Desk, event: Event, before: PatientState) -> None:
    body = event.body
    if type(body) is Receipt:
        receive(desk, body)
        return
    kind, id_, version = subject_of(event)
    envelope = event.envelope
    marks = flags(event, desk.env.policy, desk.now)
    asked = Asked(
        kind, id_, version, envelope.event_id, desk.at, desk.occurred_at, envelope.replay, flags=marks
    )
    if envelope.source == merges.SENDER:
        asked = replace(asked, version=merges.newest_version(desk.patient, event))
        if merges.mark_of(event) is not None:
            _told_elsewhere(desk, event, asked, before)
            return
    if kind is SubjectKind.RESULT and (since := held_since(desk, asked)):
        asked = replace(asked, held_since=since)
    if is_replay(asked, desk.env.policy, desk.now) and still_owed(desk, asked):
        asked = replace(asked, waited=(Reason.REPLAY_GUARD,))
    supersede_older(desk, asked)
    attempt_with(desk, asked, _count_and_settle, fault, mark(desk))


def _told_elsewhere(desk: Desk, event: Event, asked: Asked, before: PatientState) -> None:
    """What was told under a merged number is known now (3.4): what is newer here, and does not wait, is compared with it."""
    known = (before.appointments, before.results)
    news = (desk.patient.appointments, desk.patient.results) != known
    survivor = merges.survivor_of(desk.patient)
    heard = replace(asked, version=event.envelope.version)  # of a newer one that waits nothing was decided
    if news and survivor is not None:
        desk.record_decision(heard, Outcome.SUPPRESS, Reason.SUPERSEDED, "3.4", ("3.4",))
        send_on(desk, event, survivor)
    elif news and asked.version > event.envelope.version and _changes_anything(desk.patient, asked):
        settle(desk, replace(asked, waited=(Reason.SETTLE, Reason.REPLAY_GUARD)))
    else:
        desk.record_decision(heard, Outcome.SUPPRESS, Reason.NO_NET_CHANGE, "2.3", ("2.3",))


def _changes_anything(patient: PatientState, asked: Asked) -> bool:
    """Whether what is newer is decided otherwise now: a final result is not, and who has it as a task keeps it (2.3)."""
    result = patient.results[asked.id] if asked.kind is SubjectKind.RESULT else None
    final = result is not None and result.body.status is ResultStatus.FINAL and not no_longer_normal(result)
    return not final and not in_hand(patient, asked)


def settle(desk: Desk, asked: Asked) -> None:
    """Walk the table for a request and make its outcome true; a rule that fails gives it to a person."""
    attempt_with(desk, asked, _settle, fault, mark(desk))


def _settle(desk: Desk, asked: Asked, counted: bool = False) -> None:
    case = frame(desk.patient_id, desk.patient, asked, desk.env)
    if counted and asked.kind is SubjectKind.APPOINTMENT and case.purpose in _COUNTED and case.difference.any:
        desk.shard = surges.count(desk.shard, case.service, desk.env.policy, desk.now)
    if case.shard is not desk.shard:
        case = replace(case, shard=desk.shard)
    carry_out(desk, decide(case))


def _count_and_settle(desk: Desk, asked: Asked) -> None:
    """For what an event asks: a change counts for the surge guard (3.10)."""
    _settle(desk, asked, counted=True)


def _learn(desk: Desk, event: Event, before: PatientState) -> None:
    """State-bearing facts have been applied; now whatever they set in motion. ``before``: the state without them."""
    body = event.body
    if type(body) is Objection:
        objection_changed(desk, body)
        forward_objection(desk, body, event.envelope.version)
    elif type(body) is PatientSections:
        sections_changed(desk, before)
        forward_record(desk, before)
        attempt(  # by itself: should it fail, the objections have gone all the same
            desk,
            lambda: carry_told(desk, desk.event_id),
            lambda said: fault(desk, asked_for_record(desk, *subject_of(event)), said, request=False),
        )
        for asked in [a for a in desk.patient.asked.values() if _state_came(desk.patient, a.reason)]:
            settle(desk, asked)
    else:
        assert type(body) is Resolution, "the three state-bearing topics"
        resolve(desk, body, event.envelope.version)


def _state_came(patient: PatientState, waiting_for: Reason | None) -> bool:
    """Whether what a request waits for is there: the patient's record (3.2), or the end of a merge (3.4)."""
    identity = patient.identity
    if identity is None:
        return False
    if waiting_for is Reason.MERGE:
        return identity.record_status in (RecordStatus.VALID, RecordStatus.SUPERSEDED)
    return waiting_for is Reason.STATE_GRACE


def wake(patient_id: str, patient: PatientState, env: Environment) -> Response:
    """Do what is due at ``env.now``: holds first, then receipts that never came, tasks, calls that never came."""
    desk = Desk(patient_id, patient, env, "", Position(Topic.PATIENT_TABLE, 0, 0, env.now), env.now)

    def give_up(said: str) -> bool:  # nor may what is due stop the worker: it would be due again at once
        catch_wake(desk, said)
        return False

    if attempt(desk, lambda: _decide_held(desk), give_up):
        attempt(desk, lambda: _do_due(desk), give_up)
    return answer(desk)


def _decide_held(desk: Desk) -> bool:
    desk.change(version=desk.patient.version + 1)
    for asked in _ended_holds(desk.patient, desk.now):
        settle(desk, asked)
    return True


def _do_due(desk: Desk) -> bool:
    if 0 < next_due(desk.patient) <= desk.now:  # mostly it was a hold, and nothing else
        confirm_overdue(desk)
        life.reassign(desk)
        life.chase_results(desk)
    tend(desk)
    return True


def _ended_holds(patient: PatientState, now: Instant) -> list[Asked]:
    """What was held until now or before, the longest overdue first."""
    ended = [asked for asked in patient.asked.values() if 0 < asked.until <= now]
    if len(ended) > 1:
        ended.sort(key=lambda asked: (asked.until, asked.key))
    return ended


def adopt(
    patient_id: str, patient: PatientState | None, event: Event, at: Position, env: Environment
) -> PatientState:
    """Take an event as state only: decide nothing, raise nothing; appointments and results count as told.

    For a first load, where the past was told by other means, and for what a scenario calls ``given``.
    """
    known = patient if patient is not None else NOBODY
    event = as_survivors(known, event)
    state = facts.apply(known, event, min(event.envelope.occurred_at, env.now), env.now)
    kind, id_, _ = subject_of(event)
    if kind is SubjectKind.APPOINTMENT:
        entry = state.appointments[id_]
        entry = replace(entry, told=tell(entry.body, entry.version))
        state = replace(state, appointments={**state.appointments, id_: entry})
    elif kind is SubjectKind.RESULT:
        result = replace(state.results[id_], told_at=env.now, told_version=event.envelope.version)
        state = replace(state, results={**state.results, id_: result})
    elif type(event.body) is Resolution:
        desk = Desk(patient_id, state, env, event.envelope.event_id, at, env.now)
        resolve(desk, event.body, event.envelope.version)
        state = desk.patient
    recent = (*state.recent[-(REMEMBERED - 1) :], fingerprint(event.envelope.event_id))
    return replace(state, version=state.version + 1, recent=recent)


__all__ = ["Environment", "Response", "adopt", "refuse", "respond", "wake"]

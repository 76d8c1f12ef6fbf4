"""The whole of Heed's judgement behind three functions: respond to a fact, wake, refuse a bad record.

Each takes a patient's state and returns the next one with everything to be written. Pure: no clock, no
I/O, and nothing has changed when one raises.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from streams.domain.decision import Draft
from streams.domain.events import Event, Objection, PatientSections, Receipt, Resolution
from streams.domain.patient import Asked, PatientState
from streams.domain.position import Position
from streams.domain.records import DeadLetter, EscalationTask, Output, Subject
from streams.domain.shard import ShardState
from streams.domain.vocabulary import (
    DECIDING_TOPICS,
    Outcome,
    Priority,
    Purpose,
    Reason,
    Role,
    SubjectKind,
    TaskStatus,
    Topic,
)
from streams.errors import BadRecord, CannotDecide, KeyMismatch

from . import facts, life, surges
from .after_send import confirm_overdue, receive
from .case import Environment
from .deadlines import deadline
from .decide import decide
from .desk import NO_TIMING, Desk
from .forwarding import forward_objections
from .framing import frame, tell
from .ids import decision_id, task_id
from .intake import (
    REMEMBERED,
    Refused,
    examine,
    fingerprint,
    flags,
    named_timing,
    subject_of,
    wrong_person_tasks,
)
from .objecting import objection_changed, sections_changed
from .outcome import carry_out
from .request import supersede_older
from .resolving import resolve

_NOBODY: Final = PatientState()
_STATE_CAME: Final = frozenset({Reason.STATE_GRACE, Reason.MERGE})
#: 1.1 and B2: who looks at a record that was set aside.
_UNREADABLE: Final = Draft(
    Role.IG, Priority.P1, Reason.OBJECTION_UNREADABLE, own_role=True, stands_for_request=False
)
_DATA_QUALITY: Final = Draft(Role.DQ, Priority.P2, Reason.DATA_QUALITY, stands_for_request=False)
_COUNTED: Final = frozenset({Purpose.APPT_CHANGE, Purpose.APPT_CANCEL})


class Response(msgspec.Struct, frozen=True):
    """What a record, or the passing of time, has led to. ``patient`` None: nothing is kept of them."""

    patient: PatientState | None
    outputs: tuple[Output, ...]
    shard: ShardState


def respond(
    patient_id: str, patient: PatientState | None, event: Event, at: Position, env: Environment
) -> Response:
    """Decide one event. ``patient_id`` is the message key; ``at`` says where the record stands."""
    envelope = event.envelope
    known = patient if patient is not None else _NOBODY
    occurred = min(envelope.occurred_at, env.now)
    desk = Desk(patient_id, known, env, envelope.event_id, at, occurred)
    mark = fingerprint(envelope.event_id)
    refused = examine(patient_id, known, event, mark, env.policy, env.now)
    if refused is not None:
        _refuse(desk, event, refused)
        return _answer(desk)
    desk.change(
        version=known.version + 1,
        recent=(*known.recent[-(REMEMBERED - 1) :], mark),
    )
    if event.topic in DECIDING_TOPICS:
        _decide(desk, event)
    else:
        _learn(desk, event)
    life.prune(desk)
    return _answer(desk)


def _answer(desk: Desk) -> Response:
    kept = None if desk.patient is _NOBODY else desk.patient
    return Response(kept, tuple(desk.outputs), desk.shard)


def _decide(desk: Desk, event: Event) -> None:
    body = event.body
    if isinstance(body, Receipt):
        receive(desk, body)
        return
    desk.patient = facts.apply(desk.patient, event, desk.occurred_at, desk.now)
    kind, id_, version = subject_of(event)
    envelope = event.envelope
    marks = flags(event, desk.env.policy, desk.now)
    asked = Asked(
        kind, id_, version, envelope.event_id, desk.at, desk.occurred_at, envelope.replay, flags=marks
    )
    supersede_older(desk, asked)
    settle(desk, asked, counted=True)


def settle(desk: Desk, asked: Asked, *, counted: bool = False) -> None:
    """Walk the table for a request and make its outcome true; a rule that fails gives it to a person."""
    try:
        case = frame(desk.patient_id, desk.patient, asked, desk.env)
        if (
            counted
            and asked.kind is SubjectKind.APPOINTMENT
            and case.purpose in _COUNTED
            and case.difference.any
        ):
            desk.shard = surges.count(desk.shard, case.service, desk.env.policy, desk.now)
        ruling = decide(replace(case, shard=desk.shard))
    except CannotDecide as error:
        fault(desk, asked, str(error))
        return
    carry_out(desk, ruling)


def fault(desk: Desk, asked: Asked, error: str) -> None:
    """Architecture 7: our own bug becomes a task and a dead letter; never a skip, never a send."""
    draft = Draft(Role.DQ, Priority.P1, Reason.DATA_QUALITY, own_role=True)
    if asked.key in desk.patient.asked:
        desk.change(asked={k: a for k, a in desk.patient.asked.items() if k != asked.key})
    decided = desk.decision_id_for(asked)
    opened = desk.open_task(asked, draft, decided, None)
    desk.record_decision(
        asked, Outcome.ESCALATE, Reason.DATA_QUALITY, "fault", ("fault",), task_ids=(opened,)
    )
    at = asked.position
    desk.write(
        DeadLetter(None, None, Reason.RULE_FAILED, at.topic, at.partition, at.offset, None, error, desk.now)
    )


def _learn(desk: Desk, event: Event) -> None:
    """State-bearing facts: applied first, then whatever they set in motion."""
    before = desk.patient
    desk.patient = facts.apply(before, event, desk.occurred_at, desk.now)
    body = event.body
    if isinstance(body, Objection):
        objection_changed(desk, body)
    elif isinstance(body, PatientSections):
        sections_changed(desk, before)
        forward_objections(desk, before)
        for asked in [a for a in desk.patient.asked.values() if a.reason in _STATE_CAME]:
            settle(desk, asked)
    elif isinstance(body, Resolution):
        resolve(desk, body)


def _refuse(desk: Desk, event: Event, refused: Refused) -> None:
    """1.2 to 1.6: say what became of the record; nothing of it is applied."""
    kind, id_, version = subject_of(event)
    asked = Asked(kind, id_[:128], version, desk.event_id, desk.at, desk.occurred_at)
    decided = desk.decision_id_for(asked)
    body = event.body
    timing = named_timing(event, desk.env.policy, desk.now)
    drafts = refused.tasks
    if (
        event.topic is Topic.OBJECTIONS
        and refused.quarantined
        and refused.reason is not Reason.VERSION_CONFLICT
    ):
        hold_contact(desk)
        drafts = (_UNREADABLE, *drafts)
    tasks = tuple(desk.open_task(asked, d, decided, None, timing) for d in drafts)
    outcome = Outcome.QUARANTINE if refused.quarantined else Outcome.SUPPRESS
    purpose = getattr(body, "purpose", None)
    desk.record_decision(
        asked, outcome, refused.reason, refused.rule, (refused.rule,), purpose=purpose, task_ids=tasks
    )
    if refused.quarantined:
        at = desk.at
        desk.write(
            DeadLetter(
                None, None, refused.reason, at.topic, at.partition, at.offset, None, refused.error, desk.now
            )
        )


def wake(patient_id: str, patient: PatientState, env: Environment) -> Response:
    """Do what is due at ``env.now``: holds first, then receipts that never came, tasks, calls that never came."""
    desk = Desk(patient_id, patient, env, "", Position(Topic.PATIENT_TABLE, 0, 0, env.now), env.now)
    desk.change(version=patient.version + 1)
    due = sorted(
        (a for a in patient.asked.values() if 0 < a.until <= env.now), key=lambda a: (a.until, a.key)
    )
    for asked in due:
        if desk.patient.asked.get(asked.key) is asked:
            settle(desk, asked)
    confirm_overdue(desk)
    life.reassign(desk)
    life.chase_results(desk)
    life.prune(desk)
    return _answer(desk)


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
    reason = Reason(bad.reason)
    letter = DeadLetter(
        key, value, reason, at.topic, at.partition, at.offset, bad.schema_id, bad.error, env.now
    )
    if patient_id is None:
        return _refuse_unknown(patient, at, letter, env)
    desk = Desk(patient_id, patient or _NOBODY, env, f"{at.topic}-{at.partition}-{at.offset}", at, env.now)
    desk.change(version=desk.patient.version + 1)
    asked = Asked(SubjectKind.RECORD, at.topic, 0, desk.event_id, at, env.now)
    misfiled = bad.event if isinstance(bad, KeyMismatch) and isinstance(bad.event, Event) else None
    rule = "1.3" if isinstance(bad, KeyMismatch) else "1.1"
    timing = NO_TIMING
    drafts: tuple[Draft, ...] = (_DATA_QUALITY,)
    if misfiled is not None:
        timing = named_timing(misfiled, env.policy, env.now)
        drafts = wrong_person_tasks(misfiled, env.policy, env.now)
    if at.topic is Topic.OBJECTIONS:
        hold_contact(desk)
        drafts = (_UNREADABLE, *drafts) if misfiled is not None else (_UNREADABLE,)
    decided = desk.decision_id_for(asked)
    opened = tuple(desk.open_task(asked, draft, decided, None, timing) for draft in drafts)
    desk.record_decision(asked, Outcome.QUARANTINE, reason, rule, (rule,), task_ids=opened)
    desk.write(letter)
    return _answer(desk)


def hold_contact(desk: Desk) -> None:
    """1.1: an objection that could not be read may forbid anything; nobody is messaged until a person looked."""
    desk.change(unreadable_objection=True)


def _refuse_unknown(
    patient: PatientState | None, at: Position, letter: DeadLetter, env: Environment
) -> Response:
    """Nobody knows whose record it was. An objection may be anybody's: the partition stops sending (1.1)."""
    if at.topic is not Topic.OBJECTIONS:
        return Response(patient, (letter,), env.shard)
    draft = Draft(Role.SRE, Priority.P0, Reason.OBJECTION_UNREADABLE, own_role=True)
    by = deadline(draft, NO_TIMING, env.policy, env.now)
    place = f"{at.topic}-{at.partition}-{at.offset}"
    decided = decision_id("", place, place, 0)
    cover = env.policy.roles[Role.SRE]
    task = EscalationTask(
        task_id("", Reason.OBJECTION_UNREADABLE, place, decided),
        1,
        TaskStatus.OPEN,
        "",
        decided,
        Role.SRE,
        (),
        by.priority,
        Reason.OBJECTION_UNREADABLE,
        Subject(SubjectKind.RECORD, place, 0),
        None,
        by.due_at,
        by.acknowledge_by,
        cover.on_call or cover.primary,
        ("find_the_objection", "resume_partition"),
        (),
        None,
        None,
        env.policy.version,
        env.now,
    )
    shard = replace(env.shard, paused=True, paused_at=env.shard.paused_at or env.now)
    return Response(patient, (letter, task), shard)


def adopt(
    patient_id: str, patient: PatientState | None, event: Event, at: Position, env: Environment
) -> PatientState:
    """Take an event as state only: decide nothing, raise nothing; appointments and results count as told.

    For a first load, where the past was told by other means, and for what a scenario calls ``given``.
    """
    known = patient if patient is not None else _NOBODY
    state = facts.apply(known, event, min(event.envelope.occurred_at, env.now), env.now)
    kind, id_, _ = subject_of(event)
    if kind is SubjectKind.APPOINTMENT:
        entry = state.appointments[id_]
        entry = replace(entry, told=tell(entry.body, entry.version))
        state = replace(state, appointments={**state.appointments, id_: entry})
    elif kind is SubjectKind.RESULT:
        result = replace(state.results[id_], told_at=env.now)
        state = replace(state, results={**state.results, id_: result})
    elif isinstance(event.body, Resolution):
        desk = Desk(patient_id, state, env, event.envelope.event_id, at, env.now)
        resolve(desk, event.body)
        state = desk.patient
    recent = (*state.recent[-(REMEMBERED - 1) :], fingerprint(event.envelope.event_id))
    return replace(state, version=state.version + 1, recent=recent)


__all__ = ["Environment", "Response", "adopt", "refuse", "respond", "wake"]

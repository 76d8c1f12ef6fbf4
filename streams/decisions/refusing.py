"""Records that are set aside: unreadable bytes (1.1), and events that rows 1.2 to 1.6 refuse."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.decision import Draft
from streams.domain.events import Event
from streams.domain.patient import Asked, PatientState
from streams.domain.position import Position
from streams.domain.records import DeadLetter, EscalationTask, Subject
from streams.domain.resume import RESUME_PARTITION
from streams.domain.shard import ShardState
from streams.domain.vocabulary import (
    Outcome,
    Priority,
    Reason,
    Role,
    SubjectKind,
    TaskStatus,
    Topic,
)
from streams.errors import BadRecord, KeyMismatch

from .case import Environment
from .deadlines import deadline
from .desk import NO_TIMING, Desk, dead_letter
from .forwarding import forward_hold, unread
from .ids import decision_id, task_id
from .intake import Refused, named_timing, subject_of, wrong_person_tasks
from .response import NOBODY, Response, answer

#: 1.1 and B2: who looks at a record that was set aside.
_UNREADABLE: Final = Draft(
    Role.IG, Priority.P1, Reason.OBJECTION_UNREADABLE, own_role=True, stands_for_request=False
)
#: What an objection that nobody could read under a merged number is under the survivor's.
UNREAD_ELSEWHERE: Final = Refused(
    "1.1", Reason.UNDECODABLE, True, "an objection under a merged number could not be read"
)
_TASKS_FOR_UNREADABLE: Final = (
    20  # a patient: what is broken in the same way is not looked at record by record
)
_DATA_QUALITY: Final = Draft(Role.DQ, Priority.P2, Reason.DATA_QUALITY, stands_for_request=False)


def set_aside(desk: Desk, event: Event, refused: Refused) -> None:
    """1.2 to 1.6: say what became of the record; nothing of it is applied."""
    kind, id_, version = subject_of(event)
    asked = Asked(kind, id_[:128], version, desk.event_id, desk.at, desk.occurred_at)
    decided = desk.decision_id_for(asked)
    body = event.body
    timing = named_timing(desk.patient, event, desk.env.policy, desk.now)
    drafts = refused.tasks
    if (
        event.topic is Topic.OBJECTIONS
        and refused.quarantined
        and refused.reason is not Reason.VERSION_CONFLICT
    ):
        drafts = (hold_contact(desk, sent_on=unread(event)), *drafts)
    tasks = tuple(desk.open_task(asked, d, decided, None, timing) for d in drafts)
    outcome = Outcome.QUARANTINE if refused.quarantined else Outcome.SUPPRESS
    purpose = getattr(body, "purpose", None)
    desk.record_decision(
        asked, outcome, refused.reason, refused.rule, (refused.rule,), purpose=purpose, task_ids=tasks
    )
    if refused.quarantined:
        desk.set_aside(refused.reason, refused.error)


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
    letter = dead_letter(at, reason, bad.error, env.now, key=key, value=value, schema_id=bad.schema_id)
    if patient_id is None:
        return _refuse_unknown(patient, at, letter, env)
    desk = Desk(patient_id, patient or NOBODY, env, at.place, at, env.now)
    desk.change(version=desk.patient.version + 1)
    asked = Asked(SubjectKind.RECORD, at.topic, 0, desk.event_id, at, env.now)
    misfiled = bad.event if isinstance(bad, KeyMismatch) and isinstance(bad.event, Event) else None
    rule = "1.3" if isinstance(bad, KeyMismatch) else "1.1"
    timing = NO_TIMING
    drafts: tuple[Draft, ...] = (_DATA_QUALITY,)
    if misfiled is not None:
        timing = named_timing(NOBODY, misfiled, env.policy, env.now)
        drafts = wrong_person_tasks(NOBODY, misfiled, env.policy, env.now)
    if at.topic is Topic.OBJECTIONS:
        hold = hold_contact(desk)
        drafts = (hold, *drafts) if misfiled is not None else (hold,)
    decided = desk.decision_id_for(asked)
    opened = tuple(desk.open_task(asked, draft, decided, None, timing) for draft in drafts)
    desk.record_decision(asked, Outcome.QUARANTINE, reason, rule, (rule,), task_ids=opened)
    desk.write(letter)
    return answer(desk)


def hold_contact(desk: Desk, *, sent_on: bool = False) -> Draft:
    """1.1: an objection that could not be read may forbid anything; nobody is messaged until a person looked.

    Gives the task of that person: one for each record, since closing one says that one was found and entered.
    A flood of them shares the last. Under a superseded number the survivor is held too; one that was ``sent_on`` from
    another number goes no further than to where a hold is in place, so that two numbers that name each other as
    survivors do not send it to and fro for ever.
    """
    if not (sent_on and desk.patient.unreadable_objection):
        forward_hold(desk)
    desk.change(unreadable_objection=True)
    at = desk.at
    before = sum(task.reason is Reason.OBJECTION_UNREADABLE for task in desk.patient.tasks.values())
    place = at.place if before < _TASKS_FOR_UNREADABLE else at.topic.value
    return replace(_UNREADABLE, about=(SubjectKind.RECORD, place, 0))


def _refuse_unknown(
    patient: PatientState | None, at: Position, letter: DeadLetter, env: Environment
) -> Response:
    """Nobody knows whose record it was. An objection may be anybody's: the partition stops sending (1.1)."""
    if at.topic is not Topic.OBJECTIONS:
        return Response(patient, (letter,), env.shard)
    draft = Draft(Role.SRE, Priority.P0, Reason.OBJECTION_UNREADABLE, own_role=True)
    by = deadline(draft, NO_TIMING, env.policy, env.now)
    place = at.place
    decided = decision_id("", place, place, "record", 0)
    cover = env.policy.roles[Role.SRE]
    task = EscalationTask(
        task_id=task_id("", draft.reason, place, decided),
        version=1,
        status=TaskStatus.OPEN,
        patient_id="",
        decision_id=decided,
        role=draft.role,
        copy_roles=(),
        priority=by.priority,
        reason=draft.reason,
        subject=Subject(SubjectKind.RECORD, place, 0),
        purpose=None,
        due_at=by.due_at,
        acknowledge_by=by.acknowledge_by,
        owner=cover.on_call or cover.primary,
        options=("find_the_objection", RESUME_PARTITION),
        do_not_use=(),
        safe_contact_ref=None,
        ground=None,
        policy_version=env.policy.version,
        created_at=env.now,
    )
    return Response(patient, (letter, task), paused(env))


def paused(env: Environment) -> ShardState:
    """1.1: nothing is sent in this partition until a person says so."""
    return replace(env.shard, paused=True, paused_at=env.shard.paused_at or env.now)

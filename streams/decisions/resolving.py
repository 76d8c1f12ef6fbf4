"""A person acted (ResolutionEvent): tasks are claimed and closed, overrides approved, decisions made to stand.

What a person may not do is refused with a line in the safety log, and the task stays open (C190, C191, C222).
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.events import Resolution
from streams.domain.patient import Asked, OpenTask
from streams.domain.records import Subject
from streams.domain.resume import ResumeTopic, may_resume, resumed_topic, resumes_partition
from streams.domain.vocabulary import (
    Outcome,
    Reason,
    ResolutionKind,
    Role,
    SubjectKind,
    TaskStatus,
)

from . import standing_versions, surge_tasks
from .approvals import permit_for, standing_for_request
from .case import Permit
from .cover import owner_of
from .decide import Ruling, decide
from .desk import Desk
from .faults import attempt
from .forwarding import carry_one
from .framing import frame, tell
from .objecting import look_again, unknown_role
from .outcome import carry_out
from .request import settled
from .standing import decision_from
from .told import learned

_ENDED_OTHERWISE: Final = frozenset(
    {ResolutionKind.CONTACTED, ResolutionKind.LETTER_SENT, ResolutionKind.ACCEPTED_NOT_CONTACTED}
)


def resolve(desk: Desk, body: Resolution, version: int) -> None:
    """Apply what a person did. ``version``: of the standing decision, if it is about one.

    In a role that we do not know one may take a permission back, and nothing else (1.2).
    """
    if body.role is Role.UNKNOWN:
        unknown_role(desk, "resolution")
        if body.kind is not ResolutionKind.STANDING_REVOKED:
            _refuse(desk, "resolution_not_understood", body.task_id)
            return
    if body.kind is ResolutionKind.STANDING_DECISION:
        _stand(desk, body, version)
        return
    if body.kind is ResolutionKind.STANDING_REVOKED:
        _revoke(desk, body, version)
        return
    task = desk.patient.tasks.get(body.task_id) if body.task_id is not None else None
    if resumes_partition(body):
        _resume(desk, body)
        return
    if (resumed := resumed_topic(body)) is not None:
        _resume_topic(desk, body, resumed)
        return
    if task is None or body.task_id is None:
        _refuse(desk, "resolution_without_task", None)
        return
    if body.kind in _ENDED_OTHERWISE and _holds_messages(task):
        _refuse(desk, "closed_without_outcome", body.task_id)
        return
    match body.kind:
        case ResolutionKind.CLAIMED:
            _claim(desk, body.task_id, task, body)
        case ResolutionKind.RELEASED:
            _release(desk, body.task_id, task)
        case ResolutionKind.CONTACTED | ResolutionKind.LETTER_SENT:
            _contacted(desk, body.task_id, task, body)
        case ResolutionKind.ACCEPTED_NOT_CONTACTED:
            desk.end_task(body.task_id, TaskStatus.CLOSED)
        case ResolutionKind.OVERRIDE_APPROVED:
            _approve(desk, body.task_id, task, body)
        case ResolutionKind.OVERRIDE_REFUSED:
            _change(
                desk, body.task_id, task, options=tuple(o for o in task.options if o != "one_off_override")
            )
        case ResolutionKind.CLOSED:
            _close(desk, body.task_id, task, body)
        case _:
            _refuse(desk, "resolution_not_understood", body.task_id)


def _resume(desk: Desk, body: Resolution) -> None:
    """Somebody found the objection that stopped this partition, and had it entered (1.1, C201)."""
    if not may_resume(body):
        _refuse(desk, "resume_refused", None)
        return
    desk.shard = replace(desk.shard, paused=False, paused_at=0)
    desk.log_safety("partition_resumed", Subject(SubjectKind.RECORD, "", 0), desk.event_id)


def _resume_topic(desk: Desk, body: Resolution, resumed: ResumeTopic) -> None:
    """Somebody dealt with what made a topic partition unreadable, and lets it go on (architecture 7)."""
    if not may_resume(body):
        _refuse(desk, "resume_refused", None)
        return
    let_through = desk.shard.let_through
    if resumed.through > let_through.get(resumed.topic, 0):
        desk.shard = replace(desk.shard, let_through={**let_through, resumed.topic.value: resumed.through})
    desk.log_safety("topic_resumed", Subject(SubjectKind.RECORD, resumed.topic, 0), desk.event_id)


def _refuse(desk: Desk, kind: str, task_id: str | None) -> None:
    """Say no, keep what was: the task is written again as it stands, so that whoever acted sees it."""
    desk.log_safety(kind, Subject(SubjectKind.RECORD, task_id or "", 0), desk.event_id, task=task_id)
    task = desk.patient.tasks.get(task_id) if task_id is not None else None
    if task_id is not None and task is not None:
        desk.put_task(task_id, replace(task, version=task.version + 1))


def _change(desk: Desk, id_: str, task: OpenTask, **fields: object) -> None:
    desk.put_task(id_, replace(task, version=task.version + 1, **fields))


def _claim(desk: Desk, id_: str, task: OpenTask, body: Resolution) -> None:
    """The first to claim has it; the second is told (C224)."""
    if task.status is TaskStatus.CLAIMED and task.claimed_by != body.by:
        _refuse(desk, "already_claimed", id_)
        return
    _change(desk, id_, task, status=TaskStatus.CLAIMED, claimed_by=body.by, owner=body.by)


def _release(desk: Desk, id_: str, task: OpenTask) -> None:
    owner = owner_of(desk.env.policy, task.role, task.priority, desk.now)
    _change(desk, id_, task, status=TaskStatus.OPEN, claimed_by=None, owner=owner)


def _close(desk: Desk, id_: str, task: OpenTask, body: Resolution) -> None:
    """Closing needs an outcome (C222). The last unreadable objection's task lifts the hold; a surge's confirms it."""
    if not body.outcome_code:
        _refuse(desk, "closed_without_outcome", id_)
        return
    desk.end_task(id_, TaskStatus.CLOSED)
    if surge_tasks.is_surge(task):
        surge_tasks.close(desk, task, real=body.outcome_code != surge_tasks.REJECTED)
    if task.reason is Reason.OBJECTION_UNREADABLE:
        left = any(other.reason is Reason.OBJECTION_UNREADABLE for other in desk.patient.tasks.values())
        desk.change(unreadable_objection=left)


def _holds_messages(task: OpenTask) -> bool:
    """What only closing it with an outcome lets go: ended in another way, nobody could any more."""
    return task.reason is Reason.OBJECTION_UNREADABLE or surge_tasks.is_surge(task)


def _contacted(desk: Desk, id_: str, task: OpenTask, body: Resolution) -> None:
    """The person knows now: told, whatever still waits for the same thing ends (C225), nobody chases."""
    desk.end_task(id_, TaskStatus.CLOSED)
    # Who was spoken to about a result is in contact about their results; about anything else, nobody knows.
    if body.kind is ResolutionKind.CONTACTED and task.kind is SubjectKind.RESULT:
        desk.change(results={k: replace(r, chase_at=0) for k, r in desk.patient.results.items()})
    key = f"{task.kind}:{task.id}" if task.asked is None else task.asked.key
    if task.asked is None or task.asked.copy_to is None:
        _tell(desk, task)
    for command_id, sent in desk.patient.sent.items():
        if sent.asked.key == key and not sent.closed:
            desk.change(sent={**desk.patient.sent, command_id: replace(sent, closed=True, confirm_by=0)})
    held = desk.patient.asked.get(key)
    if held is not None and held.version == task.entity_version:
        desk.record_decision(held, Outcome.SUPPRESS, Reason.SUPERSEDED, "2.2", ("2.2",))
        desk.change(asked={k: a for k, a in desk.patient.asked.items() if k != key})


def _tell(desk: Desk, task: OpenTask) -> None:
    """Told means the version that the task was about; a newer one is still to be told."""
    patient, id_ = desk.patient, task.id
    entry, result = patient.appointments.get(id_), patient.results.get(id_)
    if task.kind is SubjectKind.APPOINTMENT and entry and entry.version == task.entity_version:
        entry = learned(entry, tell(entry.body, entry.version))
        desk.change(appointments={**patient.appointments, id_: entry})
    elif task.kind is SubjectKind.RESULT and result and result.version == task.entity_version:
        version = result.version
        told = replace(result, told_at=desk.now, told_version=version, told_normal=False, carried=False)
        desk.change(results={**patient.results, id_: told})
    else:
        return
    carry_one(desk, task.kind, id_, desk.event_id)


def _approve(desk: Desk, id_: str, task: OpenTask, body: Resolution) -> None:
    """9.8: re-run the decision with E5 lifted for the one channel that was approved, or refuse."""
    stands = standing_for_request(desk, id_, task)
    permit = permit_for(desk, task, body)
    asked = desk.patient.tasks[stands].asked
    ruling = _with_permit(desk, asked, permit) if asked is not None and permit is not None else None
    if ruling is None:
        _refuse(desk, "override_not_accepted", id_)
        return
    carry_out(desk, Ruling(ruling.verdict, "9.8", ruling.path, ruling.case))
    desk.end_task(stands, TaskStatus.CLOSED)


def _with_permit(desk: Desk, asked: Asked, permit: Permit) -> Ruling | None:
    """The decision with the one permission; None when it comes too late, or does not send by it.

    Nor is it used while newer facts wait to be decided: nobody approved those.
    """
    if asked.key in desk.patient.asked:
        return None
    again = replace(settled(desk, asked), flags=("9.8",))

    def ruled() -> Ruling | None:
        case = replace(frame(desk.patient_id, desk.patient, again, desk.env), permit=permit)
        ruling = decide(case)
        late = case.timing.late or case.timing.over
        return None if late or ruling.verdict.reason is not Reason.OVERRIDE_ONE_OFF else ruling

    return attempt(desk, ruled, lambda said: None)


def _stand(desk: Desk, body: Resolution, version: int) -> None:
    """A standing decision is put on file, or refused; requests that wait for a person are looked at again."""
    decision = decision_from(body, desk.patient, desk.env.policy, desk.now)
    if decision is None:
        _refuse(desk, "standing_decision_refused", None)
        return
    key = standing_versions.key_of(body)
    desk.change(
        standing={**desk.patient.standing, key: decision},
        standing_versions=standing_versions.decided(desk.patient, key, version),
    )
    look_again(desk)


def _revoke(desk: Desk, body: Resolution, version: int) -> None:
    """What is not named is revoked too: a person takes a permission back, and less is never more."""
    ended, versions = standing_versions.revoked(desk.patient, body, version)
    kept = {key: decision for key, decision in desk.patient.standing.items() if key not in ended}
    desk.change(standing=kept, standing_versions=versions)

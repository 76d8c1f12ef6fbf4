"""A person acted (ResolutionEvent): tasks are claimed and closed, overrides approved, decisions made to stand.

What a person may not do is refused with a line in the safety log, and the task stays open (C190, C191, C222).
"""

from __future__ import annotations

from msgspec.structs import replace

from streams.domain.calendar import add_months
from streams.domain.events import Resolution
from streams.domain.patient import OpenTask, StandingDecision
from streams.domain.records import Subject
from streams.domain.time import HOUR
from streams.domain.vocabulary import (
    ORDINARY_REASONS,
    PROTECTED_REASONS,
    Ground,
    Level,
    Outcome,
    Reason,
    ResolutionKind,
    Role,
    SubjectKind,
    TaskStatus,
)

from .age import is_minor
from .case import Permit
from .decide import Ruling, decide
from .desk import Desk
from .framing import frame, tell
from .grounds import GROUND_TASKS
from .objecting import look_again
from .outcome import carry_out
from .request import settled
from .standing import contact_hash

_DONE = frozenset({ResolutionKind.CONTACTED, ResolutionKind.LETTER_SENT})


def resolve(desk: Desk, body: Resolution) -> None:
    """Apply what a person did."""
    if body.kind is ResolutionKind.STANDING_DECISION:
        _stand(desk, body)
        return
    if body.kind is ResolutionKind.STANDING_REVOKED:
        _revoke(desk, body)
        return
    task = desk.patient.tasks.get(body.task_id) if body.task_id is not None else None
    if task is None or body.task_id is None:
        _refuse(desk, "resolution_without_task", None)
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


def _refuse(desk: Desk, kind: str, task_id: str | None) -> None:
    """Say no, keep what was: the task is written again as it stands, so that whoever acted sees it."""
    desk.log_safety(kind, Subject(SubjectKind.RECORD, task_id or "", 0), desk.event_id, task=task_id)
    if task_id is not None:
        task = desk.patient.tasks[task_id]
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
    owner = desk.owner_of(task.role, task.priority)
    _change(desk, id_, task, status=TaskStatus.OPEN, claimed_by=None, owner=owner)


def _close(desk: Desk, id_: str, task: OpenTask, body: Resolution) -> None:
    """Closing needs an outcome (C222). Closing an unreadable objection's task lifts its hold; a surge's confirms it."""
    if not body.outcome_code:
        _refuse(desk, "closed_without_outcome", id_)
        return
    if task.reason is Reason.OBJECTION_UNREADABLE:
        desk.change(unreadable_objection=False)
    if task.reason is Reason.SURGE and body.outcome_code != "rejected":
        _confirm_surge(desk, task)
    desk.end_task(id_, TaskStatus.CLOSED)


def _confirm_surge(desk: Desk, task: OpenTask) -> None:
    service = task.id.split(":")[1] if task.id.startswith("surge:") else None
    guard = desk.shard.surges.get(service) if service is not None else None
    if guard is not None and service is not None:
        confirmed = replace(guard, confirmed_until=desk.now + HOUR, open_since=0)
        desk.shard = replace(desk.shard, surges={**desk.shard.surges, service: confirmed})


def _contacted(desk: Desk, id_: str, task: OpenTask, body: Resolution) -> None:
    """The person knows now: told, whatever still waits for the same thing ends (C225), nobody chases."""
    desk.end_task(id_, TaskStatus.CLOSED)
    patient = desk.patient
    if body.kind is ResolutionKind.CONTACTED and any(r.chase_at for r in patient.results.values()):
        desk.change(results={k: replace(r, chase_at=0) for k, r in patient.results.items()})
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
    patient = desk.patient
    if task.kind is SubjectKind.APPOINTMENT and task.id in patient.appointments:
        entry = patient.appointments[task.id]
        if entry.version == task.entity_version:
            entry = replace(entry, told=tell(entry.body, entry.version), before=entry.told)
            desk.change(appointments={**patient.appointments, task.id: entry})
    elif task.kind is SubjectKind.RESULT and task.id in patient.results:
        result = patient.results[task.id]
        if result.version == task.entity_version:
            desk.change(results={**patient.results, task.id: replace(result, told_at=desk.now)})


def _approve(desk: Desk, id_: str, task: OpenTask, body: Resolution) -> None:
    """9.8: re-run the decision with E5 lifted for the one channel that was approved, or refuse."""
    permit = _permit(desk, id_, task, body)
    if permit is None or task.asked is None:
        _refuse(desk, "override_not_accepted", id_)
        return
    asked = replace(settled(desk, task.asked), flags=("9.8",))
    case = replace(frame(desk.patient_id, desk.patient, asked, desk.env), permit=permit)
    late = case.timing.late or case.timing.over
    ruling = decide(case)
    if late or ruling.verdict.reason is not Reason.OVERRIDE_ONE_OFF:
        _refuse(desk, "override_not_accepted", id_)
        return
    carry_out(desk, Ruling(ruling.verdict, "9.8", ruling.path, ruling.case))
    if id_ in desk.patient.tasks:
        desk.end_task(id_, TaskStatus.CLOSED)


def _permit(desk: Desk, id_: str, task: OpenTask, body: Resolution) -> Permit | None:
    """What an approval allows, if it is one: the right people, a rationale, this version, one channel."""
    ground = body.ground or task.ground
    if ground is None or body.channel is None or not body.rationale_ref:
        return None
    objection = desk.patient.objections.get(body.objection_id) if body.objection_id is not None else None
    current = (
        objection is not None and not objection.withdrawn and objection.version == body.objection_version
    )
    if not current and ground is not Ground.G7:
        return None
    protected = objection is not None and objection.body.reason in PROTECTED_REASONS
    people = approvers(body, ground, protected=protected)
    if people is None:
        return None
    return Permit(
        ground,
        body.channel,
        body.objection_id or "",
        body.objection_version or 0,
        people,
        body.rationale_ref,
        id_,
    )


def approvers(body: Resolution, ground: Ground, *, protected: bool) -> tuple[str, ...] | None:
    """The people who decided, when they are distinct and hold the roles the ground asks for; else None (C190).

    A protected reason always needs safeguarding and the Caldicott Guardian. For G8 the second approval may
    follow (B7).
    """
    people = [(body.by, body.role)]
    if body.second_by is not None and body.second_role is not None:
        people.append((body.second_by, body.second_role))
    if len({person for person, _ in people}) != len(people):
        return None
    wanted = list(GROUND_TASKS[ground].approvers)
    if ground is Ground.G8:
        wanted = wanted[:1]
    if protected:
        wanted = [frozenset({Role.SAFE}), frozenset({Role.CG})]
    if not _covers(wanted, people):
        return None
    return tuple(person for person, _ in people)


def _covers(wanted: list[frozenset[Role]], people: list[tuple[str, Role]]) -> bool:
    """Whether distinct people fill every wanted role."""
    if not wanted:
        return True
    return any(
        role in wanted[0] and _covers(wanted[1:], people[:place] + people[place + 1 :])
        for place, (_, role) in enumerate(people)
    )


def _stand(desk: Desk, body: Resolution) -> None:
    """A standing decision: the approvers of a one-off, at most 12 months, never for a protected reason (C087)."""
    objection = desk.patient.objections.get(body.objection_id) if body.objection_id is not None else None
    start = body.valid_from if body.valid_from is not None else desk.now
    limit = add_months(start, desk.env.policy.standing_decision_months)
    end = body.valid_to if body.valid_to is not None else limit
    sound = (
        objection is not None
        and not objection.withdrawn
        and objection.version == body.objection_version
        and objection.body.reason in ORDINARY_REASONS
        and body.ground is not None
        and body.ground not in (Ground.G2, Ground.G7)
        and body.channel is not None
        and body.purposes
        and body.rationale_ref
        and start < end <= limit
        and approvers(body, body.ground, protected=False) is not None
    )
    if not sound:
        _refuse(desk, "standing_decision_refused", None)
        return
    assert objection is not None
    assert body.ground is not None
    assert body.channel is not None
    assert body.rationale_ref is not None
    people = approvers(body, body.ground, protected=False)
    assert people is not None
    decision = StandingDecision(
        objection.body.objection_id,
        objection.version,
        body.ground,
        body.channel,
        body.purposes,
        body.max_level or Level.L1,
        people,
        body.rationale_ref,
        start,
        end,
        contact_hash(desk.patient, body.channel),
        is_minor(desk.patient, desk.env.policy, desk.now),
    )
    key = f"{decision.objection_id}:{decision.ground}:{decision.channel}"
    desk.change(standing={**desk.patient.standing, key: decision})
    look_again(desk)


def _revoke(desk: Desk, body: Resolution) -> None:
    kept = {
        key: decision
        for key, decision in desk.patient.standing.items()
        if decision.objection_id != body.objection_id
        or (body.ground is not None and decision.ground is not body.ground)
        or (body.channel is not None and decision.channel is not body.channel)
    }
    desk.change(standing=kept)

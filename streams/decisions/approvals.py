"""What people may approve, and who has to be among them (B7 row 9.8, C190, C191)."""

from __future__ import annotations

from streams.domain.events import Resolution
from streams.domain.patient import OpenTask
from streams.domain.vocabulary import PROTECTED_REASONS, Ground, Role, SubjectKind

from .case import Permit
from .desk import Desk
from .grounds import GROUND_TASKS


def standing_for_request(desk: Desk, id_: str, task: OpenTask) -> str:
    """The task that stands for the request; an approval may be given on the call beside it (G8)."""
    for other_id, other in desk.patient.tasks.items():
        if (
            task.asked is None
            and other.asked is not None
            and (other.kind, other.id, other.ground) == (task.kind, task.id, task.ground)
        ):
            return other_id
    return id_


def permit_for(desk: Desk, task: OpenTask, body: Resolution) -> Permit | None:
    """What an approval allows, if it is one: the right people, a rationale, this version, one channel.

    The ground is the task's: another one's approvers may not stand in for it (C190).
    """
    ground = task.ground
    if ground is None or body.ground not in (None, ground) or body.channel is None or not body.rationale_ref:
        return None
    objection = desk.patient.objections.get(body.objection_id) if body.objection_id is not None else None
    current = (
        objection is not None and not objection.withdrawn and objection.version == body.objection_version
    )
    if not current and ground is not Ground.G7:
        return None
    protected = objection is not None and objection.body.reason in PROTECTED_REASONS
    people = approvers(body, ground, protected=protected)
    if people is None or _requester(desk, task) in people:
        return None
    return Permit(
        ground,
        body.channel,
        body.objection_id or "",
        body.objection_version or 0,
        people,
        body.rationale_ref,
    )


def _requester(desk: Desk, task: OpenTask) -> str | None:
    """Who authorised the request: they may not approve its override themselves (C190)."""
    request = desk.patient.requests.get(task.id) if task.kind is SubjectKind.REQUEST else None
    return None if request is None else request.body.authorised_by


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

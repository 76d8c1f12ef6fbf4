"""What a draft makes of a task (B13): a new one, or the next version of the one that is open.

The desk keeps and writes what is made here.
"""

from __future__ import annotations

from msgspec.structs import replace

from streams.domain.decision import Draft
from streams.domain.events import SafeContact
from streams.domain.patient import Asked, OpenTask
from streams.domain.vocabulary import Purpose, SubjectKind, TaskStatus

from .case import Environment, Timing
from .cover import owner_of
from .deadlines import deadline, owner_role, stage_times


def new_task(
    asked: Asked,
    draft: Draft,
    about: tuple[SubjectKind, str, int],
    decided: str,
    purpose: Purpose | None,
    timing: Timing,
    plan: SafeContact | None,
    env: Environment,
) -> OpenTask:
    """The first version of a task. ``about``: kind, id and version; ``plan``: the patient's, if any."""
    role, copies = owner_role(draft, timing)
    by = deadline(draft, timing, env.policy, env.now)
    return OpenTask(
        1,
        TaskStatus.OPEN,
        decided,
        role,
        copies,
        by.priority,
        draft.reason,
        about[0],
        about[1],
        about[2],
        purpose,
        by.due_at,
        by.acknowledge_by,
        owner_of(env.policy, role, by.priority, env.now),
        env.now,
        _request(asked, draft),
        draft.ground,
        draft.options,
        draft.do_not_use,
        plan.note_ref if plan is not None and plan.active else None,
        wake_at=stage_times(env.now, by.due_at)[0],
    )


def next_task(
    known: OpenTask,
    asked: Asked,
    draft: Draft,
    version: int,
    purpose: Purpose | None,
    timing: Timing,
    env: Environment,
) -> OpenTask:
    """The task as newer facts have it: it keeps its owner and who claimed it, and is never put off.

    ``version``: of what it is about.
    """
    role, copies = owner_role(draft, timing)
    by = deadline(draft, timing, env.policy, env.now)
    due = min(by.due_at, known.due_at)
    return replace(
        known,
        version=known.version + 1,
        entity_version=version,
        purpose=purpose,
        role=role,
        copy_roles=copies,
        owner=known.owner if known.role is role else owner_of(env.policy, role, by.priority, env.now),
        priority=min(by.priority, known.priority),
        due_at=due,
        acknowledge_by=min(known.acknowledge_by, by.acknowledge_by),
        options=draft.options,
        do_not_use=draft.do_not_use,
        ground=draft.ground,
        asked=_request(asked, draft),
        wake_at=stage_times(known.created_at, due)[known.stage] if known.wake_at else 0,
    )


def _request(asked: Asked, draft: Draft) -> Asked | None:
    """The request that waits for this task, if one does."""
    return asked if draft.stands_for_request and not draft.companion else None

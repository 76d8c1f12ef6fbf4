"""Was a task taken on and done in time? From its versions, and from what people did about it.

A version says what a task is and until when; the resolution, in the same partition, says when a person acted.
A task that Heed replaced or closed by itself was nobody's to be late with, and counts as "replaced".
"""

from typing import Final

import msgspec

from streams.domain.events import Event, Resolution
from streams.domain.records import EscalationTask
from streams.domain.time import Instant
from streams.domain.vocabulary import Priority, Reason, ResolutionKind, Role, TaskStatus

IN_TIME: Final = "in time"
LATE: Final = "late"
OVERDUE: Final = "not yet, overdue"
WAITING: Final = "not yet, in time"
REPLACED: Final = "replaced"
FATES: Final = (IN_TIME, LATE, OVERDUE, WAITING, REPLACED)


class Task(msgspec.Struct):
    """One task, as raised, with its newest deadlines. ``first_act``, ``last_act``: of people, 0: nobody has."""

    role: Role
    priority: Priority
    reason: Reason
    created_at: Instant
    acknowledge_by: Instant
    due_at: Instant
    status: TaskStatus
    first_act: Instant = 0
    last_act: Instant = 0

    def acknowledged(self, now: Instant) -> str:
        return self._fate(self.first_act, self.acknowledge_by, now)

    def done(self, now: Instant) -> str:
        return self._fate(self.last_act if self._ended else 0, self.due_at, now)

    @property
    def _ended(self) -> bool:
        return self.status in (TaskStatus.CLOSED, TaskStatus.SUPERSEDED)

    def _fate(self, acted: Instant, by: Instant, now: Instant) -> str:
        if acted:
            return IN_TIME if acted <= by else LATE
        if self._ended:
            return REPLACED
        return OVERDUE if now > by else WAITING


class Tasks:
    """The tasks of one partition; those raised before ``since`` are passed over."""

    def __init__(self, since: Instant) -> None:
        self._since = since
        self.tasks: dict[str, Task] = {}

    def version(self, task: EscalationTask) -> None:
        """Take a version; they come in order."""
        known = self.tasks.get(task.task_id)
        if known is not None:
            known.acknowledge_by, known.due_at, known.status = task.acknowledge_by, task.due_at, task.status
        elif task.created_at >= self._since and task.version == 1:
            self.tasks[task.task_id] = Task(
                task.role, task.priority, task.reason, task.created_at, task.acknowledge_by, task.due_at,
                task.status,
            )  # fmt: skip

    def act(self, event: Event, appended_at: Instant) -> None:
        """Somebody acted. All versions must have been taken; giving a task back is no act."""
        body = event.body
        if not isinstance(body, Resolution) or body.kind is ResolutionKind.RELEASED or body.task_id is None:
            return
        task = self.tasks.get(body.task_id)
        if task is not None:
            at = min(event.envelope.occurred_at, appended_at)
            task.first_act = min(task.first_act or at, at)
            if body.kind is not ResolutionKind.CLAIMED:
                task.last_act = max(task.last_act, at)

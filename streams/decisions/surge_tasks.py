"""The task that stands for a surge as a whole (rule 3.10, C021), and what its end means for the guard."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.decision import Draft
from streams.domain.patient import OpenTask
from streams.domain.time import HOUR
from streams.domain.vocabulary import Priority, Reason, Role, SubjectKind

from .desk import Desk

#: The outcome that says that the changes are not real.
REJECTED: Final = "rejected"


def is_surge(task: OpenTask) -> bool:
    """Whether it stands for the surge, and not for one appointment in it."""
    return task.reason is Reason.SURGE and task.kind is SubjectKind.RECORD


def close(desk: Desk, task: OpenTask, *, real: bool) -> None:
    """Confirmed, the changes go out. Rejected, they stay held, and somebody has to say when that is over."""
    service = task.id.removeprefix("surge:").rpartition(":")[0]
    guard = desk.shard.surges.get(service)
    if guard is None or not guard.open_since:
        return
    if real:
        confirmed = replace(guard, confirmed_until=desk.now + HOUR, open_since=0)
        desk.shard = replace(desk.shard, surges={**desk.shard.surges, service: confirmed})
        return
    draft = Draft(Role.BOOK, Priority.P2, Reason.SURGE, unbound=True)
    desk.companion(draft, (task.kind, task.id, task.entity_version))

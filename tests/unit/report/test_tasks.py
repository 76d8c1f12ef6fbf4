"""What became of a task, from its versions and from what people did."""

import pytest

from streams.domain.events import Envelope, Event, Resolution
from streams.domain.records import EscalationTask, Subject
from streams.domain.time import HOUR, MINUTE, Instant
from streams.domain.vocabulary import Priority, Reason, ResolutionKind, Role, SubjectKind, TaskStatus, Topic
from streams.report.tasks import IN_TIME, LATE, OVERDUE, REPLACED, WAITING, Tasks

BEGAN = 1_800_000_000_000


def version(number: int = 1, status: TaskStatus = TaskStatus.OPEN) -> EscalationTask:
    return EscalationTask(
        "t1", number, status, "P1", "d1", Role.BOOK, (), Priority.P1, Reason.OVERRIDE_NEEDED,
        Subject(SubjectKind.APPOINTMENT, "A1"), None, BEGAN + HOUR, BEGAN + 30 * MINUTE, "rota", (), (), None, None, "p1",
        BEGAN,
    )  # fmt: skip


def act(kind: ResolutionKind, at: Instant, task_id: str | None = "t1") -> Event:
    return Event(
        Topic.RESOLUTIONS, Envelope("e1", "P1", 1, at, "test"), Resolution(task_id, kind, "u1", Role.BOOK)
    )


@pytest.mark.parametrize(
    ("acts", "status", "acknowledged", "done"),
    [
        ([(ResolutionKind.CLAIMED, 30), (ResolutionKind.CONTACTED, 60)], TaskStatus.CLOSED, IN_TIME, IN_TIME),
        ([(ResolutionKind.CLAIMED, 31), (ResolutionKind.CONTACTED, 61)], TaskStatus.CLOSED, LATE, LATE),
        ([(ResolutionKind.CONTACTED, 20)], TaskStatus.CLOSED, IN_TIME, IN_TIME),
        ([(ResolutionKind.CLAIMED, 10)], TaskStatus.CLAIMED, IN_TIME, OVERDUE),
        ([(ResolutionKind.CLAIMED, 40), (ResolutionKind.RELEASED, 5)], TaskStatus.OPEN, LATE, OVERDUE),
        ([], TaskStatus.SUPERSEDED, REPLACED, REPLACED),
        ([], TaskStatus.OPEN, OVERDUE, OVERDUE),
    ],
)
def test_what_became_of_a_task(
    acts: list[tuple[ResolutionKind, int]], status: TaskStatus, acknowledged: str, done: str
) -> None:
    tasks = Tasks(BEGAN)
    tasks.version(version())
    tasks.version(version(2, status))
    for kind, minutes in acts:
        tasks.act(act(kind, BEGAN + minutes * MINUTE), BEGAN + 10 * HOUR)
    (task,) = tasks.tasks.values()
    now = BEGAN + 2 * HOUR
    assert (task.acknowledged(now), task.done(now)) == (acknowledged, done)


def test_a_task_whose_time_has_not_come_waits() -> None:
    tasks = Tasks(BEGAN)
    tasks.version(version())
    (task,) = tasks.tasks.values()
    assert (task.acknowledged(BEGAN + 30 * MINUTE), task.done(BEGAN + HOUR)) == (WAITING, WAITING)


def test_what_was_raised_before_is_passed_over() -> None:
    tasks = Tasks(BEGAN + 1)
    tasks.version(version())
    tasks.act(act(ResolutionKind.CLAIMED, BEGAN), BEGAN)
    tasks.act(act(ResolutionKind.CLAIMED, BEGAN, None), BEGAN)
    assert not tasks.tasks

"""When a rule fails: our own mistake becomes a task and a dead letter; never a skip, never a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from streams.domain.decision import Draft
from streams.domain.patient import Asked, PatientState
from streams.domain.shard import ShardState
from streams.domain.vocabulary import Outcome, Priority, Reason, Role
from streams.errors import CannotDecide

from .desk import Desk

Done = TypeVar("Done")
About = TypeVar("About")
#: How a desk stood: the patient, the shard, how many outputs were written and decisions numbered.
Mark: TypeAlias = tuple[PatientState, ShardState, int, int]


def mark(desk: Desk) -> Mark:
    """Remember how the desk stands, so that what a failing rule left half done can be taken back."""
    return desk.patient, desk.shard, len(desk.outputs), desk.ordinal


def back(desk: Desk, to: Mark) -> None:
    """Take back everything since the mark: what is half done is not done."""
    desk.patient, desk.shard, written, desk.ordinal = to
    del desk.outputs[written:]


def trying(work: Callable[[], Done], otherwise: Callable[[str], Done]) -> Done:
    """Do something; when it raises, do the other, which is told the words.

    A machine without memory is no mistake of a rule: another machine would decide otherwise, so that goes on up.
    """
    try:
        return work()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a rule raises, a person takes over
        said = words(error)
    return otherwise(said)


def attempt(
    desk: Desk, work: Callable[[], Done], otherwise: Callable[[str], Done], start: Mark | None = None
) -> Done:
    """The same at a desk: before the other is done, what the first left half done is taken back.

    ``start``: how the desk must stand then, if not as it stands now.
    """
    start = mark(desk) if start is None else start

    def instead(said: str) -> Done:
        back(desk, start)
        return otherwise(said)

    return trying(work, instead)


def attempt_with(
    desk: Desk,
    subject: About,
    work: Callable[[Desk, About], Done],
    otherwise: Callable[[Desk, About, str], Done],
    start: Mark,
) -> Done:
    """``attempt`` with one event or request, and without closures, since every event passes here."""
    try:
        return work(desk, subject)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # as in ``trying``
        said = words(error)
    back(desk, start)
    return otherwise(desk, subject, said)


def words(error: Exception) -> str:
    """What a dead letter says of a failure: the rule or the error's class, never its text, which may name somebody."""
    return str(error) if isinstance(error, CannotDecide) else f"deciding failed: {type(error).__name__}"


def fault(desk: Desk, asked: Asked, error: str, *, request: bool = True) -> None:
    """Give what no rule could decide to a person (architecture 7). ``error`` names no patient.

    ``request`` False: nothing waits to be told, so that the task stands for no request.
    """
    draft = Draft(Role.DQ, Priority.P1, Reason.DATA_QUALITY, own_role=True, stands_for_request=request)
    if asked.key in desk.patient.asked:
        desk.change(asked={k: a for k, a in desk.patient.asked.items() if k != asked.key})
    decided = desk.decision_id_for(asked)
    opened = desk.open_task(asked, draft, decided, None)
    desk.record_decision(
        asked, Outcome.ESCALATE, Reason.DATA_QUALITY, "fault", ("fault",), task_ids=(opened,)
    )
    desk.set_aside(Reason.RULE_FAILED, error, asked.position)

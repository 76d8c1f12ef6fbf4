"""2.2: what newer facts withdraw, once it is known what becomes of them: older messages and tasks."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.decision import Escalate, Send
from streams.domain.patient import Asked, OpenTask, PatientState
from streams.domain.vocabulary import Reason, SubjectKind, TaskStatus

from .decide import Ruling
from .desk import Desk
from .request import MAY_TAKE_PLACE, takes_place_of
from .told import doubt, hand_on, is_link_after

#: Outcomes that leave an earlier message standing: what it said is still true.
_STILL_TRUE: Final = frozenset({Reason.NO_NET_CHANGE, Reason.IMMATERIAL, Reason.REPLAY_GUARD})
#: Raised by 1.11: they stand when the patient has died (3.3).
_CLINICAL: Final = frozenset(
    {
        Reason.CRITICAL_RESULT,
        Reason.WITHDRAWN_RESULT,
        Reason.BAD_NEWS,
        Reason.DISCUSS_FIRST,
        Reason.THREAT,
        Reason.AUTHORISED_CALL,
    }
)


def withdraw(desk: Desk, ruling: Ruling) -> str | None:
    """Older tasks for the same thing are superseded; the older command is named by the new one: gives its id."""
    verdict, asked = ruling.verdict, ruling.case.asked
    why = verdict.reason
    supersedes = None
    if why not in _STILL_TRUE:
        for id_, message in desk.patient.sent.items():
            if message.closed or message.failed or not takes_place_of(desk.patient, asked, message.asked):
                continue
            if type(verdict) is not Send and hand_on(desk, id_, message) is not None:
                continue  # it goes on for the results it spoke for too
            if type(verdict) is not Send and is_link_after(asked, message.asked):
                continue  # what follows a notice without the link takes nothing of it back but by a message
            if supersedes is None or message.asked.same_thing(asked):
                supersedes = id_
            ended = replace(message, closed=True, confirm_by=0)
            desk.patient = replace(desk.patient, sent={**desk.patient.sent, id_: ended})
            if type(verdict) is not Send:
                doubt(desk, message.asked, withdrawn=True)
    for id_, task in list(desk.patient.tasks.items()):
        if task.asked is None or not _ends(desk.patient, asked, task.asked):
            continue
        same = task.asked.same_thing(asked)
        updated = same and type(verdict) is Escalate and task.reason is verdict.draft.reason
        if not (updated or _stands(task, why)):
            # The same facts, and a message after all: the task is done (C099). Newer facts replace it (C223).
            done = same and type(verdict) is Send and task.entity_version == asked.version
            desk.end_task(id_, TaskStatus.CLOSED if done else TaskStatus.SUPERSEDED)
    return supersedes


def _ends(patient: PatientState, newer: Asked, older: Asked) -> bool:
    """Whether nobody needs to do any more what the older request asked a person for.

    Of a request about an appointment, only once that does not take place: news of it need not say the same.
    """
    if newer.kind is not SubjectKind.APPOINTMENT or older.kind is SubjectKind.APPOINTMENT:
        return takes_place_of(patient, newer, older)
    entry = patient.appointments[newer.id]
    return entry.body.status not in MAY_TAKE_PLACE and takes_place_of(patient, newer, older)


def _stands(task: OpenTask, why: Reason) -> bool:
    """Whether newer facts leave this task open: only a person ends the task of a critical result (C163, 3.3)."""
    return task.reason is Reason.CRITICAL_RESULT or (why is Reason.DECEASED and task.reason in _CLINICAL)


def end_older_tasks(desk: Desk, asked: Asked, why: Reason) -> None:
    """2.2 while the newer facts are held: nobody goes on working on facts that are no longer true."""
    for id_, task in list(desk.patient.tasks.items()):
        older = task.entity_version < asked.version and not _stands(task, why)
        if older and task.asked is not None and task.asked.same_thing(asked):
            desk.end_task(id_, TaskStatus.SUPERSEDED)

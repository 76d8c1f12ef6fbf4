"""What time does to a patient's file: tasks move on, results are chased, what is over is forgotten."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.decision import Draft
from streams.domain.patient import Sent
from streams.domain.records import Subject
from streams.domain.time import DAY, Instant
from streams.domain.vocabulary import (
    AppointmentStatus,
    Priority,
    Reason,
    Role,
    SubjectKind,
    TaskStatus,
)

from .cover import owner_of
from .deadlines import stage_times
from .desk import Desk
from .forgotten import forget

PRUNE_EVERY: Final = DAY
_KEEP_APPOINTMENT: Final = 30 * DAY  # after its start: the input topic's retention, so no replay is older
_KEEP_RESULT: Final = 90 * DAY
_KEEP_COMMAND: Final = 7 * DAY  # the retention of send-commands


def reassign(desk: Desk) -> None:
    """B8.6: an unclaimed task goes to the deputy at 50 %, the lead or on-call at 75 %; 100 % is an incident.

    A missed deadline never turns into a message (C221).
    """
    for id_, task in list(desk.patient.tasks.items()):
        if not task.wake_at or task.wake_at > desk.now:
            continue
        times = stage_times(task.created_at, task.due_at)
        stage = sum(at <= desk.now for at in times)
        wake_at = times[stage] if stage < len(times) else 0
        owner = task.owner
        if task.status is TaskStatus.OPEN:
            owner = owner_of(desk.env.policy, task.role, task.priority, desk.now, stage)
        moved = replace(task, stage=stage, wake_at=wake_at, owner=owner)
        if stage >= len(times):
            subject = Subject(task.kind, task.id, task.entity_version)
            desk.log_safety("action_missed", subject, id_, task.decision_id, id_)
        if owner != task.owner or stage >= len(times):
            desk.put_task(id_, replace(moved, version=task.version + 1))
        else:
            desk.change(tasks={**desk.patient.tasks, id_: moved})


def chase_results(desk: Desk) -> None:
    """B10: nobody rang after "a result is available"; a clinician makes sure that nothing is missed (C172)."""
    for id_, entry in list(desk.patient.results.items()):
        if not entry.chase_at or entry.chase_at > desk.now:
            continue
        desk.change(results={**desk.patient.results, id_: replace(entry, chase_at=0)})
        draft = Draft(Role.CLIN, Priority.P3, Reason.MISSED_ACTION, unbound=True)
        desk.companion(draft, (SubjectKind.RESULT, id_, entry.version))


def prune(desk: Desk) -> None:
    """Forget what cannot matter any more, so that a patient stays small; at most once a day."""
    patient, now = desk.patient, desk.now
    if now - patient.pruned_at < PRUNE_EVERY:
        return
    busy = {(a.kind, a.id) for a in patient.asked.values()}
    busy |= {(t.kind, t.id) for t in patient.tasks.values()}
    busy |= {(s.asked.kind, s.asked.id) for s in patient.sent.values() if _awaits(s, now)}

    def over(kind: SubjectKind, id_: str, at: Instant, keep: Instant) -> bool:
        return at < now - keep and (kind, id_) not in busy

    results = {
        id_: result
        for id_, result in patient.results.items()
        if result.chase_at or not over(SubjectKind.RESULT, id_, result.occurred_at, _KEEP_RESULT)
    }
    requests = {
        id_: request
        for id_, request in patient.requests.items()
        if not over(SubjectKind.REQUEST, id_, request.occurred_at, _KEEP_APPOINTMENT)
    }
    desk.change(
        pruned_at=now,
        appointments={
            id_: entry
            for id_, entry in patient.appointments.items()
            if not over(SubjectKind.APPOINTMENT, id_, entry.body.starts_at, _KEEP_APPOINTMENT)
            or (entry.told is not None and entry.told.starts_at > now and _cancelled(entry.body.status))
        },
        results=results,
        requests=requests,
        forgotten=forget(patient, results, requests),
        sent={
            id_: sent
            for id_, sent in patient.sent.items()
            if sent.created_at >= now - _KEEP_COMMAND or _awaits(sent, now)
        },
        standing={id_: d for id_, d in patient.standing.items() if d.valid_to > now},
    )


def _awaits(sent: Sent, now: Instant) -> bool:
    """Whether a receipt may still say something: of a letter, which nothing confirms, for a month after its use.

    One that comes back later is set aside as a receipt for an unknown command.
    """
    if sent.closed or sent.failed:
        return False
    return sent.confirm_by > 0 or sent.valid_until > now - _KEEP_APPOINTMENT


def _cancelled(status: AppointmentStatus) -> bool:
    return status is AppointmentStatus.CANCELLED

"""What a run came to, request by request, in a form that two runs can be compared in.

A step leaves out what differs without meaning anything (ids, versions of the policy) and whatever could name
a person; requests are told apart by keys that never leave this package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

import msgspec

from streams.domain.records import Decision, EscalationTask, Output, SafetyEntry, SendCommand
from streams.domain.time import Instant
from streams.domain.vocabulary import TaskStatus

__all__ = ["TASK", "Request", "Step", "steps"]

#: The outcomes of steps that are no decisions: a task beside any, a line of the safety log.
TASK: Final = "TASK"
SAFETY: Final = "SAFETY LOG"

#: Patient, kind and id of the subject, and the event: for telling apart, never for showing.
Request: TypeAlias = tuple[str, str, str, str]


class Step(msgspec.Struct, frozen=True):
    """One decision, or a task or safety entry beside any. Instants are UTC milliseconds."""

    at: Instant
    outcome: str
    reason: str
    rule: str
    hold_until: Instant = 0
    channel: str = ""
    recipient: str = ""
    level: str = ""
    wording: str = ""
    valid_until: Instant = 0
    tasks: tuple[TaskStep, ...] = ()
    safety: tuple[str, ...] = ()


class TaskStep(msgspec.Struct, frozen=True):
    """A task as its owner sees it."""

    role: str
    copies: str
    priority: str
    reason: str
    due_at: Instant
    do_not_use: str


def steps(emitted: Iterable[tuple[Instant, Output]]) -> Iterator[tuple[Request, str, Step]]:
    """Each decision with the message and tasks it led to, then what stands beside all of them.

    The text is the decision's input record, ``appointments[3]@81422``; of what stands beside, nothing.
    """
    listed = list(emitted)
    commands = {one.decision_id: one for _, one in listed if isinstance(one, SendCommand)}
    tasks: dict[str, EscalationTask] = {}
    safety: dict[str, list[str]] = {}
    for _, one in listed:
        if isinstance(one, SafetyEntry) and one.decision_id is not None:
            safety.setdefault(one.decision_id, []).append(one.kind)
    spoken: set[str] = set()
    decided: set[str] = set()
    for at, one in listed:
        if isinstance(one, EscalationTask):
            tasks[one.task_id] = one
        elif isinstance(one, Decision):
            spoken.update(one.task_ids)
            decided.add(one.decision_id)
            step = _decision(at, one, commands.get(one.decision_id), tasks)
            incidents = tuple(safety.get(one.decision_id, ()))
            yield _request(one), _place(one), msgspec.structs.replace(step, safety=incidents)
    for at, one in listed:
        if isinstance(one, EscalationTask) and one.task_id not in spoken and _is_new(one):
            subject = one.subject
            key: Request = (one.patient_id, subject.kind, subject.id, one.reason)
            yield key, "", Step(at, TASK, one.reason, "", tasks=(_task(one),))
        elif isinstance(one, SafetyEntry) and one.decision_id not in decided:
            key = (one.patient_id, one.subject.kind, one.subject.id, one.kind)
            yield key, "", Step(at, SAFETY, one.kind, "")


def _is_new(task: EscalationTask) -> bool:
    return task.version == 1 and task.status is TaskStatus.OPEN


def _request(decision: Decision) -> Request:
    return decision.patient_id, decision.subject.kind, decision.subject.id, decision.event_id


def _place(decision: Decision) -> str:
    at = decision.input
    return f"{at.topic}[{at.partition}]@{at.offset}"


def _decision(
    at: Instant, one: Decision, command: SendCommand | None, tasks: Mapping[str, EscalationTask]
) -> Step:
    made = tuple(_task(tasks[id_]) for id_ in one.task_ids if id_ in tasks)
    bare = Step(at, one.outcome, one.reason, one.rule, one.hold_until or 0, tasks=made)
    if command is None:
        return bare
    return msgspec.structs.replace(
        bare,
        channel=command.channel,
        recipient=command.recipient_role,
        level=command.level,
        wording=f"{command.template_id} {command.template_version} {command.basis.template.hash[:8]} {command.language}",
        valid_until=command.valid_until,
    )


def _task(task: EscalationTask) -> TaskStep:
    return TaskStep(
        task.role,
        " ".join(task.copy_roles),
        task.priority,
        task.reason,
        task.due_at,
        " ".join(task.do_not_use),
    )

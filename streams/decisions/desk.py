"""The desk: one patient's file while one record is worked on, and the outputs written so far.

The only mutable thing in this package, and it lives no longer than one call: the patient state it holds
is replaced, never changed, so a call that raises has changed nothing.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from streams.domain.decision import Draft
from streams.domain.patient import Asked, OpenTask, PatientState
from streams.domain.position import Position
from streams.domain.records import (
    DeadLetter,
    Decision,
    EscalationTask,
    InputRef,
    Output,
    SafetyEntry,
    Subject,
)
from streams.domain.shard import ShardState
from streams.domain.time import Instant
from streams.domain.vocabulary import (
    Level,
    Outcome,
    Purpose,
    Reason,
    SubjectKind,
    TaskStatus,
)

from .case import Environment, Timing
from .guarding import closed_for
from .ids import decision_id, safety_id, task_id
from .open_tasks import new_task, next_task

NO_TIMING: Final = Timing()


def dead_letter(
    at: Position,
    reason: Reason,
    error: str,
    now: Instant,
    *,
    key: bytes | None = None,
    value: bytes | None = None,
    schema_id: int | None = None,
) -> DeadLetter:
    """A record set aside; ``error`` names no patient. Without key and value the caller of the rules adds them."""
    return DeadLetter(
        key=key,
        value=value,
        reason=reason,
        topic=at.topic,
        partition=at.partition,
        offset=at.offset,
        schema_id=schema_id,
        error=error,
        at=now,
    )


class Desk:
    """Collects what one record changes. ``trigger`` names the record: its event id and position."""

    __slots__ = (
        "at",
        "env",
        "event_id",
        "now",
        "occurred_at",
        "ordinal",
        "outputs",
        "patient",
        "patient_id",
        "shard",
    )

    def __init__(
        self,
        patient_id: str,
        patient: PatientState,
        env: Environment,
        event_id: str,
        at: Position,
        occurred_at: Instant,
    ) -> None:
        self.patient_id = patient_id
        self.patient = patient
        self.env = env
        self.now: Instant = env.now
        self.shard: ShardState = env.shard
        self.event_id = event_id
        self.at = at
        self.occurred_at = occurred_at
        self.outputs: list[Output] = []
        self.ordinal = 0

    def next_ordinal(self) -> int:
        """Number the decisions that one record causes about several requests."""
        self.ordinal += 1
        return self.ordinal - 1

    def change(self, **fields: Any) -> None:
        """Replace parts of the patient state. What every event does says ``replace`` itself, at a third of the price."""
        self.patient = replace(self.patient, **fields)

    def write(self, output: Output) -> None:
        self.outputs.append(output)

    # Decisions -------------------------------------------------------------------------------------

    def decision_id_for(self, asked: Asked) -> str:
        """The id of the next decision about a request: its own event, position and running number."""
        at = asked.position
        return decision_id(
            self.patient_id,
            asked.event_id,
            at.place,
            asked.key,
            asked.ordinal,
        )

    def record_decision(
        self,
        asked: Asked,
        outcome: Outcome,
        reason: Reason,
        rule: str,
        path: tuple[str, ...],
        *,
        decided: str | None = None,
        purpose: Purpose | None = None,
        level: Level | None = None,
        hold_until: Instant | None = None,
        command_id: str | None = None,
        task_ids: tuple[str, ...] = (),
    ) -> str:
        """Write one Decision about a request and return its id; ``decided`` when the caller has made it."""
        id_ = decided or self.decision_id_for(asked)
        at = asked.position
        self.outputs.append(
            Decision(
                decision_id=id_,
                event_id=asked.name,
                input=InputRef(at.topic, at.partition, at.offset),
                patient_id=self.patient_id,
                outcome=outcome,
                reason=reason,
                rule=rule,
                rule_path=path,
                purpose=purpose,
                subject=Subject(asked.kind, asked.id, asked.version),
                level=level,
                hold_until=hold_until,
                command_id=command_id,
                task_ids=task_ids,
                state_version=self.patient.version,
                policy_version=self.env.policy.version,
                occurred_at=asked.occurred_at,
                decided_at=self.now,
            )
        )
        return id_

    def set_aside(self, reason: Reason, error: str, at: Position | None = None) -> None:
        """Write the dead letter of the record in hand, or of the one ``at`` another place; it is still there."""
        self.write(dead_letter(self.at if at is None else at, reason, error, self.now))

    # Tasks -----------------------------------------------------------------------------------------

    def open_task(
        self, asked: Asked, draft: Draft, decided: str, purpose: Purpose | None, timing: Timing = NO_TIMING
    ) -> str:
        """Open the task a draft asks for, or update the open one of the same cause (B13); returns its id."""
        about = draft.about or (asked.kind, asked.id, asked.version)
        kind, id_, version = about
        for known_id, known in self.patient.tasks.items():
            if known.reason is draft.reason and known.id == id_ and known.kind is kind:
                if not draft.companion or version > known.entity_version:
                    self._update_task(known_id, known, asked, draft, timing, version, purpose)
                return known_id
        id_of_task = task_id(self.patient_id, draft.reason, f"{kind!s}:{id_}", decided)
        plan = self.patient.safe_contact
        self.put_task(id_of_task, new_task(asked, draft, about, decided, purpose, timing, plan, self.env))
        return id_of_task

    def _update_task(
        self,
        id_: str,
        known: OpenTask,
        asked: Asked,
        draft: Draft,
        timing: Timing,
        version: int,
        purpose: Purpose | None,
    ) -> None:
        """Newer facts update the task (B13).

        When they ask for something else (cancelled instead of moved) what was asked is superseded first (C223).
        """
        if known.purpose is not purpose and known.status is TaskStatus.OPEN:
            self.end_task(id_, TaskStatus.SUPERSEDED)
            known = replace(known, version=known.version + 1)
        self.put_task(id_, next_task(known, asked, draft, version, purpose, timing, self.env))

    def put_task(self, id_: str, task: OpenTask) -> None:
        """Keep a task while it is open, forget it when it is not, and write its new version."""
        ended = task.status in (TaskStatus.CLOSED, TaskStatus.SUPERSEDED)
        tasks = self.patient.tasks.copy()
        tasks.pop(id_, None)  # the task that changed last stands last
        if not ended:
            tasks[id_] = task
        self.patient = replace(self.patient, tasks=tasks)
        self.outputs.append(
            EscalationTask(
                task_id=id_,
                version=task.version,
                status=task.status,
                patient_id=self.patient_id,
                decision_id=task.decision_id,
                role=task.role,
                copy_roles=task.copy_roles,
                priority=task.priority,
                reason=task.reason,
                subject=Subject(task.kind, task.id, task.entity_version),
                purpose=task.purpose,
                due_at=task.due_at,
                acknowledge_by=task.acknowledge_by,
                owner=task.owner,
                options=task.options,
                do_not_use=task.do_not_use,
                safe_contact_ref=task.safe_contact_ref,
                ground=task.ground,
                policy_version=self.env.policy.version,
                created_at=task.created_at,
            )
        )

    def end_task(self, id_: str, status: TaskStatus) -> None:
        """Close or supersede an open task."""
        task = self.patient.tasks[id_]
        self.put_task(id_, replace(task, version=task.version + 1, status=status, wake_at=0))

    # Safety log ------------------------------------------------------------------------------------

    def log_safety(
        self, kind: str, subject: Subject, cause: str, decided: str | None = None, task: str | None = None
    ) -> None:
        """Write a line of the safety log: incidents and near misses, without personal detail (S2 line 89)."""
        self.write(
            SafetyEntry(
                entry_id=safety_id(self.patient_id, kind, cause),
                patient_id=self.patient_id,
                kind=kind,
                subject=subject,
                decision_id=decided,
                task_id=task,
                at=self.now,
            )
        )

    def companion(self, draft: Draft, about: tuple[SubjectKind, str, int]) -> str:
        """Open a task that belongs to no request: raised by an objection, a receipt or the calendar."""
        draft = replace(draft, companion=True, about=about, do_not_use=closed_for(self.patient))
        asked = Asked(about[0], about[1], about[2], self.event_id, self.at, self.occurred_at)
        return self.open_task(asked, draft, self.decision_id_for(asked), None)

"""What Heed writes (contract 3): decisions, commands, tasks, record entries, safety log, dead letters.

Values only; ``kafka.codec`` turns them into Avro. All instants are UTC milliseconds.
"""

from typing import Literal, TypeAlias

import msgspec

from .events import Event
from .time import Instant
from .vocabulary import (
    Channel,
    Ground,
    Level,
    Outcome,
    Priority,
    Purpose,
    Reason,
    RecipientRole,
    Role,
    SubjectKind,
    TaskStatus,
    Topic,
)


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What a decision is about: an appointment, a result, a request, ... in one version."""

    kind: SubjectKind
    id: str
    version: int = 0


class InputRef(msgspec.Struct, frozen=True, gc=False):
    """Which input record caused a decision."""

    topic: str
    partition: int
    offset: int


class Decision(msgspec.Struct, frozen=True, gc=False):
    """One outcome of one accepted request, and how it came about (I7)."""

    decision_id: str
    event_id: str
    input: InputRef
    patient_id: str
    outcome: Outcome
    reason: Reason
    rule: str
    rule_path: tuple[str, ...]
    purpose: Purpose | None
    subject: Subject
    level: Level | None
    hold_until: Instant | None
    command_id: str | None
    task_ids: tuple[str, ...]
    state_version: int
    policy_version: str
    occurred_at: Instant
    decided_at: Instant


class ObjectionConsidered(msgspec.Struct, frozen=True, gc=False):
    id: str
    version: int
    covers: bool


class TemplateRef(msgspec.Struct, frozen=True, gc=False):
    id: str
    version: int
    hash: str


class Override(msgspec.Struct, frozen=True, gc=False):
    """Evidence that a person decided to use an objected channel for this message (B7)."""

    ground: Ground
    mode: str
    objection_id: str
    objection_version: int
    decided_by: tuple[str, ...]
    decision_ref: str
    alternatives: tuple[str, ...]
    time_left_ms: int


class Basis(msgspec.Struct, frozen=True, gc=False):
    """Why this message may be sent (B12). Protected reasons are referenced by objection id only."""

    gdpr_art6: str
    gdpr_art9: str
    cldc_basis: str
    recipient_role: RecipientRole
    proxy_ref: str | None
    purpose: Purpose
    level: Level
    selection_reason: Reason
    preference_version: int | None
    permission_ref: str | None
    objections_considered: tuple[ObjectionConsidered, ...]
    template: TemplateRef
    rule_path: tuple[str, ...]
    config_version: str
    policy_version: str
    state_version: int
    occurred_at: Instant
    decided_at: Instant
    valid_until: Instant


class SendCommand(msgspec.Struct, frozen=True, gc=False):
    """One message to one recipient on one channel; the provider may not fall back."""

    command_id: str
    decision_id: str
    patient_id: str
    purpose: Purpose
    subject: Subject
    channel: Channel
    recipient_role: RecipientRole
    proxy_ref: str | None
    address: str
    template_id: str
    template_version: int
    parameters: dict[str, str]
    language: str
    level: Level
    selection_reason: Reason
    basis: Basis
    override: Override | None
    state_version: int
    policy_version: str
    not_before: Instant
    valid_until: Instant
    supersedes: str | None
    created_at: Instant
    provider_fallback: Literal["FORBIDDEN"] = "FORBIDDEN"


class EscalationTask(msgspec.Struct, frozen=True, gc=False):
    """What a named role must do, by when, and what must not be used for it."""

    task_id: str
    version: int
    status: TaskStatus
    patient_id: str
    decision_id: str
    role: Role
    copy_roles: tuple[Role, ...]
    priority: Priority
    reason: Reason
    subject: Subject
    purpose: Purpose | None
    due_at: Instant
    acknowledge_by: Instant
    owner: str
    options: tuple[str, ...]
    do_not_use: tuple[Channel, ...]
    safe_contact_ref: str | None
    ground: Ground | None
    policy_version: str
    created_at: Instant


class SafetyEntry(msgspec.Struct, frozen=True, gc=False):
    """A line of the append-only safety log: an incident or near miss, without personal detail."""

    entry_id: str
    patient_id: str
    kind: str
    subject: Subject
    decision_id: str | None
    task_id: str | None
    at: Instant


class DeadLetter(msgspec.Struct, frozen=True, gc=False):
    """An input record set aside, with the original bytes; ``error`` carries no patient data."""

    key: bytes | None
    value: bytes | None
    reason: Reason
    topic: str
    partition: int
    offset: int
    schema_id: int | None
    error: str
    at: Instant


class Forward(msgspec.Struct, frozen=True, gc=False):
    """An input event sent on to another patient's key: a merged record's survivor (rule 3.4)."""

    event: Event


class RecordEntry(msgspec.Struct, frozen=True, gc=False):
    """What the recorder writes into the patient's record, once per emitted message."""

    record_id: str
    emitted_topic: Topic
    emitted_id: str
    patient_id: str
    kind: Literal["MESSAGE", "TASK", "OBJECTION"]
    mode: Literal["EXACT", "SUMMARY"]
    summary: str
    content_ref: str | None
    online_visibility: Literal["NORMAL", "HIDDEN"]
    basis: str
    emitted_at: Instant
    recorded_at: Instant


Output: TypeAlias = Decision | SendCommand | EscalationTask | SafetyEntry | DeadLetter | Forward

"""Why: what was decided about a patient, rule by rule, from the decisions topic.

Shows ids, codes and rules. Never an address, a name, a free text, or the reason a person gave for an
objection: whoever may see those has the patient's record. A message or task that its topic no longer keeps is
named all the same, with what its entry in the record says of it.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from streams.decisions.rules import title_of
from streams.domain.records import Decision, EscalationTask, Override, RecordEntry, SendCommand
from streams.domain.time import DAY, Instant
from streams.domain.vocabulary import Topic
from streams.errors import BadRecord, BadUsage
from streams.kafka.client import connection
from streams.kafka.codec import Codec, OutputRecord
from streams.kafka.partitioner import key_of, partition_for
from streams.kafka.reading import partition_count, read_to_end
from streams.kafka.registry import codec_for
from streams.kafka.topics import CATALOGUE
from streams.ops.person import hash_of
from streams.recorder.entries import basis_of
from streams.settings import Settings

_EXPLAINED = (Topic.DECISIONS, Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS)


class Step(msgspec.Struct, frozen=True):
    """One rule that spoke: its id as in decisions.md, and what it says."""

    rule: str
    says: str


class Considered(msgspec.Struct, frozen=True):
    """An objection that was looked at for the message's channel."""

    objection_id: str
    version: int
    covers: bool


class Message(msgspec.Struct, frozen=True):
    """The message commanded; without its address and wording."""

    command_id: str
    channel: str
    recipient: str
    level: str
    template: str
    selected_because: str
    valid_until: Instant
    permission_ref: str | None
    objections: tuple[Considered, ...]
    override: Override | None


class TaskSeen(msgspec.Struct, frozen=True):
    """A task of this decision in its newest version."""

    task_id: str
    status: str
    role: str
    copy_roles: tuple[str, ...]
    priority: str
    reason: str
    due_at: Instant
    owner: str
    do_not_use: tuple[str, ...]
    ground: str | None


class Entry(msgspec.Struct, frozen=True):
    """What the record keeps of a message or task; its text is not shown. None: the entry does not say."""

    record_id: str
    channel: str | None = None
    wording: str | None = None
    ground: str | None = None
    summary: str | None = None


class Gone(msgspec.Struct, frozen=True):
    """A message or task that was commanded and lies in its topic no longer, which keeps so many days."""

    id: str
    topic: Topic
    kept_days: int
    entry: Entry | None


class Explanation(msgspec.Struct, frozen=True):
    """One decision, the way to it, and what it led to."""

    decision: Decision
    path: tuple[Step, ...]
    message: Message | None
    tasks: tuple[TaskSeen, ...]
    gone: tuple[Gone, ...] = ()


async def explain_patient(patient_id: str, settings: Settings) -> list[Explanation]:
    """Every decision about a patient, oldest first; empty when there is none. Reads one partition only.

    Raises UnsafeTopic, BrokerUnreachable, KafkaError.
    """
    count = await partition_count(connection(settings), settings.topic(Topic.DECISIONS))
    partition = partition_for(key_of(patient_id), count)
    kept = await _read(settings, partition, patient_id, _EXPLAINED)
    return await _told(settings, partition, [one for one in kept if isinstance(one, Decision)], kept)


async def explain_hash(wanted: str, settings: Settings) -> list[Explanation]:
    """Every decision about the patient a log line is about; reads every partition. Raises as ``explain_patient``,
    and BadUsage without the key that the hash was made with."""
    if settings.log_key is None:
        raise BadUsage(
            "the hash of a log line says nothing without its key: set HEED_LOG_KEY_FILE as the worker has it"
        )
    topics = [settings.topic(topic) for topic in _EXPLAINED]
    looked_at: set[bytes] = set()
    async with aclosing(read_to_end(connection(settings), topics)) as reading:
        async for stored in reading:
            key = stored.key or b""
            if key not in looked_at and hash_of(key, settings.log_key) == wanted:
                return await explain_patient(key.decode(), settings)
            looked_at.add(key)
    return []


async def explain_decision(decision_id: str, settings: Settings) -> list[Explanation]:
    """One decision, wherever it lies; empty when there is none. Raises as ``explain_patient``."""
    codec = await codec_for(settings)
    topic = settings.topic(Topic.DECISIONS)
    async with aclosing(read_to_end(connection(settings), [topic])) as reading:
        async for stored in reading:
            found = _decoded(codec, Topic.DECISIONS, stored.value)
            if isinstance(found, Decision) and found.decision_id == decision_id:
                kept = await _read(settings, stored.partition, found.patient_id, _EXPLAINED)
                return await _told(settings, stored.partition, [found], kept)
    return []


async def _told(
    settings: Settings, partition: int, decisions: Sequence[Decision], kept: Sequence[OutputRecord]
) -> list[Explanation]:
    """The explanations; the record, which is kept for ever and long to read, only when something is gone."""
    found = explained(decisions, kept)
    if not any(one.gone for one in found):
        return found
    entries = await _read(settings, partition, decisions[0].patient_id, (Topic.RECORDS,))
    return explained(decisions, [*kept, *entries])


async def _read(
    settings: Settings, partition: int, patient_id: str, which: Sequence[Topic]
) -> list[OutputRecord]:
    """What lies of a patient in some topics; only their key's records are decoded."""
    codec, key = await codec_for(settings), key_of(patient_id)
    topics = {settings.topic(topic): topic for topic in which}
    found = []
    async for stored in read_to_end(connection(settings), list(topics), partition=partition):
        if stored.key == key:
            record = _decoded(codec, topics[stored.topic], stored.value)
            if record is not None:
                found.append(record)
    return found


def _decoded(codec: Codec, topic: Topic, value: bytes | None) -> OutputRecord | None:
    try:
        return None if value is None else codec.decode_output(topic, value)
    except BadRecord:
        return None


def explained(decisions: Sequence[Decision], kept: Sequence[OutputRecord]) -> list[Explanation]:
    """The decisions, oldest first, each with what is kept of what it led to."""
    commands = {one.command_id: one for one in kept if isinstance(one, SendCommand)}
    tasks = {one.task_id: one for one in kept if isinstance(one, EscalationTask)}  # versions lie in order
    entries = {(one.emitted_topic, _of_any_version(one)): one for one in kept if isinstance(one, RecordEntry)}
    return [
        Explanation(
            decision,
            tuple(Step(rule, title_of(rule)) for rule in decision.rule_path),
            _message(commands, decision),
            tuple(_task(tasks[id_]) for id_ in decision.task_ids if id_ in tasks),
            tuple(
                Gone(id_, topic, _kept_days(topic), _entry(entries.get((topic, id_))))
                for topic, id_ in _led_to(decision)
                if id_ not in (commands if topic is Topic.SEND_COMMANDS else tasks)
            ),
        )
        for decision in sorted(decisions, key=lambda decision: decision.decided_at)
    ]


def _led_to(decision: Decision) -> list[tuple[Topic, str]]:
    message = [(Topic.SEND_COMMANDS, decision.command_id)] if decision.command_id else []
    return message + [(Topic.ESCALATION_TASKS, id_) for id_ in decision.task_ids]


def _kept_days(topic: Topic) -> int:
    return next(int(plan.configs["retention.ms"]) // DAY for plan in CATALOGUE if plan.topic is topic)


def _of_any_version(entry: RecordEntry) -> str:
    """The id that a decision names: of a task, whose every version has an entry, without the version."""
    return entry.emitted_id.rpartition("/")[0] if entry.kind == "TASK" else entry.emitted_id


def _entry(entry: RecordEntry | None) -> Entry | None:
    """Of a message never the summary: it may be the text that was sent."""
    if entry is None:
        return None
    if entry.kind == "TASK":
        return Entry(entry.record_id, summary=entry.summary)
    basis = basis_of(entry)
    wording = None if entry.content_ref is None else " v".join(entry.content_ref.rsplit("@", 1))
    return Entry(entry.record_id, basis.channel, wording, basis.ground)


def _message(commands: Mapping[str, SendCommand], decision: Decision) -> Message | None:
    command = commands.get(decision.command_id or "")
    if command is None:
        return None
    return Message(
        command.command_id,
        command.channel,
        command.recipient_role,
        command.level,
        f"{command.template_id} v{command.template_version}",
        command.selection_reason,
        command.valid_until,
        command.basis.permission_ref,
        tuple(Considered(o.id, o.version, o.covers) for o in command.basis.objections_considered),
        command.override,
    )


def _task(task: EscalationTask) -> TaskSeen:
    return TaskSeen(
        task.task_id, task.status, task.role, tuple(task.copy_roles), task.priority, task.reason, task.due_at,
        task.owner, tuple(task.do_not_use), task.ground,
    )  # fmt: skip


def as_json(explanations: Sequence[Explanation]) -> list[dict[str, Any]]:
    """The explanations as plain mappings."""
    plain: list[dict[str, Any]] = msgspec.to_builtins(explanations)
    return plain

"""What was said, put back into what we know: for a table that is older than the outputs beside it.

After a restore from a backup the patient table has forgotten its last hour; the decisions, messages and tasks of that
hour are still in their topics, and were acted on. Each is taken for what happened: a request that was decided is not
decided again, one that was held is held, a message awaits its receipt, a task is open. Nothing is decided here and
nothing is written. Where the outputs do not say all, the reading is the one that sends less.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.events import Event, Receipt
from streams.domain.patient import Asked, OpenTask, PatientState, Sent
from streams.domain.position import Position
from streams.domain.records import Decision, EscalationTask, SendCommand
from streams.domain.time import Instant
from streams.domain.vocabulary import (
    Channel,
    Outcome,
    Purpose,
    Reason,
    ReceiptStatus,
    SubjectKind,
    TaskStatus,
    Topic,
)
from streams.policy.model import Policy

from . import facts
from .deadlines import stage_times
from .intake import REMEMBERED, fingerprint
from .messages import FAILURES, awaited, bounced, failed_after_all, is_read, noticed
from .request import WAITED
from .told import knows, unspoken, untold

_ENDED: Final = (TaskStatus.CLOSED, TaskStatus.SUPERSEDED)
_AFTER_A_MESSAGE: Final = ("10",)
_SENSITIVE: Final = "B10.8"


def took(patient: PatientState, event: Event, now: Instant) -> PatientState:
    """The state after a deciding event was read, before anything was decided about it."""
    mark = fingerprint(event.envelope.event_id)
    if mark not in patient.recent:
        patient = replace(patient, recent=(*patient.recent[-(REMEMBERED - 1) :], mark))
    if isinstance(event.body, Receipt):
        return _heard(patient, event.body)
    return facts.apply(patient, event, min(event.envelope.occurred_at, now), now)


def open_request(patient: PatientState, asked: Asked, now: Instant) -> PatientState:
    """A request of which the outputs say nothing: decided as soon as the table is in use again."""
    return replace(patient, asked={**patient.asked, asked.key: replace(asked, until=now)})


def decided(
    patient: PatientState, decision: Decision, command: SendCommand | None, policy: Policy
) -> PatientState:
    """The state after a decision; ``command``: the message it names, if it does and the topic still has it."""
    asked = _asked(patient, decision)
    if decision.rule_path[:1] == _AFTER_A_MESSAGE:
        if asked.flags != _AFTER_A_MESSAGE:  # else it has waited since: the message was taken back then
            patient = _did_not_arrive(patient, asked)
        asked = replace(asked, flags=_AFTER_A_MESSAGE, waited=WAITED)
    waiting = {
        key: one for key, one in patient.asked.items() if key != asked.key or one.version > asked.version
    }
    if decision.outcome is Outcome.HOLD and decision.hold_until is not None:
        held = replace(
            asked, until=decision.hold_until, reason=decision.reason, rule=decision.rule,
            held_since=asked.held_since or decision.decided_at,
        )  # fmt: skip
        return replace(patient, asked={**waiting, held.key: held})
    patient = replace(patient, asked=waiting)
    if decision.outcome is Outcome.SEND:
        patient = _told(patient, asked, decision, policy, command)
        if command is not None:
            patient = _awaited(patient, asked, command, policy)
        return _noticed(patient, asked, decision, command, policy) if _is_notice(decision, asked) else patient
    if decision.reason is Reason.COALESCED:
        return _spoken_for(_told(patient, asked, decision, policy, None), decision.decided_at)
    about_a_notice = asked.kind is SubjectKind.RESULT and asked.copy_to is None
    if decision.outcome is Outcome.ESCALATE and asked.flags == _AFTER_A_MESSAGE and about_a_notice:
        return unspoken(patient, asked.id)  # nor did it tell of what it spoke for: a person has those too
    return patient


def task_seen(
    patient: PatientState, task: EscalationTask, decision: Decision | None, now: Instant
) -> PatientState:
    """The state with a task as its newest version says; ``decision``: the one that opened it, when it is known."""
    known = patient.tasks.get(task.task_id)
    if known is not None and known.version >= task.version:
        return patient
    tasks = {id_: one for id_, one in patient.tasks.items() if id_ != task.task_id}
    if task.status not in _ENDED:
        tasks[task.task_id] = _open(patient, task, known, decision, now)
    return replace(patient, tasks=tasks)


def _asked(patient: PatientState, decision: Decision) -> Asked:
    event_id, _, copy_to = decision.event_id.partition("#copy:")
    about, at = decision.subject, decision.input
    position = Position(Topic(at.topic), at.partition, at.offset, decision.decided_at)
    fresh = Asked(
        about.kind, about.id, about.version, event_id, position, decision.occurred_at, copy_to=copy_to or None
    )
    held = patient.asked.get(fresh.key)
    asked = held if held is not None and held.event_id == event_id else fresh
    said = [one.asked for one in patient.sent.values()] + [
        one.asked for one in patient.tasks.values() if one.asked
    ]
    before = [one.ordinal for one in (*said, asked) if (one.event_id, one.key) == (event_id, asked.key)]
    return replace(asked, ordinal=max(before, default=asked.ordinal) + 1)


def _told(
    patient: PatientState, asked: Asked, decision: Decision, policy: Policy, command: SendCommand | None
) -> PatientState:
    """Whom the message was for knows now; of an appointment that has changed since, we cannot say what."""
    entry = patient.appointments.get(asked.id)
    if asked.kind is SubjectKind.APPOINTMENT and (entry is None or entry.version != asked.version):
        return patient
    if asked.kind is SubjectKind.RESULT and asked.id not in patient.results:
        return patient
    at = decision.decided_at
    chase_at = at + policy.missed_action if _is_notice(decision, asked) else 0
    return knows(patient, asked, at, decision.purpose, command, chase_at=chase_at)


def _is_notice(decision: Decision, asked: Asked) -> bool:
    """Whether it was decided as "a result is available, contact us" (B10.10), to be chased and coalesced.

    Of a sensitive test (B10.8) it is less. The decision's own level may be a channel's, which says less too.
    """
    available = asked.kind is SubjectKind.RESULT and decision.purpose is Purpose.RESULT_AVAILABLE
    return available and _SENSITIVE not in decision.rule_path and asked.copy_to is None


def _noticed(
    patient: PatientState, asked: Asked, decision: Decision, command: SendCommand | None, policy: Policy
) -> PatientState:
    at = decision.decided_at
    if at >= patient.notice_at:  # the outputs are not read in the order in which they were written
        reader = None if command is None else command.proxy_ref or ""
        patient = noticed(patient, asked.id, reader, at, policy)
    return _spoken_for(patient, at)


def _spoken_for(patient: PatientState, at: Instant) -> PatientState:
    """Results told at one moment, one of them by a message: its notice spoke for the others (B10, coalescing)."""
    said = [
        one.asked.id
        for one in patient.sent.values()
        if one.created_at == at and one.asked.kind is SubjectKind.RESULT and one.asked.copy_to is None
    ]
    notice = patient.notice_by if patient.notice_at == at else next(iter(said), None)
    if notice is None:
        return patient
    others = {
        id_: replace(one, told_by=notice)
        for id_, one in patient.results.items()
        if one.told_at == at and id_ not in (*said, notice)
    }
    return replace(patient, results={**patient.results, **others})


def _awaited(patient: PatientState, asked: Asked, command: SendCommand, policy: Policy) -> PatientState:
    if command.command_id in patient.sent:
        return patient
    contacts = (*patient.contacts, *(c for proxy in patient.proxies for c in proxy.contacts))
    contact = next((c.contact_id for c in contacts if c.value == command.address), "")
    tried = tuple(one.channel for one in patient.sent.values() if one.asked.key == asked.key and one.failed)
    wait = 0 if command.channel is Channel.LETTER else command.created_at + policy.confirm_within
    sent = Sent(
        replace(asked, until=0, reason=None), command.purpose, command.channel, command.level, command.recipient_role,
        command.proxy_ref, contact, command.created_at, command.valid_until, wait, (*tried, command.channel),
        overridden=command.override is not None,
    )  # fmt: skip
    older = patient.sent.get(command.supersedes or "")
    if older is not None:
        closed = replace(older, closed=True, confirm_by=0)
        patient = replace(patient, sent={**patient.sent, command.supersedes or "": closed})
    return awaited(patient, command.command_id, sent)


def _did_not_arrive(patient: PatientState, asked: Asked) -> PatientState:
    """What was sent before had not arrived, so that it was decided again: nobody was told by it (``told.untell``)."""
    failed = {
        id_: replace(one, failed=True, confirm_by=0)
        for id_, one in patient.sent.items()
        if one.asked.key == asked.key and not (one.closed or one.failed)
    }
    return untold(replace(patient, sent={**patient.sent, **failed}), asked)


def _heard(patient: PatientState, receipt: Receipt) -> PatientState:
    sent = patient.sent.get(receipt.command_id)
    if sent is None:
        return patient
    status = receipt.status
    late = failed_after_all(sent, status)
    if (sent.closed or sent.failed) and not late:
        return patient
    read, failed = sent.closed or is_read(sent, status), status in FAILURES
    heard = replace(
        sent, status=status, closed=read, failed=failed, confirm_by=0 if read or failed else sent.confirm_by
    )
    if late or (failed and sent.asked.key in patient.asked):  # left to the newer version
        patient = untold(patient, sent.asked, sent.created_at if late else None)
    if status is ReceiptStatus.PERMANENT_FAILURE:
        patient = bounced(patient, sent)
    return replace(patient, sent={**patient.sent, receipt.command_id: heard})


def _open(
    patient: PatientState,
    task: EscalationTask,
    known: OpenTask | None,
    decision: Decision | None,
    now: Instant,
) -> OpenTask:
    times = stage_times(task.created_at, task.due_at)
    stage = sum(at <= now for at in times)
    asked = None if known is None else known.asked
    stands = decision is not None and decision.outcome is Outcome.ESCALATE and decision.reason is task.reason
    if asked is None and decision is not None and stands:
        asked = _asked(patient, decision)
    claimed = task.status is TaskStatus.CLAIMED
    return OpenTask(
        task.version, task.status, task.decision_id, task.role, task.copy_roles, task.priority, task.reason,
        task.subject.kind, task.subject.id, task.subject.version, task.purpose, task.due_at, task.acknowledge_by,
        task.owner, task.created_at, asked, task.ground, task.options, task.do_not_use, task.safe_contact_ref,
        task.owner if claimed else None, stage, times[stage] if stage < len(times) else 0,
    )  # fmt: skip

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
from streams.domain.london import local_date
from streams.domain.patient import Asked, OpenTask, PatientState, Sent
from streams.domain.position import Position
from streams.domain.records import Decision, EscalationTask, SendCommand
from streams.domain.time import Instant
from streams.domain.vocabulary import (
    Channel,
    Level,
    Outcome,
    Purpose,
    Reason,
    ReceiptStatus,
    TaskStatus,
    Topic,
)
from streams.policy.model import Policy

from . import facts
from .deadlines import stage_times
from .intake import REMEMBERED, fingerprint
from .purposes import SAFETY_PURPOSES
from .request import WAITED
from .told import after_message, carries_link, for_the_link, owes_link, untold

_FAILED: Final = (
    ReceiptStatus.PERMANENT_FAILURE, ReceiptStatus.TECHNICAL_FAILURE, ReceiptStatus.REFUSED,
)  # fmt: skip
_ENDED: Final = (TaskStatus.CLOSED, TaskStatus.SUPERSEDED)
_AFTER_A_MESSAGE: Final = ("10",)


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
        patient, asked = (
            _did_not_arrive(patient, asked),
            replace(asked, flags=_AFTER_A_MESSAGE, waited=WAITED),
        )
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
        return patient if command is None else _awaited(patient, asked, command, policy)
    if decision.reason is Reason.COALESCED:
        return _told(patient, asked, decision, policy, None)
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
    """Whom the message was for knows now; a copy to somebody else does not change that."""
    if asked.copy_to is not None:
        return patient
    entry, result = patient.appointments.get(asked.id), patient.results.get(asked.id)
    if entry is not None and entry.version == asked.version:
        carried = command is None or carries_link(
            entry.body, command.purpose, command.level, command.parameters
        )
        entry = after_message(entry, entry.version, link=carried)
        again = for_the_link(asked, decision.decided_at) if owes_link(entry) else None
        return replace(
            patient,
            appointments={**patient.appointments, asked.id: entry},
            asked=patient.asked if again is None else {**patient.asked, again.key: again},
        )
    if result is not None:
        chase = decision.decided_at + policy.missed_action if decision.level is Level.L3 else 0
        result = replace(
            result, told_at=decision.decided_at, chase_at=chase, told_version=asked.version,
            told_normal=decision.purpose is Purpose.RESULT_NORMAL,
        )  # fmt: skip
        return replace(patient, results={**patient.results, asked.id: result})
    return patient


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
    replaced = {} if older is None else {command.supersedes or "": replace(older, closed=True, confirm_by=0)}
    day = local_date(command.created_at)
    before = patient.day_count if patient.day == day else 0
    return replace(
        patient, sent={**patient.sent, **replaced, command.command_id: sent},
        day=day, day_count=before + (command.purpose not in SAFETY_PURPOSES),
    )  # fmt: skip


def _did_not_arrive(patient: PatientState, asked: Asked) -> PatientState:
    """What was sent before had not arrived, so that it was decided again: nobody was told by it (``told.untell``)."""
    failed = {
        id_: replace(one, failed=True, confirm_by=0)
        for id_, one in patient.sent.items()
        if one.asked.key == asked.key and not (one.closed or one.failed)
    }
    patient = replace(patient, sent={**patient.sent, **failed})
    return untold(patient, asked) if failed else patient


def _heard(patient: PatientState, receipt: Receipt) -> PatientState:
    sent = patient.sent.get(receipt.command_id)
    if sent is None or sent.closed or sent.failed:
        return patient
    status = receipt.status
    read = status is ReceiptStatus.READ or (
        status is ReceiptStatus.DELIVERED and sent.channel is not Channel.NHS_APP
    )
    failed = status in _FAILED
    heard = replace(
        sent, status=status, closed=read, failed=failed, confirm_by=0 if read or failed else sent.confirm_by
    )
    if failed and sent.asked.key in patient.asked:
        patient = untold(patient, sent.asked)  # left to the newer version that waits
    contacts = patient.contacts
    if status is ReceiptStatus.PERMANENT_FAILURE:
        contacts = tuple(replace(c, bounced=True) if c.contact_id == sent.contact_id else c for c in contacts)
    return replace(patient, sent={**patient.sent, receipt.command_id: heard}, contacts=contacts)


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

"""Making an outcome true: from a ruling to decisions, commands, tasks and the patient's new state."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.decision import Draft, Escalate, Hold, Quarantine, Send, Suppress
from streams.domain.patient import Asked, Sent
from streams.domain.records import Subject
from streams.domain.time import Instant
from streams.domain.vocabulary import (
    Channel,
    Level,
    Outcome,
    Priority,
    Reason,
    Role,
    SubjectKind,
)

from . import surges
from .case import Case
from .commands import command_for
from .decide import Ruling
from .desk import Desk
from .forwarding import forward
from .guarding import guarded
from .messages import awaited, noticed
from .objections import refused
from .recipients import copies_wanted
from .results import reader_of
from .timing import confirm_by
from .told import mark_told, untell_spoken_for
from .withdrawing import end_older_tasks, withdraw

_OUTCOME_OF: Final = {
    Escalate: Outcome.ESCALATE,
    Suppress: Outcome.SUPPRESS,
    Quarantine: Outcome.QUARANTINE,
}


def carry_out(desk: Desk, ruling: Ruling) -> None:
    """Write what a ruling asks for and keep its effect on the patient's state."""
    verdict, case = ruling.verdict, ruling.case
    if type(verdict) is Hold:
        _hold(desk, ruling, verdict)
        return
    asked, waiting = case.asked, desk.patient.asked
    if waiting and (key := asked.key) in waiting:
        desk.patient = replace(desk.patient, asked={k: a for k, a in waiting.items() if k != key})
    supersedes = withdraw(desk, ruling) if "2.2" in ruling.path else None
    if type(verdict) is Send:
        _send(desk, ruling, verdict, supersedes)
        return
    decided = desk.decision_id_for(asked)
    tasks: list[str] = []
    if type(verdict) is Escalate:
        tasks.append(desk.open_task(asked, guarded(verdict.draft, case), decided, case.purpose, case.timing))
        if case.failed_before and asked.kind is SubjectKind.RESULT and asked.copy_to is None:
            tasks.extend(_for_those_it_spoke_for(desk, case, verdict.draft, decided))
    if case.companions or verdict.companions:
        tasks.extend(_companions(desk, case, (*case.companions, *verdict.companions), decided))
    desk.record_decision(
        asked,
        _OUTCOME_OF[type(verdict)],
        verdict.reason,
        ruling.rule,
        ruling.path,
        decided=decided,
        purpose=case.purpose,
        task_ids=tuple(tasks),
    )
    if type(verdict) is Quarantine:
        desk.set_aside(verdict.reason, verdict.error, asked.position)
    if type(verdict) is Suppress:
        if verdict.reason is Reason.COALESCED:
            mark_told(desk, case, by=desk.patient.notice_by)
        if verdict.reason is Reason.RESULT_CANCELLED_UNTOLD:
            _update_tasks(desk, asked)
        if verdict.forward_to is not None:
            forward(desk, asked, verdict.forward_to)
    _log(desk, ruling, decided)


def _hold(desk: Desk, ruling: Ruling, hold: Hold) -> None:
    """Keep the request open until the hold ends. A hold for the same reason is written once."""
    case = ruling.case
    asked = case.asked
    if "2.2" in ruling.path:
        end_older_tasks(desk, asked, hold.reason)
    again = asked.reason is hold.reason and asked.rule == ruling.rule
    tasks: tuple[str, ...] = ()
    if not again:
        decided = desk.decision_id_for(asked)
        tasks = tuple(_companions(desk, case, (*case.companions, *hold.companions), decided))
        desk.record_decision(
            asked,
            Outcome.HOLD,
            hold.reason,
            ruling.rule,
            ruling.path,
            decided=decided,
            purpose=case.purpose,
            hold_until=hold.until,
            task_ids=tasks,
        )
    if hold.reason is Reason.SURGE and hold.companions:
        desk.shard = surges.task_raised(desk.shard, case.service)
    waited = asked.waited
    if hold.final and hold.reason not in waited:
        waited = (*waited, hold.reason)
    if case.companions and Reason.AUTHORISED_CALL not in waited:
        waited = (*waited, Reason.AUTHORISED_CALL)
    held = replace(
        asked,
        until=hold.until,
        reason=hold.reason,
        rule=ruling.rule,
        waited=waited,
        ordinal=asked.ordinal + (0 if again else 1),
        held_since=asked.held_since or desk.now,
    )
    desk.patient = replace(desk.patient, asked={**desk.patient.asked, held.key: held})


def _update_tasks(desk: Desk, asked: Asked) -> None:
    """C163: tasks about a result that was withdrawn say so, and stay open until a person closes them."""
    for id_, task in list(desk.patient.tasks.items()):
        if (task.kind, task.id) == (asked.kind, asked.id):
            desk.put_task(id_, replace(task, version=task.version + 1, entity_version=asked.version))


def _companions(desk: Desk, case: Case, drafts: tuple[Draft, ...], decided: str) -> list[str]:
    """Tasks beside the outcome; those that are not companions (3.3) stand for the request's subject."""
    if not drafts:
        return []
    return [
        desk.open_task(case.asked, guarded(draft, case), decided, case.purpose, case.timing)
        for draft in drafts
    ]


def _for_those_it_spoke_for(desk: Desk, case: Case, draft: Draft, decided: str) -> list[str]:
    """A notice that reached nobody told nobody of the other results it spoke for: a person has those too (B10)."""
    return [
        desk.open_task(
            replace(case.asked, id=id_, version=version),
            guarded(draft, case),
            decided,
            case.purpose,
            case.timing,
        )
        for id_, version in untell_spoken_for(desk, case.asked.id)
    ]


def refusal_tasks(desk: Desk) -> list[str]:
    """B9: who said no when asked for permission is asked why; handled as an objection without a reason."""
    draft = Draft(Role.IG, Priority.P3, Reason.CAPTURE_REASON, unbound=True)
    return [
        desk.companion(draft, (SubjectKind.PATIENT, f"permission:{p.channel}", 0))
        for p in desk.patient.permissions
        if refused(desk.patient, p.channel)
    ]


def conflict_task(desk: Desk, channel: Channel) -> str:
    """``preference_conflict``: which is current, the preference or the objection? One task a channel."""
    draft = Draft(Role.ADMIN, Priority.P3, Reason.PREFERENCE_CONFLICT, unbound=True)
    return desk.companion(draft, (SubjectKind.PATIENT, f"channel:{channel}", 0))


def _send(desk: Desk, ruling: Ruling, send: Send, supersedes: str | None) -> None:
    case = ruling.case
    asked = case.asked
    decided = desk.decision_id_for(asked)
    command = command_for(desk, ruling, send, supersedes, decided)
    id_, expires = command.command_id, command.valid_until
    desk.write(command)
    tasks = _companions(desk, case, (*case.companions, *send.companions), decided)
    desk.record_decision(
        asked,
        Outcome.SEND,
        send.reason,
        ruling.rule,
        ruling.path,
        decided=decided,
        purpose=case.purpose,
        level=send.level,
        command_id=id_,
        task_ids=tuple(tasks),
    )
    _remember(desk, ruling, send, id_, expires)
    _log(desk, ruling, decided)


def _remember(desk: Desk, ruling: Ruling, send: Send, id_: str, expires: Instant) -> None:
    """After a send: told, counted, awaiting its receipt; copies asked for; the notice window opened."""
    case = ruling.case
    asked = case.asked
    sent = Sent(
        replace(asked, ordinal=asked.ordinal + 1, until=0, reason=None),
        case.purpose,
        send.channel,
        send.level,
        send.recipient,
        send.proxy_ref,
        send.contact_id,
        desk.now,
        expires,
        confirm_by(case, send.channel),
        (*case.tried, send.channel),
        overridden=send.override is not None,
    )
    desk.patient = awaited(desk.patient, id_, sent)
    mark_told(desk, case, send)
    if case.level is Level.L3 and asked.kind is SubjectKind.RESULT and asked.copy_to is None:
        desk.patient = noticed(desk.patient, asked.id, reader_of(case), desk.now, desk.env.policy)
    for proxy_id in copies_wanted(case):
        copy = replace(
            asked, copy_to=proxy_id, ordinal=asked.ordinal + 1, until=desk.now, reason=None, rule=""
        )
        desk.change(asked={**desk.patient.asked, copy.key: copy})


def _log(desk: Desk, ruling: Ruling, decided: str) -> None:
    kind = ruling.verdict.companion_safety
    if kind is not None:
        asked = ruling.case.asked
        desk.log_safety(kind, Subject(asked.kind, asked.id, asked.version), decided, decided)

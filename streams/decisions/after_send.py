"""Stage 10, B6.2: what the receipts say, the next channel, and the person who takes over at the end."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.decision import Draft, Escalate, Suppress
from streams.domain.events import Receipt
from streams.domain.patient import Asked, PatientState, Sent
from streams.domain.records import Subject
from streams.domain.shard import Circuit
from streams.domain.time import MINUTE, Instant
from streams.domain.vocabulary import (
    Channel,
    Outcome,
    Priority,
    Reason,
    ReceiptStatus,
    Role,
    SubjectKind,
)

from .deadlines import TIME_TO_ACT
from .decide import Ruling, decide
from .desk import Desk
from .faults import attempt, fault
from .framing import frame
from .messages import FAILURES, bounced, failed_after_all, is_read
from .outcome import carry_out
from .request import WAITED, asked_for_record, settled
from .timing import unread_after
from .told import doubt, hand_on, untell

_FAILURES_TO_OPEN: Final = 5
_FAILURES_WITHIN: Final = 2 * MINUTE
_TRY_AGAIN: Final = 1 * MINUTE
#: Nothing left to do: the appointment is over, or the recipient knows by other means.
_QUIET: Final = frozenset({Reason.PAST, Reason.NO_NET_CHANGE})


def receive(desk: Desk, receipt: Receipt) -> None:
    """Apply one receipt. The first terminal state is kept (C146); an unknown command is set aside (C147)."""
    sent = desk.patient.sent.get(receipt.command_id)
    if sent is None:
        _set_aside(desk)
        return
    status = receipt.status
    if failed_after_all(sent, status):
        _failed_after_all(desk, receipt.command_id, sent, status)
        return
    if sent.closed or sent.failed:
        if is_read(sent, status) and not sent.failed:
            doubt(desk, sent.asked, withdrawn=False)
        if (status is ReceiptStatus.PERMANENT_FAILURE) != sent.failed and status is not sent.status:
            desk.log_safety("receipt_conflict", _subject(sent), desk.event_id)
        return
    if is_read(sent, status):
        _keep(desk, receipt.command_id, replace(sent, status=status, closed=True, confirm_by=0))
    elif status is ReceiptStatus.REFUSED:
        _stop(desk, receipt.command_id, sent)
    elif status in FAILURES:
        _learn(desk, sent, status)
        next_channel(desk, receipt.command_id, sent, status)
    else:  # accepted, delivered to the app but unread, or failing for now: the timer decides
        by = _read_by(desk, sent) if status is ReceiptStatus.DELIVERED else sent.confirm_by
        _keep(desk, receipt.command_id, replace(sent, status=status, confirm_by=by))


def _learn(desk: Desk, sent: Sent, status: ReceiptStatus) -> None:
    """Whose fault it was: that of the detail, or that of the channel (C144)."""
    if status is ReceiptStatus.PERMANENT_FAILURE:
        _mark_bounced(desk, sent)
    elif status is ReceiptStatus.TECHNICAL_FAILURE:
        _count_failure(desk, sent.channel)


def _failed_after_all(desk: Desk, command_id: str, sent: Sent, status: ReceiptStatus) -> None:
    """A message that something newer has taken the place of: it told nobody either.

    It moves on no more, unless what took its place did not have to be told, and nobody else has it to tell.
    """
    sent = replace(sent, status=status, failed=True)
    _keep(desk, command_id, sent)
    _learn(desk, sent, status)
    current, patient_before = _is_current(desk, sent) and not _in_hand(desk, sent), desk.patient
    untell(desk, sent.asked, sent.created_at)
    if status is ReceiptStatus.REFUSED:
        _check_ours(desk, sent)
    elif current and not _is_current(desk, sent):  # else a person has told the same
        _go_on(desk, command_id, sent, status, patient_before)
    _wake(desk, sent)


def _in_hand(desk: Desk, sent: Sent) -> bool:
    """Whether another message or a person is telling of the same thing."""
    messages, tasks = desk.patient.sent.values(), desk.patient.tasks.values()
    return any(not (m.closed or m.failed) and m.asked.same_thing(sent.asked) for m in messages) or any(
        t.asked is not None and t.asked.same_thing(sent.asked) for t in tasks
    )


def _wake(desk: Desk, sent: Sent) -> None:
    """A newer version that waits for a time of day is decided at once: the start that counted may be an earlier one."""
    held = desk.patient.asked.get(sent.asked.key)
    if held is not None and held.reason not in WAITED:
        desk.change(asked={**desk.patient.asked, held.key: replace(held, until=desk.now)})


def _read_by(desk: Desk, sent: Sent) -> Instant:
    """Delivered to the app: from now on the time to read it counts, from when it was sent (C145).

    Where the rules cannot tell (a date of birth that is no date), the time it had stays, and then a person asks.
    """

    def by() -> Instant:
        return sent.created_at + unread_after(frame(desk.patient_id, desk.patient, sent.asked, desk.env))

    return attempt(desk, by, lambda said: sent.confirm_by)


def _keep(desk: Desk, command_id: str, sent: Sent) -> None:
    desk.patient = replace(desk.patient, sent={**desk.patient.sent, command_id: sent})


def _subject(sent: Sent) -> Subject:
    return Subject(sent.asked.kind, sent.asked.id, sent.asked.version)


def _set_aside(desk: Desk) -> None:
    asked = asked_for_record(desk, SubjectKind.RECORD, "receipt", 0)
    desk.record_decision(asked, Outcome.QUARANTINE, Reason.UNKNOWN_COMMAND, "10", ("10",))
    desk.set_aside(Reason.UNKNOWN_COMMAND, "receipt for a command that is not known")


def _mark_bounced(desk: Desk, sent: Sent) -> None:
    """Nobody uses the detail before somebody has mended it: that somebody is asked."""
    desk.patient = bounced(desk.patient, sent)
    draft = Draft(Role.DQ, Priority.P3, Reason.DATA_QUALITY, unbound=True)
    desk.companion(draft, (SubjectKind.PATIENT, f"contact:{sent.channel}", 0))


def _count_failure(desk: Desk, channel: Channel) -> None:
    """Technical failures are the channel's fault: five in two minutes close it for one (C144)."""
    known = desk.shard.circuits.get(channel, Circuit())
    recent = (*(at for at in known.failures if desk.now - at <= _FAILURES_WITHIN), desk.now)
    opened = len(recent) >= _FAILURES_TO_OPEN
    circuit = Circuit(() if opened else recent, desk.now + _TRY_AGAIN if opened else known.open_until)
    desk.shard = replace(desk.shard, circuits={**desk.shard.circuits, channel: circuit})


def next_channel(desk: Desk, command_id: str, sent: Sent, status: ReceiptStatus | None) -> None:
    """Re-run the decision without the channels that were tried; a person takes over when none is left.

    ``status`` is the last thing heard of the message; None: nothing at all.
    """
    _keep(desk, command_id, replace(sent, failed=True, confirm_by=0, status=status))
    current, patient_before = _is_current(desk, sent), desk.patient
    untell(desk, sent.asked)  # also when a newer version waits: it is compared with what did arrive
    if not current:
        if (theirs := hand_on(desk, command_id, sent)) is not None:
            next_channel(desk, command_id, theirs, status)
        _wake(desk, sent)
        return
    _go_on(desk, command_id, sent, status, patient_before)


def _go_on(
    desk: Desk, command_id: str, sent: Sent, status: ReceiptStatus | None, patient_before: PatientState
) -> None:
    asked = replace(settled(desk, sent.asked), flags=("10",))
    attempt(
        desk,
        lambda: _try_next(desk, asked, command_id, sent, status, patient_before),
        lambda said: fault(desk, asked, said),
    )


def _try_next(
    desk: Desk,
    asked: Asked,
    command_id: str,
    sent: Sent,
    status: ReceiptStatus | None,
    patient_before: PatientState,
) -> None:
    env = replace(desk.env, shard=desk.shard)
    ruling = decide(frame(desk.patient_id, desk.patient, asked, env))
    if isinstance(ruling.verdict, Suppress) and ruling.verdict.reason in _QUIET:
        desk.patient = patient_before
        return
    ask_by = _silence_ends(ruling) if status is None else 0
    if ask_by > desk.now:
        desk.patient = patient_before
        _keep(desk, command_id, replace(sent, confirm_by=ask_by))
        return
    carry_out(desk, ruling)


def _silence_ends(ruling: Ruling) -> Instant:
    """Until when a person need not be asked about a message of which nothing at all was heard; 0: at once.

    Silence is weaker evidence than a failure: it moves the message to the next channel, but where there is
    none left the task comes when a P1 can still be done in time, not two hours after every text.
    """
    case = ruling.case
    needed_by = case.timing.needed_by
    if not isinstance(ruling.verdict, Escalate) or needed_by is None or not case.timing.short_notice:
        return 0
    return needed_by - case.policy.action_buffer - TIME_TO_ACT


def _is_current(desk: Desk, sent: Sent) -> bool:
    """Whether this message is what the recipient knows: newer versions that said nothing new do not count."""
    asked = sent.asked
    if asked.key in desk.patient.asked:
        return False
    if asked.kind is SubjectKind.APPOINTMENT:
        entry = desk.patient.appointments.get(asked.id)
        told = entry.told if entry is not None else None
        return told is not None and told.version == asked.version
    if asked.kind is SubjectKind.RESULT:
        result = desk.patient.results.get(asked.id)
        return result is not None and result.told_version == asked.version
    request = desk.patient.requests.get(asked.id)
    return request is not None and request.version == asked.version


def _stop(desk: Desk, command_id: str, sent: Sent) -> None:
    """The provider reports a death, flag, exit or invalid record: stop, and somebody checks ours."""
    _keep(desk, command_id, replace(sent, status=ReceiptStatus.REFUSED, failed=True, confirm_by=0))
    held, current = desk.patient.asked.get(sent.asked.key), _is_current(desk, sent)
    untell(desk, sent.asked)
    if held is None and not current:
        _check_ours(desk, sent)
        return
    # A newer version that waits goes to that person too: it would go to the same dead or flagged patient.
    asked = settled(desk, sent.asked) if held is None else replace(held, until=0, reason=None, rule="")
    asked = replace(asked, flags=("10",))
    draft = Draft(Role.DQ, Priority.P2, Reason.DATA_QUALITY, own_role=True)

    def stop() -> None:
        case = frame(desk.patient_id, desk.patient, asked, desk.env)
        case = replace(case, failed_before=True)  # nor did it tell of what it spoke for
        carry_out(desk, Ruling(Escalate(draft), "B6.2", ("10", "B6.2"), case))

    attempt(desk, stop, lambda said: fault(desk, asked, said))


def _check_ours(desk: Desk, sent: Sent) -> None:
    """B6.2: a refusal is about the patient, not about the message; what became of that changes nothing."""
    asked = sent.asked
    draft = Draft(Role.DQ, Priority.P2, Reason.DATA_QUALITY, own_role=True, unbound=True)
    desk.companion(draft, (asked.kind, asked.id, asked.version))


def confirm_overdue(desk: Desk) -> None:
    """No receipt by ``confirm_by``, or an app message still unread: the next channel (C143, C145, C148).

    Nothing has failed yet: a newer version that waits is decided first, and may take this one's place.
    """
    for command_id in list(desk.patient.sent):
        sent = desk.patient.sent[command_id]
        if not sent.confirm_by or sent.confirm_by > desk.now or sent.closed or sent.failed:
            continue
        held = desk.patient.asked.get(sent.asked.key)
        if held is not None:
            _keep(desk, command_id, replace(sent, confirm_by=held.until))
        else:
            next_channel(desk, command_id, sent, sent.status)

"""B10: what may be said about a result, and when (S2 lines 46 and 53, S1 line 20).

Rows 1 to 3 are asked in stage 1 (1.11), before settle and state; rows 4 to 11 in stage 4.
"""

from __future__ import annotations

from msgspec.structs import replace

from streams.domain.decision import Draft, Escalate, Hold, Suppress
from streams.domain.events import Agreement
from streams.domain.patient import ResultEntry
from streams.domain.vocabulary import (
    Channel,
    Level,
    Priority,
    Purpose,
    Reason,
    RecipientRole,
    Release,
    ResultStatus,
    Role,
)

from . import channels, recipients
from .case import Case, Recipient
from .content import remove_recipients
from .merges import survivor_of
from .purposes import RESULT_PURPOSES
from .selection import Tested
from .timing import answered_from

_DISCUSS = (Release.DISCUSS_FIRST, Release.UNKNOWN)
_CORRECTED = (ResultStatus.CORRECTED, ResultStatus.UNKNOWN)
_FINAL = (ResultStatus.FINAL, ResultStatus.CORRECTED)


def _to_clinician(priority: Priority, reason: Reason) -> Escalate:
    return Escalate(Draft(Role.CLIN, priority, reason, own_role=True))


def _entry(case: Case) -> ResultEntry:
    assert case.result is not None, "result rows are asked of results only"
    return case.result


def withdrawn(case: Case) -> Escalate | Suppress | None:
    """B10.1: a result that was cancelled or entered in error."""
    if _entry(case).body.status is not ResultStatus.CANCELLED:
        return None
    if _entry(case).told_at:
        return _to_clinician(Priority.P1, Reason.WITHDRAWN_RESULT)
    survivor = survivor_of(case.patient)
    if survivor is not None:  # the patient may have been told under that number (3.4)
        return Suppress(Reason.SUPERSEDED, forward_to=survivor)
    return Suppress(Reason.RESULT_CANCELLED_UNTOLD)


def critical(case: Case) -> Escalate | None:
    """B10.2: a critical result goes to the duty clinician at once, reviewed or not."""
    if not _entry(case).body.critical:
        return None
    return Escalate(Draft(Role.DUTY, Priority.P0, Reason.CRITICAL_RESULT, own_role=True))


def needs_conversation(case: Case) -> Escalate | None:
    """B10.3: bad news, discuss first, or abnormal and not released: a person tells the patient.

    A release we cannot read may say "discuss first" (1.2).
    """
    body = _entry(case).body
    if body.bad_news:
        return _to_clinician(Priority.P1, Reason.BAD_NEWS)
    if body.release in _DISCUSS or (body.abnormal and body.release is not Release.NOTIFY):
        return _to_clinician(Priority.P1, Reason.DISCUSS_FIRST)
    return None


def preliminary(case: Case) -> Suppress | None:
    """B10.4: a preliminary result waits for the final one."""
    return Suppress(Reason.AWAITING_FINAL) if _entry(case).body.status is ResultStatus.PRELIMINARY else None


def corrected(case: Case) -> Escalate | None:
    """B10.5: the patient was told of something that has changed; "normal" that no longer is counts too.

    A status we cannot read may say "entered in error" (1.2).
    """
    entry = _entry(case)
    if (entry.told_at and entry.body.status in _CORRECTED) or no_longer_normal(entry):
        return _to_clinician(Priority.P1, Reason.CORRECTED_AFTER_TOLD)
    return None


def no_longer_normal(entry: ResultEntry) -> bool:
    """Whether the patient was told "normal" and the result does not say so any more."""
    return entry.told_normal and entry.body.abnormal is not False


def clinicians_choice(case: Case) -> Suppress | None:
    """B10.6: the clinician decided that the patient is not notified."""
    return Suppress(Reason.CLINICIAN_CHOICE) if _entry(case).body.release is Release.DO_NOT_NOTIFY else None


def agreement(case: Case) -> Agreement | None:
    """The valid pre-agreed threshold for this test, in this unit (B10 row 9, C166)."""
    body = _entry(case).body
    if not body.within_threshold:
        return None
    for agreed in case.patient.agreements:
        if (
            agreed.test_code == body.test_code
            and agreed.unit == body.value_unit
            and case.now < agreed.valid_to
        ):
            return agreed
    return None


def units_differ(case: Case) -> Case | None:
    """B10.9: an agreement in another unit covers nothing, and somebody has to mend the data (C166)."""
    body = _entry(case).body
    if not body.within_threshold or agreement(case) is not None:
        return None
    for agreed in case.patient.agreements:
        if (
            agreed.test_code == body.test_code
            and agreed.unit != body.value_unit
            and case.now < agreed.valid_to
        ):
            task = Draft(Role.DQ, Priority.P3, Reason.DATA_QUALITY, companion=True, unbound=True)
            return replace(case, companions=(*case.companions, task))
    return None


def unreviewed(case: Case) -> Hold | Escalate | None:
    """B10.7: nobody has looked yet; at the review SLA a clinician is asked. Never released by itself (C171)."""
    if _entry(case).body.reviewed or agreement(case) is not None:
        return None
    if Reason.AWAITING_REVIEW in case.asked.waited or _was_asked_for(case):
        return _to_clinician(Priority.P2, Reason.UNREVIEWED_RESULT)
    since = case.asked.held_since or case.now
    due = case.policy.calendar.add_working_days(since, case.policy.review_sla_days)
    if due <= case.now:
        return _to_clinician(Priority.P2, Reason.UNREVIEWED_RESULT)
    return Hold(Reason.AWAITING_REVIEW, due, final=True)


def _was_asked_for(case: Case) -> bool:
    """Whether a clinician has the task already: another version of it, still unreviewed, updates that."""
    return any(
        task.reason is Reason.UNREVIEWED_RESULT
        and task.asked is not None
        and task.asked.same_thing(case.asked)
        for task in case.patient.tasks.values()
    )


def sensitive(case: Case) -> Escalate | Hold | Case | None:
    """B10.8: of a sensitive test only "please contact us", and only when a clinician released it."""
    if not case.sensitive:
        return None
    body = _entry(case).body
    if body.status in _FINAL and body.release is Release.NOTIFY and body.reviewed:
        return contact_line(case) or replace(case, level=Level.L0, purpose=Purpose.RESULT_AVAILABLE)
    return _to_clinician(Priority.P2, Reason.SENSITIVE_RESULT)


def normal(case: Case) -> Case | None:
    """B10.9: a normal result may say so, where that was agreed, switched on, and a channel can carry it."""
    body = _entry(case).body
    if body.abnormal is not False or body.status not in _FINAL or agreement(case) is None:
        return None
    if not case.policy.l4_enabled:
        return None
    wanted = replace(case, level=Level.L4, purpose=Purpose.RESULT_NORMAL)
    return wanted if _carries_l4(wanted) else None


def _carries_l4(case: Case) -> bool:
    """Whether some channel could carry L4 to whoever stage 5 would choose; else it is told as L3 (row 10)."""
    case = remove_recipients(case) or case  # 6.3 is asked later, before stage 5
    stand_in = next((p for p in recipients.named(case) if recipients.usable(case, p)), None)
    if stand_in is not None:
        cap = stand_in.max_level
        reader = Recipient(RecipientRole.PROXY, stand_in.proxy_id, stand_in.contacts, (), (), cap)
        addressed = replace(case, recipient=reader)
    elif recipients.needs_stand_in(case):
        return False
    else:
        themselves = recipients.patient_themselves(case)
        if not isinstance(themselves, Case):
            return False  # nobody knows how old they are: stage 5 asks a person (B11.1)
        addressed = themselves
    tested = channels.candidates(addressed)
    return any(
        c.eligible and not c.lowered and c.channel in (Channel.NHS_APP, Channel.LETTER) for c in tested
    )


def available(case: Case) -> Hold | Case | None:
    """B10.10: "a result is available, contact us", while somebody answers the contact line."""
    body = _entry(case).body
    if case.purpose is Purpose.RESULT_NORMAL or case.level is Level.L0 or body.status not in _FINAL:
        return None
    released = body.reviewed and body.release is Release.NOTIFY
    if not (released or agreement(case) is not None):
        return None
    return contact_line(case) or replace(case, level=Level.L3)


def contact_line(case: Case) -> Hold | None:
    """Hold a notice that asks for a call until the line is open, and stays open long enough (B10 row 10)."""
    at = answered_from(case)
    return None if at == case.now else Hold(Reason.CONTACT_LINE_CLOSED, at)


def not_classified(case: Case) -> Escalate | None:
    """B10.11: anything else is for a clinician; so is a request to tell a result, which shows none (4.1)."""
    if case.result is None:
        asks = case.purpose in RESULT_PURPOSES
        return _to_clinician(Priority.P2, Reason.RESULT_NOT_CLASSIFIED) if asks else None
    if case.purpose is Purpose.RESULT_NORMAL or case.level is Level.L0:
        return None
    body = _entry(case).body
    if body.status in _FINAL and body.reviewed and body.release is Release.NOTIFY:
        return None
    if body.status in _FINAL and agreement(case) is not None:
        return None
    return _to_clinician(Priority.P2, Reason.RESULT_NOT_CLASSIFIED)


def reader_of(case: Case) -> str:
    """Whom a notice goes to: the proxy's id, empty for the patient."""
    return (case.recipient.proxy_ref or "") if case.recipient is not None else ""


def coalesce(tested: Tested) -> Hold | Suppress | None:
    """B10, coalescing: results within the window of a notice are told together when it ends (C168).

    Asked when it is known that this result may be told: what a person has to decide does not wait for it.
    """
    case = tested.case
    if not tested.eligible:
        return None
    if case.level is not Level.L3 or case.failed_before or case.asked.copy_to is not None:
        return None  # the fallback or the copy of a notice is that notice
    notice = case.patient
    if notice.notice_to not in (None, reader_of(case)):
        return None  # somebody else's notice tells this recipient nothing
    if case.asked.reason is Reason.COALESCE and notice.notice_at == case.now:
        return Suppress(Reason.COALESCED)  # the notice that just went out speaks for this result too
    if case.now < notice.notice_until:
        return Hold(Reason.COALESCE, notice.notice_until)
    return None

"""Stages 1 and 2: what is refused or short-circuited whoever the patient is, and what still matters."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.decision import Draft, Escalate, Hold, Quarantine, Suppress
from streams.domain.time import MINUTE
from streams.domain.vocabulary import (
    AppointmentStatus,
    Ground,
    InitiatedBy,
    Priority,
    Purpose,
    Reason,
    ResultStatus,
    Role,
)

from .case import Case
from .merges import survivor_of
from .purposes import APPOINTMENT_PURPOSES, COURTESY, NEVER_SENT, OUT_OF_SCOPE, RAISERS
from .request import MAY_TAKE_PLACE, is_replay, takes_place_of
from .results import no_longer_normal

_NEVER_SENT_REASON: Final = {
    Purpose.EMERGENCY_TRIAGE: Reason.EMERGENCY,
    Purpose.BAD_NEWS: Reason.BAD_NEWS,
    Purpose.COMPLEX_CLINICAL: Reason.COMPLEX_CLINICAL,
}


def out_of_scope(case: Case) -> Suppress | None:
    """1.7: not a message about the person's own care (S0 line 5, S1 line 5)."""
    return Suppress(Reason.OUT_OF_SCOPE_PURPOSE) if case.purpose in OUT_OF_SCOPE else None


def never_a_message(case: Case) -> Escalate | None:
    """1.8: emergencies, bad news and complex matters go to a clinician (S2 lines 52 to 54)."""
    whom = NEVER_SENT.get(case.purpose)
    if whom is None:
        return None
    return Escalate(Draft(whom[0], whom[1], _NEVER_SENT_REASON[case.purpose]))


def unknown_purpose(case: Case) -> Quarantine | None:
    """1.9: a purpose we cannot read is never guessed."""
    if case.purpose is not Purpose.UNKNOWN:
        return None
    task = Draft(Role.DQ, Priority.P2, Reason.DATA_QUALITY)
    return Quarantine(Reason.UNKNOWN_PURPOSE, "purpose is not one of the known purposes", (task,))


def unauthorised_ground(case: Case) -> Quarantine | None:
    """1.10: a purpose that is itself a ground needs an authorised person behind it (B7)."""
    request = case.request
    if request is None or case.purpose not in RAISERS:
        return None
    if request.authorised_by and request.authoriser_role in RAISERS[case.purpose]:
        return None
    task = Draft(Role.IG, Priority.P1, Reason.DATA_QUALITY, own_role=True)
    return Quarantine(
        Reason.UNAUTHORISED_GROUND, "no authorised person of the ground's role is named", (task,)
    )


def threat(case: Case) -> Escalate | None:
    """1.11, G7: no automatic message to anybody; safeguarding reaches the person (S0 line 71)."""
    if case.purpose is not Purpose.THREAT_CONTACT or case.permit is not None:
        return None
    return Escalate(
        Draft(
            Role.SAFE,
            Priority.P0,
            Reason.THREAT,
            copy_roles=(Role.CG,),
            ground=Ground.G7,
            within=15 * MINUTE,
            options=("phone", "in_person", "authorise_message"),
        )
    )


def wrong_medication(case: Case) -> Case | None:
    """1.11, G8: a call task at once, beside whatever becomes of the message (S0 line 72, C235)."""
    if case.purpose is not Purpose.MEDICATION_ERROR or Reason.AUTHORISED_CALL in case.asked.waited:
        return None
    task = Draft(
        Role.PHARM,
        Priority.P0,
        Reason.AUTHORISED_CALL,
        ground=Ground.G8,
        within=30 * MINUTE,
        options=("phone", "one_off_override"),
        companion=True,
    )
    return replace(case, companions=(*case.companions, task))


def settle(case: Case) -> Hold | None:
    """2.1: a feed often corrects itself within seconds; wait for the last word."""
    if Reason.SETTLE in case.asked.waited:
        return None
    window = case.policy.settle_result if case.is_result else case.policy.settle_appointment
    if window <= 0:
        return None
    until = case.now + window
    deadline = case.timing.deadline
    if deadline is not None and case.now < deadline < until:
        until = deadline  # a hold wakes while it can still help (B2)
    return Hold(Reason.SETTLE, until, final=True)


def withdraw_older(case: Case) -> Case | None:
    """2.2: what still waits for this appointment, result or request is withdrawn when this one ends."""
    patient = case.patient
    if not (patient.tasks or patient.sent) or case.permit is not None:
        return None
    asked = case.asked
    for task in patient.tasks.values():
        if task.asked is not None and takes_place_of(patient, asked, task.asked):
            return case
    for sent in patient.sent.values():
        if not (sent.closed or sent.failed) and takes_place_of(patient, asked, sent.asked):
            return case
    return None


def state_only(case: Case) -> Suppress | None:
    """B1: ATTENDED and DID_NOT_ATTEND change what we know, and nothing else."""
    return Suppress(Reason.PAST) if case.state_only else None


def unknown_status(case: Case) -> Escalate | None:
    """1.2: a status we cannot read may be a cancellation, a mode another place; a person reads it."""
    if not case.is_appointment or not case.unreadable or case.timing.over:
        return None
    priority = Priority.P1 if case.timing.short_notice else Priority.P2
    return Escalate(Draft(Role.DQ, priority, Reason.DATA_QUALITY))


def _of_a_survivor(case: Case) -> bool:
    """Whether it goes on to the survivor of a merge (3.4, C066), who knows what was told: rows 2.3 to 2.7 are theirs."""
    return case.request is None and survivor_of(case.patient) is not None


def no_net_change(case: Case) -> Suppress | None:
    """2.3: nothing differs from what the recipient was last told (C013, C015)."""
    if _nothing_differs(case) and not _of_a_survivor(case):
        return Suppress(Reason.NO_NET_CHANGE)
    return None


def _nothing_differs(case: Case) -> bool:
    if case.permit is not None or case.tried:
        return False
    if case.is_appointment:
        body = case.appointment
        assert body is not None
        if not case.difference.any:
            return True
        untold_cancel = case.told is None and body.status is AppointmentStatus.CANCELLED
        return untold_cancel and body.previous_starts_at is None and case.timing.over
    result = case.result
    if case.asked.copy_to is not None or result is None or no_longer_normal(result):
        return False
    return result.told_at > 0 and result.body.status is ResultStatus.FINAL


def past(case: Case) -> Suppress | None:
    """2.4: too late to help; when the change came before the start, somebody has to look for the patient."""
    timing = case.timing
    if timing.late and timing.affected_start is None and case.purpose in COURTESY:
        return Suppress(Reason.PAST)  # nobody is called about an invitation that came too late
    if not timing.over or _of_a_survivor(case):
        return None
    until = timing.relevant_end
    if not case.is_appointment or until is None or case.asked.occurred_at >= until:
        return Suppress(Reason.PAST)
    if case.told is None and not case.difference.cancelled:
        return Suppress(Reason.PAST)  # an old booking that we hear of for the first time is no change
    task = Draft(Role.BOOK, Priority.P2, Reason.LATE_NOTIFICATION, companion=True)
    return Suppress(Reason.PAST, (task,), companion_safety="late_notification")


def immaterial(case: Case) -> Suppress | None:
    """2.5: another room or clinician, or a shift below the threshold; at the threshold it is material."""
    immaterial = not case.difference.material and case.is_appointment and not case.tried
    if immaterial and not _of_a_survivor(case):
        return Suppress(Reason.IMMATERIAL)
    return None


def patients_own_change(case: Case) -> Case | None:
    """2.6: who asked for the change knows of it: no ground for an override."""
    body = case.appointment
    if case.is_appointment and body is not None and body.initiated_by is InitiatedBy.PATIENT:
        return replace(case, no_override=True)
    return None


def cancelled_meanwhile(case: Case) -> Suppress | None:
    """2.3: whatever tells somebody to come to an appointment that does not take place, or did, would mislead.

    One whose status we do not know is for a person (1.2).
    """
    body = case.appointment
    if case.request is None or body is None or body.status in MAY_TAKE_PLACE:
        return None
    calls_in = case.purpose in APPOINTMENT_PURPOSES and case.purpose is not Purpose.APPT_CANCEL
    return Suppress(Reason.SUPERSEDED) if calls_in else None


def replay_guard(case: Case) -> Suppress | None:
    """2.7: a backfill tells nobody anything, unless it still affects the future (C020)."""
    asked = case.asked
    if Reason.REPLAY_GUARD in asked.waited or not is_replay(asked, case.policy, case.now):
        return None
    relevant = case.timing.affected_start is not None or case.timing.needed_by is not None
    return None if relevant or _of_a_survivor(case) else Suppress(Reason.REPLAY_GUARD)

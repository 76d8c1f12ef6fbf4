"""Stage 3: may this patient be messaged at all, whatever the message says?"""

from __future__ import annotations

import unicodedata
from typing import Final

from msgspec.structs import replace

from streams.domain.calendar import local_date
from streams.domain.decision import Draft, Escalate, Hold, Suppress
from streams.domain.events import Contact, Identity
from streams.domain.nhs_number import normalised
from streams.domain.time import HOUR, MINUTE, Instant
from streams.domain.vocabulary import Death, Priority, Reason, RecordStatus, Role, SubjectKind

from .case import Case
from .deadlines import TIME_TO_ACT
from .purposes import CLINICAL_PURPOSES, RESULT_PURPOSES, SAFETY_PURPOSES

_LOOK_AGAIN: Final = (
    10 * MINUTE
)  # while sends are stopped: often enough for a result, rare enough for the log
_LONGEST_STOP: Final = HOUR  # a result that waited so long for the state goes to a clinician


def priority(case: Case, otherwise: Priority) -> Priority:
    """P1 in-window, else what the row says."""
    return Priority.P1 if case.timing.short_notice else otherwise


def wake_before(case: Case, until: Instant) -> Instant:
    """No hold may sleep through needed_by (B2): cut it there while that is still ahead."""
    needed_by = case.timing.needed_by
    if needed_by is not None and case.now < needed_by < until:
        return needed_by
    return until


def fail_closed(case: Case) -> Hold | Escalate | None:
    """3.1: the state is not to be trusted now, so nothing is sent (I2)."""
    if not (case.shard.recovering or case.shard.paused):
        return None
    needed_by = case.timing.needed_by
    latest = (
        needed_by - case.policy.action_buffer - TIME_TO_ACT
        if needed_by is not None
        else (case.asked.held_since or case.now) + _LONGEST_STOP
    )
    if case.now < latest:
        return Hold(Reason.FAIL_CLOSED, min(latest, case.now + _LOOK_AGAIN))
    if case.purpose in RESULT_PURPOSES:
        return Escalate(Draft(Role.CLIN, Priority.P2, Reason.FAIL_CLOSED))
    return Escalate(Draft(Role.BOOK, Priority.P1, Reason.FAIL_CLOSED))


def unknown_patient(case: Case) -> Hold | Escalate | None:
    """3.2: wait a little for the state, then a person finds out who this is (C060, C061)."""
    if case.patient.known:
        return None
    if Reason.STATE_GRACE not in case.asked.waited:
        until = wake_before(case, case.now + case.policy.state_grace)
        return Hold(Reason.STATE_GRACE, until, final=True)
    return Escalate(Draft(Role.DQ, priority(case, Priority.P3), Reason.UNKNOWN_PATIENT))


def deceased(case: Case) -> Suppress | None:
    """3.3: formal or informal, and also what we cannot read: nothing to the family, future activity is cancelled."""
    identity = case.patient.identity
    assert identity is not None
    if identity.death in (Death.NONE, Death.REMOVED):
        return None
    task = Draft(Role.ADMIN, Priority.P2, Reason.DECEASED)
    return Suppress(Reason.DECEASED, (task,))


def record_invalid(case: Case) -> Hold | Escalate | Suppress | None:
    """3.4: an invalid or merging record is waited for; after a merge the survivor's shard starts again (C066)."""
    identity = case.patient.identity
    assert identity is not None
    if identity.record_status is RecordStatus.VALID:
        return None
    if identity.record_status is RecordStatus.SUPERSEDED and identity.superseded_by:
        if case.patient.unreadable_objection:
            return None  # 3.8: a person has it here, whether or not the survivor's hold is in place by now
        return Suppress(Reason.SUPERSEDED, forward_to=identity.superseded_by)
    if Reason.MERGE not in case.asked.waited:
        return Hold(Reason.MERGE, wake_before(case, case.now + case.policy.merge_hold), final=True)
    return Escalate(Draft(Role.DQ, priority(case, Priority.P2), Reason.RECORD_INVALID))


def identity_mismatch(case: Case) -> Escalate | None:
    """3.5: the event and the record disagree on who this is; nobody is told anything (C075, S2 line 26)."""
    source = case.result.body if case.result is not None else case.appointment
    identity = case.patient.identity
    assert identity is not None
    if _is_placeholder(identity.family_name, identity.given_name):
        return _mismatch(case)  # "Baby of ...": nobody knows yet whose messages these are (C074)
    if source is None or case.request is not None:
        return None
    number, name, born = source.nhs_number, source.family_name, source.born
    if number is None and name is None and born is None:
        return None
    same = (  # spelt alike is the usual answer: only what is not is folded
        (
            number is None
            or number == identity.nhs_number
            or normalised(number) == normalised(identity.nhs_number)
        )
        and (born is None or not identity.born or born == identity.born)
        and (name is None or name == identity.family_name or _same_name(name, identity))
    )
    if same:
        return None
    return _mismatch(case)


def _same_name(name: str, identity: Identity) -> bool:
    """The family name, or another that the person is known by."""
    return _folded(name) in {_folded(known) for known in (identity.family_name, *identity.aliases)}


def _mismatch(case: Case) -> Escalate:
    rank = Priority.P1 if case.pressing or case.purpose in CLINICAL_PURPOSES else Priority.P2
    return Escalate(Draft(Role.DQ, rank, Reason.IDENTITY_MISMATCH), companion_safety="near_miss_identity")


def _is_placeholder(family_name: str, given_name: str) -> bool:
    """A newborn without a name of their own, or nobody's name at all."""
    if family_name.strip() and given_name.lstrip()[:1] not in "bB":
        return False  # the usual answer; a blank given name is in "bB"
    given = _folded(given_name)
    return (
        not (family_name.strip() and given)
        or given == "baby"
        or given.startswith(("baby of", "baby boy", "baby girl"))
    )


def _folded(name: str) -> str:
    """Names compare without case, accents' spelling and stray spaces; different letters stay different."""
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def sensitive_flag(case: Case) -> Escalate | Case | None:
    """3.6: a protected person is reached through the safe-contact plan or not at all (C070)."""
    identity = case.patient.identity
    assert identity is not None
    plan = case.patient.safe_contact
    planned = plan is not None and plan.active
    if not identity.sensitive_flag:
        return None
    if planned:
        return case  # E6 and B6 keep to its channels and times
    return Escalate(Draft(Role.SAFE, priority(case, Priority.P2), Reason.SENSITIVE_FLAG))


def exit_code(case: Case) -> Escalate | Case | None:
    """3.7: gone from the practice list; only a current patient with a verified local detail is messaged.

    Whoever receives it: of a stand-in, too, only what was verified here is used.
    """
    identity = case.patient.identity
    assert identity is not None
    if not identity.exit_code:
        return None
    patient = case.patient
    if identity.open_episode and any(_verified(case, one) for one in patient.contacts):
        proxies = tuple(replace(p, contacts=_local(case, p.contacts)) for p in patient.proxies)
        local = replace(patient, contacts=_local(case, patient.contacts), proxies=proxies)
        return replace(case, patient=local)
    return Escalate(Draft(Role.ADMIN, priority(case, Priority.P3), Reason.EXIT_CODE))


def _verified(case: Case, one: Contact) -> bool:
    return one.verified_at is not None and case.now - one.verified_at <= case.policy.verify_age


def _local(case: Case, contacts: tuple[Contact, ...]) -> tuple[Contact, ...]:
    """The details with what was not verified restricted: not used, and still known to be somebody's."""
    return tuple(one if _verified(case, one) else replace(one, restricted=True) for one in contacts)


def comms_hold(case: Case) -> Escalate | None:
    """3.8: somebody put all contact on hold; its owner decides. An unreadable objection does the same (1.1)."""
    rank = Priority.P1 if case.pressing else Priority.P3
    hold = case.patient.hold
    if hold is not None and hold.active:
        owner = hold.owner_role if hold.owner_role is not Role.UNKNOWN else Role.IG
        return Escalate(Draft(owner, rank, Reason.COMMS_HOLD, own_role=True))
    if case.patient.unreadable_objection:
        return Escalate(Draft(Role.IG, rank, Reason.COMMS_HOLD, own_role=True))
    return None


def daily_cap(case: Case) -> Escalate | None:
    """3.9: a feed that plays ping-pong must not play it with the patient (C022).

    An approval does not lift it: that lifts an objection to one channel, and nothing else (9.8).
    """
    patient = case.patient
    if patient.day_count < case.policy.daily_cap or patient.day != local_date(case.now):
        return None
    if case.purpose in SAFETY_PURPOSES:
        return None
    return Escalate(Draft(Role.ADMIN, Priority.P2, Reason.DAILY_CAP))


def surge(case: Case) -> Hold | Escalate | None:
    """3.10: far more changes of one service than usual: a person confirms before patients hear of it (C021)."""
    guard = case.shard.surges.get(case.service)
    if guard is None or not guard.open_since or case.now < guard.confirmed_until:
        return None
    needed_by = case.timing.needed_by
    latest = needed_by - case.policy.action_buffer if needed_by is not None else case.now + HOUR
    if case.now >= latest:
        return Escalate(Draft(Role.BOOK, Priority.P1, Reason.SURGE))
    task = Draft(
        Role.BOOK,
        Priority.P1,
        Reason.SURGE,
        companion=True,
        unbound=True,
        about=(SubjectKind.RECORD, f"surge:{case.service}:{guard.open_since}", 0),
    )
    asked_already = guard.task_raised
    return Hold(Reason.SURGE, min(latest, case.now + HOUR), companions=() if asked_already else (task,))

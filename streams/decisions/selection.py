"""Stages 7 and 8: the channel, or why there is none; now, or when."""

from __future__ import annotations

from typing import Final

import msgspec

from streams.domain.decision import Draft, Escalate, Hold, Send, Suppress
from streams.domain.records import Override
from streams.domain.vocabulary import Channel, NeedKind, Priority, Purpose, Reason, Role
from streams.policy.model import PhoneCover

from .caps import language_of
from .case import Case
from .channels import Candidate, choose, first_or_all
from .objections import (
    EVERY_METHOD,
    NOT_A_CALL,
    closes_unlisted,
    objected,
    safe_channels,
    to_service,
    whole_care,
)
from .purposes import RESULT_PURPOSES, SAFETY_PURPOSES, role_for
from .wording import fill

_IN_ORDER: Final = tuple(channel for channel in Channel if channel is not Channel.UNKNOWN)


class Tested(msgspec.Struct, frozen=True, gc=False):
    """A case with its channels tested: what stages 7 to 9 look at."""

    case: Case
    candidates: tuple[Candidate, ...]

    @property
    def eligible(self) -> list[Candidate]:
        return [one for one in self.candidates if not one.blockers]


def test(case: Case) -> Tested:
    """Test the channels once; rows 7.1 to 9.8 read the answers."""
    return Tested(case, tuple(first_or_all(case)))


def phone_preferred(tested: Tested) -> Escalate | None:
    """B5: a person who would rather be called is called, where the policy honours that."""
    case = tested.case
    assert case.recipient is not None
    preferred = case.recipient.preferred
    if Channel.PHONE_HUMAN not in preferred or not _honours_phone(case) or case.permit is not None:
        return None
    eligible = {one.channel for one in tested.eligible}
    before = preferred[: preferred.index(Channel.PHONE_HUMAN)]
    if any(channel in eligible for channel in before) or Channel.PHONE_HUMAN in objected(case):
        return None
    if closes_unlisted(case) and Channel.PHONE_HUMAN not in safe_channels(case.patient):
        return None  # a call is not known to be safe: row 9.1 speaks
    if case.patient.needs and _signs(case):
        return None  # not a voice call (C154): E7 and row 7.4 find a way
    rank = Priority.P1 if case.pressing else Priority.P3
    return Escalate(
        Draft(role_for(case.purpose), rank, Reason.PHONE_PREFERRED, options=("phone",)),
    )


def _signs(case: Case) -> bool:
    """Whether the patient signs (BSL), and a telephone call is not recorded as accessible to them."""
    return any(
        need.kind is NeedKind.BSL and Channel.PHONE_HUMAN not in need.accessible_channels
        for need in case.patient.needs
    )


def _honours_phone(case: Case) -> bool:
    covered = case.policy.honour_phone_preference
    return (
        PhoneCover.ALL in covered
        or (PhoneCover.RESULTS in covered and case.purpose in RESULT_PURPOSES)
        or (PhoneCover.SHORT_NOTICE in covered and case.timing.short_notice)
    )


def send(tested: Tested) -> Send | Hold | None:
    """7.1 and stage 8: at least one eligible channel; it goes now, or when it may (B6)."""
    eligible = tested.eligible
    if not eligible:
        return None
    case = tested.case
    chosen, reason = choose(case, eligible)
    return hold(chosen) or message(case, chosen, reason)


def hold(chosen: Candidate) -> Hold | None:
    """B6: wait until the chosen channel may be used; None when that is now."""
    release = chosen.release
    if release is None or release.reason is None:
        return None
    watch = (Draft(Role.BOOK, Priority.P2, Reason.OPENING_WATCH, companion=True),) if release.watch else ()
    return Hold(release.reason, release.at, companions=watch)


def message(case: Case, chosen: Candidate, reason: Reason, override: Override | None = None) -> Send:
    """Put the message together: one channel, one address, one template (I14)."""
    recipient, contact, template = case.recipient, chosen.contact, chosen.template
    assert recipient is not None
    assert contact is not None
    assert template is not None
    language = language_of(case, template)
    tasks = []
    needed_by = case.timing.needed_by
    if needed_by is not None and case.now > needed_by and case.is_appointment:
        tasks.append(
            Draft(Role.BOOK, Priority.P0, Reason.CALL_IN_PARALLEL, options=("phone",), companion=True)
        )
    if chosen.unverified:
        tasks.append(Draft(Role.DQ, Priority.P3, Reason.REVERIFY_CONTACT, companion=True, unbound=True))
    return Send(
        reason,
        chosen.channel,
        contact.value,
        contact.contact_id,
        recipient.role,
        recipient.proxy_ref,
        chosen.level,
        template.ref,
        language,
        fill(case, template, language),
        override,
        tuple(tasks),
        "override_review" if override is not None else None,
    )


def overridable(tested: Tested) -> list[Candidate]:
    """7.2: channels that only an objection (or safety) blocks; where it is urgent also those that are late too."""
    case = tested.case
    urgent = case.timing.short_notice or case.purpose in SAFETY_PURPOSES  # a person may still decide or phone
    allowed = {"E5", "E6", "E8"} if urgent else {"E5", "E6"}
    return [
        one
        for one in tested.candidates
        if ("E5" in one.blockers or "E6" in one.blockers) and allowed.issuperset(one.blockers)
    ]


def _only(tested: Tested, *tests: str) -> bool:
    """Whether some channel with a detail is blocked by these tests and no others."""
    return any(one.blockers and set(one.blockers) <= set(tests) for one in tested.candidates)


def _any(tested: Tested, test_id: str) -> bool:
    return any(test_id in one.blockers and one.contact is not None for one in tested.candidates)


def _has_detail(tested: Tested) -> bool:
    return any("E2" not in one.blockers for one in tested.candidates)


def no_permission(tested: Tested) -> Escalate | Suppress | None:
    """7.3: only a missing permission is in the way."""
    if not (
        _only(tested, "E4") or (_any(tested, "E4") and not _only(tested, "E7") and not _only(tested, "E8"))
    ):
        return None
    return _undeliverable(tested.case, Role.ADMIN, Reason.NO_PERMISSION)


def need_unmet(tested: Tested) -> Escalate | Suppress | None:
    """7.4: no channel meets the person's communication need; somebody finds a way (S2 line 129)."""
    if not _any(tested, "E7"):
        return None
    return _undeliverable(tested.case, Role.ADMIN, Reason.ACCESSIBLE_CONTACT_NEEDED)


def no_detail(tested: Tested) -> Escalate | Suppress | None:
    """7.5: nothing to reach the person with."""
    if _has_detail(tested):
        return None
    return _undeliverable(tested.case, Role.DQ, Reason.NO_CONTACT_DETAIL)


def wording_missing(tested: Tested) -> Escalate | None:
    """4.6 again, once channels and needs are known: no approved template is left for any usable channel."""
    if tested.case.failed_before:
        return None  # a command was sent: uncontactable, whatever is in the way now (B6.2)
    if not _any(tested, "4.6") or _any(tested, "E8") or _any(tested, "E1"):
        return None
    rank = Priority.P1 if tested.case.timing.short_notice else Priority.P2
    return Escalate(Draft(Role.CSO, rank, Reason.NO_TEMPLATE))


def too_late(tested: Tested) -> Escalate | Suppress:
    """7.6: it cannot arrive in time, or every circuit is open (C042). Always answers."""
    return _undeliverable(tested.case, role_for(tested.case.purpose), Reason.CANNOT_ARRIVE_IN_TIME)


def _undeliverable(case: Case, role: Role, reason: Reason) -> Escalate | Suppress:
    """The priorities of 7.3 to 7.6; a reminder is not worth a task (weekly list to R-ADMIN)."""
    if case.failed_before:
        return uncontactable(case)  # B6.2: once a command was sent, reminders too
    if case.purpose is Purpose.APPT_REMINDER:
        return Suppress(Reason.REMINDER_NOT_DELIVERABLE)
    rank = Priority.P1 if case.pressing else Priority.P3
    tonight = case.timing.short_notice and not case.policy.urgent_window.contains(case.now)
    if case.purpose in SAFETY_PURPOSES or (reason is Reason.CANNOT_ARRIVE_IN_TIME and tonight):
        rank = Priority.P0  # B6: nothing eligible now, on call
    return Escalate(Draft(role, rank, reason, options=_ways(case), at_least_needed_by=True))


def uncontactable(case: Case) -> Escalate:
    """B6.2: every channel was tried; a person takes over (S0 line 69), at once where safety is at stake (B6)."""
    rank = Priority.P1 if case.pressing else Priority.P3
    if case.purpose in SAFETY_PURPOSES:
        rank = Priority.P0
    return Escalate(Draft(Role.ADMIN, rank, Reason.UNCONTACTABLE, options=_ways(case)))


def _ways(case: Case) -> tuple[str, ...]:
    """How staff may reach the person: not by voice where they sign (C154)."""
    first = "interpreter" if case.patient.needs and _signs(case) else "phone"
    return first, "letter", "correct_details"


def objected_channels(case: Case) -> tuple[Channel, ...]:
    """What must not be used for a task about this case, for its ``do_not_use`` (B2).

    What is objected to or was refused, by whoever would receive it; where safety is at stake, whatever is
    not listed as safe.
    """
    closed = objected(case)
    patient = case.patient
    if patient.objections and (whole_care(patient) or to_service(patient, *case.services)):
        closed |= NOT_A_CALL  # a call is left to staff (B4)
    if closes_unlisted(case):
        closed |= EVERY_METHOD.difference(safe_channels(patient))
    return in_order(closed)


def in_order(closed: set[Channel]) -> tuple[Channel, ...]:
    """Channels as they are written: always in the same order."""
    return tuple([channel for channel in _IN_ORDER if channel in closed]) if closed else ()

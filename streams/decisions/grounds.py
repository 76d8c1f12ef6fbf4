"""The eight compelling grounds (B7, S0 lines 65 to 72): which one applies, and who decides about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from streams.domain.events import Contact
from streams.domain.time import HOUR, MINUTE, Millis
from streams.domain.vocabulary import Ground, Priority, Purpose, Role

from .case import Case
from .purposes import GROUND_OF

_G3_PURPOSES: Final = frozenset({Purpose.APPT_CANCEL, Purpose.APPT_CHANGE})


class GroundTask(msgspec.Struct, frozen=True):
    """Who decides about a ground when only objected channels remain, how urgently, and within what time (B7)."""

    role: Role
    priority: Priority
    within: Millis | None
    approvers: tuple[frozenset[Role], ...]


_CG_OR_IG: Final = frozenset({Role.CG, Role.IG})
GROUND_TASKS: Final[dict[Ground, GroundTask]] = {
    Ground.G1: GroundTask(Role.PH, Priority.P0, 60 * MINUTE, (frozenset({Role.PH}), frozenset({Role.CG}))),
    Ground.G2: GroundTask(Role.WL, Priority.P4, None, (frozenset({Role.WL}), frozenset({Role.IG}))),
    Ground.G3: GroundTask(Role.BOOK, Priority.P1, 60 * MINUTE, (frozenset({Role.BOOK}), _CG_OR_IG)),
    Ground.G4: GroundTask(Role.PLAN, Priority.P1, 2 * HOUR, (frozenset({Role.PLAN}), frozenset({Role.CG}))),
    Ground.G5: GroundTask(Role.ADMIN, Priority.P3, None, (frozenset({Role.ADMIN}), frozenset({Role.IG}))),
    Ground.G6: GroundTask(Role.BOOK, Priority.P2, None, (frozenset({Role.BOOK}), frozenset({Role.CLIN}))),
    Ground.G7: GroundTask(
        Role.SAFE, Priority.P0, 15 * MINUTE, (frozenset({Role.SAFE}), frozenset({Role.CG}))
    ),
    Ground.G8: GroundTask(
        Role.PHARM, Priority.P0, 30 * MINUTE, (frozenset({Role.PHARM, Role.DUTY}), frozenset({Role.CG}))
    ),
}


def ground_for(case: Case) -> Ground | None:
    """Which compelling ground applies: the purpose's own, then G3, then G5 (B7). None: row 9.2.

    A ground whose limits exclude the case does not apply: a change the patient asked for, an appointment
    brought forward, a change that was known for longer than the window (B8).
    """
    if case.no_override:
        return None
    own = GROUND_OF.get(case.purpose)
    if own is not None:
        return own
    if case.purpose in _G3_PURPOSES and _within_48_hours(case):
        return Ground.G3
    if case.failed_before and not _reached_a_stranger(case):
        return Ground.G5
    return None


def _reached_a_stranger(case: Case) -> bool:
    """Whether a detail that failed was reported to be somebody else's, or unsafe: no ground to try others (G5, C132)."""
    asked = case.asked
    return any(
        sent.failed
        and sent.asked.version == asked.version
        and sent.asked.same_thing(asked)
        and any(c.unsafe and c.contact_id == sent.contact_id for c in _details(case, sent.proxy_ref))
        for sent in case.patient.sent.values()
    )


def _details(case: Case, proxy_ref: str | None) -> Iterable[Contact]:
    """The details of whoever a message went to: the patient, or the proxy of that id."""
    if proxy_ref is None:
        return case.patient.contacts
    return (c for proxy in case.patient.proxies if proxy.proxy_id == proxy_ref for c in proxy.contacts)


def _within_48_hours(case: Case) -> bool:
    """B8's window test: by when the change was known, so that nobody can wait until it becomes urgent."""
    start = case.timing.relevant_start
    difference = case.difference
    if start is None or difference.brought_forward or start <= case.now:
        return False
    if not (difference.cancelled or difference.moved or difference.relocated):
        return False
    known_at = min(case.asked.occurred_at, case.asked.position.ingested_at or case.now)
    return 0 < start - known_at <= case.policy.short_notice


def rank_of(case: Case, plan: GroundTask | None) -> Priority:
    """A ground's own priority; without a ground P1 if short notice or a result, else P3."""
    if plan is None:
        return Priority.P1 if case.pressing else Priority.P3
    if plan.role is Role.ADMIN and case.pressing:
        return Priority.P1  # G5
    if plan.priority is Priority.P2 and case.timing.short_notice:
        return Priority.P1  # G6
    start = case.timing.affected_start
    if plan.role is Role.BOOK and start is not None and start - case.now < 4 * HOUR:
        return Priority.P0  # G3 under 4 h (B8.4)
    return plan.priority

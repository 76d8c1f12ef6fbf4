"""Priorities and deadlines of tasks (B13): who must react by when, never later than it helps.

All instants are UTC milliseconds; working time is the organisation's service hours.
"""

from __future__ import annotations

from typing import Final

import msgspec

from streams.domain.decision import Draft
from streams.domain.time import MINUTE, Instant
from streams.domain.vocabulary import Priority, Role
from streams.policy.model import Policy

from .case import Timing

#: P0 and P1 run on elapsed time (P1 outside a window: service time); the rest on working days.
_ACKNOWLEDGE: Final = {Priority.P0: 15 * MINUTE, Priority.P1: 30 * MINUTE}
_COMPLETE: Final = {Priority.P0: 60 * MINUTE, Priority.P1: 60 * MINUTE}
_ACKNOWLEDGE_DAYS: Final = {Priority.P3: 1, Priority.P4: 2}
_COMPLETE_DAYS: Final = {Priority.P2: 1, Priority.P3: 2, Priority.P4: 5}
_TIGHT: Final = 15 * MINUTE
#: What a P1 task is given to be done, beside the action buffer: the latest moment to ask a person (3.1, B6.2).
TIME_TO_ACT: Final = _COMPLETE[Priority.P1]

#: Roles that keep a task even when it is in-window (B13).
KEEPS_ROLE: Final = frozenset({Role.SAFE, Role.CG, Role.CLIN, Role.DUTY, Role.PHARM})


class Deadline(msgspec.Struct, frozen=True, gc=False):
    """What B13 makes of a draft. ``priority`` may have risen to P0 because too little time is left."""

    priority: Priority
    due_at: Instant
    acknowledge_by: Instant


def deadline(draft: Draft, timing: Timing, policy: Policy, now: Instant) -> Deadline:
    """``due_at = min(now + SLA, needed_by - action_buffer)``; under 15 minutes of that is P0 (B13)."""
    priority = draft.priority
    # A ground's own time runs at any hour: an outage at the weekend is not due on Monday (G4).
    in_window = timing.short_notice or draft.within is not None
    due = _complete_by(draft, priority, in_window, policy, now)
    if not draft.unbound and timing.needed_by is not None and not timing.over:
        bound = timing.needed_by - policy.action_buffer
        if draft.at_least_needed_by and bound < due and priority > Priority.P1:
            priority = Priority.P1  # at its own pace it would miss needed_by (7.3 to 7.6, C042)
            due = now + _COMPLETE[priority]
            in_window = True
        if bound < due:
            due = bound
        if due - now < _TIGHT:
            soon = now + _TIGHT
            help_ends = timing.deadline if timing.deadline is not None and timing.deadline > now else soon
            priority, due = Priority.P0, min(soon, help_ends)
    acknowledge = _acknowledge_by(priority, in_window, policy, now)
    return Deadline(priority, due, acknowledge if acknowledge < due else due)


def _complete_by(draft: Draft, priority: Priority, in_window: bool, policy: Policy, now: Instant) -> Instant:
    if draft.due_at is not None:
        return max(draft.due_at, now + _TIGHT)
    if priority in _COMPLETE:
        span = _COMPLETE[priority]
        if draft.within is not None:
            span = draft.within if priority is Priority.P1 else min(span, draft.within)
        if priority is Priority.P0 or in_window:
            return now + span
        return policy.calendar.add_working_time(now, span)
    return policy.calendar.add_working_days(now, _COMPLETE_DAYS[priority])


def _acknowledge_by(priority: Priority, in_window: bool, policy: Policy, now: Instant) -> Instant:
    if priority is Priority.P0 or (priority is Priority.P1 and in_window):
        return now + _ACKNOWLEDGE[priority]
    if priority is Priority.P1:
        return policy.calendar.add_working_time(now, _ACKNOWLEDGE[priority])
    if priority is Priority.P2:
        return policy.calendar.end_of_working_day(now)
    return policy.calendar.add_working_days(now, _ACKNOWLEDGE_DAYS[priority])


def owner_role(draft: Draft, timing: Timing) -> tuple[Role, tuple[Role, ...]]:
    """In-window tasks are the clinic's, with the role that the row names in copy (B13)."""
    if not timing.short_notice or draft.companion or draft.own_role or draft.role in KEEPS_ROLE:
        return draft.role, draft.copy_roles
    if draft.role is Role.BOOK:
        return draft.role, draft.copy_roles
    return Role.BOOK, (draft.role, *(role for role in draft.copy_roles if role is not Role.BOOK))


def stage_times(created: Instant, due: Instant) -> tuple[Instant, Instant, Instant]:
    """When an unfinished task moves on: deputy at 50 %, lead and on-call at 75 %, incident at 100 % (B8.6)."""
    span = due - created
    if (
        span >= MINUTE
    ):  # none of them lies behind ``due``: of every task, and min() costs more than all of this
        return created + span // 2, created + span * 3 // 4, due
    span = MINUTE
    return min(created + span // 2, due), min(created + span * 3 // 4, due), due

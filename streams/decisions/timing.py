"""When a message on one channel may leave (B6), and whether it can arrive at all (test E8).

Times of day are London's; every instant is UTC milliseconds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from streams.domain.calendar import Calendar, DailyWindow, WeeklyWindow, parse_hhmm
from streams.domain.time import DAY, HOUR, MINUTE, Instant, Millis
from streams.domain.vocabulary import Channel, Purpose, Reason, RecipientRole

from .case import Case
from .purposes import SAFETY_PURPOSES

_MIDNIGHT: Final = 24 * 60
_LONGEST_SEARCH: Final = 40  # steps; each moves to another opening, and a fortnight has fewer
_ASK_FOR_A_CALL: Final = frozenset({Purpose.RESULT_AVAILABLE, Purpose.FOLLOW_UP_CHECK})
_UNBOUND_VALIDITY: Final = 3 * DAY  # a provider tries a text for 72 h (0.3, NHS Notify)
_LETTER_VALIDITY: Final = 14 * DAY


class Release(msgspec.Struct, frozen=True, gc=False):
    """The moment a message may leave. ``reason`` None: now. ``watch``: tell the opening shift (B6)."""

    at: Instant
    reason: Reason | None = None
    watch: bool = False


@lru_cache(maxsize=512)
def _daily(start: str | None, end: str | None) -> DailyWindow | None:
    if start is None and end is None:
        return None
    begin = parse_hhmm(start) if start is not None else 0
    close = parse_hhmm(end) if end is not None else _MIDNIGHT
    return None if begin == close else DailyWindow(begin, close)


def release(case: Case, channel: Channel) -> Release | None:
    """Tell when this channel can be used for this case; None when it cannot arrive in time."""
    timing, now = case.timing, case.now
    if case.purpose in SAFETY_PURPOSES:
        return _at_once(case, channel)
    if channel is Channel.LETTER:
        return _letter(case)
    if timing.late:
        return Release(now) if _works_now(case, channel) else None
    needed_by = timing.needed_by
    at = _earliest(case, channel, own_times=True)
    if at == now:
        return Release(now)
    if needed_by is not None and timing.short_notice:
        return _expedited(case, channel, needed_by)
    if not _in_time(at, needed_by):
        at = _earliest(case, channel, own_times=False)  # a wish orders, it never blocks (I9)
    if at is not None and _in_time(at, needed_by):
        return Release(at, None if at == now else _why(case, channel))
    return Release(now) if _works_now(case, channel) else None


def _in_time(at: Instant | None, needed_by: Instant | None) -> bool:
    """A hold arrives in time when it ends at or before needed_by (B1); windows that never meet never end."""
    return at is not None and (needed_by is None or at <= needed_by)


def _at_once(case: Case, channel: Channel) -> Release | None:
    """G1, G4, G7 and G8: at any hour, by what works now; a person is told when nothing does (B6).

    A letter takes days. It goes where a person chose it (9.8), and on no other ground.
    """
    if channel is Channel.LETTER:
        return _letter(case) if case.permit is not None else None
    return Release(case.now) if _works_now(case, channel) else None


def _letter(case: Case) -> Release | None:
    deadline = case.timing.deadline
    if deadline is None:
        return Release(case.now)
    arrives = case.policy.calendar.letter_arrival(case.now, case.policy.letter_lead_days)
    return Release(case.now) if arrives <= deadline else None


def _expedited(case: Case, channel: Channel, needed_by: Instant) -> Release | None:
    """Short notice: quiet hours give way, then the recipient's own times; never the safe-contact plan's."""
    now = case.now
    watch = not case.policy.urgent_window.contains(now)
    for own_times in (True, False):
        at = _earliest(case, channel, own_times=own_times, expedite=True)
        if at == now:
            return Release(now)
        if at is not None and _in_time(at, needed_by):
            return Release(at, _why(case, channel), watch)
    return Release(now) if _works_now(case, channel) else None


def _works_now(case: Case, channel: Channel) -> bool:
    """Test E8 as of now: the channel's window is open and the message arrives before the deadline."""
    settings = case.policy.channels[channel]
    deadline = case.timing.deadline
    if deadline is not None and case.now + settings.latency > deadline:
        return False
    plan = _plan_times(case)
    if plan is not None and not plan.contains(case.now):
        return False
    if deadline is None and case.purpose in _ASK_FOR_A_CALL and answered_from(case) != case.now:
        return False  # nothing presses: not while nobody would answer the call
    return settings.window is None or case.policy.calendar.is_open(settings.window, case.now)


def _plan_times(case: Case) -> DailyWindow | None:
    plan = case.patient.safe_contact
    return _daily(plan.from_, plan.to) if plan is not None and plan.active else None


def _own_times(case: Case) -> DailyWindow | None:
    """The recipient's allowed times; of a stand-in's none are known."""
    wishes = case.patient.preferences
    if wishes is None or (wishes.from_ is None and wishes.to is None):
        return None
    if case.recipient is not None and case.recipient.role is RecipientRole.PROXY:
        return None
    try:
        return _daily(wishes.from_, wishes.to)
    except ValueError:
        return None  # a wish that nobody can read blocks nothing (vocabulary 1.2)


def _earliest(case: Case, channel: Channel, *, own_times: bool, expedite: bool = False) -> Instant | None:
    """The first instant from now at which every window that applies is open (B6's ``earliest``); None: never."""
    policy = case.policy
    return _first_open(
        policy.calendar,
        policy.channels[channel].window,
        (
            policy.urgent_window if expedite else None,
            _plan_times(case),
            _own_times(case) if own_times else None,
        ),
        None if expedite else policy.quiet_hours,
        None if expedite or case.purpose not in _ASK_FOR_A_CALL else policy.contact_line,
        policy.contact_line_min,
        case.now,
    )


def answered_from(case: Case) -> Instant:
    """From when on somebody answers the contact line, for at least ``contact_line_min`` (B10 row 10)."""
    policy = case.policy
    return _answered(policy.calendar, policy.contact_line, policy.contact_line_min, case.now)


def _answered(calendar: Calendar, line: WeeklyWindow, least: Millis, at: Instant) -> Instant:
    at = calendar.next_open(line, at)
    closes = calendar.closes_at(line, at)
    return at if closes - at >= least else calendar.next_open(line, closes)


@lru_cache(maxsize=1_024)
def _first_open(
    calendar: Calendar,
    weekly: WeeklyWindow | None,
    open_daily: tuple[DailyWindow | None, ...],
    quiet: DailyWindow | None,
    line: WeeklyWindow | None,
    least: Millis,
    now: Instant,
) -> Instant | None:
    """Remembered, since all events of a turn are decided at one instant: 11 000 instructions a channel.

    ``line``: the contact line, where the text asks people to call; it stays open for at least ``least``. A hold
    that ends at the last instant that leaves so much would wake too late, so it has a minute more.
    """
    at = now
    for _ in range(_LONGEST_SEARCH):
        before = at
        if quiet is not None and quiet.contains(at):
            at = quiet.next_end(at)
        if weekly is not None:
            at = calendar.next_open(weekly, at)
        if line is not None:
            at = _answered(calendar, line, least if at == now else least + MINUTE, at)
        for window in open_daily:
            if window is not None and not window.contains(at):
                at = window.next_start(at)
        if at == before:
            return at
    return None  # these windows never meet


def _why(case: Case, channel: Channel) -> Reason:
    if case.purpose in _ASK_FOR_A_CALL and answered_from(case) != case.now:
        return Reason.CONTACT_LINE_CLOSED
    window = case.policy.channels[channel].window
    if window is not None and not case.policy.calendar.is_open(window, case.now):
        quiet = case.policy.quiet_hours
        opens = case.policy.calendar.next_open(window, case.now)
        if quiet.contains(case.now) and quiet.next_end(case.now) >= opens:
            return Reason.QUIET_HOURS
        return Reason.CHANNEL_WINDOW
    return Reason.QUIET_HOURS


def valid_until(case: Case, channel: Channel) -> Instant:
    """Until when a provider may deliver: the delivery deadline, or a few days where there is none (C148)."""
    if case.timing.deadline is not None:
        return case.timing.deadline
    return case.now + (_LETTER_VALIDITY if channel is Channel.LETTER else _UNBOUND_VALIDITY)


def confirm_by(case: Case, channel: Channel) -> Instant:
    """When a missing receipt means that the message did not arrive (B6.2); 0 for letters, which send none."""
    if channel is Channel.LETTER:
        return 0
    now, start = case.now, case.timing.affected_start
    wait = case.policy.confirm_within
    if case.timing.short_notice and start is not None:
        wait = max(10 * MINUTE, min(2 * HOUR, (start - now) // 4))
    return now + (min(wait, unread_after(case)) if channel is Channel.NHS_APP else wait)


def unread_after(case: Case) -> Millis:
    """How long a message may stay unread in the app before the next channel is used (B6.2)."""
    return case.policy.app_unread_short if case.timing.short_notice else case.policy.app_unread

"""Opening times: daily and weekly windows, bank holidays, working time, letters.

Says when something is open and when it will be; it does not know what time it is, nor what for.
Windows are London wall times, half-open: a service that closes at 18:30 is shut at 18:30:00.000.
Each is turned into instants day by day, so a clock change inside it lengthens or shortens it (C032).
Answers are remembered: all events of a turn are decided at one instant and ask the same of it.
Sources: B6, B13, B15; working time and provider windows skip bank holidays (C043).
"""

from functools import lru_cache
from typing import Final

import msgspec

from .london import (
    Day,
    Minutes,
    add_months,
    age_on,
    at,
    date_of,
    day_number,
    is_younger,
    local_date,
    local_day,
    parse_hhmm,
    turns,
    weekday,
)
from .time import Instant, Millis

__all__ = [
    "Calendar",
    "DailyWindow",
    "Day",
    "Minutes",
    "WeeklyWindow",
    "add_months",
    "age_on",
    "at",
    "date_of",
    "day_number",
    "is_younger",
    "local_date",
    "local_day",
    "parse_hhmm",
    "turns",
    "weekday",
]

_LETTER_ARRIVES: Final[Minutes] = 18 * 60
#: How far to look for an opening: beyond this the calendar has none (a loader refuses such a file).
_HORIZON_DAYS: Final = 400


class DailyWindow(msgspec.Struct, frozen=True, cache_hash=True):
    """A part of every day, in minutes; it wraps midnight when ``end`` comes first (21:00-08:00).

    ``start`` equal to ``end`` is the whole day. Quiet hours, the urgent window, a patient's own times.
    """

    start: Minutes
    end: Minutes

    def contains(self, instant: Instant) -> bool:
        if self.start == self.end:
            return True
        day = local_date(instant)
        first = at(day, self.start)
        last = at(day, self.end, later=True)
        if self.start < self.end:
            return first <= instant < last
        return instant >= first or instant < last

    def next_start(self, instant: Instant) -> Instant:
        """Give the first start at or after ``instant``."""
        day = local_date(instant)
        start = at(day, self.start)
        return start if start >= instant else at(day + 1, self.start)

    def next_end(self, instant: Instant) -> Instant:
        """Give the first end after ``instant``: inside the window, when it is over."""
        day = local_date(instant)
        end = at(day, self.end, later=True)
        return end if end > instant else at(day + 1, self.end, later=True)


class WeeklyWindow(msgspec.Struct, frozen=True, cache_hash=True):
    """Opening hours: the same minutes on some weekdays (Monday is 0), within one day.

    ``bank_holidays`` True: open on them as on any other day. Evaluated with a ``Calendar``.
    """

    days: frozenset[int]
    start: Minutes
    end: Minutes
    bank_holidays: bool = False


class Calendar(msgspec.Struct, frozen=True, cache_hash=True):
    """The organisation's days: bank holidays as day numbers, working weekdays, service hours."""

    bank_holidays: frozenset[Day]
    working_days: frozenset[int]
    service: WeeklyWindow

    def is_open(self, window: WeeklyWindow, instant: Instant) -> bool:
        span = _opening(self, window, local_date(instant))
        return span is not None and span[0] <= instant < span[1]

    def next_open(self, window: WeeklyWindow, instant: Instant) -> Instant:
        """Give ``instant`` when open, otherwise the next opening.

        Errors: ValueError when the window does not open within 400 days.
        """
        return max(instant, _next_opening(self, window, instant)[0])

    def closes_at(self, window: WeeklyWindow, instant: Instant) -> Instant:
        """Give the end of the opening at ``instant``, or of the next one when shut.

        Openings that touch at midnight are one, for up to a week. Errors: as ``next_open``.
        """
        closes = _next_opening(self, window, instant)[1]
        for day in range(local_date(closes), local_date(closes) + 7):
            span = _opening(self, window, day)
            if span is None or span[0] != closes:
                break
            closes = span[1]
        return closes

    def is_working_day(self, day: Day) -> bool:
        return weekday(day) in self.working_days and day not in self.bank_holidays

    def add_working_days(self, instant: Instant, days: int) -> Instant:
        """Go forward by ``days`` service days of open time (B13: P2 to P4, review SLA).

        Monday 09:00 + 1 is Tuesday 09:00; Friday 18:00 + 1 is Monday 18:00; Saturday + 1 is Monday's
        close. Zero days is ``instant`` itself. Errors: as ``next_open``.
        """
        return self.add_working_time(instant, days * (self.service.end - self.service.start) * 60_000)

    def add_working_time(self, instant: Instant, duration: Millis) -> Instant:
        """Go forward until the service has been open for ``duration`` on working days."""
        return _after_working_time(self, instant, duration)

    def end_of_working_day(self, instant: Instant) -> Instant:
        """Give today's close of service, or the next working day's when that is past."""
        return _end_of_working_day(self, instant)

    def letter_arrival(self, now: Instant, lead_days: int) -> Instant:
        """Tell by when a letter written now is there: 18:00 of the last day of its lead time.

        Day 1 is the next working day (B15). ``lead_days`` is at least 1.
        """
        return _letter(self, local_date(now), lead_days)


@lru_cache(maxsize=16_384)
def _opening(calendar: Calendar, window: WeeklyWindow, day: Day) -> tuple[Instant, Instant] | None:
    """The instants between which a window is open on a day, if at all."""
    if weekday(day) not in window.days or (not window.bank_holidays and day in calendar.bank_holidays):
        return None
    return at(day, window.start), at(day, window.end, later=True)


@lru_cache(maxsize=4_096)
def _next_opening(calendar: Calendar, window: WeeklyWindow, instant: Instant) -> tuple[Instant, Instant]:
    day = local_date(instant)
    span = _first_opening(calendar, window, day)
    return span if instant < span[1] else _first_opening(calendar, window, day + 1)


@lru_cache(maxsize=16_384)
def _first_opening(calendar: Calendar, window: WeeklyWindow, day: Day) -> tuple[Instant, Instant]:
    for candidate in range(day, day + _HORIZON_DAYS):
        span = _opening(calendar, window, candidate)
        if span is not None:
            return span
    raise ValueError("these opening hours never open")


@lru_cache(maxsize=16_384)
def _shift(calendar: Calendar, day: Day) -> tuple[Instant, Instant] | None:
    """A day's working time: the service hours, on a working day."""
    return _opening(calendar, calendar.service, day) if calendar.is_working_day(day) else None


@lru_cache(maxsize=16_384)
def _next_shift(calendar: Calendar, day: Day) -> tuple[Instant, Instant]:
    for candidate in range(day, day + _HORIZON_DAYS):
        span = _shift(calendar, candidate)
        if span is not None:
            return span
    raise ValueError("there is no working day on which the service is open")


@lru_cache(maxsize=4_096)
def _after_working_time(calendar: Calendar, instant: Instant, duration: Millis) -> Instant:
    if duration <= 0:
        return instant
    day = local_date(instant)
    while True:
        opens, closes = _next_shift(calendar, day)
        opens = max(opens, instant)
        if duration <= closes - opens:
            return opens + duration
        duration -= max(0, closes - opens)
        day = local_date(closes) + 1


@lru_cache(maxsize=4_096)
def _end_of_working_day(calendar: Calendar, instant: Instant) -> Instant:
    day = local_date(instant)
    closes = _next_shift(calendar, day)[1]
    return closes if closes > instant else _next_shift(calendar, day + 1)[1]


@lru_cache(maxsize=4_096)
def _letter(calendar: Calendar, day: Day, lead_days: int) -> Instant:
    for candidate in range(day + 1, day + _HORIZON_DAYS):
        lead_days -= calendar.is_working_day(candidate)
        if lead_days <= 0:
            return at(candidate, _LETTER_ARRIVES)
    raise ValueError("there are too few working days for a letter to arrive")

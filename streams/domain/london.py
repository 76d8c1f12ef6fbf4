"""London's wall clock: the day an instant falls in, the instant a wall time names, months, ages.

Pure arithmetic on instants (UTC milliseconds) with the time zone's rules; it does not know what
time it is, nor when anything is open. A ``Day`` is a London calendar date, counted from 1970-01-01.

Twice a year a wall time is not what it seems. One that is skipped (28 March 2027, 01:30) means the
moment the clocks change; one that comes twice (25 October 2026, 01:30) means the first of the two
unless the later is asked for. Durations are never taken between wall times (C033).
"""

from calendar import isleap, monthrange
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from functools import lru_cache
from re import compile as pattern
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from .time import DAY, HOUR, MINUTE, Instant, Millis

__all__ = [
    "Day",
    "Minutes",
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
    "wall",
    "weekday",
]

Day: TypeAlias = int
Minutes: TypeAlias = int  # of a local day, 0 to 1440

_LONDON: Final = ZoneInfo("Europe/London")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
#: 31 December 9999, which some sources write for "for ever".
LAST_DAY: Final[Day] = date.max.toordinal() - _EPOCH_DAY
_HHMM: Final = pattern(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


@lru_cache(maxsize=65_536)
def _offset(hour: int) -> Millis:
    """How far London is ahead of UTC in this UTC hour; its clocks change on the hour."""
    offset = (_EPOCH + timedelta(hours=hour)).astimezone(_LONDON).utcoffset()
    return (offset or timedelta()) // timedelta(milliseconds=1)


def wall(instant: Instant) -> Millis:
    """Give London's wall clock as milliseconds since midnight of 1970-01-01, for days and dates only."""
    return instant + _offset(instant // HOUR)


@lru_cache(maxsize=4_096)
def local_date(instant: Instant) -> Day:
    """Give the London calendar date of an instant, as a day number.

    >>> date_of(local_date(1_780_268_400_000))      # 31 May 2026 23:00 UTC is 1 June in London
    datetime.date(2026, 6, 1)
    """
    return (instant + _offset(instant // HOUR)) // DAY


@lru_cache(maxsize=4_096)
def date_of(day: Day) -> date:
    """The date of a day number: 0 is 1970-01-01."""
    return date.fromordinal(day + _EPOCH_DAY)


def day_number(day: date) -> Day:
    """Days since 1970-01-01; London's, when the date is London's."""
    return day.toordinal() - _EPOCH_DAY


def weekday(day: Day) -> int:
    """Monday is 0; 1970-01-01 was a Thursday."""
    return (day + 3) % 7


@lru_cache(maxsize=16_384)
def at(day: Day, minutes: Minutes, *, later: bool = False) -> Instant:
    """Give the instant of a wall time. 1440 is the midnight that ends the day.

    ``later`` takes the second of a wall time that comes twice. A skipped one is the moment of change.
    """
    day, minutes = day + minutes // 1440, minutes % 1440
    midnight = datetime.combine(date_of(day), datetime.min.time(), _LONDON)
    moment = midnight.replace(hour=minutes // 60, minute=minutes % 60, fold=int(later))
    instant = (moment.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)
    if wall(instant) == day * DAY + minutes * MINUTE:
        return instant
    skipped = moment.replace(fold=0).astimezone(UTC)  # read with the offset before the change
    return (skipped - _EPOCH) // timedelta(hours=1) * HOUR


def local_day(instant: Instant) -> tuple[Instant, Instant]:
    """Give the first instant of the London day and of the next one: 23, 24 or 25 hours apart.

    The last day that a calendar has, where "for ever" lies, has no next one: it ends a day later all the same.
    """
    day = local_date(instant)
    first = at(day, 0)
    return first, at(day + 1, 0) if day < LAST_DAY else first + DAY


def add_months(instant: Instant, months: int) -> Instant:
    """Go forward by calendar months at the same wall time; the 31st becomes a month's last day.

    Beyond the last day that a calendar has is that day: "for ever" and a month is "for ever".
    Source: B13, an objection is answered within one calendar month.
    """
    local = wall(instant)
    start = date_of(local // DAY)
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    goal = date(year, month, min(start.day, monthrange(year, month)[1])) if year <= MAXYEAR else date.max
    return at(day_number(goal), local % DAY // MINUTE) + local % MINUTE


def age_on(born: str, instant: Instant) -> int:
    """Give a person's age in years; it changes at 00:00 London time on the birthday.

    Born on 29 February: the birthday is 1 March in common years (B11 row 2, C050).
    Errors: ValueError when ``born`` is not YYYY-MM-DD; the text is not repeated.
    """
    year, month, day = _born(born)
    today = date_of(local_date(instant))
    return today.year - year - ((today.month, today.day) < (month, day))


def is_younger(born: str, age: int, instant: Instant) -> bool:
    """Tell whether a person has not reached an age yet: ``age_on`` is below it. Errors: as ``age_on``.

    >>> is_younger("2010-06-01", 16, 1_780_268_399_999), is_younger("2010-06-01", 16, 1_780_268_400_000)
    (True, False)
    """
    return _born(born) > _latest_birth(local_date(instant), age)


@lru_cache(maxsize=512)
def _latest_birth(today: Day, age: int) -> tuple[int, int, int]:
    """The last date of birth at which people have reached an age today."""
    date = date_of(today)
    return date.year - age, date.month, date.day


def turns(born: str, age: int) -> Instant:
    """Give the instant at which a person reaches an age. Errors: as ``age_on``."""
    year, month, day = _born(born)
    if (month, day) == (2, 29) and not isleap(year + age):
        month, day = 3, 1
    return at(day_number(date(year + age, month, day)), 0) if year + age <= MAXYEAR else at(LAST_DAY, 0)


@lru_cache(maxsize=65_536)
def _born(text: str) -> tuple[int, int, int]:
    try:
        born = date.fromisoformat(text)
    except ValueError:
        raise ValueError("a date of birth is written YYYY-MM-DD") from None
    return born.year, born.month, born.day


@lru_cache(maxsize=4_096)
def parse_hhmm(text: str) -> Minutes:
    """Read a wall time, 00:00 to 24:00, as minutes of the day.

    Errors: ValueError; what was written is not repeated, it may be about a patient.

    >>> parse_hhmm("18:30")
    1110
    """
    found = _HHMM.fullmatch(text)
    if found is None:
        raise ValueError("a time of day is written HH:MM, from 00:00 to 24:00")
    return 1440 if text == "24:00" else int(found[1]) * 60 + int(found[2])

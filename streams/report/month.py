"""Calendar months in London: which one an instant falls in, where it begins and ends."""

from calendar import month_name
from datetime import date
from functools import lru_cache
from re import compile as pattern
from typing import Final

import msgspec

from streams.domain.london import Day, at, date_of, day_number, local_date
from streams.domain.time import Instant
from streams.errors import BadUsage

_FORM: Final = pattern(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


class Month(msgspec.Struct, frozen=True, order=True):
    """One month of London's calendar; its first and last hour are London's, in summer 1 h before UTC's."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"

    @property
    def name(self) -> str:
        """As people write it: November 2026."""
        return f"{month_name[self.month]} {self.year}"

    @property
    def short(self) -> str:
        return f"{month_name[self.month][:3]} {self.year % 100:02}"

    def earlier(self, months: int) -> "Month":
        """The month so many months before; a negative number goes forward."""
        index = self.year * 12 + self.month - 1 - months
        return Month(index // 12, index % 12 + 1)

    @property
    def days(self) -> range:
        """The days of the month, as London day numbers."""
        return range(_first_day(self), _first_day(self.earlier(-1)))

    @property
    def start(self) -> Instant:
        """The first instant of the month, UTC milliseconds."""
        return at(_first_day(self), 0)

    @property
    def end(self) -> Instant:
        """The first instant of the next month."""
        return at(_first_day(self.earlier(-1)), 0)


@lru_cache(maxsize=64)
def _first_day(month: Month) -> Day:
    return day_number(date(month.year, month.month, 1))


@lru_cache(maxsize=4_096)
def _month_of(day: Day) -> Month:
    found = date_of(day)
    return Month(found.year, found.month)


def month_of(instant: Instant) -> Month:
    """The London month an instant falls in.

    >>> str(month_of(1_790_809_200_000))      # 30 September 2026 23:00 UTC is 1 October in London
    '2026-10'
    """
    return _month_of(local_date(instant))


def read_month(text: str) -> Month:
    """Read YYYY-MM. Raises BadUsage."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise BadUsage(f"--month {text!r} cannot be read; allowed: YYYY-MM, as 2026-11")
    return Month(int(found[1]), int(found[2]))

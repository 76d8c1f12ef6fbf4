"""Windows, weekdays and bank holidays of a policy file. Each reader notes what is wrong and goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from streams.domain.calendar import DailyWindow, Day, Minutes, WeeklyWindow, day_number

from .items import Item, Weight

__all__ = ["bank_holidays", "daily_window", "days", "weekly_window"]

#: Years for which bank holidays are computed: as far back as events are replayed, as far on as letters go.
HOLIDAY_YEARS: Final = range(2020, 2041)

_DAY_NAMES: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EVERY_DAY: Final = frozenset(range(7))
_REGIONS: Final = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern-ireland": "NIR"}
_REPEATED_HOUR: Final = range(60, 120)
#: Prints the bank holidays of a region, for years from one up to another. Half a second; only a file with a region needs it.
_ASK: Final = """
import sys, holidays
region, first, end = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
print(*holidays.country_holidays("GB", subdiv=region, years=range(first, end)))
"""


def days(item: Item) -> frozenset[int]:
    """Read weekdays: a list of names (Mon or Monday), or ``daily``."""
    if item.value == "daily":
        return _EVERY_DAY
    found = set()
    for entry in item.entries():
        name = str(entry.value).strip()[:3].title() if isinstance(entry.value, str) else ""
        if name in _DAY_NAMES:
            found.add(_DAY_NAMES.index(name))
        else:
            entry.wrong("is not a day of the week", f"daily, or a list of {', '.join(_DAY_NAMES)}")
    if not found:
        item.wrong("names no day", f"daily, or a list of {', '.join(_DAY_NAMES)}")
    return frozenset(found)


def daily_window(item: Item) -> DailyWindow:
    """Read a stretch of every day, in minutes since midnight in London; it may go over midnight (21:00 to 08:00)."""
    start, end = _from_to(item, item.table(("from", "to"), required=("from", "to")))
    if start == end:
        item.wrong("begins and ends at the same time", "two different times")
    return DailyWindow(start % 1440, end % 1440)


def weekly_window(item: Item) -> WeeklyWindow:
    """Read opening hours. Left out: ``days`` is Monday to Friday, ``bank_holidays`` is closed."""
    fields = item.table(("from", "to", "days", "bank_holidays"), required=("from", "to"))
    start, end = _from_to(item, fields)
    if start >= end:
        item.wrong("closes before it opens", "from earlier than to, within one day (24:00 is its end)")
    open_days = days(fields["days"]) if "days" in fields else frozenset(range(5))
    holidays = fields.get("bank_holidays")
    return WeeklyWindow(open_days, start, end, holidays is not None and _is_open(holidays))


def _is_open(item: Item) -> bool:
    if item.value in ("open", True):
        return True
    if item.value not in ("closed", False):
        item.wrong("is neither open nor closed", "open, closed")
    return False


def _from_to(item: Item, fields: Mapping[str, Item]) -> tuple[Minutes, Minutes]:
    times = [fields[key].time_of_day() if key in fields else 0 for key in ("from", "to")]
    for key, minutes in zip(("from", "to"), times, strict=True):
        if minutes in _REPEATED_HOUR:
            fields[key].wrong(
                "lies in the hour that the clocks skip in spring and repeat in autumn",
                "a time outside 01:00 to 01:59",
                Weight.DOUBTFUL,
            )
    return times[0], times[1]


def bank_holidays(item: Item) -> frozenset[Day]:
    """Read ``region`` with ``extra`` and ``not``, or a plain list of dates that stands for all of them."""
    if not isinstance(item.value, Mapping):
        return frozenset(entry.day() for entry in item.entries())
    fields = item.table(("region", "extra", "not"), required=("region",))
    region = fields["region"].value if "region" in fields else "england"
    if region not in _REGIONS:
        fields["region"].wrong("is not a region", ", ".join(_REGIONS))
        return frozenset()
    extra = {entry.day() for entry in fields["extra"].entries()} if "extra" in fields else set()
    working = {entry.day() for entry in fields["not"].entries()} if "not" in fields else set()
    return (_computed(region) | extra) - working


@lru_cache(maxsize=8)
def _computed(region: str) -> frozenset[Day]:
    """Ask the library in a process of its own: it loads every country there is, 12 MB that would stay with a worker."""
    ask = [
        sys.executable,
        "-P",
        "-c",
        _ASK,
        _REGIONS[region],
        str(HOLIDAY_YEARS.start),
        str(HOLIDAY_YEARS.stop),
    ]
    said = subprocess.run(ask, check=True, stdout=subprocess.PIPE, text=True).stdout
    return frozenset(day_number(date.fromisoformat(day)) for day in said.split())

"""The two days of the demo, and which moments of them a story may use.

Times of day are London's, instants are UTC milliseconds. The day is a fixed Tuesday, so that
weekdays, bank holidays and the clocks are the same whenever the demo is run.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from streams.domain.london import at, day_number
from streams.domain.time import HOUR, MINUTE, SECOND, Instant, Millis

_LONDON: Final = ZoneInfo("Europe/London")
TUESDAY: Final = date(2026, 10, 13)
MONDAY: Final = date(2026, 10, 12)


def london(day: date, hours: int, minutes: int = 0, seconds: int = 0) -> Instant:
    """The instant of a London wall-clock time.

    >>> london(TUESDAY, 7, 30) == london(MONDAY, 7, 30) + 24 * HOUR
    True
    """
    return at(day_number(day), 60 * hours + minutes) + seconds * SECOND


def to_london(instant: Instant) -> datetime:
    """An instant as London time, for people to read."""
    return datetime.fromtimestamp(instant / 1000, UTC).astimezone(_LONDON)


def days_after(days: int) -> date:
    """The date so many days after the Tuesday."""
    return TUESDAY + timedelta(days=days)


#: Monday: what was already known and booked. Tuesday: the day itself, and a little after for what settles.
STATE_LOADED: Final = london(MONDAY, 8, 30)
BOOKING_FROM: Final = london(MONDAY, 9)
BOOKING_TO: Final = london(MONDAY, 16)
EVE_ENDS: Final = london(MONDAY, 17)
DAY_STARTS: Final = london(TUESDAY, 7, 30)
FIRST_EVENT: Final = DAY_STARTS + 2 * MINUTE
LAST_EVENT: Final = london(TUESDAY, 18, 50)
DAY_ENDS: Final = london(TUESDAY, 19)

#: Two things that happen to one patient lie at least so far apart: the 30 s of settle and the 15 min
#: of result coalescing end well before, so that no outcome hangs on how fast a machine is.
APART: Final[Millis] = 25 * MINUTE
#: On Monday time goes in larger steps, and everything lies further apart.
APART_ON_MONDAY: Final[Millis] = 60 * MINUTE
#: Policy windows open or close here; no story lies within MARGIN of them.
_EDGES: Final = tuple(london(TUESDAY, *time) for time in ((8, 0), (18, 0), (18, 30)))
MARGIN: Final[Millis] = 10 * MINUTE
#: How long before its start a change turns urgent, late or short notice (B6, B7, B13, B15).
_TURNING_POINTS: Final = (
    0, 90 * MINUTE, 2 * HOUR, 150 * MINUTE, 165 * MINUTE, 3 * HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR, 48 * HOUR,
)  # fmt: skip


def is_calm(moment: Instant) -> bool:
    """Whether a moment lies in the day and clear of every time of day at which a rule changes its answer."""
    return FIRST_EVENT <= moment <= LAST_EVENT and all(abs(moment - edge) > MARGIN for edge in _EDGES)


def is_clear_of(moment: Instant, starts_at: Instant) -> bool:
    """Whether an appointment's start is not about to cross a threshold at this moment."""
    return all(abs(starts_at - moment - point) > MARGIN for point in _TURNING_POINTS)

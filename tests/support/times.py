"""London time for people: ``uk("Tue 01 Dec 2026 09:00")`` is an instant, UTC milliseconds.

A row whose weekday is wrong is refused, and in the hour that comes twice in autumn "BST" or "GMT"
must be written, so that a table of times can be trusted by reading it.
"""

from datetime import UTC, datetime, timedelta
from re import compile as pattern
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["show", "uk"]

_LONDON: Final = ZoneInfo("Europe/London")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_MOMENT: Final = pattern(r"(\w{3}) (\d{2} \w{3} \d{4}) (\d{2}:\d{2})(:\d{2})?(\.\d{3})?( BST| GMT)?")


def uk(text: str) -> int:
    """Read a London wall time. Errors: ValueError when it is unreadable, misdated, skipped or ambiguous."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r}: write it as Tue 01 Dec 2026 09:00, seconds and .000 when needed")
    weekday, day, clock, seconds, fraction, zone = found.groups(default="")
    wall = datetime.strptime(f"{day} {clock}{seconds or ':00'}", "%d %b %Y %H:%M:%S").replace(tzinfo=_LONDON)
    if wall.strftime("%a") != weekday:
        raise ValueError(f"{text!r}: that day is a {wall:%A}")
    readings = {moment.strftime("%Z"): moment for moment in (wall.replace(fold=1), wall.replace(fold=0))}
    if _round_trip(wall) != wall.replace(tzinfo=None):
        raise ValueError(f"{text!r}: the clocks skip this time")
    if zone.strip() not in ({*readings} if len(readings) == 2 else {"", *readings}):
        raise ValueError(f"{text!r}: say which, {' or '.join(readings)}")
    moment = readings[zone.strip()] if zone else wall
    return (moment.astimezone(UTC) - _EPOCH) // _MILLISECOND + int(fraction[1:] or 0)


def show(instant: int) -> str:
    """Write an instant as ``uk`` reads it, with its zone: for failure messages."""
    moment = (_EPOCH + instant * _MILLISECOND).astimezone(_LONDON)
    return f"{moment:%a %d %b %Y %H:%M:%S}.{instant % 1000:03d} {moment:%Z}"


def _round_trip(wall: datetime) -> datetime:
    return wall.astimezone(UTC).astimezone(_LONDON).replace(tzinfo=None)

"""Times as people write them: ``+30s``, ``1h30m``, ``2026-12-01T09:00:00+00:00``; and back again.

All results are UTC milliseconds. Must not know what happens at them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from streams.domain.time import DAY, HOUR, MINUTE, SECOND, Instant, Millis

_UNITS: Final[dict[str, Millis]] = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_PART: Final = re.compile(r"(\d+)(ms|s|m|h|d)")
_DURATION: Final = re.compile(r"(?:\d+(?:ms|s|m|h|d))+")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONDON: Final = ZoneInfo("Europe/London")

DURATIONS_ALLOWED: Final = "90s, 60m, 4h, 2d or 1h30m"
ABSOLUTE_ALLOWED: Final = "a time with offset such as 2026-12-01T09:00:00+00:00"


def duration(text: str) -> Millis:
    """Read ``1h30m`` and the like. Raises ValueError for anything else."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"a duration is {DURATIONS_ALLOWED}")
    return sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(text))


def instant(text: str, clock: Instant | None = None) -> Instant:
    """Read an absolute time with offset or, given the scenario's ``clock``, one counted from it.

    Raises ValueError when it is neither, or absolute without an offset (which hour would it be in autumn?).
    """
    if clock is not None and text[:1] in ("+", "-"):
        away = duration(text[1:])
        return clock + away if text[0] == "+" else clock - away
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"not {ABSOLUTE_ALLOWED}") from error
    if read.tzinfo is None:
        raise ValueError(f"not {ABSOLUTE_ALLOWED}")
    return milliseconds(read)


def milliseconds(moment: datetime) -> Instant:
    """UTC milliseconds of an aware datetime, in whole numbers throughout."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000


def spoken(length: Millis) -> str:
    """A duration in words of the scenario format: ``1h30m``, ``0s``."""
    if length < 0:
        return "-" + spoken(-length)
    parts = []
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1)):
        count, length = divmod(length, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def london(moment: Instant) -> str:
    """The time on a wall in London, with the weekday: ``Tue 01 Dec 2026 09:00:30 GMT``."""
    wall = datetime.fromtimestamp(moment // 1_000, _LONDON)
    fraction = f".{moment % 1_000:03d}" if moment % 1_000 else ""
    return wall.strftime("%a %d %b %Y %H:%M:%S") + fraction + wall.strftime(" %Z")


def written(moment: Instant) -> str:
    """The time as a scenario file writes it, with London's offset of that day."""
    try:
        wall = datetime.fromtimestamp(moment // 1_000, _LONDON).replace(microsecond=moment % 1_000 * 1_000)
    except (OverflowError, ValueError, OSError):
        return str(moment)
    return wall.isoformat(timespec="milliseconds" if moment % 1_000 else "seconds")

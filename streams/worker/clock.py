"""The only place that asks what time it is. Everything else is handed an Instant.

A simulated clock runs the demo's day in minutes. It is a function of real time, so that processes which are
given the same text agree on the time without talking to each other. ``streams/settings.py`` refuses it
everywhere but in the demo and tests.
"""

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from streams.domain.time import SECOND, Instant, Millis
from streams.errors import BadUsage
from streams.settings import Settings
from streams.worker.shown_clock import FORM, ShownClock

_FORM: Final = re.compile(r"(?P<start>[^@]+)@(?P<epoch>\d{12,14})x(?P<speed>\d+(\.\d+)?)")
_MAX_SPEED: Final = 100_000.0  # a day in under a second; beyond that milliseconds of real time are minutes


class Clock(Protocol):
    """Tells the time, and how long a wait really takes."""

    def now(self) -> Instant:
        """The time now, in UTC milliseconds."""

    def real_seconds(self, duration: Millis) -> float:
        """How many seconds to sleep until this clock has moved on by ``duration``."""


class RealClock:
    """The machine's clock."""

    def now(self) -> Instant:
        return time.time_ns() // 1_000_000

    def real_seconds(self, duration: Millis) -> float:
        return duration / SECOND


class SimulatedClock:
    """Stands at ``start`` when the machine's clock stands at ``epoch``, and runs ``speed`` times as fast.

    All in UTC milliseconds. Before ``epoch`` it stands still, so that nothing happens before the day begins.
    """

    def __init__(self, start: Instant, epoch: Instant, speed: float) -> None:
        self._start = start
        self._epoch = epoch
        self._speed = speed
        self._real = RealClock()

    def now(self) -> Instant:
        return self._start + int(max(0, self._real.now() - self._epoch) * self._speed)

    def real_seconds(self, duration: Millis) -> float:
        return duration / SECOND / self._speed

    def __str__(self) -> str:
        """The text ``parse`` reads, for the HEED_CLOCK of a child process."""
        start = datetime.fromtimestamp(self._start / SECOND, UTC).isoformat(timespec="milliseconds")
        return f"{start}@{self._epoch}x{self._speed:g}"


def clock_from(settings: Settings) -> Clock:
    """The clock the settings ask for: real, simulated, or shown by a file. Raises BadUsage when it cannot be read."""
    if settings.clock is None:
        return RealClock()
    if settings.clock.startswith(FORM):
        return ShownClock(Path(settings.clock.removeprefix(FORM)))
    return parse(settings.clock)


def parse(text: str) -> SimulatedClock:
    """Read ``<start as ISO instant>@<real start, epoch ms>x<speed>``. Raises BadUsage.

    >>> parse("2026-10-13T07:30:00+01:00@1795226000000x240").real_seconds(60_000)
    0.25
    """
    found = _FORM.fullmatch(text)
    try:
        start = datetime.fromisoformat(found["start"]) if found else None
    except ValueError:
        start = None
    if found is None or start is None or start.tzinfo is None or not 0 < float(found["speed"]) <= _MAX_SPEED:
        raise BadUsage(
            f"HEED_CLOCK: cannot read {text!r}; allowed: START@REAL_START_MSxSPEED with a time zone in START, "
            "as 2026-10-13T07:30:00+01:00@1795226000000x240"
        )
    return SimulatedClock(round(start.timestamp() * SECOND), int(found["epoch"]), float(found["speed"]))

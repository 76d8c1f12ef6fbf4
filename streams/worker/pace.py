"""How large a turn is: bounded in records and in time, and not too small either."""

import math
from typing import Final

#: A turn decides at most so many records (architecture.md section 2) ...
MOST: Final = 2_000
#: ... and works about so long at them, so that other shards, heartbeats and /metrics get their turn. Time of
#: the processor, not of the clock: on a busy machine turns would shrink just when they should be large, since
#: a turn costs some milliseconds of work whatever its size. Seconds.
DECIDE_S: Final = 0.100
FEWEST: Final = 50
#: A turn costs some 3 to 8 ms of work, by the machine, and 10 ms of round trips whatever its size, and the broker as much again.
#: After one in which deciding took hardly more than that the next waits a little for company: 300 plain joins, but 40
#: events with the full rules. Seconds.
GATHER_S: Final = 0.025
SMALL_S: Final = 0.012


class Pace:
    """Learns what a record costs from the turns so far."""

    def __init__(self) -> None:
        self._seconds_each = 50e-6
        self._last_s = 0.0

    def limit(self) -> int:
        """How many records the next turn may decide."""
        return max(FEWEST, min(MOST, math.floor(DECIDE_S / self._seconds_each)))

    def note(self, records: int, seconds: float) -> None:
        self._last_s = seconds
        if records >= FEWEST:
            self._seconds_each += 0.2 * (seconds / records - self._seconds_each)

    def gather_seconds(self, since: float = 0.0) -> float:
        """How long to wait for more before the next turn. ``since``: seconds since the last one ended.

        What comes after a pause is decided at once; so is what comes after a turn that was worth its cost.

        >>> pace = Pace(); pace.note(10, 0.0005); pace.gather_seconds() > 0.02
        True
        >>> pace.gather_seconds(since=1.0)
        0.0
        >>> pace.note(80, 0.015); pace.gather_seconds()
        0.0
        """
        return max(0.0, GATHER_S * (1 - self._last_s / SMALL_S) - since)

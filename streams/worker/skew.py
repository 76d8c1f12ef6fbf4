"""How far this machine's clock is from the broker's: beyond the policy's tolerance nothing is sent (C049).

Quiet hours, deadlines and short notice are told by our clock. The broker stamps what we write with its own: asked
once when a shard opens, and told again by every commit. In between the machine's steady counter shows whether its
clock was moved, so that not one turn is decided by a clock that has just jumped.
"""

import time
from typing import Final

from streams.domain.time import SECOND, Instant, Millis

from .clock import Clock, RealClock

#: A tolerance below this could be the time an answer takes. Milliseconds.
_AT_LEAST: Final[Millis] = 10 * SECOND


class Skew:
    """This machine's clock against the broker's; one for all shards of a worker."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or RealClock()
        self._told: tuple[Millis, Instant, float] | None = None  # ahead; our clock and counter then

    def told(self, broker: Instant, took: float) -> None:
        """The broker stamped ``broker`` (UTC ms) at some moment within the ``took`` seconds up to now."""
        now = self._clock.now()
        off = now - broker
        ahead = off if off < 0 else max(0, off - round(took * SECOND))
        self._told = ahead, now, time.monotonic()

    def ahead(self) -> Millis:
        """How far our clock is ahead now; negative when it is behind, 0 while the broker has not been asked."""
        if self._told is None:
            return 0
        ahead, then, counted = self._told
        moved = self._clock.now() - then - round((time.monotonic() - counted) * SECOND)
        return ahead + moved

    def too_much(self, tolerance: Millis) -> bool:
        """Whether nothing may be sent by this clock; ``tolerance``: the policy's ``skew_tolerance``."""
        return abs(self.ahead()) > max(tolerance, _AT_LEAST)

    def __str__(self) -> str:
        """For readiness: ``312 s ahead of the broker's``."""
        ahead = self.ahead()
        return f"{abs(ahead) / SECOND:.0f} s {'ahead of' if ahead > 0 else 'behind'} the broker's"

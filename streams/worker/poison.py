"""When to stop reading a topic partition because too much of it is unreadable (architecture.md section 7).

A broken producer must not be answered with a mountain of dead letters and tasks: the partition of that
topic pauses, an alert fires, a person looks. Everything else goes on. It reads on from where it stopped when a
person says so (``heed resume --topic``) or the worker starts again, and pauses again if nothing has changed.
"""

from collections import deque
from enum import Enum, auto
from typing import Final

#: So many dead letters without one good record in between.
IN_A_ROW: Final = 50
#: More than one in a hundred of the latest records; judged once that many have been seen.
WINDOW: Final = 5_000
WINDOW_LIMIT: Final = WINDOW // 100


class Became(Enum):
    """What a record came to."""

    ACCEPTED = auto()
    HEARTBEAT = auto()  # one of ours: it tells nothing of what others write, and ends no row
    SET_ASIDE = auto()


class Breaker:
    """Counts one topic partition's dead letters. ``through``: those below this offset a person lets through."""

    def __init__(self) -> None:
        self.row = 0
        self.open = False
        self.through = 0
        self._seen = 0
        self._bad: deque[int] = deque()

    def copy(self) -> "Breaker":
        """For an attempt at a turn: what is counted in one that comes to nothing must not count."""
        copied = Breaker()
        copied.become(self)
        return copied

    def become(self, other: "Breaker") -> None:
        self.row, self.open, self.through = other.row, other.open, other.through
        self._seen, self._bad = other._seen, other._bad.copy()

    def good_seen(self, count: int) -> None:
        """Count good records; the caller ends the row itself, record by record."""
        self._seen += count

    def resume(self, through: int) -> None:
        """Go on, and count afresh; what lies below ``through`` is let through."""
        self.row, self.open, self._seen = 0, False, 0
        self._bad.clear()
        self.through = max(self.through, through)

    def bad(self, offset: int) -> bool:
        """Count a dead letter; True when the partition must now pause."""
        if offset < self.through:
            return False
        self._seen += 1
        self.row += 1
        self._bad.append(self._seen)
        while self._bad[0] <= self._seen - WINDOW:
            self._bad.popleft()
        if self.row >= IN_A_ROW or (self._seen >= WINDOW and len(self._bad) > WINDOW_LIMIT):
            self.open = True
        return self.open

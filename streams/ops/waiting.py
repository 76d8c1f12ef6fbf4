"""How long something has waited, told from ends and positions seen over time: seconds, not offsets.

An offset says how many records are behind, which means nothing to anybody who has to act. What has been
waiting since the earliest look at which the end already lay beyond where we are, has waited at least so
long. No clock but this process's own is involved.
"""

from collections import deque
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

#: Looks kept for one partition; beyond it every second one of the older is dropped.
_LOOKS: Final = 240


class Waiting(Generic[K]):
    """For each key (a topic partition): since when its end has been beyond an offset. Seconds, monotonic.

    >>> seen = Waiting[str](); seen.look("a", 10, 100.0); seen.look("a", 12, 105.0)
    >>> seen.seconds("a", 9, 107.0), seen.seconds("a", 11, 107.0), seen.seconds("a", 12, 107.0)
    (7.0, 2.0, 0.0)
    """

    def __init__(self) -> None:
        self._looks: dict[K, deque[tuple[float, int]]] = {}

    def look(self, key: K, end: int, now: float) -> None:
        """``end`` was the end of the partition at ``now``."""
        looks = self._looks.setdefault(key, deque())
        if not looks or end > looks[-1][1]:
            looks.append((now, end))
        if len(looks) > _LOOKS:
            self._looks[key] = deque(one for i, one in enumerate(looks) if i % 2 == 0 or one is looks[-1])

    def seconds(self, key: K, reached: int, now: float) -> float:
        """How long the first record at or after ``reached`` has at least waited; 0 when there is none."""
        looks = self._looks.get(key)
        while looks and looks[0][1] <= reached:
            if len(looks) == 1:
                return 0.0
            looks.popleft()
        return max(0.0, now - looks[0][0]) if looks else 0.0

    def forget(self, keep: frozenset[K]) -> None:
        """Only these are still ours to look at."""
        self._looks = {key: looks for key, looks in self._looks.items() if key in keep}

"""Counts of durations in buckets of equal relative width: percentiles within 1 % of the value, at any number of them."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Final

_GROWTH: Final = 1.01
_LOG: Final = math.log(_GROWTH)
_LEAST_MS: Final = 0.001


class Histogram:
    """Durations in milliseconds."""

    def __init__(self, values: Iterable[float] = ()) -> None:
        self._counts: Counter[int] = Counter()
        self.total = 0
        self.largest = 0.0
        for value in values:
            self.add(value)

    def add(self, value: float) -> None:
        """Count one duration; what is below a microsecond counts as one."""
        self._counts[math.ceil(math.log(max(value, _LEAST_MS) / _LEAST_MS) / _LOG)] += 1
        self.total += 1
        self.largest = max(self.largest, value)

    def percentile(self, share: float) -> float:
        """The duration that ``share`` percent do not exceed, at most 1 % too long. 0 when nothing was counted.

        >>> round(Histogram(range(1, 1001)).percentile(50), -1)
        500.0
        """
        wanted, reached = math.ceil(self.total * share / 100), 0
        for bucket in sorted(self._counts):
            reached += self._counts[bucket]
            if reached >= wanted:
                return min(self.largest, _LEAST_MS * _GROWTH**bucket)
        return 0.0

    def curve(self) -> list[tuple[float, float]]:
        """(percentile, milliseconds) at ever finer steps towards 100, as such plots show it."""
        shares = [0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.75, 99.9, 99.95, 99.99]
        return [(share, round(self.percentile(share), 2)) for share in shares]

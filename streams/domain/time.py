"""Units of time. An ``Instant`` is UTC milliseconds since 1970; durations are milliseconds.

Must not know the clock: ``now`` is always an argument.
"""

from typing import Final, TypeAlias

Instant: TypeAlias = int
Millis: TypeAlias = int

SECOND: Final[Millis] = 1_000
MINUTE: Final[Millis] = 60 * SECOND
HOUR: Final[Millis] = 60 * MINUTE
DAY: Final[Millis] = 24 * HOUR

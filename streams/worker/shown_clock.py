"""A clock that somebody else sets: eight bytes in a file, shown to every process that is given its path.

A clock that runs by itself, two hundred times as fast as the world, makes a pause of the machine into
minutes: what a busy machine decides then differs from what an idle one does. The demo therefore sets the
clock step by step and moves it on only when everybody is done with the last step.
"""

import mmap
import os
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import Final, Self

from streams.domain.time import Instant, Millis
from streams.errors import BadUsage

FORM: Final = "file:"
_INSTANT: Final = Struct("<q")  # aligned, so that no reader ever sees half of it
#: How long to sleep when nobody can say when this clock moves on. Seconds.
_LOOK_AGAIN_S: Final = 0.02


class ShownClock:
    """Reads the time from the file. Raises BadUsage when it is missing or shows no time."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._face = mmap.mmap(file.fileno(), _INSTANT.size, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise BadUsage(
                f"HEED_CLOCK: {path} shows no time ({error}); allowed: a file the demo has made"
            ) from None

    def now(self) -> Instant:
        instant: int = _INSTANT.unpack_from(self._face)[0]
        return instant

    def real_seconds(self, duration: Millis) -> float:
        """Never long: the clock may be moved on by any amount at any moment."""
        return _LOOK_AGAIN_S if duration > 0 else 0.0


class ClockSetter:
    """Makes such a file and sets it. The time never goes back."""

    def __init__(self, path: Path, start: Instant) -> None:
        path.write_bytes(_INSTANT.pack(start))
        self._file = os.open(path, os.O_RDWR)
        self._face = mmap.mmap(self._file, _INSTANT.size)
        self.now = start
        #: The text for a child's HEED_CLOCK.
        self.text = f"{FORM}{path}"

    def set(self, now: Instant) -> None:
        """Move the time on. Raises ValueError when that would be backwards."""
        if now < self.now:
            raise ValueError(f"the clock shows {self.now} and cannot go back to {now}")
        self.now = now
        _INSTANT.pack_into(self._face, 0, now)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._face.close()
        os.close(self._file)

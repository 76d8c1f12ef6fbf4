"""A clock for each process, all showing the same time until one of them jumps."""

import os
import struct
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from streams.domain.time import Instant, Millis
from streams.worker.shown_clock import FORM

_INSTANT: Final = struct.Struct("<q")


class Clocks:
    """Files for HEED_CLOCK in ``folder``. The common time never goes back; one that jumped comes back to it."""

    def __init__(self, folder: Path, start: Instant) -> None:
        self.now = start
        self._folder = folder
        self._files: dict[str, int] = {}
        self._off = Counter[str]()

    def text(self, name: str) -> str:
        """HEED_CLOCK of the process of this name."""
        path = self._folder / f"clock-{name}"
        if name not in self._files:
            path.write_bytes(_INSTANT.pack(self.now))
            self._files[name] = os.open(path, os.O_RDWR)
        return f"{FORM}{path}"

    def set(self, now: Instant) -> None:
        """Move every clock on."""
        assert now >= self.now, "the common time went back"
        self.now = now
        for name in self._files:
            self._show(name)

    def jump(self, name: str, off: Millis) -> None:
        """This clock is so much ahead (or behind) from now on; 0: right again."""
        self._off[name] = off
        self._show(name)

    def _show(self, name: str) -> None:
        os.pwrite(self._files[name], _INSTANT.pack(self.now + self._off[name]), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        for file in self._files.values():
            os.close(file)

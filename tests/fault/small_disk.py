"""A file system that can be full at any moment, for the files of one broker. Needs root; elsewhere there is none."""

import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_TRIES: Final = 50


class SmallDisk:
    """A tmpfs at ``path``. ``fill`` takes away the room that is left, ``repair`` gives it back.

    What a broker meets is the real thing: ``No space left on device``.
    """

    def __init__(self, path: Path, megabytes: int) -> None:
        self._path = path
        self._megabytes = megabytes
        self.there = False

    def fill(self) -> None:
        """From now on not a page more can be written."""
        for _ in range(_TRIES):
            disk = os.statvfs(self._path)
            used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
            try:
                self._mount("remount", f"size={used}")
            except subprocess.CalledProcessError:
                continue  # more was written in the meantime
            return
        raise OSError(f"{self._path} could not be filled")

    def repair(self) -> None:
        self._mount("remount", f"size={self._megabytes}m")

    def _mount(self, *options: str) -> None:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(self._path)],
            check=True, capture_output=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._path.mkdir(parents=True)
        if os.geteuid() == 0:
            try:
                self._mount(f"size={self._megabytes}m")
                self.there = True
            except (OSError, subprocess.CalledProcessError):
                self.there = False  # a container may forbid it; the run says that no disk was full
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self.there:
            subprocess.run(["umount", "-l", str(self._path)], check=False, capture_output=True)

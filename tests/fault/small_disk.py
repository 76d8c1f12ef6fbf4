"""A file system that can be full at any moment, for the files of one broker. Needs root; elsewhere there is none."""

import errno
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_TRIES: Final = 50
_BLOCK: Final = 4_096


class SmallDisk:
    """A file system of its own at ``path``, kept in a file beside it. ``fill`` takes away the room that is left,
    ``repair`` gives it back.

    What a broker meets is the real thing: ``No space left on device``.
    """

    def __init__(self, path: Path, megabytes: int) -> None:
        self._path = path
        self._image = path.with_name(f"{path.name}.img")
        self._filler = path / "filler"
        self._megabytes = megabytes
        self.there = False

    def fill(self) -> None:
        """From now on not a block more can be written."""
        with self._filler.open("wb") as filler:
            for _ in range(_TRIES):
                disk = os.statvfs(self._path)
                most = disk.f_bfree * disk.f_frsize
                if most < _BLOCK:
                    return
                while most >= _BLOCK:
                    try:
                        os.posix_fallocate(filler.fileno(), os.fstat(filler.fileno()).st_size, most)
                    except OSError as error:
                        if error.errno != errno.ENOSPC:
                            raise
                        most //= 2  # more was written in the meantime, or some of it is the file system's own
                    else:
                        break
                else:
                    return
        raise OSError(f"{self._path} could not be filled")

    def repair(self) -> None:
        self._filler.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self._path.mkdir(parents=True)
        if os.geteuid() == 0:
            try:
                with self._image.open("wb") as image:
                    image.truncate(self._megabytes << 20)
                for command in (
                    ["mkfs.ext4", "-q", "-F", "-m", "0", str(self._image)],
                    ["mount", "-o", "loop", str(self._image), str(self._path)],
                ):
                    subprocess.run(command, check=True, capture_output=True)
                self.there = True
            except (OSError, subprocess.CalledProcessError):
                self.there = False  # a container may forbid it; the run says that no disk was full
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self.there:
            subprocess.run(["umount", "-l", str(self._path)], check=False, capture_output=True)
        self._image.unlink(missing_ok=True)

"""The lock file: every package that is installed beside Heed, with the hashes its files may have."""

import re
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
#: What runs. What tests and checks it is in requirements-dev.lock, and in no image.
LOCK: Final = ROOT / "requirements.lock"

_PACKAGE: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?:\s*;\s*(.*?))?\s*\\?$")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class Locked(NamedTuple):
    name: str
    version: str
    marker: str  # for which machines; empty: for all
    hashes: tuple[str, ...]


def read_lock(text: str) -> tuple[Locked, ...]:
    """Raises ValueError for a package without a hash, or a line of any other kind."""
    found: list[Locked] = []
    for line in text.splitlines():
        if named := _PACKAGE.match(line):
            found.append(Locked(named[1], named[2], named[3] or "", ()))
        elif (hashed := _HASH.search(line)) and found:
            found[-1] = found[-1]._replace(hashes=(*found[-1].hashes, hashed[1]))
        elif line.strip() and not line.startswith("#"):
            raise ValueError(f"not a line of a lock file: {line}")
    if without := [one.name for one in found if not one.hashes]:
        raise ValueError(f"without a hash: {', '.join(without)}")
    return tuple(found)

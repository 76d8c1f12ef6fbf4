"""The policy a process decides by, and the file it came from: read again when the file changes.

A changed file is taken over as a whole or not at all (C213): one that is not valid leaves the last good
policy in force, is logged once with file, line and key, and counted. Files are looked at every few seconds
in a thread of their own, never while a turn is decided; a turn asks for ``current`` once and keeps it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from streams.errors import BadPolicy
from streams.policy.items import Problem
from streams.policy.load import check, default_path, load, read, templates_folder
from streams.policy.model import Policy

from . import metrics
from .logging import get_logger, place_of

log = get_logger("heed.policy")

#: A file is taken over at the second look that finds it the same: one that is still being copied may be
#: valid as far as it goes, because keys that are left out have the shipped value. Seconds.
LOOK_EVERY_S: Final = 2.0

#: Name, time of change (ns), size and inode of every file that was looked at; None for one that is missing.
_Stamp: TypeAlias = tuple[tuple[str, int, int, int] | None, ...]


class Rejected(msgspec.Struct, frozen=True):
    """A file that is not valid: what is wrong, in the order of its lines."""

    problems: tuple[Problem, ...]


class PolicyFile:
    """Holds the policy in force and watches its file, and the folder of wordings that it names.

    ``current`` is in force; ``for_records`` is the same with the wordings of every earlier one beside its own.
    """

    def __init__(self, path: Path | None) -> None:
        """Read the file, or the shipped one. Raises BadPolicy: a process never starts on a bad policy."""
        self._path = path or default_path()
        self._folder = _folder_of(self._path)
        self._examined = self._seen = self._stamp()
        self.rejected: Rejected | None = None
        self.current: Policy = load(self._path)
        self.for_records: Policy = self.current
        metrics.POLICY_INFO.labels(self.current.version).set(1)

    async def keep_looking(self) -> None:
        """Look until cancelled. Reading and checking cost the event loop nothing but the exchange."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            found = await asyncio.to_thread(self.look)
            if found is not None:
                self.settle(found)

    def look(self) -> Policy | Rejected | None:
        """What the file says now; None when it is as it was, or may still be being written."""
        stamp = self._stamp()
        if stamp == self._examined:
            return None
        if stamp != self._seen:
            self._seen = stamp
            return None
        found = self._examine()
        self._examined = self._seen = stamp
        return found

    def settle(self, found: Policy | Rejected) -> None:
        """Put a valid policy in force, or keep the last good one and say why."""
        if isinstance(found, Rejected):
            self.rejected = found
            metrics.CONFIG_REJECTED.inc()
            _log_rejected(found, self.current.version)
            return
        before, self.rejected = self.current.version, None
        if found.version == before:
            log.info("policy_as_before", version=before)
            return
        self.current = found
        self.for_records = _with_wordings_of(self.for_records, found)
        metrics.POLICY_INFO.remove(before)
        metrics.POLICY_INFO.labels(found.version).set(1)
        log.warning("policy_changed", before=before, version=found.version, file=str(self._path))

    def notes(self) -> Sequence[str]:
        """What /readyz should say although the process does its work."""
        if self.rejected is None:
            return []
        first = self.rejected.problems[0]
        return [f"the policy file was rejected, still deciding by {self.current.version}: {first}"]

    def _examine(self) -> Policy | Rejected:
        try:
            self._folder = _folder_of(self._path)
            problems = check(self._path)
            return Rejected(problems) if problems else load(self._path)
        except BadPolicy as error:  # it cannot be read at all
            return Rejected((Problem(str(self._path), None, "", str(error)),))
        except Exception as error:  # noqa: BLE001  # decides: a defect of the reader must not end a worker either
            what = f"cannot be checked ({type(error).__name__} at {place_of(error)})"
            return Rejected((Problem(str(self._path), None, "", what),))

    def _stamp(self) -> _Stamp:
        files = (self._path, *sorted(self._folder.glob("*.yaml")))
        return tuple(_stamp_of(file) for file in files)


def _with_wordings_of(earlier: Policy, policy: Policy) -> Policy:
    """A policy that also knows the wordings of earlier ones: what was sent under them is still to be recorded."""
    registry = policy.templates
    known = {template.ref for template in registry.templates}
    kept = [template for template in earlier.templates.templates if template.ref not in known]
    registry = msgspec.structs.replace(registry, templates=(*registry.templates, *kept))
    return msgspec.structs.replace(policy, templates=registry)


def _folder_of(path: Path) -> Path:
    return templates_folder(read(path))


def _stamp_of(file: Path) -> tuple[str, int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return (file.name, found.st_mtime_ns, found.st_size, found.st_ino)


def _log_rejected(found: Rejected, keeps: str) -> None:
    first = found.problems[0]
    log.error(
        "policy_rejected", file=first.file, line=first.line, key=first.key, what=first.what,
        allowed=first.allowed, problems=len(found.problems), keeps=keeps,
    )  # fmt: skip

"""What a process and its children have used so far, read from /proc: CPU seconds and resident memory."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_PROC: Final = Path("/proc")


class Usage(msgspec.Struct, frozen=True):
    """CPU seconds since the start, children that have ended included; bytes resident now."""

    cpu_s: float
    rss: int


def usage(pid: int) -> Usage:
    """Of a process and all that descend from it; zero once it has gone."""
    cpu_s, rss = 0.0, 0
    for one in tree(pid):
        fields = _stat(one)
        if fields:
            cpu_s += sum(map(int, fields[11:15])) / _TICKS
            rss += int(fields[21]) * _PAGE
    return Usage(cpu_s, rss)


def total(parts: Iterable[Usage]) -> Usage:
    """Of several processes."""
    found = list(parts)
    return Usage(sum(one.cpu_s for one in found), sum(one.rss for one in found))


def tree(pid: int) -> list[int]:
    """The process and its descendants."""
    found = [pid]
    for one in found:
        found += _children(one)  # the list grows while it is read
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = list((_PROC / str(pid) / "task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _stat(pid: int) -> list[str]:
    """The fields of stat behind the command: 11 to 14 are times of its own and of its children, 21 is rss."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


class Clocked(msgspec.Struct, frozen=True):
    """At one moment: seconds in which any core was busy, and those spent by this process and its descendants."""

    at: float
    busy_s: float
    ours_s: float


def clocked() -> Clocked:
    """Now."""
    ticks = [int(field) for field in (_PROC / "stat").read_text().splitlines()[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    return Clocked(time.monotonic(), (sum(ticks) - idle) / _TICKS, usage(os.getpid()).cpu_s)


def taken_by_others(before: Clocked, after: Clocked) -> float:
    """How many cores were busy with something else in between, on average."""
    seconds = max(1e-3, after.at - before.at)
    busy, ours = after.busy_s - before.busy_s, after.ours_s - before.ours_s
    return round(max(0.0, busy - ours) / seconds, 2)

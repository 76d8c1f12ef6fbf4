"""One engine on one filled place, followed from outside: how fast its decisions become visible, at what cost.

Where the committed end of the decisions topic stands is asked every tenth of a second; which records lay below is
counted afterwards, so that markers of transactions do not count as decisions and nothing disturbs the run.
"""

import signal
import subprocess
import time
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec

from streams.domain.vocabulary import Topic

from .cluster import Cluster, Place
from .engines import Engine
from .processes import Usage, total, usage
from .verifying import Written, read, verify
from .workload import Join

_LOOK_EVERY_S: Final = 0.1
#: No engine here takes longer to start, and none is quiet for so long while work is left, but one that is stuck.
PATIENCE_S: Final = 120.0
_QUIET_S: Final = 1.0
_STOP_S: Final = 15.0


class Look(msgspec.Struct, frozen=True):
    """At one moment: where the decisions topic ends, and what the engine has used."""

    at: float
    ends: dict[int, int]
    used: Usage


#: The looks, what was written, and what went wrong, if anything.
Watched: TypeAlias = tuple[list[Look], Written, str | None]


class Run(msgspec.Struct, frozen=True):
    """One measured run. ``rate`` is that of the events up to ``cut``, ``warm_rate`` that of those after it, events a second.

    Rates count from the first look that saw a decision; starting, joining the group and restoring come before
    (``started_s``). ``cpu_us``: of the whole run. ``problems`` is empty when everything was written once and right.
    """

    engine: str
    events: int
    rate: float
    warm_rate: float
    cpu_us: float
    warm_cpu_us: float
    rss_mb: float
    started_s: float
    problems: tuple[str, ...]


def follow(cluster: Cluster, engine: Engine, place: Place, work: Join, cut: float | None = None) -> Run:
    """Run an engine on topics that hold ``work``, and look at what it has written; its faults become ``problems``.

    ``cut``: the share of the events after which it counts as warm. Without one ``rate`` is that of all events.
    """
    process = engine.start(place)
    begun = time.monotonic()
    try:
        watched = watch(cluster, [process], place, len(work.rows))
    finally:
        stop(process)
    return figures(engine.name, watched, place, work, cut, begun)


def watch(
    cluster: Cluster, processes: Sequence[subprocess.Popen[bytes]], place: Place, expected: int
) -> Watched:
    """Look until everything is written, or nothing moves any more; then also say why."""
    topic, looks = place.topic(Topic.DECISIONS), list[Look]()
    empty = Written({}, {})
    moved = time.monotonic()
    while True:
        ends, now = cluster.ends(topic, place.partitions), time.monotonic()
        used = total(usage(process.pid) for process in processes)
        if not looks or ends != looks[-1].ends:
            moved = now
        looks.append(Look(now, ends, used))
        if gone := [process.returncode for process in processes if process.poll() is not None]:
            return looks, empty, f"ended with {gone[0]}: {_last_words(place)}"
        if sum(ends.values()) >= expected and now - moved > _QUIET_S:
            decisions = read(place.bootstrap, topic, place.partitions)
            if len(decisions) >= expected:
                return looks, decisions, None
        if now - moved > PATIENCE_S:
            return looks, empty, f"stuck at {sum(ends.values())} of {expected}: {_last_words(place)}"
        time.sleep(_LOOK_EVERY_S)


def figures(name: str, watched: Watched, place: Place, work: Join, cut: float | None, begun: float) -> Run:
    """Check what was written, and tell rates and costs from the looks. A fault leaves nothing to tell but itself."""
    looks, decisions, fault = watched
    if fault is not None:
        return Run(name, len(work.rows), 0, 0, 0, 0, 0, 0, (fault,))
    commands = read(place.bootstrap, place.topic(Topic.SEND_COMMANDS), place.partitions)
    problems = verify(decisions, commands, work.expected).problems
    counts = [counted(decisions, look) for look in looks]
    everything = counts[-1]
    first = _reaches(counts, 1)
    last = _reaches(counts, everything)
    middle = _reaches(counts, everything * (0.5 if cut is None else cut))
    rate, _ = _between(looks, counts, first, last if cut is None else middle)
    _, cpu_us = _between(looks, counts, first, last)
    warm_rate, warm_cpu_us = _between(looks, counts, min(middle, last - 1), last)
    return Run(
        name, everything, rate, warm_rate, cpu_us, warm_cpu_us,
        max(look.used.rss for look in looks) / 1e6, looks[first].at - begun, problems,
    )  # fmt: skip


def _reaches(counts: list[int], wanted: float) -> int:
    """Which look was the first to see so many."""
    return next(at for at, count in enumerate(counts) if count >= wanted)


def counted(decisions: Written, look: Look) -> int:
    """How many decisions were visible at a look."""
    return sum(bisect_left(decisions.offsets[partition], end) for partition, end in look.ends.items())


def _between(looks: list[Look], counts: list[int], first: int, last: int) -> tuple[float, float]:
    """Events a second and CPU microseconds an event, from one look to another."""
    events = max(1, counts[last] - counts[first])
    seconds = max(1e-3, looks[last].at - looks[first].at)
    return events / seconds, 1e6 * (looks[last].used.cpu_s - looks[first].used.cpu_s) / events


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and insist."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_words(place: Place) -> str:
    said = (place.folder / "engine.log").read_text(errors="replace").strip().splitlines()
    return " / ".join(said[-3:])[-600:]

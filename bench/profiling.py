"""Where a worker's time goes, by part: the profile that explains a target met or missed.

The worker itself runs under cProfile while it works off a backlog. Profiling makes Python calls dearer than C, so the shares
say where to look, not what a part costs; Faust's fetching thread is not in it.
"""

import pstats
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from streams.domain.vocabulary import Topic

from .cluster import Place
from .days import Day, prepared, until_taken, worker
from .following import PATIENCE_S
from .session import Found, Session
from .workload import Join

_PARTS: Final = 14
_PACKAGES: Final = (
    "aiokafka",
    "faust",
    "mode",
    "asyncio",
    "msgspec",
    "fastavro",
    "prometheus_client",
    "selectors",
)


def of_join(session: Session, work: Join) -> Found:
    """Of workload 1."""
    place = session.cluster.new_place(session.partitions)
    session.cluster.fill(place, work.rows)
    file = place.folder / "profile"
    command = [sys.executable, "-m", "cProfile", "-o", str(file), "-m", "bench.join_worker"]
    log = (place.folder / "engine.log").open("wb")
    process = subprocess.Popen(command, env=_environ(place), stdout=log, stderr=log)
    begun = time.monotonic()
    topic = place.topic(Topic.DECISIONS)
    while sum(session.cluster.ends(topic, place.partitions).values()) < len(work.rows):
        if time.monotonic() - begun > PATIENCE_S:
            break
        time.sleep(0.5)
    process.terminate()
    process.wait(30)
    session.cluster.forget(place)
    return {"events": len(work.rows), "parts": shares(file)}


def of_day(session: Session, day: Day) -> Found:
    """Of workload 2."""
    place = prepared(session, day)
    session.cluster.fill(place, (timed.row for timed in day.during))
    file = place.folder / "profile"
    with worker(place, run=("-m", "cProfile", "-o", str(file), "-m", "streams", "worker")) as (_, url):
        until_taken(url, len(day.during))
    session.cluster.forget(place)
    return {"events": len(day.during), "parts": shares(file)}


def _environ(place: Place) -> dict[str, str]:
    import os

    clean = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")}
    return clean | place.heed_environ()


def shares(file: Path) -> list[tuple[str, float]]:
    """Time by part, as percentages of the time in which anything ran, largest first."""
    seconds: Counter[str] = Counter()
    stats: Any = pstats.Stats(str(file))
    for (path, _, name), (_, _, own, _, callers) in stats.stats.items():
        if "poll" in name and "method" in name:
            continue  # waiting, not working
        if path == "~":
            for (caller, _, _), (_, _, by_caller, _) in callers.items():
                seconds[_part(caller, name)] += by_caller
        else:
            seconds[_part(path, name)] += own
    everything = sum(seconds.values()) or 1.0
    top = [(part, round(100 * spent / everything, 1)) for part, spent in seconds.most_common(_PARTS)]
    return [*top, ("everything else", round(100 - sum(share for _, share in top), 1))]


def _part(path: str, name: str) -> str:
    """The package or module a function belongs to; what is compiled from the schemas has no file."""
    if "msgspec" in name:
        return "msgspec: pack, unpack, copies"
    if path.startswith("<"):
        return "codec compiled from the schemas" if path != "<string>" else "generated code"
    parts = Path(path).parts
    for package in _PACKAGES:
        if package in parts or f"{package}.py" in parts:
            return package
    if "streams" in parts:
        return "/".join(parts[parts.index("streams") + 1 :]).removesuffix(".py")
    return "bench" if "bench" in parts else "Python's library"

"""Workload 1 at 2 000 events a second with 10 000 patients: latency, CPU and memory of Heed and of Kafka Streams."""

import time
from collections.abc import Sequence
from typing import Final

import msgspec

from streams.domain.vocabulary import Topic

from .cluster import Place
from .engines import HEED, KAFKA_STREAMS, Engine
from .following import PATIENCE_S, stop
from .openloop import WARM_UP_S, Latency, Timed, run
from .session import Found, Session, spread
from .workload import Join, join

RATE: Final = 2_000
_PATIENTS: Final = 10_000
_WARM: Final = 20_000


def compare(session: Session) -> Found:
    """Both engines in turn, on fresh topics, warmed with twenty thousand events as fast as they go.

    Raises RuntimeError when a record of a window was not decided: without it, percentiles would be of the others only.
    """
    plan = session.plan
    work = join(_WARM + int(RATE * plan.low_rate_s), session.partitions, _PATIENTS)
    engines = [engine for engine in (HEED, KAFKA_STREAMS) if engine.prepare() is None]
    windows: dict[str, list[Latency]] = {engine.name: [] for engine in engines}
    for _ in range(plan.low_rate_rounds):
        for engine in engines:
            windows[engine.name].append(_window(session, engine, work))
    return {_key(name): _row(found) for name, found in windows.items()} | {
        "rate": RATE,
        "patients": _PATIENTS,
    }


def stalls(session: Session) -> Found:
    """Heed alone for longer: how often nothing became visible for more than 300 ms. ``seconds``: those looked at."""
    window_s = session.plan.stall_s + WARM_UP_S
    work = join(_WARM + int(RATE * window_s), session.partitions, _PATIENTS)
    found: Found = msgspec.to_builtins(_window(session, HEED, work))
    return found | {"seconds": session.plan.stall_s}


def _window(session: Session, engine: Engine, work: Join) -> Latency:
    place = session.cluster.new_place(session.partitions)
    session.cluster.fill(place, work.rows[:_WARM])
    process = engine.start(place)
    try:
        _until_visible(session, place)
        shown = run(place, process.pid, timed(work, _WARM), RATE)
    finally:
        stop(process)
    session.cluster.forget(place)
    if shown.undecided:
        raise RuntimeError(
            f"{engine.name} left {shown.undecided:,} of {shown.undecided + shown.counted:,} records undecided"
        )
    session.say(
        f"{engine.name} at {RATE}/s: p50 {shown.p50}, p99 {shown.p99}, p99.9 {shown.p999} ms, {shown.cpu_share:.0%} of "
        f"a core, {shown.rss_mb} MB, {len(shown.stalls)} stalls"
    )
    return shown


def timed(work: Join, since: int = 0) -> Sequence[Timed]:
    """The events of a workload from one on, with the ids that their decisions name."""
    pairs = zip(work.rows[since:], work.expected[since:], strict=True)
    return [Timed(expected.event_id, row) for row, expected in pairs]


def _until_visible(session: Session, place: Place) -> None:
    begun = time.monotonic()
    while sum(session.cluster.ends(place.topic(Topic.DECISIONS), place.partitions).values()) < _WARM:
        if time.monotonic() - begun > PATIENCE_S:
            raise RuntimeError(f"nothing to see: {(place.folder / 'engine.log').read_text()[-500:]}")
        time.sleep(0.1)
    time.sleep(1.0)


def _key(name: str) -> str:
    return name.lower().replace(" ", "_")


def _row(windows: Sequence[Latency]) -> Found:
    return {
        name: spread([getattr(window, name) for window in windows], 3 if name == "cpu_share" else 1)
        for name in ("p50", "p90", "p99", "p999", "largest", "cpu_share", "rss_mb", "undecided")
    } | {"stalls": [stall for window in windows for stall in window.stalls], "curve": windows[-1].curve}

"""Workload 1: Heed against every peer on the same events, interleaved, each output checked."""

from collections.abc import Sequence
from typing import Final

from .engines import FAUST, HEED, KAFKA_STREAMS, PYTHON_PEERS, Engine
from .following import Run, follow
from .session import Found, Session, median, ratio, spread
from .workload import Join, join

#: Of the long run, so much is the whole run and what follows is warm: a million of the usual 1 250 000.
_WHOLE: Final = 0.8


def compare(session: Session) -> Found:
    """Heed, every Python peer and Kafka Streams in turn, several times over."""
    plan = session.plan
    engines, absent = _present((HEED, *PYTHON_PEERS, KAFKA_STREAMS), session)
    runs = _rounds(session, engines, join(plan.join_events, session.partitions), plan.rounds)
    rows = [_row(engine, runs) for engine in engines]
    heed = rows[0]
    for row in rows:
        row["heed_is"] = ratio(heed["rate"]["median"], row["rate"]["median"])
        row["heed_cpu_is"] = ratio(row["cpu_us"]["median"], heed["cpu_us"]["median"])
    return {"events": plan.join_events, "engines": rows, "absent": absent}


def compare_long(session: Session) -> Found:
    """Heed and Kafka Streams on so many events that a JVM is warm."""
    plan = session.plan
    engines, _ = _present((HEED, KAFKA_STREAMS), session)
    session.say(f"encoding {plan.jvm_events:,} events")
    runs = _rounds(session, engines, join(plan.jvm_events, session.partitions), plan.jvm_rounds, _WHOLE)
    return _long(runs) | {"events": int(_WHOLE * plan.jvm_events)}


def _present(wanted: Sequence[Engine], session: Session) -> tuple[list[Engine], dict[str, str]]:
    """Those that can take part here, and why the others cannot."""
    engines, absent = [], {}
    for engine in wanted:
        why = engine.prepare()
        if why is None:
            engines.append(engine)
        else:
            session.say(f"{engine.name} {why}")
            absent[engine.name] = why
    return engines, absent


def _rounds(
    session: Session, engines: Sequence[Engine], work: Join, rounds: int, cut: float | None = None
) -> list[Run]:
    """A B C, A B C: what the machine does meanwhile falls on all of them."""
    return [
        measured(session, engine, work if cut else work.first(int(len(work.rows) * engine.share)), cut)
        for _ in range(rounds)
        for engine in engines
    ]


def measured(session: Session, engine: Engine, work: Join, cut: float | None = None) -> Run:
    """One run on topics of its own."""
    place = session.cluster.new_place(work.partitions)
    session.cluster.fill(place, work.rows)
    run = follow(session.cluster, engine, place, work, cut)
    session.cluster.forget(place)
    said = "; ".join(run.problems) or "all there, in order"
    warm = f", warm {run.warm_rate:,.0f}" if cut else ""
    session.say(
        f"{engine.name}: {run.rate:,.0f} events/s{warm}, {run.cpu_us:.1f} us of CPU, {run.rss_mb:.0f} MB; {said}"
    )
    return run


def _row(engine: Engine, runs: Sequence[Run]) -> Found:
    mine = [run for run in runs if run.engine == engine.name]
    good = [run for run in mine if not run.problems]
    return {
        "engine": engine.name,
        "guarantee": engine.guarantee,
        "rate": spread([run.rate for run in good], 0),
        "cpu_us": spread([run.cpu_us for run in good]),
        "rss_mb": spread([run.rss_mb for run in good], 0),
        "events": max((run.events for run in good), default=0),
        "problems": sorted({problem for run in mine for problem in run.problems}),
    }


def _long(runs: Sequence[Run]) -> Found:
    found: Found = {}
    for name, engine in (("heed", HEED), ("kafka_streams", KAFKA_STREAMS)):
        good = [run for run in runs if run.engine == engine.name and not run.problems]
        found[name] = {
            "whole": spread([run.rate for run in good], 0),
            "warm": spread([run.warm_rate for run in good], 0),
            "cpu_us": spread([run.cpu_us for run in good]),
            "warm_cpu_us": spread([run.warm_cpu_us for run in good]),
            "rss_mb": spread([run.rss_mb for run in good], 0),
            "problems": sorted({p for run in runs if run.engine == engine.name for p in run.problems}),
        }
    return found


def against_best_python(found: Found) -> tuple[float | None, str]:
    """Heed's rate as a multiple of the fastest Python peer's, and which that is."""
    peers = [row for row in found["engines"] if row["engine"] not in (HEED.name, KAFKA_STREAMS.name)]
    rated = [row for row in peers if row["rate"]["median"]]
    if not rated:
        return None, "none"
    best = max(rated, key=lambda row: float(row["rate"]["median"]))
    return best["heed_is"], str(best["engine"])


def against_faust(found: Found) -> float | None:
    return next((row["heed_is"] for row in found["engines"] if row["engine"] == FAUST.name), None)


def rate_of_heed(found: Found) -> float | None:
    return median([row["rate"]["median"] or 0 for row in found["engines"] if row["engine"] == HEED.name])

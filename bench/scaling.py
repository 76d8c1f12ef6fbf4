"""Workload 1 with Heed alone: 1, 2 and 4 partitions and processes, and tables of a thousand to a million patients."""

import time
from collections.abc import Iterator
from typing import Final

from streams.domain.patient import PatientState, pack
from streams.domain.vocabulary import Topic
from streams.kafka.partitioner import partition_for

from .cluster import Place
from .engines import HEED
from .following import PATIENCE_S, Run, figures, follow, stop, watch
from .joins import measured
from .session import Found, Session, ratio, spread
from .workload import Join, Row, join

SIZES: Final = (1_000, 100_000, 1_000_000)
_ROUNDS: Final = 2


def partitions(session: Session) -> list[Found]:
    """One process with 1, 2 and 4 partitions."""
    found = []
    for count in (1, 2, 4):
        run = measured(session, HEED, join(session.plan.table_events, count))
        found.append(_row(run) | {"partitions": count})
    return found


def processes(session: Session) -> list[Found]:
    """1, 2 and 4 processes that share four partitions: started and settled first, then given the events."""
    found = []
    work = join(session.plan.table_events, 4)
    for count in (1, 2, 4):
        run = _together(session, work, count)
        session.say(
            f"{count} processes: {run.rate:,.0f} events/s, {run.cpu_us:.1f} us; {run.problems or 'all there'}"
        )
        found.append(_row(run) | {"processes": count})
    return found


def _together(session: Session, work: Join, count: int) -> Run:
    place = session.cluster.new_place(work.partitions)
    workers = []
    try:
        for _ in range(count):
            workers.append(HEED.start(place))
            until_ready(place, len(workers))
        time.sleep(3.0)  # the last one to join has made the others share
        begun = time.monotonic()
        session.cluster.fill(place, work.rows)
        watched = watch(session.cluster, workers, place, len(work.rows))
    finally:
        for worker in workers:
            stop(worker)
    run = figures(HEED.name, watched, place, work, None, begun)
    session.cluster.forget(place)
    return run


def until_ready(place: Place, count: int) -> None:
    """So many workers have said that they have their partitions."""
    log = place.folder / "engine.log"
    begun = time.monotonic()
    while log.read_text(errors="replace").count("\nready\n") + log.read_text().startswith("ready\n") < count:
        if time.monotonic() - begun > PATIENCE_S:
            raise RuntimeError(f"a worker is not ready: {log.read_text()[-500:]}")
        time.sleep(0.1)


def tables(session: Session) -> Found:
    """The same rate of events into tables of several sizes, interleaved."""
    runs: dict[int, list[Run]] = {size: [] for size in SIZES}
    for _ in range(_ROUNDS):
        for size in SIZES:
            runs[size].append(_on_table(session, size))
    rows = [
        {
            "patients": size,
            "rate": spread([run.rate for run in found if not run.problems], 0),
            "cpu_us": spread([run.cpu_us for run in found if not run.problems]),
            "rss_mb": spread([run.rss_mb for run in found if not run.problems], 0),
            "started_s": spread([run.started_s for run in found if not run.problems]),
            "problems": sorted({problem for run in found for problem in run.problems}),
        }
        for size, found in runs.items()
    ]
    return {"rows": rows, "largest_is": _ratio(rows, "rate"), "largest_cpu_is": _ratio(rows, "cpu_us")}


def _ratio(rows: list[Found], figure: str) -> float | None:
    return ratio(rows[-1][figure]["median"], rows[0][figure]["median"])


def _on_table(session: Session, size: int) -> Run:
    """The table is there beforehand and restored; the events are about its patients."""
    work = join(session.plan.table_events, session.partitions, size)
    place = session.cluster.new_place(session.partitions)
    session.cluster.fill(place, _table_rows(size, session.partitions))
    session.cluster.fill(place, work.rows)
    run = follow(session.cluster, HEED, place, work)
    session.cluster.forget(place)
    session.say(
        f"table of {size:,}: {run.rate:,.0f} events/s, {run.cpu_us:.1f} us, {run.rss_mb:.0f} MB {run.problems}"
    )
    return run


def _table_rows(size: int, partitions: int) -> Iterator[Row]:
    """Patients nothing has happened to yet."""
    packed = pack(PatientState())
    for number in range(size):
        key = b"P%09d" % number
        yield Row(Topic.PATIENT_TABLE, partition_for(key, partitions), key, packed)


def _row(run: Run) -> Found:
    return {
        "rate": round(run.rate),
        "cpu_us": round(run.cpu_us, 1),
        "rss_mb": round(run.rss_mb),
        "problems": list(run.problems),
    }

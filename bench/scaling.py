"""Workload 1 with Heed alone: 1, 2 and 4 partitions and processes, tables of a thousand to a million patients, and backlogs
of tens to hundreds of thousands of events.

What is compared runs in turn, A B C, A B C. Beside medians stands what each is against the first of its own round: what the
machine does meanwhile falls on both.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from streams.domain.packing import pack
from streams.domain.patient import PatientState
from streams.domain.vocabulary import Topic
from streams.kafka.partitioner import partition_for

from .cluster import Place
from .engines import HEED
from .following import PATIENCE_S, Run, figures, follow, stop, watch
from .joins import measured
from .session import Found, Session, spread
from .workload import Join, Row, join

SIZES: Final = (1_000, 100_000, 1_000_000)
_COUNTS: Final = (1, 2, 4)


def partitions(session: Session) -> Found:
    """One process with 1, 2 and 4 partitions."""
    plan = session.plan
    works = {count: join(plan.table_events, count) for count in _COUNTS}
    runs = _in_turn(_COUNTS, plan.partition_rounds, lambda count: measured(session, HEED, works[count]))
    return {"rows": rows("partitions", runs)}


def processes(session: Session) -> Found:
    """1, 2 and 4 processes that share four partitions: started and settled first, then given the events."""
    work = join(session.plan.table_events, 4)
    runs = _in_turn(_COUNTS, session.plan.process_rounds, lambda count: _together(session, work, count))
    return {"rows": rows("processes", runs)}


def backlogs(session: Session) -> Found:
    """One process that finds so many events waiting when it starts: what an event costs must not grow with them."""
    plan = session.plan
    work = join(max(plan.backlogs), session.partitions)
    runs = _in_turn(
        plan.backlogs, plan.table_rounds, lambda waiting: measured(session, HEED, work.first(waiting))
    )
    return {"rows": rows("waiting", runs)}


def tables(session: Session) -> Found:
    """The same events into tables of several sizes."""
    plan = session.plan
    works = {size: join(plan.table_events, session.partitions, size) for size in SIZES}
    runs = _in_turn(SIZES, plan.table_rounds, lambda size: _on_table(session, works[size], size))
    return {"rows": rows("patients", runs)}


def _in_turn(what: Sequence[int], rounds: int, run: Callable[[int], Run]) -> dict[int, list[Run]]:
    """A B C, A B C."""
    found: dict[int, list[Run]] = {one: [] for one in what}
    for _ in range(rounds):
        for one in what:
            found[one].append(run(one))
    return found


def rows(noun: str, runs: Mapping[int, Sequence[Run]]) -> list[Found]:
    """A row for each: figures over its rounds, and what it is against the first, round by round."""
    first = next(iter(runs.values()))
    return [
        {
            noun: what,
            "rate": spread([run.rate for run in found if not run.problems], 0),
            "cpu_us": spread([run.cpu_us for run in found if not run.problems]),
            "rss_mb": spread([run.rss_mb for run in found if not run.problems], 0),
            "started_s": spread([run.started_s for run in found if not run.problems]),
            "rate_is": spread([run.rate / base.rate for run, base in _pairs(found, first)], 2),
            "cpu_is": spread([run.cpu_us / base.cpu_us for run, base in _pairs(found, first)], 2),
            "problems": sorted({problem for run in found for problem in run.problems}),
        }
        for what, found in runs.items()
    ]


def _pairs(found: Sequence[Run], first: Sequence[Run]) -> list[tuple[Run, Run]]:
    """Those of the same round, where neither has a problem."""
    return [(run, base) for run, base in zip(found, first, strict=True) if not run.problems + base.problems]


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
    session.say(
        f"{count} processes: {run.rate:,.0f} events/s, {run.cpu_us:.1f} us; {run.problems or 'all there'}"
    )
    return run


def until_ready(place: Place, count: int) -> None:
    """So many workers have said that they have their partitions."""
    log = place.folder / "engine.log"
    begun = time.monotonic()
    while log.read_text(errors="replace").count("\nready\n") + log.read_text().startswith("ready\n") < count:
        if time.monotonic() - begun > PATIENCE_S:
            raise RuntimeError(f"a worker is not ready: {log.read_text()[-500:]}")
        time.sleep(0.1)


def _on_table(session: Session, work: Join, size: int) -> Run:
    """The table is there beforehand and restored; the events are about its patients."""
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

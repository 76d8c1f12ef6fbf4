"""Workloads 2 and 3: the generated hospital day with the full rules; settle 0, and settle 30 s with holds and timers.

A first worker takes in what was there the day before, with settle 0 in both: all of it has been decided and told when the
day begins. A second one works through the day, which is appended before it starts. What was decided while objections might
be missing counts for nothing, and so does a run in which a record has no decision (``account``). Workload 3 runs its clock
sixty times as fast, so that what is held for 30 s comes due while the rest of the day is still being worked through, as it
does at an even rate; it is done half a second after the last event was taken.
"""

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from streams.demo.day import DayPlan, generate
from streams.demo.scene import TimedRecord
from streams.domain.events import Event
from streams.domain.vocabulary import STATE_TOPICS, Topic
from streams.kafka.codec import Codec
from streams.kafka.partitioner import partition_for
from streams.worker.clock import RealClock

from .account import Account, account, given
from .cluster import Cluster, Place
from .following import stop
from .openloop import UNREADABLE, Timed
from .processes import usage
from .session import Found, Session, spread
from .verifying import read
from .workload import Row

START: Final = "2026-10-13T13:00:00+01:00"  # the day of the demo, inside every window
POLICY: Final = 'version: "bench"\nsettle_s: {appointment: 0, result: 0}\ncoalesce_min: 0\nsurge: {factor: 100, minimum: 1000000}\n'
_SETTLE_30: Final = POLICY.replace("{appointment: 0, result: 0}", "{appointment: 30, result: 30}")
#: How fast the clock of workload 3 runs: 30 s of settling pass in half a second.
_SPEED: Final = 60
_LOOK_EVERY_S: Final = 0.25
_PATIENCE_S: Final = 120.0


class Day(msgspec.Struct, frozen=True):
    """A generated day, encoded. ``during`` has the event ids, for those who time decisions."""

    before: list[Row]
    during: list[Timed]


class DayRun(msgspec.Struct, frozen=True):
    """One day worked through. ``fail_closed``: records decided while objections might be missing (rule 3.1)."""

    rate: float
    cpu_us: float
    rss_mb: float
    wakes: int
    fail_closed: int
    account: Account = Account()

    @property
    def problems(self) -> tuple[str, ...]:
        """Empty when everything was decided, and with all objections known."""
        closed = (f"{self.fail_closed:,} records decided fail-closed",) if self.fail_closed else ()
        return closed + self.account.problems


def encoded(patients: int, events: int, partitions: int) -> Day:
    """Make up a day and encode it."""
    codec, day = Codec.local(), generate(DayPlan(patients, events))
    return Day(
        [_row(codec, record, partitions) for record in day.before],
        [
            Timed(_id(record, number), _row(codec, record, partitions))
            for number, record in enumerate(day.during)
        ],
    )


def _row(codec: Codec, record: TimedRecord, partitions: int) -> Row:
    value = codec.encode_event(record.value) if isinstance(record.value, Event) else record.value
    key = record.key or b""
    return Row(record.topic, partition_for(key, partitions), key, value or b"")


def _id(record: TimedRecord, number: int) -> str:
    return record.value.envelope.event_id if isinstance(record.value, Event) else f"{UNREADABLE}{number}"


@contextmanager
def worker(
    place: Place, speed: float = 1.0, run: tuple[str, ...] = ("-m", "streams", "worker")
) -> Iterator[tuple[int, str]]:
    """``heed worker`` on a clock that stands at the day's 13:00; its process id and address."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")}
    environ |= place.heed_environ()
    environ |= {"HEED_CLOCK": f"{START}@{RealClock().now()}x{speed:g}", "HEED_CLOCK_ALLOWED": "demo"}
    log = place.folder / f"worker-{time.monotonic_ns()}.log"
    with log.open("wb") as said:
        process = subprocess.Popen([sys.executable, *run], env=environ, stderr=said, stdout=said)
    try:
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
            if process.poll() is not None:
                raise RuntimeError(log.read_text()[-2_000:])
            time.sleep(0.05)
        yield process.pid, found[0]
    finally:
        stop(process)


def metric(url: str, *names: str) -> list[float]:
    """The sums of some counters over all their labels."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=20) as answer:  # noqa: S310
        lines = answer.read().decode().splitlines()
    return [
        sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(name + r"[ {]", line))
        for name in names
    ]


def take_in(place: Place, cluster: Cluster, rows: list[Row]) -> None:
    """Let a worker read what was there the day before: patients and objections first, which take it longer than
    ``objection_lag_max`` on a slow machine. Raises RuntimeError when some of it was decided fail-closed all the same."""
    state = [row for row in rows if row.topic in STATE_TOPICS]
    cluster.fill(place, state)
    with worker(place) as (_, url):
        until_taken(url, len(state))
        cluster.fill(place, (row for row in rows if row.topic not in STATE_TOPICS))
        until_taken(url, len(rows))
        if closed := fail_closed(url):
            raise RuntimeError(f"{closed:,} records of the day before were decided fail-closed")


def fail_closed(url: str) -> int:
    """How many records a worker has decided while objections might be missing."""
    return int(metric(url, "heed_fail_closed_total")[0])


def until_taken(url: str, count: int) -> None:
    """Return when the worker has taken so many events. Raises RuntimeError when it is stuck."""
    moved, seen = time.monotonic(), -1.0
    while seen < count:
        now = metric(url, "heed_events_consumed_total")[0]
        if now != seen:
            moved, seen = time.monotonic(), now
        elif time.monotonic() - moved > _PATIENCE_S:
            raise RuntimeError(f"the worker is stuck at {now:.0f} of {count} events")
        time.sleep(_LOOK_EVERY_S)


def run(session: Session, day: Day, policy: str, speed: float = 1.0, settle_s: float = 0.0) -> DayRun:
    """Work through a day; what counts begins with the first look that sees an event taken."""
    place = _under(policy, prepared(session, day))
    session.cluster.fill(place, (timed.row for timed in day.during))
    with worker(place, speed) as (pid, url):
        found = _watch(pid, url, len(day.during), settle_s / speed)
    appended = given([*day.before, *(timed.row for timed in day.during)])
    written = read(place.bootstrap, place.topic(Topic.DECISIONS), place.partitions)
    session.cluster.forget(place)
    return msgspec.structs.replace(found, account=account(appended, written))


def _under(policy: str, place: Place) -> Place:
    """The same place; a worker that starts there from now on goes by this policy."""
    file = place.folder / "policy.yaml"
    file.write_text(policy)
    return msgspec.structs.replace(place, policy=file)


def _watch(pid: int, url: str, expected: int, settle_s: float) -> DayRun:
    """Until everything is taken, and what was held last has had time to settle: that belongs to the work."""
    looks: list[tuple[float, float, float]] = []
    moved, taken_at = time.monotonic(), None
    while True:
        events, wakes, closed = metric(
            url, "heed_events_consumed_total", "heed_wakes_total", "heed_fail_closed_total"
        )
        now = time.monotonic()
        if not looks or looks[-1][1] != events:
            moved = now
        looks.append((now, events, usage(pid).cpu_s))
        if events >= expected:
            taken_at = taken_at or now
            if now - taken_at >= settle_s:
                break
        elif now - moved > _PATIENCE_S:
            raise RuntimeError(f"the worker is stuck at {events:.0f} of {expected} events")
        time.sleep(_LOOK_EVERY_S)
    first, last = next(look for look in looks if look[1]), looks[-1]
    count = max(1.0, last[1] - first[1])
    return DayRun(
        rate=count / max(1e-3, last[0] - first[0]),
        cpu_us=1e6 * (last[2] - first[2]) / count,
        rss_mb=usage(pid).rss / 1e6,
        wakes=int(wakes),
        fail_closed=int(closed),
    )


def compare(session: Session, day: Day) -> Found:
    """Workloads 2 and 3 in turn."""
    kinds = (("settle_0", POLICY, 1.0, 0.0), ("settle_30", _SETTLE_30, float(_SPEED), 30.0))
    runs: dict[str, list[DayRun]] = {name: [] for name, *_ in kinds}
    for _ in range(session.plan.day_rounds):
        for name, policy, speed, settle_s in kinds:
            one = run(session, day, policy, speed, settle_s)
            said = "; ".join(one.problems) or "all decided"
            session.say(
                f"{name}: {one.rate:,.0f} events/s, {one.cpu_us:.0f} us, {one.wakes} wakes, "
                f"{one.account.overdue} holds overdue; {said}"
            )
            runs[name].append(one)
    return {name: figures(found) for name, found in runs.items()} | {"events": len(day.during)}


def figures(runs: Sequence[DayRun]) -> Found:
    """Of the runs without a problem; and the problems of the others, which count for nothing."""
    good = [one for one in runs if not one.problems]
    return {
        "rate": spread([one.rate for one in good], 0),
        "cpu_us": spread([one.cpu_us for one in good]),
        "rss_mb": spread([one.rss_mb for one in good], 0),
        "wakes": spread([one.wakes for one in good], 0),
        "fail_closed": max((one.fail_closed for one in runs), default=0),
        "decisions": spread([one.account.decisions for one in good], 0),
        "overdue": spread([one.account.overdue for one in good], 0),
        "outcomes": dict(sorted(good[-1].account.outcomes.items())) if good else {},
        "problems": sorted({problem for one in runs for problem in one.problems}),
    }


def prepared(session: Session, day: Day) -> Place:
    """A place with settle 0 whose worker has taken in the day before, and decided and told all of it."""
    place = session.cluster.new_place(session.partitions, POLICY)
    take_in(place, session.cluster, day.before)
    return place

"""Measure everything, say which targets are met, and write the results and their page.

    make bench          20 to 30 minutes
    make bench-full     hours: five rounds everywhere (three of failover), windows of a minute, ten minutes for stalls
    python -m bench --only joins,days   some parts; the results file keeps the others'
    python -m bench --render            the targets and the page again, from the parts in the results file

A part that fails is reported, and its targets are missed; the others go on. Always exit code 0 then: a missed target is a
result. Source: docs/benchmarks.md says how each part measures.
"""

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, Final

from . import days, joins, latency, low_rate, profiling, pure_cost, recovery, report, results, scaling
from .cluster import started
from .processes import clocked, taken_by_others
from .session import BRIEF, FULL, Found, Plan, Session, scaled
from .targets import targets
from .workload import join

#: More events than twelve a patient do not fit on a day; near that, most of the time goes into looking for a moment.
_EVENTS_A_PATIENT: Final = 8


def _days(session: Session, found: Found) -> Found:
    plan = session.plan
    return days.compare(session, days.encoded(plan.day_patients, plan.day_events, session.partitions))


def _latency(session: Session, found: Found) -> Found:
    plan, rate = session.plan, found.get("days", {}).get("settle_0", {}).get("rate", {}).get("median")
    if not rate:
        raise RuntimeError("no run of workload 2 counted, so there is no rate to begin with")
    events = latency.events_needed(plan, rate)
    patients = max(plan.day_patients, events // _EVENTS_A_PATIENT)
    return latency.measure(session, days.encoded(patients, events, session.partitions), rate)


def _profile(session: Session, found: Found) -> Found:
    day = days.encoded(session.plan.day_patients // 2, session.plan.day_events // 3, session.partitions)
    work = join(session.plan.join_events, session.partitions)
    return {"join": profiling.of_join(session, work), "day": profiling.of_day(session, day)}


Part = Callable[[Session, Found], Found]
#: In this order; latency needs what days found.
PARTS: Final[dict[str, Part]] = {
    "pure_cost": lambda session, _: pure_cost.measure(session),
    "joins": lambda session, _: joins.compare(session),
    "long_joins": lambda session, _: joins.compare_long(session),
    "days": _days,
    "latency": _latency,
    "low_rate": lambda session, _: low_rate.compare(session),
    "restore": lambda session, _: recovery.restore(session),
    "tables": lambda session, _: scaling.tables(session),
    "stalls": lambda session, _: low_rate.stalls(session),
    "backlogs": lambda session, _: scaling.backlogs(session),
    "processes": lambda session, _: scaling.processes(session),
    "partitions": lambda session, _: scaling.partitions(session),
    "failover": lambda session, _: recovery.failover(session),
    "profile": _profile,
}


def measure(plan: Plan, only: Sequence[str], found: Found, keep: Callable[[dict[str, str]], None]) -> None:
    """Run the parts one after the other and put what they find into ``found``; ``keep`` is told after each, with
    why some could not, by name: a run that is ended early has what it came to."""
    failures: dict[str, str] = {}
    with started() as cluster:
        session = Session(cluster, plan)
        for name in only:
            before = clocked()
            try:
                found[name] = PARTS[name](session, found)
                found[name]["measured"] = results.measured()
                found[name]["others_cores"] = taken_by_others(before, clocked())
            except Exception as error:  # noqa: BLE001  # whatever a part meets, the others are still worth having
                traceback.print_exc()
                found.pop(name, None)
                failures[name] = f"{type(error).__name__}: {str(error)[:300]}"
            session.say(f"{name} took {time.monotonic() - before.at:.0f} s")
            keep(failures)


def run(plan: Plan, only: Sequence[str]) -> None:
    """Measure, and write the results file; one that is there keeps its parts, and when they were measured, when only some are."""
    before: dict[str, Any] = json.loads(results.FILE.read_text()) if results.FILE.exists() else {}
    whole = set(only) == set(PARTS)
    found = {} if whole else dict(before.get("parts", {}))
    failed = {} if whole else {n: why for n, why in before.get("failures", {}).items() if n not in only}
    about = {
        "command": plan.name
        if whole
        else f"{before.get('command', plan.name)}, then again {', '.join(only)}",
        "date": results.date(),
        "machine": results.machine(),
        "versions": results.versions(),
    }
    measure(
        plan, only, found, lambda now: results.write(results.FILE, about, found, targets(found), failed | now)
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="as make bench-full")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas between them")
    parser.add_argument("--share", type=float, default=1.0, help="so much of the events, on a busy machine")
    parser.add_argument("--render", action="store_true", help="measure nothing")
    args = parser.parse_args()
    only = [name for name in args.only.split(",") if name]
    if unknown := set(only) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if not args.render:
        run(scaled(FULL if args.full else BRIEF, args.share), only)
    whole = results.judged_again(results.FILE)
    report.write(whole)
    for target in targets(whole["parts"]):
        print(target.line())
    return 0


if __name__ == "__main__":
    sys.exit(main())

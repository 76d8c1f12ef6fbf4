"""How many events a second one worker process decides, with the real rules, on a real broker beside it.

    python -m bench.throughput --events 200000 --patients 40000

Workload 2 of ``bench.days`` by itself, once, in any size: the figures as one JSON line.
"""

import argparse
import json
import sys

import msgspec

from .cluster import started
from .days import POLICY, DayRun, encoded, run
from .session import BRIEF, Session


def measured(events: int, patients: int, partitions: int = 4) -> DayRun:
    """The figures of a worker that works through a day of so many events.

    Raises RuntimeError when something was not decided, or decided while objections might be missing: it counts for nothing then.
    """
    with started() as cluster:
        found = run(Session(cluster, BRIEF, partitions), encoded(patients, events, partitions), POLICY)
    if found.problems:
        raise RuntimeError("; ".join(found.problems))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--patients", type=int, default=40_000)
    parser.add_argument("--partitions", type=int, default=4)
    args = parser.parse_args()
    try:
        print(json.dumps(msgspec.to_builtins(measured(args.events, args.patients, args.partitions))))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

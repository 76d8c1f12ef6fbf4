"""``heed demo``: a hospital day on a real Kafka, from start to summary."""

import argparse
from pathlib import Path
from typing import Final

from streams.cli.arguments import above_zero, check_can_write
from streams.cli.day import add_size
from streams.settings import Settings

NAME: Final = "demo"
HELP: Final = "run a generated hospital day on a real Kafka, check and summarise it"

EXAMPLES: Final = """\
Starts a Kafka on this machine if none is configured, creates topics of its own, runs the worker and the recorder
as processes, feeds a generated hospital day (a Tuesday from 07:30 to 19:00, in some three minutes), and prints
what became of it, with checks over what lies on the topics. Everybody in it is invented. A message provider and
a staff are played too: they confirm messages and deal with tasks.

The clock of the demo moves on only when the last minute has been taken, so that the outcome is the same on any
machine. Without --once it then keeps running, another day begins, slowly, and it prints where the metrics are;
Ctrl-C ends it. On a broker of your own the topics stay: they begin with the prefix that is printed.

examples:
  heed demo
  heed demo --once --json summary.json      exit code 0 only when every check holds, else 1
  heed demo --once --events 600 --patients 150 --duration 10 --step 5
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("--once", action="store_true", help="stop after the summary")
    add_size(parser)
    parser.add_argument(
        "--duration", type=above_zero, default=150.0, metavar="SECONDS",
        help="for the day itself, at least; a busy machine takes longer (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--step", type=int, default=1, choices=range(1, 11), metavar="MINUTES",
        help="how far the clock moves at once, 1 to 10; more is quicker, and coarser (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        choices=range(1, 5),
        metavar="N",
        help="1 to 4 (default %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the summary there too")


def run(args: argparse.Namespace, settings: Settings) -> int:
    import sys

    from streams.demo.day import DayPlan
    from streams.demo.report import new_console
    from streams.demo.run import Demo, DoesNotHold, run_demo
    from streams.demo.troupe import Stalled
    from streams.domain.time import MINUTE

    if args.json is not None:
        check_can_write("--json", args.json)
    plan = DayPlan(args.patients, args.events, args.seed)
    try:
        return run_demo(
            Demo(plan, args.duration, args.step * MINUTE, args.workers, args.once, args.json),
            settings,
            new_console(),
        )
    except DoesNotHold:
        return 1
    except Stalled as error:
        print(f"heed: {error}", file=sys.stderr)
        return 1

"""``heed report``: the monthly pack for the governance meeting."""

import argparse
from pathlib import Path
from typing import Final

from streams.cli.arguments import whole
from streams.settings import Settings

NAME: Final = "report"
HELP: Final = "the month's figures for the governance meeting, small numbers hidden"

EXAMPLES: Final = """\
Counts from the topics (read_committed, no group, nothing is written there): messages by purpose and channel,
what became of requests, response times and breaches, escalations and their patterns, incidents, objections and
overrides, and what is worse by more than a fifth than the month before. Writes report.html, one page to print
or send; report.md with its pictures; figures.csv; report.prom, for the textfile collector of a node exporter.

Months are London's. Numbers under 5 are hidden, and as many beside them as it takes that the totals do not
tell them; no patient, address or free text is in any file. Some topics keep 30 or 90 days: make the pack in the
first days of the next month. It says where a topic no longer reaches back far enough.

examples:
  heed report --month 2026-11
  heed report --month 2026-11 --months 13 --out packs/2026-11
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("--month", required=True, metavar="YYYY-MM", help="the month, in London")
    parser.add_argument(
        "--months", type=whole(2, 13), default=6, metavar="N",
        help="how many months the trend shows, this one included: 2 to 13, as decisions are kept for 400 days (default %(default)s)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: report-YYYY-MM here")


def run(args: argparse.Namespace, settings: Settings) -> int:
    import asyncio
    import sys

    from streams.errors import BadUsage
    from streams.report.month import read_month
    from streams.report.run import Wanted, report
    from streams.worker.clock import clock_from

    month, now = read_month(args.month), clock_from(settings).now()
    if month.start > now:
        raise BadUsage(f"--month {month} has not begun")
    wanted = Wanted(month, args.months, args.out or Path(f"report-{month}"), now)

    def say(how_far: str) -> None:
        print(how_far, file=sys.stderr)

    try:
        reading, files = asyncio.run(report(wanted, settings, say))
    except OSError as error:
        raise BadUsage(f"--out: cannot write to {wanted.folder} ({error.strerror})") from None
    counted = ", ".join(f"{count:,} {topic}" for topic, count in reading.read.items())
    print(f"read {counted}")
    for file in files:
        print(file)
    if month.end > now:
        print(f"{month.name} is not over: these are the figures so far")
    return 0

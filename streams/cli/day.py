"""``heed day``: write the generated hospital day to files."""

import argparse
from pathlib import Path
from typing import Final

from streams.cli.arguments import whole
from streams.settings import Settings

NAME: Final = "day"
HELP: Final = "write the demo's generated hospital day to files"

EXAMPLES: Final = """\
Writes two files of JSON lines: before.jsonl (patients, objections and decisions on file, and what had been
booked the day before) and day.jsonl (the day itself, in order of time). Equal numbers and seed give equal
bytes. Everything in them is invented. Some events are wrong on purpose; these lines hold raw bytes.

examples:
  heed day --out day
  heed day --out small --events 500 --patients 100 --seed 7
  heed feed day/before.jsonl day/day.jsonl
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where to; made if it is not there"
    )
    add_size(parser)


def add_size(parser: argparse.ArgumentParser) -> None:
    """The options that say which day: shared with ``heed demo``."""
    parser.add_argument(
        "--events", type=whole(1), default=10_000, metavar="N", help="on the day (default %(default)s)"
    )
    parser.add_argument(
        "--patients",
        type=whole(1),
        default=2_000,
        metavar="N",
        help="who may have something on it (default %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=whole(0),
        default=2026,
        metavar="S",
        help="another number is another day (default %(default)s)",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.demo.day import DayPlan, generate
    from streams.demo.lines import write_day
    from streams.errors import BadUsage
    from streams.kafka.codec import Codec

    try:
        day = generate(DayPlan(args.patients, args.events, args.seed))
        before, during = write_day(day, args.out, Codec.local())
    except ValueError as error:
        raise BadUsage(f"--events, --patients: {error}") from None
    except OSError as error:
        raise BadUsage(f"--out {args.out}: cannot be written: {error.strerror}") from None
    print(f"{len(day.before):,} records in {before}, {len(day.during):,} in {during}")
    return 0

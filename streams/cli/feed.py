"""``heed feed``: bring events in from files, standard input or another topic."""

import argparse
import asyncio
import sys
from typing import Final

from streams.cli.arguments import above_zero
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.settings import Settings

NAME: Final = "feed"
HELP: Final = "bring in events: JSON lines in the contract's form, or another topic"

EXAMPLES: Final = """\
One event a line, with the fields of the contract; its topic in the field "topic", or the file's name
(appointments.jsonl), or --topic. Times as milliseconds since 1970 UTC, or with their offset. What is left out
takes the schema's default. Every line is checked before the first is fed: a file with a wrong line feeds
nothing (exit code 2). Records are produced in order, acknowledged by all replicas, and none twice.

Standard input is fed as it comes; with --keep-going files are too. Wrong lines are then left out, named on
standard error, and the exit code is 1.

--from-topic reads a topic of the same cluster from its beginning to its present end: framed Avro as in the
contract, or JSON lines as above. It commits nothing; a second run feeds everything again, which Heed takes
for what it is (duplicate).

examples:
  heed feed before.jsonl day.jsonl
  heed feed appointments.jsonl --rate 50
  my-export | heed feed - --topic results
  heed feed --from-topic pas.appointments.v2 --topic appointments
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("files", nargs="*", metavar="FILE", help="JSON lines; - for standard input")
    parser.add_argument(
        "--topic", choices=[topic.value for topic in INPUT_TOPICS], metavar="TOPIC",
        help=f"for events that do not say: {', '.join(INPUT_TOPICS)}",
    )  # fmt: skip
    parser.add_argument("--from-topic", metavar="NAME", help="feed what lies in this topic")
    parser.add_argument("--rate", type=above_zero, default=0.0, metavar="N", help="at most N events a second")
    parser.add_argument(
        "--keep-going", action="store_true", help="leave wrong lines out instead of refusing all"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.feed.run import Sources, WrongLines, check_sources, feed, listed

    topic = None if args.topic is None else Topic(args.topic)
    sources = Sources(tuple(args.files), args.from_topic, topic, args.rate, args.keep_going)
    check_sources(sources)
    try:
        fed = asyncio.run(feed(sources, settings))
    except WrongLines as wrong:
        print(wrong, file=sys.stderr)
        lines = "line is" if wrong.count == 1 else "lines are"
        print(
            f"heed: nothing was fed: {wrong.count} {lines} wrong; mend them, or see --keep-going",
            file=sys.stderr,
        )
        return 2
    for problem in fed.left_out:
        print(problem, file=sys.stderr)
    print(listed(fed) + (f"; left out {len(fed.left_out):,}" if fed.left_out else ""))
    return 1 if fed.left_out else 0

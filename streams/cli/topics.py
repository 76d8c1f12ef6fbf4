"""``heed topics``: create the topics of the contract, and check that none can lose what Heed must remember."""

import argparse
import asyncio
from typing import Final

from streams.settings import Settings

NAME: Final = "topics"
HELP: Final = "create the topics, or check that they are safe"

EXAMPLES: Final = """\
`create` leaves topics that exist as they are, and then checks. `check` refuses (exit code 2) missing topics,
unequal partition counts, settings that could lose objections, and decisions without the broker's own time; what is
merely unusual it prints.

examples:
  heed topics create                          12 partitions, 3 replicas; 4 and 1 on the broker of `heed kafka up`
  HEED_PARTITIONS=24 heed topics create
  HEED_TOPIC_PREFIX=trial- heed topics check
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("what", metavar="ACTION", choices=("create", "check"), help="create or check")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.kafka import topics

    if args.what == "create":
        created = asyncio.run(topics.create(settings))
        print(f"created {', '.join(created)}" if created else "every topic was there")
    found = asyncio.run(topics.check(settings))
    for note in found.notes:
        print(f"note: {note}")
    print(f"{len(topics.CATALOGUE)} topics with {found.partitions} partitions each are safe to use")
    return 0

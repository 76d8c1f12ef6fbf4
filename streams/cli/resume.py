"""``heed resume``: let a partition send again that an unreadable objection has stopped."""

import argparse
import asyncio
from typing import Final

from streams.settings import Settings

NAME: Final = "resume"
HELP: Final = "let a partition send again that an unreadable objection stopped"

EXAMPLES: Final = """\
An objection that cannot be read, from nobody knows whom, stops all messages of its partition (rule 1.1). Find the
record (heed dead-letters list --topic objections), find out whose it was, have the objection entered again, and only
then resume. What was held meanwhile is decided anew within ten minutes, with the objection in place.

examples:
  heed resume --partition 3 --by sre-on-call --because INC-1234
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--partition", type=int, required=True, metavar="N", help="as the task or /readyz names it"
    )
    parser.add_argument("--by", required=True, metavar="ID", help="who decided it: a staff id, no name")
    parser.add_argument("--because", required=True, metavar="REF", help="where the finding is written down")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.kafka.client import check_reachable
    from streams.triage.resuming import resume
    from streams.worker.clock import clock_from

    async def work() -> None:
        await check_reachable(settings)
        await resume(args.partition, args.by, args.because, clock_from(settings).now(), settings)

    asyncio.run(work())
    print(f"partition {args.partition} may send again as soon as its worker has read this")
    return 0

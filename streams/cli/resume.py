"""``heed resume``: let go on what stopped because something could not be read."""

import argparse
import asyncio
from typing import Final

from streams.cli.arguments import whole
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.errors import BadUsage
from streams.settings import Settings

NAME: Final = "resume"
HELP: Final = "resume a partition or topic that stopped at unreadable records"

EXAMPLES: Final = """\
An objection that cannot be read, from nobody knows whom, stops all messages of its partition (rule 1.1). Find the
record (heed dead-letters list --topic objections), find out whose it was, have the objection entered again, and only
then resume. What was held meanwhile is decided anew within ten minutes, with the objection in place.

With --topic: a topic partition that is no longer read because too much of it is unreadable (/readyz names it). Stop and
mend the source, then resume: reading goes on where it stopped, and stops again after 50 more in a row. With --through,
what lies below that offset is set aside, each with its task, without stopping again; nothing is skipped.

Either is a resolution: it stands in the safety log.

examples:
  heed resume --partition 3 --by sre-on-call --because INC-1234
  heed resume --partition 3 --topic results --by sre-on-call --because INC-1234
  heed resume --partition 3 --topic results --through 48210 --by sre-on-call --because INC-1234
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--partition", type=whole(0), required=True, metavar="N", help="as the task or /readyz names it"
    )
    parser.add_argument(
        "--topic", choices=[topic.value for topic in INPUT_TOPICS], metavar="TOPIC",
        help="read this topic of the partition on, after too many unreadable records",
    )  # fmt: skip
    parser.add_argument(
        "--through", type=whole(0), default=0, metavar="OFFSET", help="unreadable records below it do not stop it again"
    )  # fmt: skip
    parser.add_argument("--by", required=True, metavar="ID", help="who decided it: a staff id, no name")
    parser.add_argument("--because", required=True, metavar="REF", help="where the finding is written down")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.domain.resume import ResumeTopic
    from streams.kafka.client import check_reachable
    from streams.triage.resuming import resume
    from streams.worker.clock import clock_from

    if args.through and not args.topic:
        raise BadUsage("--through needs --topic, and an offset of it")
    topic = ResumeTopic(Topic(args.topic), args.through) if args.topic else None

    async def work() -> None:
        await check_reachable(settings)
        await resume(args.partition, args.by, args.because, clock_from(settings).now(), settings, topic)

    asyncio.run(work())
    what = (
        f"{args.topic}[{args.partition}] is read on"
        if topic
        else f"partition {args.partition} may send again"
    )
    print(f"{what} as soon as its worker has read this")
    return 0

"""``heed verify``: was anything lost, doubled, out of order, or sent where it was forbidden?"""

import argparse
from pathlib import Path
from typing import Final

from streams.cli.arguments import whole
from streams.settings import Settings

NAME: Final = "verify"
HELP: Final = (
    "prove from the topics that nothing was lost, doubled, out of order or sent against an objection"
)

EXAMPLES: Final = """\
Reads every topic (read_committed, no group, nothing is written) and checks: each input decided once; ids
unique; what is named exists; each patient's order; no message against an objection that its turn had read, or that was
logged before its appointment or, for one that waited, before it was due; every message, task and objection on record once. Then decides every turn again, single-threaded, with the order
and clock its journal has, and compares decisions, messages, tasks and the patient table byte by byte.

Each turn is decided with the policy whose version its decisions name: where the policy has changed, give every
file that was in force with --policy. Turns whose journal is gone, because the changelog was compacted or the table
rebuilt, are not decided again; the turns since are. "NOT PROVEN" says so for each partition,
and from when on there was something to look at where retention has removed what is older.

Run it when nothing is being fed: while a system runs, what is under way can look like a difference.
Exit code 0: clean. 1: differences; each is shown with topic, partition and offset. 2: it cannot be told, among other
things because a policy is missing.

examples:
  heed verify
  heed verify --json > verified.json
  heed verify --policy 2026-10.yaml --policy 2026-11.yaml
  heed verify --slack-ms 0          the feed awaited each acknowledgement
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    parser.add_argument(
        "--policy", type=Path, action="append", default=[], metavar="FILE",
        help="a policy that was in force; again for each version. Default: the one of the settings",
    )  # fmt: skip
    parser.add_argument("--no-model", action="store_true", help="leave out deciding everything again")
    parser.add_argument(
        "--slack-ms", type=whole(0), default=None, metavar="MS",
        help="an objection counts as logged first when made so much earlier (default 5000)",
    )  # fmt: skip


def run(args: argparse.Namespace, settings: Settings) -> int:
    import asyncio
    import sys

    import msgspec

    from streams.errors import BadRecord, UnsafeTopic
    from streams.verify.report import lines
    from streams.verify.run import SLACK, Plan, verify

    slack = SLACK if args.slack_ms is None else args.slack_ms
    plan = Plan(slack, not args.no_model, tuple(args.policy))

    def say(how_far: str) -> None:
        print(how_far, file=sys.stderr)

    try:
        report = asyncio.run(verify(settings, plan, say))
    except (BadRecord, msgspec.DecodeError) as error:
        raise UnsafeTopic(f"a topic holds what this version cannot read: {type(error).__name__}") from None
    if args.json:
        print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        for line in lines(report):
            print(line)
    return 0 if report.clean else 1

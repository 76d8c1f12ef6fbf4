"""``heed dead-letters``: look at what was set aside, and put it back."""

import argparse
import asyncio
import json
import sys
from typing import Final

import msgspec

from streams.domain.vocabulary import INPUT_TOPICS
from streams.settings import Settings

NAME: Final = "dead-letters"
HELP: Final = "list records that were set aside, or put them back"

EXAMPLES: Final = """\
`list` shows where each came from, why it was set aside and whether it was put back; never its payload.

`requeue` writes the original bytes to the end of the partition they came from, with the header
heed.requeued-from. Do it when the cause is gone: a schema has been registered, a mapping mended. A letter is put
back once: the record and a mark beside the letter are one transaction, and only one requeue runs at a time.
With --again one that was put back before is put back once more. What is still wrong is set aside again, as a
new letter. Exit code 1 when something asked for was not put back.

examples:
  heed dead-letters list
  heed dead-letters list --topic results --json
  heed dead-letters requeue --id 2-17 --id 3-4
  heed dead-letters requeue --topic appointments
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, dest="action")
    for name, says in (
        ("list", "what was set aside, and why"),
        ("requeue", "put records back where they came from"),
    ):
        action = actions.add_parser(name, help=says, description=says)
        action.add_argument(
            "--topic", metavar="TOPIC", choices=[topic.value for topic in INPUT_TOPICS],
            help=f"only what came from this topic: {', '.join(INPUT_TOPICS)}",
        )  # fmt: skip
        action.add_argument("--json", action="store_true", help="write the result as JSON")
        if name == "requeue":
            action.add_argument(
                "--id", action="append", default=[], metavar="ID", help="as list prints it; repeatable"
            )
            action.add_argument("--all", action="store_true", help="everything that was not put back before")
            action.add_argument("--again", action="store_true", help="also what was put back before")


def run(args: argparse.Namespace, settings: Settings) -> int:
    return _list(args, settings) if args.action == "list" else _requeue(args, settings)


def _list(args: argparse.Namespace, settings: Settings) -> int:
    from streams.kafka.client import check_reachable
    from streams.triage.letters import Letter, as_json, read_letters
    from streams.triage.telling import when

    async def ask() -> list[Letter]:
        await check_reachable(settings)
        return [letter for letter, _ in await read_letters(settings) if args.topic in (None, letter.topic)]

    letters = asyncio.run(ask())
    if args.json:
        print(json.dumps(as_json(letters), ensure_ascii=False, indent=2))
        return 0
    for letter in letters:
        place = f"{letter.topic}[{letter.partition}]@{letter.offset}"
        back = "  (put back)" if letter.requeued else ""
        print(f"{letter.id:<8} {when(letter.at)}  {letter.reason:<18} {place:<26} {letter.error}{back}")
    waiting = sum(not letter.requeued for letter in letters)
    print(f"{len(letters)} dead letters, {waiting} of them not put back" if letters else "no dead letters")
    return 0


def _requeue(args: argparse.Namespace, settings: Settings) -> int:
    from streams.triage.requeue import NotRequeued, chosen_by, requeue

    wanted = chosen_by(args.id, args.topic, every=args.all)
    try:
        result = asyncio.run(requeue(wanted, settings, again=args.again))
    except NotRequeued as error:
        print(f"heed: {error}", file=sys.stderr)
        return 1
    found = {*result.done, *(left.id for left in result.left)}
    unknown = [id_ for id_ in args.id if id_ not in found]
    if args.json:
        print(
            json.dumps(
                {"requeued": result.done, "left": msgspec.to_builtins(result.left), "unknown": unknown},
                indent=2,
            )
        )
    else:
        print(f"put back {len(result.done)}" + (f": {', '.join(result.done)}" if result.done else ""))
        for left in result.left:
            print(f"{left.id}: {left.why}", file=sys.stderr)
        for id_ in unknown:
            print(f"{id_}: there is no such dead letter", file=sys.stderr)
    asked_for = args.id or not args.all
    return 1 if unknown or (asked_for and result.left) else 0

"""``heed policy``: is a policy file fit to decide by, and which decisions would another one change."""

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from streams.cli.arguments import whole
from streams.errors import BadPolicy, BadUsage
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.backtest.report import Report

NAME: Final = "policy"
HELP: Final = "check a policy file, or say which decisions a new one would change"

EXAMPLES: Final = """\
`check` names everything that is wrong at once: file, line, key, what is wrong and what is allowed. A key that is
left out has the value of the shipped policy. Without FILE it checks the policy that is configured (HEED_POLICY).

`diff` plays scenarios under both policies, or with --topics what lies on the input topics, and says which settings and
which decisions differ, with examples by rule. Nothing is emitted, nothing is committed, and no patient is named: a
request is known by its scenario, or by topic, partition and offset. On topics each record is decided with its own
time as the clock; what came before --from is taken as known and told; a message without a receipt on the topic is
taken as having arrived. A scenario's own settings go over both policies.

examples:
  heed policy check our-policy.yaml
  heed policy check our-policy.yaml --json
  heed policy diff our-policy.yaml stricter.yaml
  heed policy diff our-policy.yaml stricter.yaml --scenarios our-scenarios/ more.yaml --json
  heed policy diff our-policy.yaml stricter.yaml --topics --from 2026-11-01T00:00+00:00 --to 2026-11-08T00:00+00:00

Exit code 0: valid; nothing changes. 1: diff found a decision that changes, or a scenario that cannot be compared.
2: a policy is not valid (a worker that is running would keep its last good one), or something else is wrong.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, dest="action")
    check = actions.add_parser("check", help="name everything that is wrong with a policy file")
    check.add_argument("file", metavar="FILE", type=Path, nargs="?", help="default: the configured policy")
    check.add_argument("--json", action="store_true", help="write the result as JSON")
    diff = actions.add_parser("diff", help="which decisions a new policy would change, and how")
    diff.add_argument("old", metavar="OLD", type=Path, help="a policy file")
    diff.add_argument("new", metavar="NEW", type=Path, help="another")
    diff.add_argument(
        "--scenarios", metavar="PATH", type=Path, nargs="+", help="files or folders; default: tests/scenarios"
    )
    diff.add_argument("--topics", action="store_true", help="on the input topics instead of scenarios")
    diff.add_argument(
        "--from", metavar="TIME", dest="start", help="with --topics: an ISO time with its offset"
    )
    diff.add_argument("--to", metavar="TIME", dest="end", help="with --topics: up to here; default: now")
    diff.add_argument(
        "--examples",
        metavar="N",
        type=whole(0),
        default=3,
        help="of each kind of change (default %(default)s)",
    )
    diff.add_argument("--json", action="store_true", help="write the result as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    return _check(args, settings) if args.action == "check" else _diff(args, settings)


def _check(args: argparse.Namespace, settings: Settings) -> int:
    from streams.policy.items import Problem
    from streams.policy.load import check, default_path, load

    path: Path = args.file or settings.policy or default_path()
    try:
        problems = check(path)
        version = load(path).version if not problems else None
    except BadPolicy as error:  # it cannot be read at all
        line, what = _placed(path, str(error))
        problems, version = (Problem(str(path), line, "", what),), None
    if args.json:
        found = {
            "file": str(path),
            "valid": not problems,
            "version": version,
            "problems": msgspec.to_builtins(problems),
        }
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            print(problem)
        print(_verdict(path, len(problems), version))
    return 2 if problems else 0


def _placed(path: Path, said: str) -> tuple[int | None, str]:
    """The line, and what is wrong, of a message that begins with its file; the message as it is when it is of another."""
    place = re.match(re.escape(str(path)) + r"(?::(\d+))?: ", said)
    if place is None:
        return None, said
    return (int(place[1]) if place[1] else None), said[place.end() :]


def _verdict(path: Path, problems: int, version: str | None) -> str:
    if not problems:
        return f"{path}: valid, version {version}"
    return f"{path}: {problems} problem{'s' if problems > 1 else ''}, not valid"


def _diff(args: argparse.Namespace, settings: Settings) -> int:
    from streams.backtest.report import as_json, in_words

    report = _on_topics(args, settings) if args.topics else _on_scenarios(args)
    if args.json:
        print(json.dumps(as_json(report), ensure_ascii=False, indent=2))
    else:
        print("\n".join(in_words(report)))
    return 1 if report.changes_something else 0


def _on_scenarios(args: argparse.Namespace) -> "Report":
    from streams.backtest.run import on_scenarios

    if args.start or args.end:
        raise BadUsage("--from and --to are times of the input topics: add --topics")
    return on_scenarios(args.old, args.new, args.scenarios or [_own_scenarios()], args.examples)


def _own_scenarios() -> Path:
    """The project's scenarios, named from here where that is shorter."""
    folder = Path(__file__).resolve().parents[2] / "tests" / "scenarios"
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def _on_topics(args: argparse.Namespace, settings: Settings) -> "Report":
    import asyncio

    from streams.backtest.history import Period
    from streams.backtest.run import on_topics
    from streams.worker.clock import clock_from

    if args.scenarios or not args.start:
        raise BadUsage("--topics needs --from, and takes no scenarios")
    end = _instant("--to", args.end) if args.end else clock_from(settings).now()
    period = Period(_instant("--from", args.start), end)
    if period.start >= period.end:
        raise BadUsage("--from is not before --to")
    return asyncio.run(on_topics(args.old, args.new, period, settings, args.examples))


def _instant(option: str, text: str) -> int:
    from streams.scenarios.times import ABSOLUTE_ALLOWED, instant

    try:
        return instant(text)
    except ValueError:
        raise BadUsage(f"{option} {text!r} cannot be read; allowed: {ABSOLUTE_ALLOWED}") from None

"""``heed simulate``: run scenarios (contract 6) against the rules, with a settable clock and no Kafka."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streams.cli.arguments import check_can_write
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.scenarios import Coverage, Verdict

NAME: Final = "simulate"
HELP: Final = "run scenarios: what was expected of the rules, and what they did"

EXAMPLES: Final = """\
A scenario is a YAML document: what is known, what happens when, what must come of it (docs/scenarios.md).
The last line says `N passed, M failed`. Exit code 0: all passed; 1: one failed; 2: a file cannot be read.

examples:
  heed simulate tests/scenarios                       a folder stands for every *.yaml in it
  heed simulate mine.yaml --policy our-policy.yaml    on your own policy instead of the shipped one
  heed simulate tests/scenarios --coverage            also: rule rows that no scenario reached
  heed simulate tests/scenarios --json | jq '.scenarios[] | select(.passed | not)'
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help="scenario file, or a folder of them"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="also write a JUnit report")
    parser.add_argument("--coverage", action="store_true", help="list the rule rows that no scenario reached")
    parser.add_argument(
        "--policy",
        metavar="FILE",
        type=Path,
        help="policy to lay overrides over (default: HEED_POLICY, or shipped)",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.policy.load import default_path, load, read
    from streams.scenarios import Coverage, Stage, play, read_files

    if args.junit is not None:
        check_can_write("--junit", args.junit)
    policy = args.policy or settings.policy or default_path()
    load(policy)  # says what is wrong with it before a scenario does
    stage = Stage(read(policy))
    scenarios = list(read_files(args.files))
    coverage = Coverage()
    verdicts = []
    for scenario in scenarios:
        verdict = play(scenario, stage)
        coverage.add(verdict)
        verdicts.append(verdict)
        if not args.json:
            _print_lines(verdict)
    if args.junit is not None:
        from streams.scenarios.report import as_junit

        args.junit.write_bytes(as_junit(verdicts))
    _print_end(verdicts, coverage if args.coverage else None, as_json=args.json)
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def _print_lines(verdict: "Verdict") -> None:
    from streams.scenarios import report

    print(report.line_of(verdict))
    if not verdict.passed:
        for line in report.difference(verdict):
            print(line)


def _print_end(verdicts: "list[Verdict]", coverage: "Coverage | None", *, as_json: bool) -> None:
    from streams.decisions.rules import title_of
    from streams.scenarios import report

    missed = None if coverage is None else coverage.never_reached
    if as_json:
        print(json.dumps(report.as_json(verdicts, missed), indent=2))
        return
    if missed is not None:
        print(f"rows that no scenario reached: {len(missed) or 'none'}")
        for row in missed:
            print(f"  {row:<6} {title_of(row)}")
    print(report.summary(verdicts))

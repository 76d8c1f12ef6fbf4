"""``heed policy``: is this policy file fit to decide by, and if not, what is wrong with it."""

import argparse
import json
from pathlib import Path
from typing import Final

import msgspec

from streams.errors import BadPolicy
from streams.settings import Settings

NAME: Final = "policy"
HELP: Final = "check a policy file"

EXAMPLES: Final = """\
`check` names everything that is wrong at once: file, line, key, what is wrong and what is allowed. A key that is
left out has the value of the shipped policy. Without FILE it checks the policy that is configured (HEED_POLICY).

examples:
  heed policy check our-policy.yaml
  heed policy check our-policy.yaml --json

Exit code 0: valid. 2: not valid; a worker that is running would keep its last good policy.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, dest="action")
    check = actions.add_parser("check", help="name everything that is wrong with a policy file")
    check.add_argument("file", metavar="FILE", type=Path, nargs="?", help="default: the configured policy")
    check.add_argument("--json", action="store_true", help="write the result as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.policy.document import Problem
    from streams.policy.load import check, default_path, load

    path: Path = args.file or settings.policy or default_path()
    try:
        problems = check(path)
        version = load(path).version if not problems else None
    except BadPolicy as error:  # it cannot be read at all
        problems, version = (Problem(str(path), None, "", str(error).removeprefix(f"{path}: ")),), None
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


def _verdict(path: Path, problems: int, version: str | None) -> str:
    if not problems:
        return f"{path}: valid, version {version}"
    return f"{path}: {problems} problem{'s' if problems > 1 else ''}, not valid"

"""``heed docs``: write the generated pages of docs/, or say which are stale."""

import argparse
from typing import Final

from streams.settings import Settings

NAME: Final = "docs"
HELP: Final = "write the reference pages from the code, or check that they are up to date"

EXAMPLES: Final = """\
Writes docs/reference/ (rules, reasons, roles, rights, thresholds, topics, schemas, metrics, settings, command line) and
docs/trace.md from the tables that Heed decides by. Exit code 1 with --check when a committed page differs.

examples:
  heed docs
  heed docs --check
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("--check", action="store_true", help="change nothing; say which pages are stale")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.cli.main import whole_parser
    from streams.docs.pages import project, stale, texts, write

    root = project()
    pages = texts(whole_parser())
    changed = stale(root, pages) if args.check else write(root, pages)
    for path in changed:
        print(f"{'stale' if args.check else 'wrote'}: {path}")
    if not changed:
        print(f"{len(pages)} pages are up to date")
    elif args.check:
        print("run heed docs")
    return 1 if args.check and changed else 0

"""``heed``: read the command line and the settings, run one command, say what is wrong in one line.

Exit codes (contract 4): 0 done, 1 an expectation failed, 2 wrong use or configuration, or Kafka does not answer;
130 ended by Ctrl-C.

A command is a module beside this one with ``NAME``, ``HELP``, ``configure(parser)`` and
``run(args, settings) -> int``. It imports what is heavy (aiokafka, Faust, fastavro) inside ``run``, so that
``heed --help`` answers at once. Only the module of the command that was typed is imported.
"""

import argparse
import errno
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol, cast

from streams.errors import BadUsage, RefuseToStart
from streams.settings import Settings, load

DONE: Final = 0
WRONG_USE: Final = 2
INTERRUPTED: Final = 130  # what a shell reports for a command ended by Ctrl-C

#: Whatever ends these is exit code 1 with its trace: whoever runs them starts them again.
_KEEP_RUNNING: Final = ("worker", "recorder")

# In the order of `heed --help`: what a newcomer types first comes first.
COMMANDS: Final = (
    "demo",
    "kafka",
    "topics",
    "worker",
    "recorder",
    "simulate",
    "explain",
    "dead_letters",
    "resume",
    "rebuild",
    "verify",
    "report",
    "feed",
    "day",
    "policy",
    "templates",
    "docs",
)


class Command(Protocol):
    """What a command module offers."""

    NAME: str
    HELP: str

    def configure(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, args: argparse.Namespace, settings: Settings) -> int: ...


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise BadUsage(f"{message} (see {self.prog} --help)")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """What a subcommand does not know it refuses itself, so that its own help is named; argparse leaves it to ``heed``."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code. Prints to standard output; what is wrong to standard error."""
    # Libraries write what they cannot help to standard error unless somebody listens; ops/logging.py does
    # that for the long-running commands.
    logging.getLogger().addHandler(logging.NullHandler())
    words = sys.argv[1:] if argv is None else argv
    try:
        return _run(words)
    except RefuseToStart as error:
        return _refuse(str(error))
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # `heed ... | head`: the reader has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return DONE
        if error.errno == errno.EADDRINUSE:
            return _refuse(
                f"port in use: {error.strerror}; set HEED_HTTP_PORT to another, or to 0 for a free one"
            )
        raise
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if not type(error).__module__.startswith("aiokafka."):
            raise
        from streams.kafka.client import missing_right, stopped_answering

        told = missing_right(error)
        if told is None and _typed_command(words) not in _KEEP_RUNNING:
            told = stopped_answering(error)
        if told is None:
            raise
        return _refuse(told)


def _run(argv: Sequence[str]) -> int:
    args = _parser(_typed_command(argv)).parse_args(argv)
    command: Command = args.command
    return command.run(args, load(args.config, find_local=_background_kafka))


def whole_parser() -> argparse.ArgumentParser:
    """The parser of every command, for the generated page about the command line."""
    return _parser(None)


def _typed_command(argv: Sequence[str]) -> str | None:
    """The command among the words; None lets the full parser explain."""
    words = iter(argv)
    for word in words:
        if word == "--config":
            next(words, None)
        elif not word.startswith("-"):
            return _module(word) if _module(word) in COMMANDS else None
    return None


def _parser(typed: str | None) -> argparse.ArgumentParser:
    """The parser of everything, or only of the command that was typed: the others need not be imported."""
    parser = Parser(
        prog="heed",
        description="Decides, on Kafka, whether a patient may be contacted, how, and by whom when software must not.",
        epilog="heed COMMAND --help tells more. Settings: HEED_* variables, or a TOML file named with --config.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"heed {metadata.version('heed')}")
    _add_config(parser, None)
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, dest="command_name", parser_class=Parser
    )
    for name in COMMANDS if typed is None else (typed,):
        command = cast(Command, importlib.import_module(f"streams.cli.{name}"))
        sub = commands.add_parser(
            command.NAME, help=command.HELP, description=command.HELP, allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        _add_config(sub, argparse.SUPPRESS)
        sub.set_defaults(command=command)
        command.configure(sub)
    return parser


def _add_config(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--config", metavar="FILE", type=Path, default=default, help="settings as TOML (HEED_CONFIG)"
    )


def _module(word: str) -> str:
    return word.replace("-", "_")


def _background_kafka(state_dir: Path) -> str | None:
    """The broker of ``heed kafka up``, when it runs."""
    if not (state_dir / "kafka" / "state.json").exists():
        return None
    from streams.kafka.broker import running

    known = running(state_dir / "kafka")
    return known.bootstrap if known else None


def _refuse(message: str) -> int:
    print(f"heed: {' '.join(message.split())}", file=sys.stderr)
    return WRONG_USE

"""cli.md: every command with its arguments, from the parsers themselves.

Written from the arguments, not from argparse's help text, whose lay-out differs between versions of Python
and widths of a window.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from .page import code, page, table


def commands(parser: argparse.ArgumentParser) -> str:
    """The page for ``heed`` and all that is below it."""
    return page(
        "Command line",
        "the commands' own help (streams/cli)",
        parser.description or "",
        "Exit codes: 0 done, 1 an expectation failed, 2 wrong use or configuration, or Kafka does not answer, "
        "130 ended by Ctrl-C. "
        "Every command takes `--config FILE` (settings as TOML; HEED_CONFIG) and `--help`.",
        *_sections(parser),
    )


def _sections(parser: argparse.ArgumentParser) -> Iterator[str]:
    for name, command, help_ in _children(parser):
        yield f"## heed {name}\n\n{_sentence(help_)}"
        yield from _one(command, f"heed {name}")
        for inner, action, inner_help in _children(command):
            yield f"### heed {name} {inner}\n\n{_sentence(inner_help)}"
            yield from _one(action, f"heed {name} {inner}")


def _one(parser: argparse.ArgumentParser, name: str) -> Iterator[str]:
    arguments = list(_arguments(parser))
    yield f"    {' '.join((name, *_usages(parser, arguments)))}" + (
        " ACTION ..." if any(_children(parser)) else ""
    )
    if arguments:
        yield table(
            ("Argument", "Meaning", "Default"),
            ((code(_spelt(one)), _meaning(one), _default(one)) for one in arguments),
        )
    if parser.epilog:
        yield "\n".join(f"    {line}".rstrip() for line in parser.epilog.strip("\n").splitlines())


def _children(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            says = {choice.dest: choice.help or "" for choice in action._choices_actions}
            yield from ((name, child, says.get(name, "")) for name, child in action.choices.items())


def _arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        special = isinstance(
            action, argparse._HelpAction | argparse._VersionAction | argparse._SubParsersAction
        )
        if not special and action.dest != "config" and action.help != argparse.SUPPRESS:
            yield action


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices is not None:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return action.dest if not action.option_strings else action.dest.upper()


def _spelt(action: argparse.Action) -> str:
    value = _value(action)
    many = f"{value} ..." if action.nargs in ("+", "*") else value
    return f"{', '.join(action.option_strings)} {many}".strip()


def _usages(parser: argparse.ArgumentParser, arguments: Sequence[argparse.Action]) -> Iterator[str]:
    """Each argument once; those that exclude each other in one bracket: round when one of them must be given."""
    groups = {one.dest: group for group in parser._mutually_exclusive_groups for one in group._group_actions}
    shown = set()
    for argument in arguments:
        group = groups.get(argument.dest)
        if group is None:
            yield _usage(argument)
        elif id(group) not in shown:
            shown.add(id(group))
            choice = " | ".join(_spelt(one) for one in group._group_actions)
            yield f"({choice})" if group.required else f"[{choice}]"


def _usage(action: argparse.Action) -> str:
    required = action.required if action.option_strings else action.nargs not in ("?", "*")
    return _spelt(action) if required else f"[{_spelt(action)}]"


def _meaning(action: argparse.Action) -> str:
    said = (action.help or "").removesuffix(" (default %(default)s)")
    numbers = isinstance(action.choices, range)  # the help says from where to where
    left_out = [] if numbers else [str(choice) for choice in action.choices or () if str(choice) not in said]
    return f"{said} ({', '.join(left_out)})" if left_out and action.metavar is not None else said


def _default(action: argparse.Action) -> str:
    default: Any = action.default
    shown = default not in (None, False, argparse.SUPPRESS) and default != []
    return code(default) if shown else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""

"""Files that people write: YAML as plain values, and the line each of them stands on.

Only true and false are yes and no here, and 21:00 is a time: YAML's older habits (off, sexagesimal
numbers, bare dates) turn policies into something nobody wrote.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from streams.errors import BadPolicy

__all__ = ["Document", "KeyPath", "parse", "read"]

#: Keys and list positions from the top of a file down to a value.
KeyPath = tuple[str, ...]

_DEEPEST: Final = 20
_WHOLE: Final = re.compile(r"[-+]?[0-9]+")
_DECIMAL: Final = re.compile(r"[-+]?[0-9]*\.[0-9]+")
_CONSTANTS: Final[dict[str, object]] = {"true": True, "false": False, "null": None, "~": None, "": None}


class Document(msgspec.Struct, frozen=True):
    """A file as plain values, and the line each key or list entry stands on."""

    file: str
    data: dict[str, Any]
    lines: dict[KeyPath, int]

    def line(self, path: KeyPath) -> int | None:
        """The line of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read(path: Path) -> Document:
    """Read one YAML file whose top level is a mapping.

    Errors: BadPolicy with file and line when it cannot be read, is not YAML, or says a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadPolicy(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadPolicy(f"{path}: is not UTF-8 text") from None
    return parse(text, str(path))


def parse(text: str, file: str) -> Document:
    """Read YAML from text; ``file`` names it in messages. Errors: as ``read``."""
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark is not None else ""
        raise BadPolicy(f"{file}{line}: is not YAML: {error.problem}") from None
    except yaml.YAMLError:
        raise BadPolicy(f"{file}: is not YAML: it has characters that YAML does not allow") from None
    if not isinstance(node, yaml.MappingNode):
        raise BadPolicy(f"{file}:1: expected keys and values, as in deploy/policy/default.yaml")
    lines: dict[KeyPath, int] = {}
    return Document(file, _plain(node, (), lines, file), lines)


def _plain(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], file: str) -> Any:
    line = node.start_mark.line + 1
    if len(path) > _DEEPEST:
        raise BadPolicy(f"{file}:{line}: {'.'.join(path[:3])}...: is nested too deep")
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            at_line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key in found:
                raise BadPolicy(
                    f"{file}:{at_line}: {'.'.join((*path, key))[:80]}: is there twice, or is no plain key"
                )
            lines[(*path, key)] = at_line
            found[key] = _plain(value_node, (*path, key), lines, file)
        return found
    if isinstance(node, yaml.SequenceNode):
        entries = []
        for index, entry in enumerate(node.value):
            lines[(*path, str(index))] = entry.start_mark.line + 1
            entries.append(_plain(entry, (*path, str(index)), lines, file))
        return entries
    return _scalar(node) if isinstance(node, yaml.ScalarNode) else None


def _scalar(node: yaml.ScalarNode) -> object:
    text = str(node.value)
    if node.style:  # quoted or a block: text, whatever it looks like
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text) and len(text) < 18:
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text

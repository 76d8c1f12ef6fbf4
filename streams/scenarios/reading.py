"""YAML with places: every key and value remembers its file, document and line, so that errors can say where.

Plain scalars follow YAML 1.2: ``off`` and ``22:00`` stay text, only ``true`` and ``false`` are booleans, and no
text turns into a date on its own. Must not know what a scenario means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn, TypeAlias

import msgspec
import yaml

from streams.errors import BadUsage

_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?[0-9]+\.[0-9]+")
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final = {"true": True, "True": True, "false": False, "False": False}
#: Deeper than any scenario needs; a YAML alias that contains itself ends here instead of never.
_DEEPEST: Final = 24


class BadScenario(BadUsage):
    """A scenario cannot be read: says file, line, document, key, what is wrong and what is allowed."""


class Place(msgspec.Struct, frozen=True):
    """Where something is written: file, number of the YAML document in it (from 1) and line (from 1)."""

    file: str
    document: int
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} (document {self.document})"


class Scalar(msgspec.Struct, frozen=True):
    place: Place
    text: str
    plain: bool

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in _NULLS

    @property
    def value(self) -> str | int | float | bool | None:
        """The value as YAML 1.2 reads it; quoted text is always text."""
        if not self.plain:
            return self.text
        if self.text in _NULLS:
            return None
        if self.text in _BOOLEANS:
            return _BOOLEANS[self.text]
        if _INTEGER.fullmatch(self.text):
            return int(self.text)
        if _FLOAT.fullmatch(self.text):
            return float(self.text)
        return self.text


class Listing(msgspec.Struct, frozen=True):
    place: Place
    items: tuple[Node, ...]


class Mapping(msgspec.Struct, frozen=True):
    place: Place
    entries: dict[str, Node]
    key_places: dict[str, Place]

    def place_of(self, key: str) -> Place:
        return self.key_places.get(key, self.place)


Node: TypeAlias = Scalar | Listing | Mapping


def complaint(place: Place, key: str, wrong: str, allowed: Iterable[str] = ()) -> BadScenario:
    """Say what is wrong with ``key`` at ``place``; ``allowed`` lists what could be written instead."""
    listed = ", ".join(allowed)
    return BadScenario(f"{place}: {key}: {wrong}" + (f"; allowed: {listed}" if listed else ""))


def refuse(place: Place, key: str, wrong: str, allowed: Iterable[str] = ()) -> NoReturn:
    """Raise the complaint."""
    raise complaint(place, key, wrong, allowed)


def as_mapping(node: Node, key: str) -> Mapping:
    if isinstance(node, Scalar) and node.is_null:
        return Mapping(node.place, {}, {})
    if not isinstance(node, Mapping):
        refuse(node.place, key, "a mapping of keys and values is needed here")
    return node


def as_listing(node: Node, key: str) -> Listing:
    if isinstance(node, Scalar) and node.is_null:
        return Listing(node.place, ())
    if not isinstance(node, Listing):
        refuse(node.place, key, "a list is needed here")
    return node


def as_scalar(node: Node, key: str) -> Scalar:
    if not isinstance(node, Scalar):
        refuse(node.place, key, "one value is needed here, not a list or mapping")
    return node


def only_keys(mapping: Mapping, path: str, allowed: Iterable[str]) -> None:
    """Refuse a key that is not in ``allowed``: a misspelt key must not pass as one that does not matter."""
    known = tuple(allowed)
    for key in mapping.entries:
        if key not in known:
            refuse(mapping.place_of(key), f"{path}.{key}" if path else key, "unknown key", sorted(known))


def to_plain(node: Node) -> Any:
    """The tree without places, as dicts, lists and values: for the policy's own reader."""
    if isinstance(node, Mapping):
        return {key: to_plain(value) for key, value in node.entries.items()}
    if isinstance(node, Listing):
        return [to_plain(item) for item in node.items]
    return node.value


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Composes nodes only; resolving is ours, so no implicit types (the C parser is ten times as fast)."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


def read_documents(path: Path) -> Iterator[Node]:
    """Read the documents of one file, empty ones left out.

    Raises BadScenario when the file cannot be read or is not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadScenario(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}"
        ) from error
    yield from read_text(text, str(path))


def read_text(text: str, file: str) -> Iterator[Node]:
    """Read YAML text as ``read_documents`` does; ``file`` is named in errors."""
    number = 0
    try:
        for number, root in enumerate(yaml.compose_all(text, Loader=_Loader), start=1):
            node = _node(root, file, number, 0)
            if not (isinstance(node, Scalar) and node.is_null):
                yield node
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, number + 1, mark.line + 1 if mark else 1)
        raise BadScenario(f"{place}: not valid YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise BadScenario(f"{file}: not valid YAML") from error


def _node(raw: yaml.Node, file: str, document: int, depth: int) -> Node:
    place = Place(file, document, raw.start_mark.line + 1)
    if depth > _DEEPEST:
        refuse(place, "document", "nested too deeply")
    if isinstance(raw, yaml.ScalarNode):
        return Scalar(place, raw.value, not raw.style)
    if isinstance(raw, yaml.SequenceNode):
        return Listing(place, tuple(_node(item, file, document, depth + 1) for item in raw.value))
    entries: dict[str, Node] = {}
    places: dict[str, Place] = {}
    for key_node, value_node in raw.value:
        key = str(key_node.value)
        key_place = Place(file, document, key_node.start_mark.line + 1)
        if key in entries:
            refuse(key_place, key, f"written twice (first in line {places[key].line})")
        entries[key] = _node(value_node, file, document, depth + 1)
        places[key] = key_place
    return Mapping(place, entries, places)

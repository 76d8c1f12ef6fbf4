"""Turns a mapping of a scenario file into a typed record, field by field, with errors that name the key.

Knows types (through msgspec.inspect), not meanings: which value an omitted field takes is asked of ``defaults``.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from streams.domain.time import Instant

from .reading import (
    Mapping,
    Node,
    Place,
    Scalar,
    as_listing,
    as_mapping,
    as_scalar,
    complaint,
    only_keys,
    refuse,
)
from .times import ABSOLUTE_ALLOWED, DURATIONS_ALLOWED, duration, instant

#: Whole-number fields with these endings hold an instant (contract 2 and 3 name them so throughout).
_TIME_ENDINGS: Final = ("_at", "_by", "_until", "_before", "_from", "_to")

#: ``(record class, given fields, position in its list, length of the list) -> omitted fields``
Defaults = Callable[[type, dict[str, Any], int, int], dict[str, Any]]


class Filling(msgspec.Struct, frozen=True):
    """What every value of one event is read against: the clock and the defaults."""

    clock: Instant
    defaults: Defaults


@cache
def fields_of(record: type) -> dict[str, inspect.Field]:
    """The fields of a record class under the names that a file uses."""
    described = inspect.type_info(record)
    if not isinstance(described, inspect.StructType):
        raise TypeError(f"{record.__name__} is not a record")
    return {field.encode_name: field for field in described.fields}


def is_time(name: str, kind: inspect.Type) -> bool:
    return isinstance(without_null(kind), inspect.IntType) and (name == "at" or name.endswith(_TIME_ENDINGS))


def without_null(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        rest = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        if len(rest) == 1:
            return rest[0]
    return kind


def may_be_null(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.NoneType) or (
        isinstance(kind, inspect.UnionType) and any(isinstance(one, inspect.NoneType) for one in kind.types)
    )


def fill(node: Node, record: type, path: str, filling: Filling, index: int = 0, among: int = 1) -> Any:
    """Read ``node`` as a ``record``, its omitted fields from the defaults. Raises BadScenario."""
    mapping = as_mapping(node, path)
    known = fields_of(record)
    only_keys(mapping, path, known)
    given = given_fields(mapping, record, path, filling)
    return complete(given, record, path, mapping.place, filling, index, among)


def given_fields(mapping: Mapping, record: type, path: str, filling: Filling) -> dict[str, Any]:
    """Read those keys of ``mapping`` that are fields of ``record``, under the record's own names."""
    known = fields_of(record)
    return {
        known[key].name: read(node, known[key].type, f"{path}.{key}", filling)
        for key, node in mapping.entries.items()
        if key in known
    }


def complete(
    given: dict[str, Any],
    record: type,
    path: str,
    place: Place,
    filling: Filling,
    index: int = 0,
    among: int = 1,
) -> Any:
    """Make the record from the given fields and the defaults. Raises BadScenario naming what is missing."""
    values = {**filling.defaults(record, given, index, among), **given}
    for key, field in fields_of(record).items():
        if field.required and field.name not in values:
            refuse(place, f"{path}.{key}", "is needed here and has no default")
    return record(**values)


def read(node: Node, kind: inspect.Type, path: str, filling: Filling) -> Any:
    """Read one value of the type that ``kind`` describes. Raises BadScenario."""
    if isinstance(node, Scalar) and node.is_null and may_be_null(kind):
        return None
    kind = without_null(kind)
    match kind:
        case inspect.StructType():
            return fill(node, kind.cls, path, filling)
        case inspect.VarTupleType():
            return _read_list(node, kind, path, filling)
        case inspect.DictType():
            entries = as_mapping(node, path).entries
            return {key: as_scalar(value, f"{path}.{key}").text for key, value in entries.items()}
        case _:
            return read_scalar(as_scalar(node, path), kind, path, filling.clock)


def _read_list(node: Node, kind: inspect.VarTupleType, path: str, filling: Filling) -> tuple[Any, ...]:
    items = as_listing(node, path).items
    item_kind = kind.item_type
    if not isinstance(item_kind, inspect.StructType):
        return tuple(read(item, item_kind, path, filling) for item in items)
    first = next(iter(fields_of(item_kind.cls)))
    shorthand = "channel" if "channel" in fields_of(item_kind.cls) else first
    return tuple(
        fill(_spelt_out(item, shorthand), item_kind.cls, f"{path}[{index}]", filling, index, len(items))
        for index, item in enumerate(items)
    )


def _spelt_out(item: Node, key: str) -> Node:
    """``sms`` in a list of contacts is short for ``{channel: sms}``."""
    if isinstance(item, Scalar) and not item.is_null:
        return Mapping(item.place, {key: item}, {key: item.place})
    return item


def read_scalar(scalar: Scalar, kind: inspect.Type, path: str, clock: Instant) -> Any:
    """Read a text, number, yes or no, symbol of a closed list, or time."""
    value = scalar.value
    if value is None:
        refuse(scalar.place, path, "may not be null")
    if isinstance(kind, inspect.EnumType):
        return symbol(scalar, kind.cls, path)
    if isinstance(kind, inspect.StrType | inspect.LiteralType):
        return scalar.text
    if isinstance(kind, inspect.BoolType):
        if isinstance(value, bool):
            return value
        refuse(scalar.place, path, f"{scalar.text} is neither true nor false", ("true", "false"))
    if is_time(path.rpartition(".")[2], kind):
        return read_time(scalar, path, clock)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise complaint(scalar.place, path, f"{scalar.text} is not a whole number")


def symbol(scalar: Scalar, symbols: type[Enum], path: str) -> Any:
    """A member of a closed list; ``UNKNOWN`` where the list has it stands for any symbol not in it."""
    try:
        return symbols(scalar.text)
    except ValueError:
        refuse(scalar.place, path, f"{scalar.text} is not in the list", (str(one.value) for one in symbols))


def read_time(scalar: Scalar, path: str, clock: Instant | None) -> Instant:
    try:
        return instant(scalar.text, clock)
    except ValueError:
        allowed = ABSOLUTE_ALLOWED if clock is None else f"{ABSOLUTE_ALLOWED}, or +30s, -2d from the clock"
        refuse(scalar.place, path, f"{scalar.text} is not a time", (allowed,))


def read_duration(scalar: Scalar, path: str) -> int:
    try:
        return duration(scalar.text)
    except ValueError:
        refuse(scalar.place, path, f"{scalar.text} is not a duration", (DURATIONS_ALLOWED,))

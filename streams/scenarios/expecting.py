"""Reads what a scenario expects: which record, which of its fields matter, what must stand there.

Any field of an output record can be named, nested ones with dots (``basis.selection_reason``); a field that the
record does not have is an error of the file, not a failed expectation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import inspect

from streams.domain.time import Instant

from .filling import fields_of, may_be_null, read_duration, read_scalar, read_time, without_null
from .reading import Mapping, Node, Scalar, as_listing, as_mapping, as_scalar, refuse
from .story import RECORD_OF, Check, Expectation, Kind

#: Fields whose order is part of their meaning; other lists match in any order.
_ORDERED: Final = frozenset({"rule_path"})
_NAMED: Final = (Kind.SEND, Kind.ESCALATE, Kind.SAFETY, Kind.DEAD_LETTER, Kind.DECISION)


def read_expectations(node: Node, key: str, clock: Instant) -> tuple[Expectation, ...]:
    """Read ``then`` or ``never``: a list of ``{send: fields}``, ``{escalate: fields}``, ..."""
    return tuple(
        _named_expectation(item, f"{key}[{index}]", clock)
        for index, item in enumerate(as_listing(node, key).items)
    )


def read_decisions(node: Node, key: str, clock: Instant) -> tuple[Expectation, ...]:
    """Read ``decisions``: a list of fields of decision records."""
    return tuple(
        _expectation(as_mapping(item, f"{key}[{index}]"), Kind.DECISION, f"{key}[{index}]", clock)
        for index, item in enumerate(as_listing(node, key).items)
    )


def _named_expectation(item: Node, path: str, clock: Instant) -> Expectation:
    named = as_mapping(item, path)
    kinds = [str(kind) for kind in _NAMED]
    if len(named.entries) != 1:
        refuse(named.place, path, "one record to each entry", kinds)
    [(name, fields)] = named.entries.items()
    if name not in kinds:
        refuse(named.place_of(name), f"{path}.{name}", "unknown key", kinds)
    return _expectation(as_mapping(fields, f"{path}.{name}"), Kind(name), f"{path}.{name}", clock)


def _expectation(fields: Mapping, kind: Kind, path: str, clock: Instant) -> Expectation:
    at = due_within = None
    matter: dict[str, Node] = {}
    for key, node in fields.entries.items():
        if key == "at" and kind is not Kind.SAFETY:
            at = read_time(as_scalar(node, f"{path}.at"), f"{path}.at", clock)
        elif key == "due_within" and kind is Kind.ESCALATE:
            due_within = read_duration(as_scalar(node, f"{path}.due_within"), f"{path}.due_within")
        else:
            matter[key] = node
    named = Mapping(fields.place, matter, fields.key_places)
    return Expectation(kind, read_checks(named, RECORD_OF[kind], path, clock), fields.place, at, due_within)


def read_checks(fields: Mapping, record: type, path: str, clock: Instant) -> tuple[Check, ...]:
    """Read the fields of ``record`` that matter, nested records flattened to dotted paths."""
    return tuple(
        check
        for key, node in fields.entries.items()
        for check in _checks_of(key, node, fields, record, path, clock)
    )


def _checks_of(
    key: str, node: Node, fields: Mapping, record: type, path: str, clock: Instant
) -> Iterator[Check]:
    name, _, rest = key.partition(".")
    known = fields_of(record)
    if name not in known:
        refuse(fields.place_of(key), f"{path}.{key}", "no such field", (*_extra_keys(record), *known))
    kind = without_null(known[name].type)
    if rest:
        node = Mapping(node.place, {rest: node}, {rest: fields.place_of(key)})
    field_path = f"{path}.{name}"
    if isinstance(node, Scalar) and node.is_null:
        if not may_be_null(known[name].type):
            refuse(node.place, field_path, "is never null")
        yield Check((name,), None)
    elif isinstance(kind, inspect.StructType):
        for inner in read_checks(as_mapping(node, field_path), kind.cls, field_path, clock):
            yield Check((name, *inner.path), inner.value, inner.in_order)
    elif isinstance(kind, inspect.DictType):
        for entry, value in as_mapping(node, field_path).entries.items():
            yield Check((name, entry), as_scalar(value, f"{field_path}.{entry}").text)
    elif isinstance(kind, inspect.VarTupleType):
        yield Check((name,), _list_value(node, kind.item_type, field_path, clock), name in _ORDERED)
    else:
        yield Check((name,), read_scalar(as_scalar(node, field_path), kind, field_path, clock))


def _extra_keys(record: type) -> tuple[str, ...]:
    return ("at", "due_within") if record is RECORD_OF[Kind.ESCALATE] else ("at",)


def _list_value(node: Node, item: inspect.Type, path: str, clock: Instant) -> tuple[object, ...]:
    items = (node,) if isinstance(node, Scalar | Mapping) else as_listing(node, path).items
    if isinstance(item, inspect.StructType):
        return tuple(
            read_checks(as_mapping(one, f"{path}[{index}]"), item.cls, f"{path}[{index}]", clock)
            for index, one in enumerate(items)
        )
    return tuple(read_scalar(as_scalar(one, path), item, path, clock) for one in items)

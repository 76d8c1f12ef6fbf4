"""Plain mappings to facts and back: what JSON, YAML and Avro hand over, as the structs of ``events``.

The structs travel as positions, not as names, so that patient state packs small; this module knows
the names. A mapping that is complete and clean (always so from Avro) is converted in one step by a
converter compiled once a type. Anything else takes the careful way: field by field, defaults filled
in, a symbol we do not know read as ``UNKNOWN``, and an error that names the field and what was
expected there, never what stood there.

Must not know bytes, files or the clock.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from operator import itemgetter
from typing import Any, Final, TypeVar, get_args, get_origin

import msgspec

from streams.domain.events import BODY_OF, Envelope, Event
from streams.domain.field_types import (
    INSTANT_FIELDS,
    describe,
    field_hints,
    field_kinds,
    field_names,
    is_nullable,
    is_struct,
    not_null,
)
from streams.domain.vocabulary import Topic
from streams.errors import Undecodable

__all__ = ["build", "event_from_mapping", "to_mapping"]

S = TypeVar("S", bound=msgspec.Struct)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def build(type_: type[S], mapping: Mapping[str, Any], where: str = "$", *, strict: bool = True) -> S:
    """Build one struct of ``events`` from a mapping that uses the contract's field names.

    ``strict`` is for what people write: a name that is no field is refused, since it is a slip of
    the pen. Without it such a name is ignored: a newer source may say more than we know.

    Errors: Undecodable, with the path below ``where`` and what was expected there.

    >>> from streams.domain.events import Preferences
    >>> build(Preferences, {"channels": ["sms"], "from": "09:00"}).from_
    '09:00'
    """
    if not strict and type_.__struct_config__.array_like:
        try:
            return msgspec.convert(_values(type_)(mapping), type_)
        except (KeyError, TypeError, msgspec.ValidationError):
            pass  # not complete or not clean: the careful way finds out what is wrong, if anything
    return _build(type_, mapping, where, strict)


def event_from_mapping(topic: Topic, mapping: Mapping[str, Any], *, strict: bool = True) -> Event:
    """Build an event from the contract's flat form: envelope and body fields in one mapping.

    Errors: Undecodable, as ``build``; KeyError for a topic that carries no events.
    """
    body_type = BODY_OF[topic]
    if not strict:
        try:
            envelope, body = _event_values(topic)(mapping)
            return Event(topic, msgspec.convert(envelope, Envelope), msgspec.convert(body, body_type))
        except (KeyError, TypeError, msgspec.ValidationError):
            pass  # as in build
    if strict:
        _refuse_unknown(mapping, {*field_names(Envelope), *field_names(body_type)}, "$")
    own, said = _split(mapping, body_type)
    return Event(topic, _build(Envelope, own, "$", strict), _build(body_type, said, "$", strict))


def to_mapping(event: Event) -> dict[str, Any]:
    """Give the contract's flat form of an event: every field by name, enum members as plain text.

    ``event_from_mapping`` of the answer gives an equal event.
    """
    return _labels(Envelope)(msgspec.to_builtins(event.envelope)) | _labels(type(event.body))(
        msgspec.to_builtins(event.body)
    )


# --- the fast way: names to positions, then one conversion --------------------------------------


@cache
def _values(type_: type[msgspec.Struct]) -> Callable[[Mapping[str, Any]], Any]:
    """Compile the function that lists a complete mapping's values in the struct's order."""
    names = field_names(type_)
    nested = _nested(type_)
    get = itemgetter(*names) if len(names) > 1 else lambda mapping: (mapping[names[0]],)
    if not nested:
        return get

    def values(mapping: Mapping[str, Any]) -> list[Any]:
        found = list(get(mapping))
        for index, inner, many in nested:
            value = found[index]
            if value:
                one = _values(inner)
                found[index] = [one(item) for item in value] if many else one(value)
        return found

    return values


@cache
def _event_values(topic: Topic) -> Callable[[Mapping[str, Any]], tuple[Any, Any]]:
    """Compile the function that splits a complete flat mapping into envelope and body values."""
    body_type = BODY_OF[topic]
    envelope_size = len(field_names(Envelope))
    if _nested(body_type):
        envelope, body = itemgetter(*field_names(Envelope)), _values(body_type)
        return lambda mapping: (envelope(mapping), body(mapping))
    get = itemgetter(*field_names(Envelope), *field_names(body_type))

    def values(mapping: Mapping[str, Any]) -> tuple[Any, Any]:
        found = get(mapping)
        return found[:envelope_size], found[envelope_size:]

    return values


@cache
def _nested(type_: type[msgspec.Struct]) -> tuple[tuple[int, type[msgspec.Struct], bool], ...]:
    """Which positions hold structs: the index, the struct, and whether it is a list of them."""
    kinds = ((index, kind, get_origin(kind) is tuple) for index, kind in enumerate(field_kinds(type_)))
    inner = ((index, get_args(kind)[0] if many else kind, many) for index, kind, many in kinds)
    return tuple((index, kind, many) for index, kind, many in inner if is_struct(kind))


@cache
def _labels(type_: type[msgspec.Struct]) -> Callable[[list[Any]], dict[str, Any]]:
    """Compile the function that puts the names back on a struct's values."""
    names = field_names(type_)
    nested = _nested(type_)
    lists = tuple(index for index, kind in enumerate(field_kinds(type_)) if get_origin(kind) is tuple)
    if not lists and not nested:
        return lambda values: dict(zip(names, values, strict=True))

    def labelled(values: list[Any]) -> dict[str, Any]:
        for index in lists:
            if values[index] is not None:
                values[index] = list(values[index])
        for index, inner, many in nested:
            value = values[index]
            if value:
                one = _labels(inner)
                values[index] = [one(item) for item in value] if many else one(value)
        return dict(zip(names, values, strict=True))

    return labelled


# --- the careful way: field by field --------------------------------------------------------------


def _build(type_: type[S], mapping: Any, where: str, strict: bool) -> S:
    if not isinstance(mapping, Mapping):
        raise Undecodable(f"{where}: expected a mapping of fields")
    if strict:
        _refuse_unknown(mapping, set(field_names(type_)), where)
    hints = field_hints(type_)
    arguments = {}
    for field in msgspec.structs.fields(type_):
        path = f"{where}.{field.encode_name}"
        kind = hints[field.name]
        if field.encode_name in mapping:
            arguments[field.name] = _read(kind, mapping[field.encode_name], path, strict)
        elif field.required:
            if not is_nullable(kind):
                raise Undecodable(f"{path}: missing, expected {describe(kind, field.encode_name)}")
            arguments[field.name] = None
    return type_(**arguments)


def _read(kind: Any, value: Any, path: str, strict: bool) -> Any:
    if value is None and is_nullable(kind):
        return None
    kind = not_null(kind)
    name = path.rpartition(".")[2]
    if is_struct(kind):
        return _build(kind, value, path, strict)
    if get_origin(kind) is tuple:
        if isinstance(value, (list, tuple)):
            inner = get_args(kind)[0]
            return tuple(_read(inner, item, f"{path}[{i}]", strict) for i, item in enumerate(value))
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        symbol = _symbol(kind, value)
        if symbol is not None:
            return symbol
    elif kind is int and name in INSTANT_FIELDS and strict:
        instant = _instant(value)
        if instant is not None:
            return instant
    else:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            pass  # its message may quote the value; ours does not
    raise Undecodable(f"{path}: expected {describe(kind, name)}")


def _symbol(kind: type[StrEnum], value: Any) -> StrEnum | None:
    """Read a symbol; one we do not know is the list's UNKNOWN, where it has one."""
    if not isinstance(value, str):
        return None
    return _symbols(kind).get(value, _symbols(kind).get("UNKNOWN"))


@cache
def _symbols(kind: type[StrEnum]) -> dict[str, StrEnum]:
    return {member.value: member for member in kind}


def _instant(value: Any) -> int | None:
    """Read an instant: milliseconds, or a date and time that says its offset."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return None if value.tzinfo is None else (value - _EPOCH) // _MILLISECOND
    return value if type(value) is int else None


def _refuse_unknown(mapping: Any, known: set[str], where: str) -> None:
    """Refuse names that are no fields, and help with a list of those that are.

    A name is not patient data in what people write; it is quoted when it looks like a field's.
    """
    if not isinstance(mapping, Mapping):
        raise Undecodable(f"{where}: expected a mapping of fields")
    extra = [name for name in mapping if name not in known]
    if extra:
        name = str(extra[0])
        shown = name if name.isidentifier() and len(name) <= 40 else "(not a field name)"
        raise Undecodable(f"{where}.{shown}: no such field; known are {', '.join(sorted(known))}")


def _split(
    mapping: Mapping[str, Any], body_type: type[msgspec.Struct]
) -> tuple[dict[str, Any], dict[str, Any]]:
    if not isinstance(mapping, Mapping):
        raise Undecodable("$: expected a mapping of fields")
    envelope, body = set(field_names(Envelope)), set(field_names(body_type))
    return (
        {name: value for name, value in mapping.items() if name in envelope},
        {name: value for name, value in mapping.items() if name in body},
    )

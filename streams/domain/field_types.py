"""What the fields of ``events`` hold: names in the contract's spelling, kinds, and words for them.

Knows types, not values: reading is ``mapping``'s.
"""

from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

__all__ = [
    "INSTANT_FIELDS",
    "describe",
    "field_hints",
    "field_kinds",
    "field_names",
    "is_nullable",
    "is_struct",
    "not_null",
]

#: Fields of input events that hold an ``Instant``. People may write these as a date and time with
#: an offset. ``Instant`` is a plain whole number, so names tell; a test compares them to schemas/.
INSTANT_FIELDS: Final = frozenset(
    {
        "occurred_at",
        "starts_at",
        "previous_starts_at",
        "received_at",
        "assessed_at",
        "last_seen_at",
        "verified_at",
        "reviewed_at",
        "valid_from",
        "valid_to",
        "needed_by",
    }
)


@cache
def field_names(type_: type[msgspec.Struct]) -> tuple[str, ...]:
    """Name a struct's fields in order, in the contract's spelling (``from``, not ``from_``)."""
    return tuple(field.encode_name for field in msgspec.structs.fields(type_))


@cache
def field_hints(type_: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(type_)


def field_kinds(type_: type[msgspec.Struct]) -> list[Any]:
    """What each field of a struct holds when it is not null, in order."""
    return [not_null(field_hints(type_)[field.name]) for field in msgspec.structs.fields(type_)]


def is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def is_nullable(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType) and NoneType in get_args(kind)


def not_null(kind: Any) -> Any:
    """Give ``X`` for ``X | None``. The structs of ``events`` know no other unions."""
    if not is_nullable(kind):
        return kind
    return next(member for member in get_args(kind) if member is not NoneType)


def describe(kind: Any, name: str) -> str:
    """Say in the reader's words what belongs in a field."""
    kind = not_null(kind)
    origin = get_origin(kind)
    if is_struct(kind):
        return "a mapping of fields"
    if origin is tuple:
        return f"a list, each {describe(get_args(kind)[0], name)}"
    if origin is dict:
        return "a mapping of text to text"
    if origin is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return f"one of {', '.join(kind)}"
    if kind is int:
        if name in INSTANT_FIELDS:
            return "an instant: milliseconds since 1970 UTC, or a date and time with its offset"
        return "a whole number"
    return {str: "text", bool: "true or false"}.get(kind, "another type")

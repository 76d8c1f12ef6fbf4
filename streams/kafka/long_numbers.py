"""Refuses whole numbers of more than 64 bits, which fastavro reads as whatever is left of them.

Only bytes that could hold one are looked at: nine in a row that say that more follows. Text in some alphabets does too,
so these values are walked through by their schema.
"""

import re
from typing import Any, Final

from .varint import read_long

__all__ = ["refuse_long_numbers"]

_COULD_HOLD_ONE: Final = re.compile(
    rb"[\x80-\xff][\x80-\xff]{8}"
)  # so written, most bytes are passed at a glance
_SIZES: Final = {"null": 0, "boolean": 1, "float": 4, "double": 8}


def refuse_long_numbers(schema: Any, value: bytes, place: int) -> None:
    """``schema`` as fastavro has parsed it; its body begins at ``place``.

    Errors: ValueError for such a number; IndexError or KeyError for bytes that are damaged otherwise.
    """
    if _COULD_HOLD_ONE.search(value, place) is not None:
        _Walk(schema, value).past(schema, place)


class _Walk:
    def __init__(self, schema: Any, value: bytes) -> None:
        self._value = value
        self._named: dict[str, Any] = {}
        self._note_names(schema)

    def _note_names(self, schema: Any) -> None:
        if isinstance(schema, list):
            for part in schema:
                self._note_names(part)
        elif isinstance(schema, dict):
            if "name" in schema and schema.get("type") in ("record", "enum", "fixed"):
                self._named[schema["name"]] = schema
            for part in ("type", "items", "values"):
                self._note_names(schema.get(part))
            self._note_names(schema.get("fields", []))

    def _number(self, place: int) -> tuple[int, int]:
        z, place = read_long(self._value, place)
        return (z >> 1) ^ -(z & 1), place

    def past(self, schema: Any, place: int) -> int:
        """The place behind what this schema describes."""
        if isinstance(schema, list):
            branch, place = self._number(place)
            return self.past(schema[branch], place)
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(kind, dict | list):
            return self.past(kind, place)
        match kind:
            case "int" | "long" | "enum":
                return self._number(place)[1]
            case "string" | "bytes":
                size, place = self._number(place)
                if size < 0:  # it would lead back, and round in a circle
                    raise IndexError("a text of less than nothing")
                return place + size
            case "record":
                for field in schema["fields"]:
                    place = self.past(field["type"], place)
                return place
            case "array" | "map":
                return self._past_blocks(schema, place)
            case "fixed":
                return place + int(schema["size"])
        return place + _SIZES[kind] if kind in _SIZES else self.past(self._named[kind], place)

    def _past_blocks(self, schema: Any, place: int) -> int:
        while True:
            count, place = self._number(place)
            if count < 0:  # then the block's size follows
                _, place = self._number(place)
            if not count:
                return place
            if abs(count) > len(self._value):  # what takes no room is none of ours
                raise IndexError("more items than bytes")
            for _ in range(abs(count)):
                if "values" in schema:
                    place = self.past("string", place)
                place = self.past(schema["items"] if "items" in schema else schema["values"], place)
                if place > len(self._value):
                    raise IndexError("the bytes end inside a list")

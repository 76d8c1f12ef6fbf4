"""Python source in the making, for readers and writers compiled once from our own schemas.

Why compiled: an event has some two dozen fields and a worker reads 25 000 events a second. Going by
way of a dictionary (fastavro, then a conversion to structs) took 10 us an event to read and 11 us a
decision to write; the straight line takes 3.5 and 2.2. It is what a person would write by hand for one
record, without the slips; tests hold it to fastavro's bytes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from types import NoneType
from typing import Any, TypeAlias, get_args, get_type_hints

import msgspec

__all__ = ["Node", "Source", "attributes", "is_symbols", "is_time", "not_null", "types_of"]

#: One part of a schema in which every named type is written out (``schemas.inline``).
Node: TypeAlias = Any


class Source:
    """The lines of one function, and the objects its names stand for."""

    def __init__(self, head: str, names: dict[str, Any]) -> None:
        self._lines = [head]
        self._depth = 1
        self._variables = 0
        self._names = names

    def line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def indented(self, head: str) -> Iterator[None]:
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def variable(self) -> str:
        """Give a variable that is not in use yet."""
        self._variables += 1
        return f"v{self._variables}"

    def name(self, thing: Any) -> str:
        """Give the name under which the lines can use an object."""
        for name, known in self._names.items():
            if known is thing:
                return name
        name = f"N{len(self._names)}"
        self._names[name] = thing
        return name

    def kept(self, table: dict[Any, Any], key: str) -> str:
        """Give an expression for what a dict with ``__missing__`` has under a key, and that is never empty or 0.

        What is there is asked for by ``get``: the brackets of a class of its own that is derived from dict cost Python
        3.11 a look-up of its ``__getitem__`` each time, more than twice what ``get`` does.
        """
        name = self.name(table)
        self._names[f"{name}_get"] = table.get
        return f"({name}_get({key}) or {name}[{key}])"

    def compiled(self) -> Any:
        """Make the function. It must be called ``made`` in the head."""
        scope = dict(self._names)
        # Made from our own committed schemas and structs; nothing in it comes from outside.
        exec("\n".join(self._lines), scope)  # noqa: S102
        return scope["made"]


def attributes(type_: type[msgspec.Struct]) -> dict[str, str]:
    """Map the contract's field names to a struct's attributes, in its order (``from`` to ``from_``)."""
    return {field.encode_name: field.name for field in msgspec.structs.fields(type_)}


def types_of(type_: type[msgspec.Struct]) -> dict[str, Any]:
    """Map the contract's field names to the types of a struct's attributes."""
    hints = get_type_hints(type_)
    return {written: hints[attribute] for written, attribute in attributes(type_).items()}


def not_null(kind: Any) -> Any:
    """Give ``X`` for ``X | None``; the structs know no other unions."""
    return next(member for member in get_args(kind) if member is not NoneType) if is_nullable(kind) else kind


def is_nullable(kind: Any) -> bool:
    return NoneType in get_args(kind)


def is_symbols(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum)


def is_time(node: Node) -> bool:
    return bool(node.get("logicalType") == "timestamp-millis")

"""Avro bytes to structs in a straight line, for what was written with our own newest schema.

A reader knows only what is usual: lists in one block of under 64 entries, text under 8 192 bytes, times before
2039. On anything else, damaged bytes included, it raises one of ``NOT_USUAL`` and the careful way decides
(``codec``): so it may refuse what is sound, but never accepts what is not.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, get_args

import msgspec

from streams.domain.events import BODY_OF, Envelope, Event
from streams.domain.vocabulary import Topic
from streams.kafka._source import Node, Source, attributes, is_symbols, is_time, not_null, types_of
from streams.kafka.varint import UPPER_TIMES, read_long

__all__ = ["NOT_USUAL", "Reader", "event_reader", "record_reader"]

#: What a reader raises when the careful way must look.
NOT_USUAL: Final = (ValueError, KeyError, IndexError, struct.error)

#: Takes a value and the place where its body starts.
Reader: TypeAlias = Callable[[bytes, int], Any]


def event_reader(schema: Node, topic: Topic) -> Reader:
    """Make the reader of an input topic's records; it gives an ``Event``."""
    body = BODY_OF[topic]
    source = _ReaderSource()
    types = types_of(Envelope) | types_of(body)
    values = {field["name"]: source.read(field["type"], types[field["name"]]) for field in schema["fields"]}
    parts = f"{source.construct(Envelope, values)}, {source.construct(body, values)}"
    return source.reader(f"{source.name(Event)}({source.name(topic)}, {parts})")


def record_reader(schema: Node, type_: type[msgspec.Struct]) -> Reader:
    """Make the reader of an output record; it gives a ``type_``."""
    source = _ReaderSource()
    return source.reader(source.record(schema, type_))


#: By the first byte of a text of under 64 bytes: how far behind that byte's place the text ends. 0: longer, or no text.
_SIZES: Final = [0 if first & 129 else 1 + first // 2 for first in range(256)]


def _long_text(value: bytes, place: int) -> tuple[str, int]:
    """Read a text whose length takes two bytes: the text, and the place behind it. Errors: ValueError."""
    size = value[place] & 127 | value[place + 1] << 7
    if size & 1 or size > 16_383:
        raise ValueError("no text, or one of more than 8 191 bytes")
    end = place + 2 + (size >> 1)
    return value[place + 2 : end].decode(), end


class _ReaderSource(Source):
    """Where the next byte of ``value`` is, is known while the lines are written: ``_ahead`` bytes behind a variable.

    So nothing is counted up for what always takes one byte, which is every second field.
    """

    def __init__(self) -> None:
        names = {
            "time_parts": struct.Struct("<HI").unpack_from,
            "read_long": read_long,
            "long_text": _long_text,
            "sizes": _SIZES,
            "booleans": {0: False, 1: True},
        }
        super().__init__("def made(value, p):", names)
        self._base, self._ahead = "p", 0

    def reader(self, answer: str) -> Reader:
        self.line(f"if {self._place()} != len(value): raise ValueError")
        self.line(f"return {answer}")
        made: Reader = self.compiled()
        return made

    def construct(self, type_: type[msgspec.Struct], values: dict[str, str]) -> str:
        return f"{self.name(type_)}({', '.join(values[name] for name in attributes(type_))})"

    def record(self, node: Node, type_: type[msgspec.Struct]) -> str:
        types = types_of(type_)
        values = {field["name"]: self.read(field["type"], types[field["name"]]) for field in node["fields"]}
        return self.construct(type_, values)

    def read(self, node: Node, kind: Any, target: str = "") -> str:
        """Add the lines that read one value; give the variable it is then in."""
        target = target or self.variable()
        kind = not_null(kind)
        match node["type"]:
            case "union":
                self._union(node["of"][1], kind, target)
            case "string":
                self._text(target)
                if is_symbols(kind):
                    members = {member.value: member for member in kind}
                    self.line(f"{target} = {self.name(members)}[{target}]")
            case "long" if is_time(node):
                self._time(target)
            case "long" | "int":
                self._long(target)
            case "boolean":
                self.line(f"{target} = booleans[value[{self._pass_byte()}]]")
            case "enum":
                symbols = [kind(symbol) if is_symbols(kind) else symbol for symbol in node["symbols"]]
                by_byte = {2 * index: symbol for index, symbol in enumerate(symbols)}
                self.line(f"{target} = {self.name(by_byte)}[value[{self._pass_byte()}]]")
            case "record":
                self.line(f"{target} = {self.record(node, kind)}")
            case "array":
                found = self.variable()
                self.line(f"{found} = []")
                with self._block():
                    self.line(f"{found}.append({self.read(node['items'], get_args(kind)[0])})")
                self.line(f"{target} = tuple({found})")
            case "map":
                found, key, text = self.variable(), self.variable(), self.variable()
                self.line(f"{found} = {{}}")
                with self._block():
                    self._text(key)
                    self._text(text)
                    self.line(f"{found}[{key}] = {text}")
                self.line(f"{target} = {found}")
            case unknown:
                raise TypeError(f"no reader for the Avro type {unknown}")
        return target

    # Places.

    def _place(self, more: int = 0) -> str:
        """An expression for the place of the next byte, or of one behind it."""
        ahead = self._ahead + more
        return f"{self._base} + {ahead}" if ahead else self._base

    def _pass_byte(self) -> str:
        """The place of the next byte, which is now read."""
        place = self._place()
        self._ahead += 1
        return place

    def _go_to(self, base: str) -> None:
        """What comes next is at the variable ``base``, which the lines have set."""
        self._base, self._ahead = base, 0

    # Values.

    def _union(self, node: Node, kind: Any, target: str) -> None:
        after = self.variable()
        null = self._pass_byte()
        behind = self._place()
        with self.indented(f"if value[{null}]:"):
            self.line(f"if value[{null}] != 2: raise ValueError")
            self.read(node, kind, target)
            self.line(f"{after} = {self._place()}")
        self.line(f"else: {target} = None; {after} = {behind}")
        self._go_to(after)

    def _text(self, target: str) -> None:
        after = self.variable()
        self.line(f"n = sizes[value[{self._place()}]]")
        self.line(f"if n: {after} = {self._place()} + n; {target} = value[{self._place(1)}:{after}].decode()")
        self.line(f"else: {target}, {after} = long_text(value, {self._place()})")
        self._go_to(after)

    def _long(self, target: str) -> None:
        after = self.variable()
        self.line(f"z = value[{self._place()}]; {after} = {self._place(1)}")
        self.line(f"if z > 127: z, {after} = read_long(value, {self._place()})")
        self.line(f"{target} = z >> 1 ^ -(z & 1)")
        self._go_to(after)

    def _time(self, target: str) -> None:
        """Times from 1970 to 2039 take exactly six bytes: the lower bits are in two, the upper ones in a table."""
        after = self.variable()
        self.line(f"a, b = time_parts(value, {self._place()})")
        with self.indented("if a & 0x8081 == 0x8080:"):
            self.line(
                f"{target} = {self.kept(UPPER_TIMES, 'b')} + (a >> 1 & 63 | a >> 2 & 8128); {after} = {self._place(6)}"
            )
        with self.indented("else:"):
            self.line(f"z, {after} = read_long(value, {self._place()})")
            self.line(f"{target} = z >> 1 ^ -(z & 1)")
        self._go_to(after)

    @contextmanager
    def _block(self) -> Iterator[None]:
        """Repeat the lines for each entry of a list or map written as one block, then its end."""
        count, at = self.variable(), self.variable()
        self.line(f"{count} = value[{self._pass_byte()}]; {at} = {self._place()}")
        self.line(f"if {count} > 127 or {count} & 1: raise ValueError")
        self._go_to(at)
        with self.indented(f"for _ in range({count} >> 1):"):
            yield
            self.line(f"{at} = {self._place()}")
        self._go_to(at)
        with self.indented(f"if {count}:"):
            self.line(f"if value[{at}]: raise ValueError")
            self.line(f"{at} += 1")

"""Avro bytes to structs in a straight line, for what was written with our own newest schema.

A reader knows only what is usual: lists in one block of under 64 entries, text under 8 192 bytes. On
anything else, damaged bytes included, it raises one of ``NOT_USUAL`` and the careful way decides
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
from streams.kafka.varint import read_long

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


class _ReaderSource(Source):
    """In the lines, ``p`` is the place of the next byte of ``value``."""

    def __init__(self) -> None:
        names = {
            "three_pairs": struct.Struct("<HHH").unpack_from,
            "read_long": read_long,
            "booleans": {0: False, 1: True},
        }
        super().__init__("def made(value, p):", names)

    def reader(self, answer: str) -> Reader:
        self.line("if p != len(value): raise ValueError")
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
                with self.indented("if value[p] == 0:"):
                    self.line(f"{target} = None; p += 1")
                with self.indented("elif value[p] == 2:"):
                    self.line("p += 1")
                    self.read(node["of"][1], kind, target)
                self.line("else: raise ValueError")
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
                self.line(f"{target} = booleans[value[p]]; p += 1")
            case "enum":
                symbols = [kind(symbol) if is_symbols(kind) else symbol for symbol in node["symbols"]]
                by_byte = {2 * index: symbol for index, symbol in enumerate(symbols)}
                self.line(f"{target} = {self.name(by_byte)}[value[p]]; p += 1")
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

    def _text(self, target: str) -> None:
        self.line("n = value[p]; p += 1")
        with self.indented("if n > 127:"):
            self.line("n += (value[p] << 7) - 128; p += 1")
            self.line("if n > 16383: raise ValueError")
        self.line("if n & 1: raise ValueError")
        self.line("q = p + (n >> 1)")
        self.line(f"{target} = value[p:q].decode(); p = q")

    def _long(self, target: str) -> None:
        self.line("z = value[p]; p += 1")
        self.line("if z > 127: z, p = read_long(value, p - 1)")
        self.line(f"{target} = z >> 1 ^ -(z & 1)")

    def _time(self, target: str) -> None:
        """Times from 2004 to 2039 take exactly six bytes: read as three pairs of seven bits."""
        self.line("a, b, c = three_pairs(value, p)")
        with self.indented("if a & b & 0x8080 == 0x8080 and c & 0x8080 == 0x80:"):
            low, middle, high = (f"({pair} & 127 | {pair} >> 1 & 16256)" for pair in "abc")
            self.line(f"z = {low} | {middle} << 14 | {high} << 28; p += 6")
        self.line("else: z, p = read_long(value, p)")
        self.line(f"{target} = z >> 1 ^ -(z & 1)")

    @contextmanager
    def _block(self) -> Iterator[None]:
        """Repeat the lines for each entry of a list or map written as one block, then its end."""
        count = self.variable()
        self.line(f"{count} = value[p]; p += 1")
        self.line(f"if {count} > 127 or {count} & 1: raise ValueError")
        with self.indented(f"for _ in range({count} >> 1):"):
            yield
        with self.indented(f"if {count}:"):
            self.line("if value[p]: raise ValueError")
            self.line("p += 1")

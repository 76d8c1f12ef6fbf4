"""Structs to Avro bytes in a straight line, with our own newest schema."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias, get_args

import msgspec

from streams.domain.events import BODY_OF, Envelope
from streams.domain.vocabulary import Topic
from streams.kafka._source import (
    Node,
    Source,
    attributes,
    is_nullable,
    is_symbols,
    is_time,
    not_null,
    types_of,
)
from streams.kafka.varint import INTS, LONGS, TextLists, write_long, write_text, write_time

__all__ = ["Writer", "event_writer", "record_writer"]

Writer: TypeAlias = Callable[[Any], bytes]

#: Lists whose entries come from closed lists and repeat: each different one is written once.
_REPEATED: Final = frozenset({"rule_path", "options"})


def event_writer(schema: Node, topic: Topic, header: bytes) -> Writer:
    """Make the writer of an input topic's events: ``header``, then the body."""
    body = BODY_OF[topic]
    source = _WriterSource(header)
    source.line("envelope, body = record.envelope, record.body")
    own, said = attributes(Envelope), attributes(body)
    types = types_of(Envelope) | types_of(body)
    for field in schema["fields"]:
        name = field["name"]
        place = f"envelope.{own[name]}" if name in own else f"body.{said[name]}"
        source.write(field["type"], types[name], place, name)
    return source.writer()


def record_writer(schema: Node, type_: type[msgspec.Struct], header: bytes) -> Writer:
    """Make the writer of an output record: ``header``, then the body."""
    source = _WriterSource(header)
    source.record(schema, type_, "record")
    return source.writer()


class _WriterSource(Source):
    """Gathers the parts of the value, in order; the last line joins them."""

    def __init__(self, header: bytes) -> None:
        names = {
            "join": b"".join,
            "ints": INTS,
            "longs": LONGS,
            "write_time": write_time,
            "write_text": write_text,
            "header": header,
        }
        super().__init__("def made(record):", names)
        self._parts = ["header"]

    def writer(self) -> Writer:
        self.line(f"return join(({', '.join(self._parts)},))")
        made: Writer = self.compiled()
        return made

    def record(self, node: Node, type_: type[msgspec.Struct], place: str) -> None:
        by_name, types = attributes(type_), types_of(type_)
        for field in node["fields"]:
            name = field["name"]
            self.write(field["type"], types[name], f"{place}.{by_name[name]}", name)

    def write(self, node: Node, kind: Any, place: str, name: str) -> None:
        """Add the lines that write the value found at ``place``, and the parts they leave."""
        inner = not_null(kind)
        match node["type"]:
            case "string" if not is_symbols(inner):
                text = self.variable()
                self.line(f"{text} = {place}.encode()")
                self._parts += [f"longs[len({text})]", text]
            case "record":
                owner = self.variable()
                self.line(f"{owner} = {place}")
                self.record(node, inner, owner)
            case "union":
                part = self.variable()
                self.line(f"{part} = {place}")
                present = self._bytes_of(node["of"][1], inner, part, name)
                self.line(f"{part} = b'\\0' if {part} is None else b'\\2' + {present}")
                self._parts.append(part)
            case "enum" if is_nullable(kind):
                # The struct may say "none" where the contract has no null: UNKNOWN says it on the wire.
                symbols = self._symbols(node, inner)
                self._parts.append(f"{self.name({**symbols, None: symbols['UNKNOWN']})}[{place}]")
            case _:
                self._parts.append(self._bytes_of(node, inner, place, name))

    def _bytes_of(self, node: Node, kind: Any, value: str, name: str = "") -> str:
        """Give an expression for the bytes of one value."""
        match node["type"]:
            case "string" if is_symbols(kind):
                return f"{self.name({member: write_text(member.value) for member in kind})}[{value}]"
            case "string":
                return f"write_text({value})"
            case "long" if is_time(node):
                return f"write_time({value})"
            case "long":
                return f"longs[{value}]"
            case "int":
                return f"ints[{value}]"
            case "boolean":
                return f"(b'\\1' if {value} else b'\\0')"
            case "enum":
                return f"{self.name(self._symbols(node, kind))}[{value}]"
            case "array" if name in _REPEATED:
                return f"{self.name(TextLists())}[{value}]"
            case "array":
                one = self._bytes_of(node["items"], get_args(kind)[0], "x")
                return self._block(value, f"{one} for x in {value}")
            case "map":
                return self._block(value, f"write_text(k) + write_text(x) for k, x in {value}.items()")
            case "record":
                return f"{self.name(record_writer(node, kind, b''))}({value})"
            case unknown:
                raise TypeError(f"no writer for the Avro type {unknown}")

    @staticmethod
    def _block(value: str, each: str) -> str:
        """A list or map: its length, its entries, and a zero; a zero alone when it is empty."""
        return f"(longs[len({value})] + join([{each}]) + b'\\0' if {value} else b'\\0')"

    @staticmethod
    def _symbols(node: Node, kind: Any) -> dict[Any, bytes]:
        return {
            kind(symbol) if is_symbols(kind) else symbol: write_long(place)
            for place, symbol in enumerate(node["symbols"])
        }

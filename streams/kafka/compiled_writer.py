"""Structs to Avro bytes in a straight line, with our own newest schema.

What has few different values (closed lists, and the texts named below) is looked up instead of written; where such
fields stand side by side, their bytes are looked up together.
"""

from collections.abc import Callable
from operator import attrgetter, getitem
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
from streams.kafka.varint import INTS, LONGS, TextLists, Texts, write_long, write_text, write_time

__all__ = ["Writer", "event_writer", "record_writer"]

Writer: TypeAlias = Callable[[Any], bytes]

#: Lists whose entries come from closed lists and repeat: each different one is written once.
_REPEATED: Final = frozenset({"rule_path", "options"})
#: Texts of which there are few: what comes from the policy, its templates and our own vocabulary.
_FEW: Final = frozenset({
    "InputRef.topic", "Decision.rule", "Decision.policy_version", "EscalationTask.policy_version", "SafetyEntry.kind",
    "SendCommand.template_id", "SendCommand.language", "SendCommand.policy_version", "Basis.gdpr_art6",
    "Basis.gdpr_art9", "Basis.cldc_basis", "Basis.config_version", "Basis.policy_version", "TemplateRef.id",
    "TemplateRef.hash",
})  # fmt: skip

#: The bytes of each value that a field can have.
_Table: TypeAlias = dict[Any, bytes]


def event_writer(schema: Node, topic: Topic, header: bytes) -> Writer:
    """Make the writer of an input topic's events: ``header``, then the body."""
    body = BODY_OF[topic]
    source = _WriterSource(header)
    source.line("envelope, body = record.envelope, record.body")
    own, said = attributes(Envelope), attributes(body)
    types = types_of(Envelope) | types_of(body)
    for field in schema["fields"]:
        name = field["name"]
        owner, attribute = ("envelope", own[name]) if name in own else ("body", said[name])
        source.field(field["type"], types[name], owner, attribute, name)
    return source.writer()


def record_writer(schema: Node, type_: type[msgspec.Struct], header: bytes) -> Writer:
    """Make the writer of an output record: ``header``, then the body."""
    source = _WriterSource(header)
    source.record(schema, type_, "record")
    return source.writer()


class _SideBySide(dict[tuple[Any, ...], bytes]):
    """The bytes of fields that stand side by side, by their values; each combination is put together once.

    Bounded: beyond ``_KEPT`` different ones it starts afresh.
    """

    _KEPT: Final = 4_096

    def __init__(self, tables: list[_Table]) -> None:
        super().__init__()
        self._tables = tables

    def __missing__(self, values: tuple[Any, ...]) -> bytes:
        if len(self) >= self._KEPT:
            self.clear()
        self[values] = written = b"".join(map(getitem, self._tables, values))
        return written


class _WriterSource(Source):
    """Gathers the parts of the value, in order; the last line joins them."""

    def __init__(self, header: bytes) -> None:
        names = {
            "join": b"".join,
            "write_time": write_time,
            "write_text": write_text,
            "header": header,
        }
        super().__init__("def made(record):", names)
        self._parts = ["header"]
        #: Fields whose bytes are looked up, all of one owner: not among the parts yet, others may join them.
        self._waiting: list[tuple[str, str, _Table]] = []

    def writer(self) -> Writer:
        self._look_up()
        self.line(f"return join(({', '.join(self._parts)},))")
        made: Writer = self.compiled()
        return made

    def record(self, node: Node, type_: type[msgspec.Struct], owner: str) -> None:
        by_name, types = attributes(type_), types_of(type_)
        for field in node["fields"]:
            name = field["name"]
            self.field(field["type"], types[name], owner, by_name[name], f"{type_.__name__}.{name}")

    def field(self, node: Node, kind: Any, owner: str, attribute: str, name: str) -> None:
        """Add what writes ``owner.attribute``; ``name``: of the field, with its record's."""
        table = self._table(node, kind, name)
        if self._waiting and (table is None or owner != self._waiting[0][0]):
            self._look_up()
        if table is not None:
            self._waiting.append((owner, attribute, table))
        else:
            self.write(node, kind, f"{owner}.{attribute}")

    def _look_up(self) -> None:
        """Add a part for the fields that wait."""
        waiting, self._waiting = self._waiting, []
        if len(waiting) == 1:
            ((owner, attribute, table),) = waiting
            self._parts.append(self._looked_up(table, f"{owner}.{attribute}"))
        elif waiting:
            values = attrgetter(*(attribute for _owner, attribute, _table in waiting))
            together = _SideBySide([table for _owner, _attribute, table in waiting])
            self._parts.append(self._looked_up(together, f"{self.name(values)}({waiting[0][0]})"))

    def _table(self, node: Node, kind: Any, name: str) -> _Table | None:
        """The bytes of each value the field can have; None when they cannot be told beforehand, nor are few."""
        inner = not_null(kind)
        match node["type"]:
            case "union":
                present = self._table(node["of"][1], inner, "")
                return present and {None: b"\0"} | {
                    value: b"\2" + written for value, written in present.items()
                }
            case "string" if is_symbols(inner):
                return {member: write_text(member.value) for member in inner}
            case "string" if name in _FEW:
                return Texts()
            case "enum" if is_nullable(kind):
                # The struct may say "none" where the contract has no null: UNKNOWN says it on the wire.
                symbols = self._symbols(node, inner)
                return {**symbols, None: symbols["UNKNOWN"]}
            case "enum":
                return self._symbols(node, inner)
            case "boolean":
                return {False: b"\0", True: b"\1"}
            case "array" if name.rpartition(".")[2] in _REPEATED:
                return TextLists()
            case _:
                return None

    def write(self, node: Node, kind: Any, place: str) -> None:
        """Add the lines that write the value found at ``place``, and the parts they leave."""
        inner = not_null(kind)
        match node["type"]:
            case "string":
                text = self.variable()
                self.line(f"{text} = {place}.encode()")
                self._parts += [self._looked_up(LONGS, f"len({text})"), text]
            case "record":
                owner = self.variable()
                self.line(f"{owner} = {place}")
                self.record(node, inner, owner)
                self._look_up()
            case "union":
                part = self.variable()
                self.line(f"{part} = {place}")
                present = self._bytes_of(node["of"][1], inner, part)
                self.line(f"{part} = b'\\0' if {part} is None else b'\\2' + {present}")
                self._parts.append(part)
            case _:
                self._parts.append(self._bytes_of(node, inner, place))

    def _bytes_of(self, node: Node, kind: Any, value: str) -> str:
        """Give an expression for the bytes of one value."""
        table = self._table(node, kind, "")
        if table is not None:
            return self._looked_up(table, value)
        match node["type"]:
            case "string":
                return f"write_text({value})"
            case "long" if is_time(node):
                return f"write_time({value})"
            case "long":
                return self._looked_up(LONGS, value)
            case "int":
                return self._looked_up(INTS, value)
            case "array":
                one = self._bytes_of(node["items"], get_args(kind)[0], "x")
                return self._block(value, f"{one} for x in {value}")
            case "map":
                name = self._looked_up(Texts(), "k")
                return self._block(value, f"{name} + write_text(x) for k, x in {value}.items()")
            case "record":
                return f"{self.name(record_writer(node, kind, b''))}({value})"
            case unknown:
                raise TypeError(f"no writer for the Avro type {unknown}")

    def _block(self, value: str, each: str) -> str:
        """A list or map: its length, its entries, and a zero; a zero alone when it is empty."""
        length = self._looked_up(LONGS, f"len({value})")
        return f"({length} + join([{each}]) + b'\\0' if {value} else b'\\0')"

    def _looked_up(self, table: _Table, key: str) -> str:
        """Give an expression for a value's bytes, which are never empty."""
        if type(table) is dict:
            return f"{self.name(table)}[{key}]"
        return self.kept(table, key)

    @staticmethod
    def _symbols(node: Node, kind: Any) -> dict[Any, bytes]:
        return {
            kind(symbol) if is_symbols(kind) else symbol: write_long(place)
            for place, symbol in enumerate(node["symbols"])
        }

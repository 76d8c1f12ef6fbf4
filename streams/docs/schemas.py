"""schemas.md: every record, field by field, from schemas/*.avsc."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from streams.domain.limits import FREE_LENGTH, ID_LENGTH, NAME_LENGTH
from streams.domain.vocabulary import INPUT_TOPICS
from streams.kafka.codec import SCHEMA_ON
from streams.kafka.schemas import SchemaSet, schema_directory

from .page import code, codes, page, table

_LOGICAL: Final = {"timestamp-millis": "time (UTC ms)"}


def schemas() -> str:
    found = SchemaSet.load(schema_directory())
    parts: list[str] = []
    for topic, name in SCHEMA_ON.items():
        raw = found.heads[name].raw
        parts.append(
            f"## {name}\n\nTopic `{topic}`, schema id {found.id_of_head(name)}. {raw.get('doc', '')}"
        )
        nested = _Nested()
        parts.append(_fields(raw, nested))
        parts += [
            f"### {name}: {inner['name']}\n\n{inner.get('doc', '')}\n\n{_fields(inner, nested)}"
            for inner in nested
        ]
    return page(
        "Schemas",
        "schemas/*.avsc",
        "Avro in Confluent framing: a zero byte, the schema id in four bytes, the body. Ids are those of "
        "schemas/registry.json unless a Schema Registry is configured. A symbol that the reader does not know is read as "
        f"UNKNOWN, the most protective meaning; {codes(_without_unknown(found))} have none, and a record with an unknown one is set "
        "aside as `undecodable` (an objection then stops contact). Past versions are kept in schemas/history/.",
        f"Texts: ids and codes {ID_LENGTH} characters, names and sites {NAME_LENGTH}, free references {FREE_LENGTH}; longer ones and "
        "control characters are refused (rule 1.2).",
        *parts,
    )


def _without_unknown(found: SchemaSet) -> list[str]:
    """The enums of inputs that have no UNKNOWN to read a newer symbol as."""
    names = {
        part["name"]
        for topic in INPUT_TOPICS
        for part in _parts(found.heads[SCHEMA_ON[topic]].raw)
        if part.get("type") == "enum" and "UNKNOWN" not in part["symbols"]
    }
    return sorted(names)


def _parts(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping within a schema."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _parts(inner)


class _Nested:
    """The records found inside a record, each once, in the order in which they are met."""

    def __init__(self) -> None:
        self._found: list[dict[str, Any]] = []

    def add(self, raw: dict[str, Any]) -> None:
        if all(known["name"] != raw["name"] for known in self._found):
            self._found.append(raw)

    def __iter__(self) -> Any:
        at = 0
        while at < len(self._found):  # grows while it is read: records hold records
            yield self._found[at]
            at += 1


def _fields(record: dict[str, Any], nested: _Nested) -> str:
    return table(
        ("Field", "Type", "Default", "Meaning"),
        (
            (code(field["name"]), _type(field["type"], nested), _default(field), field.get("doc", ""))
            for field in record["fields"]
        ),
    )


def _type(raw: Any, nested: _Nested) -> str:
    if isinstance(raw, str):
        return raw.rpartition(".")[2]
    if isinstance(raw, list):
        members = [_type(member, nested) for member in raw if member != "null"]
        return " or ".join(members) + ("?" if "null" in raw else "")
    match raw["type"]:
        case "record":
            nested.add(raw)
            return str(raw["name"])
        case "array":
            return f"[{_type(raw['items'], nested)}]"
        case "map":
            return f"{{string: {_type(raw['values'], nested)}}}"
        case "enum":
            return f"{raw['name']}: {', '.join(raw['symbols'])}"
        case plain:
            return _LOGICAL.get(raw.get("logicalType", ""), str(plain))


def _default(field: dict[str, Any]) -> str:
    return code(json.dumps(field["default"])) if "default" in field else "required"

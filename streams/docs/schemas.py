"""schemas.md: every record, field by field, from schemas/*.avsc."""

from __future__ import annotations

import json
from typing import Any, Final

from streams.kafka.codec import SCHEMA_ON
from streams.kafka.schemas import SchemaSet, schema_directory

from .page import code, page, table

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
        "UNKNOWN, which always has the most protective meaning. Past versions are kept in schemas/history/.",
        *parts,
    )


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

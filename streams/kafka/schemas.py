"""The Avro schemas in schemas/: which exist, under which id, and when two say the same.

Schemas are read once, at start. Times stay whole numbers: logical types are for other readers, so
they are left out of what is parsed here. Must not know topics or records.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import fastavro
import msgspec

from streams.errors import RefuseToStart

__all__ = ["Schema", "SchemaSet", "schema_directory"]

#: A schema as JSON gives it.
Raw = Any

_PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
_NOT_PARSED: Final = frozenset({"logicalType", "doc"})


class Schema(msgspec.Struct, frozen=True, eq=False):
    """One record schema: as published, parsed for fastavro, and its canonical form."""

    name: str
    raw: Raw
    parsed: Raw
    canonical: str

    @classmethod
    def of(cls, raw: Raw) -> "Schema":
        """Parse a record schema. Errors: ValueError when it is none that we can read."""
        if not isinstance(raw, dict) or raw.get("type") != "record":
            raise ValueError("not a record schema")
        try:
            parsed = fastavro.parse_schema(_without(raw))
            canonical = fastavro.schema.to_parsing_canonical_form(parsed)
        except (fastavro.schema.SchemaParseException, KeyError, TypeError) as error:
            raise ValueError(f"not an Avro schema: {type(error).__name__}") from error
        return cls(raw["name"].rpartition(".")[2], raw, parsed, canonical)

    def same_as(self, other: "Schema") -> bool:
        """Tell whether bytes written with either mean the same: no resolution is needed."""
        return self.canonical == other.canonical


class SchemaSet(msgspec.Struct, frozen=True):
    """Our own schemas: the newest of each record, and every one by the id of ``registry.json``."""

    heads: Mapping[str, Schema]
    by_id: Mapping[int, Schema]

    def id_of_head(self, name: str) -> int:
        """Give the id of a record's newest schema. Errors: KeyError for a name we do not have."""
        head = self.heads[name]
        return max(
            number for number, schema in self.by_id.items() if schema.name == name and schema.same_as(head)
        )

    @classmethod
    def load(cls, directory: Path) -> "SchemaSet":
        """Read ``*.avsc`` and ``registry.json``. Errors: RefuseToStart names the file."""
        heads = {path.stem: _read(path) for path in sorted(directory.glob("*.avsc"))}
        registry = directory / "registry.json"
        try:
            entries = json.loads(registry.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RefuseToStart(f"{registry}: {error}; it maps schema ids to files") from error
        return cls(
            heads, {int(number): _read(directory / entry["file"]) for number, entry in entries.items()}
        )


def schema_directory() -> Path:
    """Find schemas/: beside the package in a checkout, inside it in an installed copy.

    Errors: RefuseToStart when neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for directory in (package.parent / "schemas", package / "schemas"):
        if (directory / "registry.json").is_file():
            return directory
    raise RefuseToStart("schemas/registry.json is missing: install Heed from its repository")


def inline(raw: Raw, named: dict[str, Raw] | None = None) -> Raw:
    """Write out every use of a named type in full, so that a reader of the schema needs no look-ups.

    Names are compared without namespace: our schemas have one. No type of ours contains itself.
    """
    named = {} if named is None else named
    if isinstance(raw, str):
        return {"type": raw} if raw in _PRIMITIVES else named[raw.rpartition(".")[2]]
    if isinstance(raw, list):
        return {"type": "union", "of": [inline(member, named) for member in raw]}
    match raw["type"]:
        case "record":
            fields = [{**field, "type": inline(field["type"], named)} for field in raw["fields"]]
            full = {**raw, "fields": fields}
        case "array":
            return {"type": "array", "items": inline(raw["items"], named)}
        case "map":
            return {"type": "map", "values": inline(raw["values"], named)}
        case "enum":
            full = raw
        case _:
            return raw
    named[raw["name"].rpartition(".")[2]] = full
    return full


def _read(path: Path) -> Schema:
    try:
        return Schema.of(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise RefuseToStart(f"{path}: {error}") from error


def _without(raw: Raw) -> Raw:
    """Leave out what must not change how values are read: logical types make times into dates."""
    if isinstance(raw, dict):
        return {key: _without(part) for key, part in raw.items() if key not in _NOT_PARSED}
    if isinstance(raw, list):
        return [_without(part) for part in raw]
    return raw

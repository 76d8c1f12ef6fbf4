"""The committed schemas: compatible through their whole history, and the same as the structs (contract 2, 3, 5)."""

import json
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import avro.compatibility
import avro.schema
import msgspec
import pytest

from streams.domain.events import BODY_OF, Envelope
from streams.domain.field_types import INSTANT_FIELDS
from streams.domain.vocabulary import Purpose, Topic
from streams.kafka.codec import OUTPUT_ON, SCHEMA_ON
from streams.kafka.schemas import SchemaSet, inline, schema_directory

SCHEMAS = schema_directory()
NAMES = sorted(SCHEMA_ON.values())
EVENTS = {SCHEMA_ON[topic]: body for topic, body in BODY_OF.items()}
OUTPUTS = {SCHEMA_ON[topic]: record for topic, record in OUTPUT_ON.items()}
TIME = {"type": "long", "logicalType": "timestamp-millis"}


def history(name: str) -> list[Path]:
    return sorted((SCHEMAS / "history" / name).glob("*.avsc"), key=lambda path: int(path.stem))


def apache(path: Path) -> avro.schema.Schema:
    return avro.schema.parse(path.read_text(encoding="utf-8"))


def raw(name: str) -> Any:
    return inline(json.loads((SCHEMAS / f"{name}.avsc").read_text(encoding="utf-8")))


def test_there_is_one_schema_for_each_record_of_the_contract() -> None:
    assert sorted(path.stem for path in SCHEMAS.glob("*.avsc")) == NAMES
    assert sorted(path.name for path in (SCHEMAS / "history").iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_is_the_newest_of_its_history(name: str) -> None:
    newest = history(name)[-1]
    assert json.loads((SCHEMAS / f"{name}.avsc").read_text()) == json.loads(newest.read_text())
    assert [int(path.stem) for path in history(name)] == list(range(1, len(history(name)) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_every_version_can_read_every_other(name: str) -> None:
    checker = avro.compatibility.ReaderWriterCompatibilityChecker()
    versions = [apache(path) for path in history(name)]
    for reader in versions:
        for writer in versions:
            found = checker.get_compatibility(reader, writer)
            assert found.compatibility == avro.compatibility.SchemaCompatibilityType.compatible, (
                found.messages
            )


def test_the_registry_names_every_version_once_and_never_reuses_an_id() -> None:
    entries = json.loads((SCHEMAS / "registry.json").read_text(encoding="utf-8"))
    files = {entry["file"] for entry in entries.values()}
    assert files == {f"history/{name}/{path.name}" for name in NAMES for path in history(name)}
    assert len(files) == len(entries)
    for entry in entries.values():
        assert entry["file"] == f"history/{entry['name']}/{entry['version']}.avsc"
        assert json.loads((SCHEMAS / entry["file"]).read_text())["name"] == entry["name"]
    schemas = SchemaSet.load(SCHEMAS)
    assert all(schemas.by_id[schemas.id_of_head(name)].same_as(schemas.heads[name]) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_documented_in_one_namespace(name: str) -> None:
    schema = raw(name)
    assert schema["namespace"] == "org.heed.v1"
    for part in parts(schema):
        if part["type"] == "record":
            assert part["doc"]
            assert [field["name"] for field in part["fields"] if not field.get("doc")] == []


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_schema_says_what_the_structs_say(name: str) -> None:
    """The envelope's fields come first, in order, then the body's (contract 2)."""
    fields = raw(name)["fields"]
    size = len(msgspec.structs.fields(Envelope))
    agree(fields[:size], Envelope, name)
    agree(fields[size:], EVENTS[name], name)


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_schema_says_what_the_structs_say(name: str) -> None:
    agree(raw(name)["fields"], OUTPUTS[name], name, ordered=name != "SendCommand")


def test_the_names_of_times_are_those_of_the_schemas() -> None:
    """``INSTANT_FIELDS`` tells people's dates from plain numbers by their names."""
    times: set[str] = set()
    others: set[str] = set()
    for name in EVENTS:
        for part in parts(raw(name)):
            for field in part.get("fields", ()):
                inner = field["type"]["of"][1] if field["type"]["type"] == "union" else field["type"]
                (times if inner == TIME else others).add(field["name"])
    assert times == set(INSTANT_FIELDS)
    assert not times & others


def parts(node: Any) -> list[Any]:
    """Every record and enum in a schema, itself included."""
    match node["type"]:
        case "record":
            return [node, *(part for field in node["fields"] for part in parts(field["type"]))]
        case "union":
            return [part for member in node["of"] for part in parts(member)]
        case "array":
            return parts(node["items"])
        case _:
            return [node]


def agree(fields: list[Any], type_: type[msgspec.Struct], where: str, *, ordered: bool = True) -> None:
    """Compare a record's fields and a struct's, both ways: names, order, types, nullability, defaults."""
    of_struct = {field.encode_name: field for field in msgspec.structs.fields(type_)}
    names = [field["name"] for field in fields]
    assert (names if ordered else sorted(names)) == (list(of_struct) if ordered else sorted(of_struct)), where
    hints = get_type_hints(type_)
    for field in fields:
        mine = of_struct[field["name"]]
        path = f"{where}.{field['name']}"
        agree_on_type(field["type"], hints[mine.name], path)
        if "default" in field and not mine.required:
            of_mine = mine.default if mine.default_factory is msgspec.NODEFAULT else mine.default_factory()
            assert list_of(of_mine) == list_of(field["default"]), path


def list_of(default: Any) -> Any:
    """An empty tuple, list and mapping are the same default."""
    return [] if default in ((), [], {}) else default


def agree_on_type(node: Any, kind: Any, path: str) -> None:
    nullable = isinstance(kind, UnionType) and NoneType in get_args(kind)
    if nullable:
        kind = next(member for member in get_args(kind) if member is not NoneType)
    if node["type"] == "union":
        assert nullable, path
        assert node["of"][0] == {"type": "null"}, path
        node = node["of"][1]
    else:
        # The contract gives a decision and a task a purpose always: none is written as UNKNOWN.
        assert not nullable or kind is Purpose, path
    origin = get_origin(kind)
    if origin is tuple:
        assert node["type"] == "array", path
        agree_on_type(node["items"], get_args(kind)[0], f"{path}[]")
    elif origin is dict:
        assert node == {"type": "map", "values": {"type": "string"}}, path
    elif origin is Literal:
        assert node["symbols"] == list(get_args(kind)), path
    elif issubclass(kind, msgspec.Struct):
        assert node["type"] == "record", path
        agree(node["fields"], kind, path)
    elif issubclass(kind, StrEnum):
        # Symbols with a hyphen, and lists that may grow without a new schema, are text.
        assert node["type"] in ("enum", "string"), path
        if node["type"] == "enum":
            assert node["symbols"] == list(kind), path
            assert node.get("default") == ("UNKNOWN" if "UNKNOWN" in list(kind) else None), path
    else:
        assert node["type"] in {str: ("string",), bool: ("boolean",), int: ("long", "int")}[kind], path
        if kind is int:
            is_time = path.rpartition(".")[2] in INSTANT_FIELDS or path.endswith(("_at", "_until", ".at"))
            assert (node == TIME) == (is_time or path.endswith(("acknowledge_by", "not_before"))), path


def test_topics_and_schemas_match() -> None:
    assert set(SCHEMA_ON) == set(Topic) - {Topic.PATIENT_TABLE, Topic.DEAD_LETTERS, Topic.HEARTBEATS}


def test_the_checker_would_refuse_a_field_that_older_events_lack() -> None:
    newer = json.loads((SCHEMAS / "ReceiptEvent.avsc").read_text())
    newer["fields"].append({"name": "carrier", "type": "string"})
    checker = avro.compatibility.ReaderWriterCompatibilityChecker()
    found = checker.get_compatibility(
        avro.schema.parse(json.dumps(newer)), apache(SCHEMAS / "ReceiptEvent.avsc")
    )
    assert found.compatibility == avro.compatibility.SchemaCompatibilityType.incompatible

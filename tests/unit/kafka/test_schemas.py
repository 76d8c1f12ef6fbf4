"""Schemas that cannot be read stop the start, and the message names the file."""

import json
from pathlib import Path

import pytest

from streams.errors import RefuseToStart
from streams.kafka.schemas import Schema, SchemaSet, inline

POINT = {
    "type": "record",
    "name": "Point",
    "namespace": "org.example",
    "doc": "where",
    "fields": [
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "colour", "type": {"type": "enum", "name": "Colour", "symbols": ["RED"]}},
        {"name": "others", "type": {"type": "array", "items": "Colour"}},
    ],
}


def test_logical_types_and_words_do_not_make_a_schema_another_one() -> None:
    bare = json.loads(json.dumps(POINT))
    bare["fields"][0]["type"] = "long"
    del bare["doc"]
    assert Schema.of(POINT).same_as(Schema.of(bare))
    bare["fields"][0]["type"] = "int"
    assert not Schema.of(POINT).same_as(Schema.of(bare))


def test_named_types_are_written_out_where_they_are_used() -> None:
    full = inline(POINT)
    assert full["fields"][2]["type"]["items"] == full["fields"][1]["type"]


@pytest.mark.parametrize(
    "raw", ["string", ["null", "string"], {"type": "enum"}, {"type": "record"}, {}, None, 3]
)
def test_what_is_no_record_schema_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match=r"not an? "):
        Schema.of(raw)


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RefuseToStart, match=r"registry\.json"):
        SchemaSet.load(tmp_path)
    (tmp_path / "Point.avsc").write_text("{")
    with pytest.raises(RefuseToStart, match=r"Point\.avsc"):
        SchemaSet.load(tmp_path)
    (tmp_path / "Point.avsc").write_text(json.dumps(POINT))
    (tmp_path / "registry.json").write_text('{"7": {"name": "Point", "version": 1, "file": "1.avsc"}}')
    with pytest.raises(RefuseToStart, match=r"1\.avsc"):
        SchemaSet.load(tmp_path)
    (tmp_path / "1.avsc").write_text(json.dumps(POINT))
    assert SchemaSet.load(tmp_path).id_of_head("Point") == 7

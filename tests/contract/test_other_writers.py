"""Values that others wrote: with other Avro libraries, with newer and with older schemas."""

import copy
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import avro.io
import avro.schema
import fastavro
import pytest

from streams.domain.events import Appointment, Objection, Receipt
from streams.domain.mapping import event_from_mapping
from streams.domain.vocabulary import AppointmentStatus, Channel, Mode, Scope, Topic
from streams.errors import Undecodable
from streams.kafka.codec import SCHEMA_ON, Codec
from streams.kafka.schemas import Schema, SchemaSet, schema_directory

SCHEMAS = schema_directory()
OURS = SchemaSet.load(SCHEMAS)
STARTS = datetime(2026, 10, 13, 9, 0, tzinfo=UTC)
NEW_ID = 1001

ENVELOPE: dict[str, Any] = {
    "event_id": "e1",
    "patient_id": "P1",
    "version": 1,
    "occurred_at": datetime(2026, 10, 12, 8, 0, tzinfo=UTC),
    "source": "pas",
    "recorded_by": None,
    "replay": False,
}
APPOINTMENT: dict[str, Any] = {
    **ENVELOPE,
    "appointment_id": "A1",
    "status": "BOOKED",
    "starts_at": STARTS,
    "starts_precision": "INSTANT",
    "previous_starts_at": None,
    "service_code": "GEN",
    "service_sensitive": None,
    "site": "Main Hospital",
    "generic_site": "Main Hospital",
    "mode": "IN_PERSON",
    "clinician": "Dr Zoë Example",
    "room": None,
    "join_link_ref": None,
    "initiated_by": "PROVIDER",
    "nhs_number": "9990548609",
    "family_name": "Test",
    "born": "1980-01-01",
}
OBJECTION: dict[str, Any] = {
    **ENVELOPE,
    "objection_id": "O1",
    "action": "RECORDED",
    "scope": "METHOD",
    "channels": ["sms"],
    "channel_group": None,
    "services": [],
    "recipient_ref": None,
    "reason": "PREFERS_OTHER_METHOD",
    "reason_note_ref": None,
    "received_at": datetime(2026, 10, 12, 8, 0, tzinfo=UTC),
    "received_via": "phone",
    "patient_only": False,
    "exceptions": [{"purposes": ["APPT_CANCEL"], "channels": ["sms"], "short_notice_only": True}],
    "assessment": {
        "grounds": ["G3"],
        "acceptable": False,
        "assessed_by": "s1",
        "role": "R-CG",
        "assessed_at": datetime(2026, 10, 12, 8, 0, tzinfo=UTC),
        "rationale_ref": "r1",
    },
}
REQUEST: dict[str, Any] = {
    **ENVELOPE,
    "request_id": "R1",
    "purpose": "APPT_REMINDER",
    "service_code": "GEN",
    "ethics_review": False,
}


def framed(schema_id: int, body: bytes) -> bytes:
    """Confluent framing, written out here on purpose: this side shares no code with the codec."""
    return b"\x00" + schema_id.to_bytes(4, "big") + body


def by_apache_avro(schema: Path | str, mapping: dict[str, Any]) -> bytes:
    text = schema.read_text(encoding="utf-8") if isinstance(schema, Path) else schema
    body = io.BytesIO()
    avro.io.DatumWriter(avro.schema.parse(text)).write(mapping, avro.io.BinaryEncoder(body))
    return body.getvalue()


def by_fastavro(schema: Path | str, mapping: dict[str, Any]) -> bytes:
    text = schema.read_text(encoding="utf-8") if isinstance(schema, Path) else schema
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(json.loads(text)), mapping)
    return body.getvalue()


@pytest.mark.parametrize("write", [by_apache_avro, by_fastavro])
@pytest.mark.parametrize(
    ("topic", "mapping"), [(Topic.APPOINTMENTS, APPOINTMENT), (Topic.OBJECTIONS, OBJECTION)]
)
def test_what_another_library_writes_from_our_files_is_read(
    topic: Topic, mapping: dict[str, Any], write: Callable[[Path, dict[str, Any]], bytes]
) -> None:
    entries = json.loads((SCHEMAS / "registry.json").read_text(encoding="utf-8"))
    number = next(int(number) for number, entry in entries.items() if entry["name"] == SCHEMA_ON[topic])
    value = framed(number, write(SCHEMAS / f"{SCHEMA_ON[topic]}.avsc", mapping))
    assert Codec.local().decode(topic, b"P1", value) == event_from_mapping(topic, mapping)


def test_what_we_write_is_read_by_another_library() -> None:
    event = event_from_mapping(Topic.OBJECTIONS, OBJECTION)
    schema = avro.schema.parse((SCHEMAS / "ObjectionEvent.avsc").read_text(encoding="utf-8"))
    body = io.BytesIO(Codec.local().encode_event(event)[5:])
    assert avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(body)) == OBJECTION


def written_with(
    change: Callable[[dict[str, Any]], None], topic: Topic, mapping: dict[str, Any]
) -> tuple[Codec, bytes]:
    """A value written with a changed schema, and a codec that knows that schema by a new id."""
    schema = copy.deepcopy(OURS.heads[SCHEMA_ON[topic]].raw)
    change(schema)
    known = {**OURS.by_id, NEW_ID: Schema.of(schema)}
    codec = Codec(OURS, {name: OURS.id_of_head(name) for name in OURS.heads}, known)
    return codec, framed(NEW_ID, by_fastavro(json.dumps(schema), mapping))


def symbols(schema: dict[str, Any], name: str) -> list[str]:
    """Find the list of symbols of an enum anywhere in a schema."""
    found = [part for part in walk(schema) if part.get("type") == "enum" and part["name"] == name]
    listed: list[str] = found[0]["symbols"]
    return listed


def walk(node: Any) -> list[dict[str, Any]]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [node] * isinstance(node, dict) + [part for item in inner for part in walk(item)]


def test_a_symbol_newer_than_ours_is_read_as_unknown() -> None:
    def newer(schema: dict[str, Any]) -> None:
        symbols(schema, "AppointmentStatus").insert(1, "PENCILLED_IN")
        symbols(schema, "Mode").append("HOLOGRAM")

    mapping = {**APPOINTMENT, "status": "PENCILLED_IN", "mode": "HOLOGRAM"}
    codec, value = written_with(newer, Topic.APPOINTMENTS, mapping)
    body = codec.decode(Topic.APPOINTMENTS, b"P1", value).body
    assert isinstance(body, Appointment)
    assert (body.status, body.mode) == (AppointmentStatus.UNKNOWN, Mode.UNKNOWN)


def test_an_objection_with_a_scope_newer_than_ours_is_read_not_lost() -> None:
    def newer(schema: dict[str, Any]) -> None:
        symbols(schema, "Scope").append("RESEARCH_ONLY")
        symbols(schema, "Channel").insert(0, "hologram")

    mapping = {**OBJECTION, "scope": "RESEARCH_ONLY", "channels": ["hologram", "sms"]}
    codec, value = written_with(newer, Topic.OBJECTIONS, mapping)
    body = codec.decode(Topic.OBJECTIONS, b"P1", value).body
    assert isinstance(body, Objection)
    assert (body.scope, body.channels) == (Scope.UNKNOWN, (Channel.UNKNOWN, Channel.SMS))


@pytest.mark.parametrize(
    ("enum", "symbol", "topic", "mapping"),
    [
        ("Ground", "G9", Topic.OBJECTIONS,
         {**OBJECTION, "assessment": {**OBJECTION["assessment"], "grounds": ["G9"]}}),
        ("StartsPrecision", "WEEK", Topic.APPOINTMENTS, {**APPOINTMENT, "starts_precision": "WEEK"}),
        ("Level", "L6", Topic.REQUESTS, {**REQUEST, "level": "L6"}),
    ],
)  # fmt: skip
def test_a_symbol_with_no_unknown_to_fall_back_on_is_refused(
    enum: str, symbol: str, topic: Topic, mapping: dict[str, Any]
) -> None:
    codec, value = written_with(lambda schema: symbols(schema, enum).append(symbol), topic, mapping)
    with pytest.raises(Undecodable):
        codec.decode(topic, b"P1", value)


def test_fields_newer_than_ours_are_passed_over() -> None:
    def newer(schema: dict[str, Any]) -> None:
        schema["fields"].insert(3, {"name": "ward", "type": ["null", "string"], "default": None})

    codec, value = written_with(newer, Topic.APPOINTMENTS, {**APPOINTMENT, "ward": "7B"})
    assert codec.decode(Topic.APPOINTMENTS, b"P1", value) == event_from_mapping(
        Topic.APPOINTMENTS, APPOINTMENT
    )


def test_fields_that_an_older_schema_lacks_take_their_defaults() -> None:
    def older(schema: dict[str, Any]) -> None:
        schema["fields"] = [
            f for f in schema["fields"] if f["name"] not in ("reason_code", "recorded_by", "replay")
        ]

    mapping = {**ENVELOPE, "command_id": "c1", "status": "READ", "channel": "sms", "provider_ref": "x"}
    codec, value = written_with(older, Topic.RECEIPTS, mapping)
    event = codec.decode(Topic.RECEIPTS, b"P1", value)
    assert isinstance(event.body, Receipt)
    assert (event.body.reason_code, event.envelope.recorded_by, event.envelope.replay) == (None, None, False)


def test_a_schema_that_differs_in_words_only_is_not_resolved() -> None:
    def reworded(schema: dict[str, Any]) -> None:
        schema["doc"] = "Ein Termin."
        for field in schema["fields"]:
            field["doc"] = "x"

    codec, value = written_with(reworded, Topic.APPOINTMENTS, APPOINTMENT)
    assert value[:5] in codec._readers[Topic.APPOINTMENTS]
    assert codec.decode(Topic.APPOINTMENTS, b"P1", value) == event_from_mapping(
        Topic.APPOINTMENTS, APPOINTMENT
    )


def test_a_schema_that_cannot_be_resolved_is_refused() -> None:
    def other(schema: dict[str, Any]) -> None:
        schema["fields"] = [field for field in schema["fields"] if field["name"] != "starts_at"]

    codec, value = written_with(other, Topic.APPOINTMENTS, APPOINTMENT)
    with pytest.raises(Undecodable, match="do not match schema 1001"):
        codec.decode(Topic.APPOINTMENTS, b"P1", value)

"""What the codec refuses, and with which reason; what it says then never quotes the record."""

import json

import pytest

from streams.domain.events import Envelope, Event, Objection
from streams.domain.mapping import event_from_mapping
from streams.domain.records import SafetyEntry, Subject
from streams.domain.vocabulary import Channel, ObjectionAction, Reason, Scope, SubjectKind, Topic
from streams.errors import BadRecord, KeyMismatch, Undecodable, UnknownSchema
from streams.kafka.codec import Codec
from streams.kafka.framing import frame_header, schema_id_of
from streams.kafka.schemas import Schema, SchemaSet, schema_directory

CODEC = Codec.local()
RECEIPT = event_from_mapping(
    Topic.RECEIPTS,
    {
        "event_id": "e1",
        "patient_id": "P-SECRET",
        "version": 1,
        "occurred_at": 1_791_792_000_000,
        "source": "provider",
        "command_id": "c1",
        "status": "DELIVERED",
        "channel": "sms",
    },
)
KEY = b"P-SECRET"
VALUE = CODEC.encode_event(RECEIPT)


def refused(topic: Topic, key: bytes | None, value: bytes | None) -> BadRecord:
    with pytest.raises(BadRecord) as raised:
        CODEC.decode(topic, key, value)
    assert "SECRET" not in str(raised.value)
    return raised.value


def test_a_sound_value_is_read() -> None:
    assert CODEC.decode(Topic.RECEIPTS, KEY, VALUE) == RECEIPT


def test_a_null_value_has_a_reason_of_its_own() -> None:
    assert refused(Topic.OBJECTIONS, KEY, None).reason == Reason.NULL_VALUE


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x00",
        b"\x00\x00\x00\x00",
        b"\x01" + VALUE[1:],
        VALUE[:-1],
        VALUE + b"\x00",
        VALUE[:5],
        b"{}" + VALUE,
    ],
    ids=["empty", "magic only", "no id", "other magic", "truncated", "trailing", "no body", "json"],
)
def test_what_is_not_a_framed_record_is_undecodable(value: bytes) -> None:
    bad = refused(Topic.RECEIPTS, KEY, value)
    assert isinstance(bad, Undecodable)
    assert bad.reason == Reason.UNDECODABLE


@pytest.mark.parametrize("number", [b"\x82" + b"\x80" * 12 + b"\x01", b"\xff" * 9 + b"\x7f"])
def test_a_number_of_more_than_64_bits_is_refused_and_not_cut(number: bytes) -> None:
    """fastavro alone reads the first one, of 14 bytes, as 67108865."""
    at = VALUE.index(KEY) + len(KEY)
    assert VALUE[at] == 2, "version 1"
    assert isinstance(refused(Topic.RECEIPTS, KEY, VALUE[:at] + number + VALUE[at + 1 :]), Undecodable)


def test_text_that_only_looks_like_such_a_number_is_read() -> None:
    """Written with another schema, so that the careful way reads it."""
    raw = {**json.loads((schema_directory() / "ObjectionEvent.avsc").read_text(encoding="utf-8"))}
    raw["fields"] = [*raw["fields"], {"name": "new", "type": ["null", "long"], "default": None}]
    schemas = SchemaSet.load(schema_directory())
    ids = {name: schemas.id_of_head(name) for name in schemas.heads}
    codec = Codec(schemas, ids, {4711: Schema.of(raw)})
    text = "\u0645\u062d\u0645\u062f" * 9
    objection = Objection(
        "O1", ObjectionAction.RECORDED, Scope.METHOD, channels=(Channel.SMS, Channel.EMAIL),
        services=(text, text), reason_note_ref=text,
    )  # fmt: skip
    event = Event(Topic.OBJECTIONS, Envelope("o1", text, 1, 1_791_792_000_000, "test"), objection)
    value = frame_header(4711) + codec.encode_event(event)[5:] + b"\x00"
    assert codec.decode(Topic.OBJECTIONS, text.encode(), value) == event
    assert isinstance(refused(Topic.OBJECTIONS, text.encode(), value), UnknownSchema)


def test_an_undecodable_record_names_its_schema() -> None:
    assert refused(Topic.RECEIPTS, KEY, VALUE[:-1]).schema_id == schema_id_of(VALUE)


def test_an_unknown_schema_id_is_told_apart() -> None:
    bad = refused(Topic.RECEIPTS, KEY, frame_header(4711) + VALUE[5:])
    assert isinstance(bad, UnknownSchema)
    assert (bad.reason, bad.schema_id) == (Reason.UNKNOWN_SCHEMA, 4711)


def test_a_record_of_another_topic_is_undecodable() -> None:
    bad = refused(Topic.APPOINTMENTS, KEY, VALUE)
    assert isinstance(bad, Undecodable)
    assert bad.error == "schema 6 is a ReceiptEvent; appointments carries AppointmentEvent"


def test_text_that_is_not_utf8_is_undecodable() -> None:
    assert (
        refused(Topic.RECEIPTS, KEY, VALUE.replace(b"provider", b"provide\xff")).reason == Reason.UNDECODABLE
    )


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (None, "the record has no key"),
        (b"", "the record has no key"),
        (b"\xff\xfe", "the key is not UTF-8"),
        (b"P-OTHER", "the key is not the payload's patient_id"),
    ],
)
def test_a_key_that_is_not_the_payloads_patient_is_refused_with_what_was_read(
    key: bytes | None, error: str
) -> None:
    bad = refused(Topic.RECEIPTS, key, VALUE)
    assert isinstance(bad, KeyMismatch)
    assert (bad.reason, bad.error, bad.event) == (Reason.KEY_MISMATCH, error, RECEIPT)


def test_an_event_that_avro_cannot_hold_is_not_written() -> None:
    plain = {"event_id": "\ud800", "patient_id": "P1", "version": 1, "occurred_at": 0, "source": "s"}
    receipt = {**plain, "command_id": "c", "status": "READ", "channel": "sms"}
    with pytest.raises(Undecodable, match="cannot be written"):
        CODEC.encode_event(event_from_mapping(Topic.RECEIPTS, receipt))
    with pytest.raises(Undecodable, match="cannot be written"):
        CODEC.encode_event(event_from_mapping(Topic.RECEIPTS, {**receipt, "event_id": "e", "version": 2**63}))


def test_an_output_is_read_back_and_damage_in_it_is_refused() -> None:
    entry = SafetyEntry(
        "s1", "P1", "near_miss", Subject(SubjectKind.RESULT, "R1", 2), None, None, 1_791_792_000_000
    )
    value = CODEC.encode(entry)
    assert CODEC.decode_output(Topic.SAFETY_LOG, value) == entry
    with pytest.raises(Undecodable):
        CODEC.decode_output(Topic.SAFETY_LOG, value[:-2])
    with pytest.raises(UnknownSchema):
        CODEC.decode_output(Topic.SAFETY_LOG, frame_header(4711))


async def test_without_a_registry_nothing_is_learnt() -> None:
    assert not await CODEC.learn(4711)
    assert await CODEC.learn(schema_id_of(VALUE))

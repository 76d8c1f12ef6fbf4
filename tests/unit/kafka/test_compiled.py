"""The compilers refuse what they have no lines for, and leave what is unusual to the careful way."""

from typing import Any, cast

import msgspec
import pytest

from streams.domain.events import Preferences, Resolution
from streams.domain.mapping import event_from_mapping
from streams.domain.vocabulary import Channel, Purpose, Topic
from streams.kafka.codec import Codec
from streams.kafka.compiled_reader import NOT_USUAL, record_reader
from streams.kafka.compiled_writer import _SideBySide, record_writer
from streams.kafka.varint import write_long, write_text


class Weight(msgspec.Struct):
    grams: float


class Said(msgspec.Struct):
    text: str


class Moment(msgspec.Struct):
    at: int
    behind: str


class Decision(msgspec.Struct):
    """Named as the record whose texts are looked up."""

    rule: str
    policy_version: str


def test_an_avro_type_that_no_schema_of_ours_uses_is_refused_at_start() -> None:
    node = {"type": "record", "fields": [{"name": "grams", "type": {"type": "double"}}]}
    with pytest.raises(TypeError, match="no reader for the Avro type double"):
        record_reader(node, Weight)
    with pytest.raises(TypeError, match="no writer for the Avro type double"):
        record_writer(node, Weight, b"")


def test_a_list_in_several_blocks_and_one_of_many_entries_are_left_to_the_careful_way() -> None:
    text = {"type": "array", "items": {"type": "enum", "symbols": ["nhs_app", "sms"]}}
    language = {"type": "union", "of": [{"type": "null"}, {"type": "string"}]}
    names = {"channels": text, "language": language, "from": language, "to": language}
    read = record_reader({"fields": [{"name": n, "type": t} for n, t in names.items()]}, Preferences)
    nulls = b"\x00\x00\x00"
    assert len(read(b"\x04\x02\x00\x00" + nulls, 0).channels) == 2
    for unusual in (
        b"\x02\x02\x02\x00\x00" + nulls,
        b"\x01\x02\x02\x00" + nulls,
        b"\x80\x01" + b"\x02" * 64 + b"\x00" + nulls,
    ):
        with pytest.raises(NOT_USUAL):
            read(unusual, 0)


def test_what_is_unusual_but_sound_is_read_all_the_same() -> None:
    many = tuple(Purpose)[:20] * 5
    event = event_from_mapping(
        Topic.RESOLUTIONS,
        {
            "event_id": "e" * 9_000,
            "patient_id": "P1",
            "version": 1,
            "occurred_at": 0,
            "source": "console",
            "kind": "STANDING_DECISION",
            "by": "s1",
            "role": "R-CG",
            "purposes": list(many),
        },
    )
    codec = Codec.local()
    read = codec.decode(Topic.RESOLUTIONS, b"P1", codec.encode_event(event))
    assert read == event
    assert isinstance(read.body, Resolution)
    assert read.body.purposes == many


@pytest.mark.parametrize("length", [0, 1, 63, 64, 127, 8_191])
def test_a_text_of_any_usual_length_is_read_in_a_straight_line(length: int) -> None:
    language = {"type": "union", "of": [{"type": "null"}, {"type": "string"}]}
    fields = [{"name": name, "type": language} for name in ("from", "to", "language")]
    channels = {"name": "channels", "type": {"type": "array", "items": {"type": "enum", "symbols": ["sms"]}}}
    node = {"fields": [*fields, channels]}
    preferences = Preferences(
        channels=(Channel.SMS,), language="é" * (length // 2) + "x" * (length % 2), from_="08:00"
    )
    written = record_writer(node, Preferences, b"?")(preferences)
    assert record_reader(node, Preferences)(written, 1) == preferences


def test_a_text_that_is_too_long_or_of_no_length_is_left_to_the_careful_way() -> None:
    node = {"fields": [{"name": "text", "type": {"type": "string"}}]}
    read = record_reader(node, Said)
    assert read(b"\x80\x01" + b"x" * 64, 0) == Said("x" * 64)
    for unusual in (write_text("x" * 8_192), b"\x01", b"\x81\x01" + b"x" * 64, b"\x08x", b"\x80\x01x"):
        with pytest.raises(NOT_USUAL):
            read(unusual, 0)


@pytest.mark.parametrize("instant", [0, -1, 2**34 - 1, 2**34, 1_796_122_800_000, 2**41 - 1, 2**41, -(2**40)])
def test_an_instant_comes_back_or_is_left_to_the_careful_way(instant: int) -> None:
    time = {"type": "long", "logicalType": "timestamp-millis"}
    node = {"fields": [{"name": "at", "type": time}, {"name": "behind", "type": {"type": "string"}}]}
    written = write_long(instant) + write_text("behind")
    try:
        assert record_reader(node, Moment)(written, 0) == Moment(instant, "behind")
    except NOT_USUAL:
        assert not 2**34 <= instant < 2**41
    assert record_writer(node, Moment, b"")(Moment(instant, "behind")) == written


def test_fields_that_are_looked_up_together_are_kept_within_bounds() -> None:
    node = {
        "fields": [
            {"name": "rule", "type": {"type": "string"}},
            {"name": "policy_version", "type": {"type": "string"}},
        ]
    }
    write = record_writer(node, Decision, b"")
    for number in range(5_000):
        assert write(Decision(str(number), "v1")) == write_text(str(number)) + write_text("v1")
    kept_by_writer = cast("Any", write).__globals__.values()
    (together,) = (kept for kept in kept_by_writer if isinstance(kept, _SideBySide))
    assert len(together) <= 4096

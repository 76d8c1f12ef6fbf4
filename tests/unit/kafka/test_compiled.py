"""The compilers refuse what they have no lines for, and leave what is unusual to the careful way."""

import msgspec
import pytest

from streams.domain.events import Preferences, Resolution
from streams.domain.mapping import event_from_mapping
from streams.domain.vocabulary import Purpose, Topic
from streams.kafka.codec import Codec
from streams.kafka.compiled_reader import NOT_USUAL, record_reader
from streams.kafka.compiled_writer import record_writer


class Weight(msgspec.Struct):
    grams: float


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

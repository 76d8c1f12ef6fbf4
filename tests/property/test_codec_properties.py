"""What is written is what is read; what is damaged is refused; the short way agrees with the long one."""

import io
from typing import Any, get_args

import fastavro
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.events import Event
from streams.domain.mapping import event_from_mapping, to_mapping
from streams.domain.records import Decision, EscalationTask
from streams.domain.vocabulary import INPUT_TOPICS, Purpose, Topic
from streams.errors import BadRecord
from streams.kafka.codec import OUTPUT_ON, SCHEMA_ON, Codec, OutputRecord
from streams.kafka.framing import HEADER_SIZE
from streams.kafka.schemas import SchemaSet, schema_directory
from tests.strategies import events, values

CODEC = Codec.local()
SCHEMAS = SchemaSet.load(schema_directory())
SOME = settings(max_examples=60, deadline=None)


def outputs() -> st.SearchStrategy[tuple[Topic, OutputRecord]]:
    return st.sampled_from(list(OUTPUT_ON)).flatmap(
        lambda topic: st.tuples(st.just(topic), values(OUTPUT_ON[topic]))
    )


def as_contract_has_it(record: OutputRecord) -> OutputRecord:
    """The contract has no null purpose: none is written as UNKNOWN."""
    if isinstance(record, Decision | EscalationTask) and record.purpose is None:
        return msgspec.structs.replace(record, purpose=Purpose.UNKNOWN)
    return record


def fastavro_bytes(topic: Topic, mapping: dict[str, Any]) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, SCHEMAS.heads[SCHEMA_ON[topic]].parsed, mapping)
    return body.getvalue()


@SOME
@given(events())
def test_an_event_comes_back_as_it_was_written(event: Event) -> None:
    key = event.envelope.patient_id.encode()
    assert CODEC.decode(event.topic, key, CODEC.encode_event(event)) == event


@SOME
@given(events())
def test_a_mapping_of_an_event_gives_it_back(event: Event) -> None:
    assert event_from_mapping(event.topic, to_mapping(event), strict=False) == event
    assert event_from_mapping(event.topic, to_mapping(event)) == event


@SOME
@given(events())
def test_events_are_written_byte_for_byte_as_fastavro_writes_them(event: Event) -> None:
    assert CODEC.encode_event(event)[HEADER_SIZE:] == fastavro_bytes(event.topic, to_mapping(event))


@SOME
@given(outputs())
def test_an_output_comes_back_as_it_was_written(output: tuple[Topic, OutputRecord]) -> None:
    topic, record = output
    assert CODEC.decode_output(topic, CODEC.encode(record)) == as_contract_has_it(record)


@SOME
@given(outputs())
def test_outputs_are_written_byte_for_byte_as_fastavro_writes_them(
    output: tuple[Topic, OutputRecord],
) -> None:
    topic, record = output
    plain = msgspec.to_builtins(as_contract_has_it(record))
    assert CODEC.encode(record)[HEADER_SIZE:] == fastavro_bytes(topic, plain)


@SOME
@given(st.sampled_from(INPUT_TOPICS), st.none() | st.binary(max_size=12), st.none() | st.binary(max_size=300))
def test_random_bytes_are_refused_as_bad_records(
    topic: Topic, key: bytes | None, value: bytes | None
) -> None:
    with pytest.raises(BadRecord):
        CODEC.decode(topic, key, value)


@SOME
@given(st.sampled_from(INPUT_TOPICS), st.binary(max_size=300))
def test_random_bodies_under_the_right_schema_set_off_nothing_else(topic: Topic, body: bytes) -> None:
    number = SCHEMAS.id_of_head(SCHEMA_ON[topic])
    read_or_refused(topic, b"P1", b"\0" + number.to_bytes(4, "big") + body)


@SOME
@given(events(), st.data())
def test_damaged_values_are_read_alike_both_ways_or_refused(event: Event, data: st.DataObject) -> None:
    value = bytearray(CODEC.encode_event(event))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(HEADER_SIZE, len(value) - 1))
        value[place] = data.draw(st.integers(0, 255))
    damaged = bytes(value[: data.draw(st.integers(HEADER_SIZE, len(value)))])
    straight = read_or_refused(event.topic, event.envelope.patient_id.encode(), damaged)
    if isinstance(straight, Event):
        assert CODEC._event_carefully(event.topic, damaged) == straight


def read_or_refused(topic: Topic, key: bytes, value: bytes) -> Event | None:
    try:
        return CODEC.decode(topic, key, value)
    except BadRecord:
        return None


def test_every_output_type_has_its_topic() -> None:
    assert set(OUTPUT_ON.values()) == set(get_args(OutputRecord))

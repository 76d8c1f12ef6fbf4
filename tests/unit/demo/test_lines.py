"""Events as JSON lines: what is written is read back, and what is wrong is named by line and field."""

import json
from pathlib import Path

import pytest

from streams.demo.day import DayPlan, generate
from streams.demo.lines import bytes_of, write_day
from streams.domain.vocabulary import Topic
from streams.feed.lines import BadLine, Line, read_lines, topic_of_file
from streams.kafka.codec import Codec

BOOKING = {
    "event_id": "e1", "patient_id": "P1", "version": 1, "occurred_at": "2026-10-12T09:00:00+01:00", "source": "test",
    "appointment_id": "A1", "status": "BOOKED", "starts_at": "2026-10-20T09:00:00+01:00",
}  # fmt: skip


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec.local()


def read_one(text: str, codec: Codec, topic: Topic | None = None) -> Line | BadLine:
    return next(read_lines([text], "day.jsonl", topic, codec))


def test_a_written_day_is_read_back_byte_for_byte(tmp_path: Path, codec: Codec) -> None:
    day = generate(DayPlan(60, 250))
    for path, records in zip(write_day(day, tmp_path / "out", codec), (day.before, day.during), strict=True):
        with path.open(encoding="utf-8") as file:
            lines = list(read_lines(file, path.name, None, codec))
        assert lines == [Line(one.topic, one.key, bytes_of(one, codec)) for one in records]


def test_two_runs_write_the_same_files(tmp_path: Path, codec: Codec) -> None:
    first = write_day(generate(DayPlan(60, 100)), tmp_path / "a", codec)
    second = write_day(generate(DayPlan(60, 100)), tmp_path / "b", codec)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_the_topic_comes_from_the_line_the_option_or_the_file(codec: Codec) -> None:
    assert topic_of_file("exports/appointments.jsonl") is Topic.APPOINTMENTS
    assert topic_of_file("day.jsonl") is None
    for text, topic in (
        (json.dumps(BOOKING), Topic.APPOINTMENTS),
        (json.dumps(BOOKING | {"topic": "appointments"}), None),
    ):
        line = read_one(text, codec, topic)
        assert isinstance(line, Line)
        assert (line.topic, line.key) == (Topic.APPOINTMENTS, b"P1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "day.jsonl:1: is not JSON"),
        ("[1]", "day.jsonl:1: is not an object"),
        (json.dumps(BOOKING), "day.jsonl:1: topic: is missing"),
        (
            json.dumps(BOOKING | {"topic": "decisions"}),
            "day.jsonl:1: topic: is not a topic that events are fed to",
        ),
        (
            json.dumps(BOOKING | {"topic": "appointments", "starts_at": "soon"}),
            "day.jsonl:1: starts_at: expected",
        ),
        (json.dumps(BOOKING | {"topic": "appointments", "start": 1}), "day.jsonl:1: start: no such field"),
        (json.dumps(BOOKING | {"topic": "results"}), "day.jsonl:1: "),
        ('{"topic": "results", "key": "P1", "value_hex": "zz"}', "day.jsonl:1: value_hex: expected bytes"),
        ('{"topic": "results", "key": 1, "value_hex": "00"}', "day.jsonl:1: key: expected text"),
        (
            '{"topic": "results", "value_hex": "00", "version": 1}',
            "day.jsonl:1: value_hex: a line of raw bytes",
        ),
    ],
)
def test_a_wrong_line_is_named_with_its_field(text: str, says: str, codec: Codec) -> None:
    bad = read_one(text, codec)
    assert isinstance(bad, BadLine)
    assert str(bad).startswith(says)


def test_wrong_lines_do_not_quote_what_they_hold(codec: Codec) -> None:
    bad = read_one(json.dumps(BOOKING | {"topic": "appointments", "born": 19800101, "family_name": 7}), codec)
    assert isinstance(bad, BadLine)
    assert "1980" not in str(bad)


def test_blank_lines_are_passed_over_and_lines_are_counted(codec: Codec) -> None:
    lines = list(read_lines(["\n", "{\n", "", "null\n"], "x", None, codec))
    assert [str(line).split(" ")[0] for line in lines] == ["x:2:", "x:4:"]


def test_raw_bytes_may_be_null(codec: Codec) -> None:
    line = read_one('{"topic": "objections", "key": "P1", "value_hex": null}', codec)
    assert line == Line(Topic.OBJECTIONS, b"P1", None)

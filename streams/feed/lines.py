"""Events as JSON lines: one event a line in the contract's form, or raw bytes for what is wrong on purpose.

    {"topic": "appointments", "event_id": "e1", "patient_id": "P1", "version": 1, ...}
    {"topic": "objections", "key": "P1", "value_hex": null}

``topic`` may be left out when the file is named after it (``appointments.jsonl``) or the command says it.
``at``, the moment of the day in the generated files, is for people to read; feeding takes no notice of it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec

from streams.domain.mapping import event_from_mapping
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.errors import BadUsage, Undecodable
from streams.kafka.codec import Codec

_OURS: Final = ("topic", "at")  # fields of a line that are not fields of its event
_RAW: Final = {"key", "value_hex"}


class Line(msgspec.Struct, frozen=True):
    """One record ready to be produced."""

    topic: Topic
    key: bytes | None
    value: bytes | None


class BadLine(BadUsage):
    """A line that is no event. Says which line, which field, and what was expected there."""


def topic_of_file(path: str) -> Topic | None:
    """The topic a file is named after, if it is named after one."""
    stem = Path(path).stem
    return Topic(stem) if stem in tuple(INPUT_TOPICS) else None


def read_lines(
    file: TextIO | Iterable[str], name: str, topic: Topic | None, codec: Codec
) -> Iterator[Line | BadLine]:
    """Read events, and say of each line that is none why not; blank lines are passed over."""
    for number, text in enumerate(file, 1):
        line = read_line(text, f"{name}:{number}", topic, codec)
        if line is not None:
            yield line


def read_line(text: str, place: str, topic: Topic | None, codec: Codec) -> Line | BadLine | None:
    """The event of a line, or why it is none; None for a blank one. ``place`` is where it stands, for people."""
    if not text.strip():
        return None
    try:
        return _read(text, place, topic, codec)
    except BadLine as bad:
        return bad


def _read(text: str, place: str, topic: Topic | None, codec: Codec) -> Line:
    try:
        mapping = json.loads(text)
    except ValueError as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise BadLine(f"{place}: is not JSON ({what}); one event a line, no line breaks inside") from None
    if not isinstance(mapping, dict):
        raise BadLine(f"{place}: is not an object with the fields of an event")
    topic = _topic(mapping, place, topic)
    fields = {name: value for name, value in mapping.items() if name not in _OURS}
    if "value_hex" in fields:
        return _raw(fields, place, topic)
    try:
        event = event_from_mapping(topic, fields)
        return Line(topic, event.envelope.patient_id.encode(), codec.encode_event(event))
    except Undecodable as bad:
        raise BadLine(f"{place}: {bad.error.removeprefix('$.')} (topic {topic})") from None


def _topic(mapping: Mapping[str, Any], place: str, topic: Topic | None) -> Topic:
    named = mapping.get("topic", topic)
    if named in tuple(INPUT_TOPICS):
        return Topic(str(named))
    allowed = ", ".join(INPUT_TOPICS)
    if named is None:
        raise BadLine(
            f"{place}: topic: is missing; name it here, with --topic, or by the file's name ({allowed})"
        )
    raise BadLine(f"{place}: topic: is not a topic that events are fed to; allowed: {allowed}")


def _raw(fields: Mapping[str, Any], place: str, topic: Topic) -> Line:
    if fields.keys() - _RAW:
        raise BadLine(f"{place}: value_hex: a line of raw bytes has key and value_hex, and nothing else")
    key, value = fields.get("key"), fields["value_hex"]
    if not isinstance(key, str | None):
        raise BadLine(f"{place}: key: expected text or null")
    try:
        return Line(
            topic, None if key is None else key.encode(), None if value is None else bytes.fromhex(value)
        )
    except (TypeError, ValueError):
        raise BadLine(f"{place}: value_hex: expected bytes in hexadecimal, or null") from None

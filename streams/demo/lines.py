"""The generated day as JSON lines, in the form that ``heed feed`` reads (``streams.feed.lines``)."""

import json
from pathlib import Path
from typing import Any

from streams.demo.day import Day
from streams.demo.hours import to_london
from streams.demo.scene import TimedRecord
from streams.domain.events import Event
from streams.domain.mapping import to_mapping
from streams.kafka.codec import Codec


def bytes_of(record: TimedRecord, codec: Codec) -> bytes | None:
    """A record's value as it is produced."""
    return codec.encode_event(record.value) if isinstance(record.value, Event) else record.value


def write_day(day: Day, directory: Path, codec: Codec) -> tuple[Path, Path]:
    """Write ``before.jsonl`` (what was on file and booked) and ``day.jsonl``; returns both paths.

    Raises OSError when the directory cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = directory / "before.jsonl", directory / "day.jsonl"
    for path, records in zip(files, (day.before, day.during), strict=True):
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{_written(record, codec)}\n" for record in records)
    return files


def _written(record: TimedRecord, codec: Codec) -> str:
    line: dict[str, Any] = {"topic": record.topic.value, "at": to_london(record.at).isoformat()}
    if isinstance(record.value, Event) and not record.malformed:
        line |= to_mapping(record.value)
    else:
        value = bytes_of(record, codec)
        line["key"] = None if record.key is None else record.key.decode()
        line["value_hex"] = None if value is None else value.hex()
    return json.dumps(line, ensure_ascii=False)

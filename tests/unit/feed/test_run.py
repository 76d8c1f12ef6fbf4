"""Everything that is right is produced, once and in order, however many lines there are."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import pytest

from streams.domain.vocabulary import Topic
from streams.feed import run
from streams.feed.lines import Line
from streams.feed.run import Sources, feed
from streams.kafka import topics
from streams.kafka.codec import Codec
from streams.settings import load
from tests.unit.demo.test_lines import BOOKING


class Feeder:
    """What would be produced."""

    def __init__(self, *_: object) -> None:
        FED.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def feed(self, lines: Iterable[Line]) -> None:
        FED.extend(line.key for line in lines)

    @property
    def fed(self) -> int:
        return len(FED)


FED: list[bytes | None] = []


@pytest.fixture
def produced(monkeypatch: pytest.MonkeyPatch) -> list[bytes | None]:
    async def nothing(*_: object) -> None:
        pass

    async def codec(*_: object) -> Codec:
        return Codec.local()

    monkeypatch.setattr(run, "check_reachable", nothing)
    monkeypatch.setattr(topics, "check", nothing)
    monkeypatch.setattr(run, "codec_for", codec)
    monkeypatch.setattr(run, "Feeder", Feeder)
    return FED


@pytest.mark.parametrize("lines", [1, 499, 500, 501, 1_000, 1_001])
async def test_each_line_is_produced_once(produced: list[bytes | None], tmp_path: Path, lines: int) -> None:
    file = tmp_path / "appointments.jsonl"
    file.write_text("".join(json.dumps(BOOKING | {"patient_id": f"P{n}"}) + "\n" for n in range(lines)))
    sources = Sources((str(file),), None, None, 0.0, keep_going=True)
    environ: Any = {"HEED_BOOTSTRAP_SERVERS": "nowhere:9092"}
    fed = await feed(sources, load(environ=environ))
    assert produced == [b"P%d" % n for n in range(lines)]
    assert fed.by_topic == {Topic.APPOINTMENTS: lines}

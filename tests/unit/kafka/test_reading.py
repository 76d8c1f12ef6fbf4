"""Whoever reads topics for a person knows the schemas that a worker asked the registry for."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from streams.domain.vocabulary import Topic
from streams.errors import RefuseToStart, RegistryUnreachable, UnknownSchema
from streams.kafka import reading
from streams.kafka.codec import Codec
from streams.kafka.framing import frame_header
from streams.kafka.reading import Stored, read_and_learn
from streams.kafka.schemas import SchemaSet, schema_directory
from tests.unit.kafka.test_codec import KEY, RECEIPT, VALUE

SCHEMAS = SchemaSet.load(schema_directory())
THEIRS = frame_header(77) + VALUE[5:]


class Registry:
    def __init__(self) -> None:
        self.asked: list[int] = []
        self.away = False
        self.knows = True

    async def schema(self, schema_id: int) -> Any:
        self.asked.append(schema_id)
        if self.away:
            raise RegistryUnreachable("no answer")
        if not self.knows:
            return None
        return SCHEMAS.heads["ReceiptEvent"]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    async def read_to_end(*_: object, **__: object) -> AsyncIterator[Stored]:
        yield Stored("receipts", 0, 0, 0, KEY, THEIRS, {})
        yield Stored("receipts", 0, 1, 0, KEY, THEIRS, {})
        yield Stored("receipts", 0, 2, 0, KEY, None, {})
        yield Stored("receipts", 0, 3, 0, KEY, b"rubbish", {})
        yield Stored("patient-table", 0, 0, 0, KEY, frame_header(99) + b"no Avro", {})

    monkeypatch.setattr(reading, "read_to_end", read_to_end)
    return Registry()


async def test_each_schema_is_asked_for_once_and_only_on_topics_of_framed_values(registry: Registry) -> None:
    codec = Codec(SCHEMAS, {name: SCHEMAS.id_of_head(name) for name in SCHEMAS.heads}, {}, registry)
    with pytest.raises(UnknownSchema):
        codec.decode(Topic.RECEIPTS, KEY, THEIRS)
    found = [one async for one in read_and_learn({}, codec, ["receipts"], ["patient-table"], partition=0)]
    assert len(found) == 5
    assert registry.asked == [77]
    assert codec.decode(Topic.RECEIPTS, KEY, THEIRS) == RECEIPT


async def test_with_the_registry_away_it_cannot_be_told(registry: Registry) -> None:
    registry.away = True
    codec = Codec(SCHEMAS, {name: SCHEMAS.id_of_head(name) for name in SCHEMAS.heads}, {}, registry)
    with pytest.raises(RefuseToStart, match="only the registry knows"):
        async for _ in read_and_learn({}, codec, ["receipts"], partition=0):
            pass


async def test_what_the_registry_does_not_know_is_asked_for_once_and_again_after_a_while(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.knows = False
    codec = Codec(SCHEMAS, {name: SCHEMAS.id_of_head(name) for name in SCHEMAS.heads}, {}, registry)
    for _ in range(3):
        await codec.learn_named(THEIRS)
    assert registry.asked == [77]
    monkeypatch.setattr("streams.kafka.unknown_schemas.time", SimpleNamespace(monotonic=lambda: 1e12))
    await codec.learn_named(THEIRS)
    registry.knows = True
    monkeypatch.setattr("streams.kafka.unknown_schemas.time", SimpleNamespace(monotonic=lambda: 2e12))
    await codec.learn_named(THEIRS)
    assert registry.asked == [77, 77, 77]
    assert codec.names_nothing_new(THEIRS)

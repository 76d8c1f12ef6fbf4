"""What the recorder does with records whose schema only the registry knows."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streams.domain.events import Envelope, Event, Objection
from streams.domain.vocabulary import Channel, ObjectionAction, Scope, Topic
from streams.errors import RegistryUnreachable
from streams.kafka.codec import Codec
from streams.kafka.framing import frame_header
from streams.kafka.schemas import SchemaSet, schema_directory
from streams.ops.metrics import value
from streams.recorder import writing
from streams.recorder.run import STALLED_S, Recorder
from streams.recorder.writing import Parts, RecordPartition

NOW = 1_796_119_200_000
SCHEMAS = SchemaSet.load(schema_directory())


class Registry:
    """Knows the newest schema of objections under 77; does not answer while ``away``."""

    away = False

    async def schema(self, schema_id: int) -> Any:
        if self.away:
            raise RegistryUnreachable("no answer")
        return SCHEMAS.heads["ObjectionEvent"] if schema_id == 77 else None


class Producer:
    def __init__(self, *_: object) -> None:
        self.written: list[bytes] = []
        self.offsets: dict[tuple[str, int], int] = {}

    def outbox(self) -> Any:
        return SimpleNamespace(add_to=lambda _target, _key, value, _headers: self.written.append(value))

    async def commit(self, _outbox: object, offsets: dict[tuple[str, int], int]) -> None:
        self.offsets = offsets


class Desk:
    """One partition of the record, without a broker."""

    def __init__(self) -> None:
        self.registry = Registry()
        codec = Codec(
            SCHEMAS, {name: number for number, name in enumerate(SCHEMAS.heads, 1)}, {}, self.registry
        )
        heart = SimpleNamespace(came_through=lambda *_: None)
        parts = SimpleNamespace(
            connect={}, settings=SimpleNamespace(recorder_group="r"), codec=codec, heart=heart,
            clock=SimpleNamespace(now=lambda: NOW), name=str, topic=Topic,
        )  # fmt: skip
        self.parts = cast(Parts, parts)
        self.partition = RecordPartition(self.parts, 0)
        self.partition.next = dict.fromkeys(writing.READ, 0)
        self.codec = codec

    @property
    def producer(self) -> Any:
        return self.partition._producer

    async def objection(self, schema_id: int) -> None:
        body = Objection("O1", ObjectionAction.RECORDED, Scope.METHOD, channels=(Channel.SMS,))
        event = Event(Topic.OBJECTIONS, Envelope("o1", "P1", 1, NOW, "test"), body)
        data = frame_header(schema_id) + self.codec.encode_event(event)[5:]
        record: Any = SimpleNamespace(offset=0, timestamp=NOW, key=b"P1", value=data, headers=[])
        await self.partition.write({"objections": [record]})


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(writing, "ShardProducer", Producer)
    monkeypatch.setattr(writing, "REGISTRY_RETRY_S", 0.01)
    return Desk()


async def test_an_objection_under_a_producers_own_schema_id_has_its_entry(desk: Desk) -> None:
    await desk.objection(77)
    assert len(desk.producer.written) == 1
    assert desk.producer.offsets == {("objections", 0): 1}


async def test_while_the_registry_is_away_it_waits_commits_nothing_and_is_not_ready(desk: Desk) -> None:
    recorder = Recorder(desk.parts)
    recorder.partitions[0] = desk.partition
    recorder.assigned, recorder.lag = True, 1
    recorder.progress -= 2 * STALLED_S
    desk.registry.away = True
    writing_ = asyncio.create_task(desk.objection(77))
    await asyncio.sleep(0.05)
    assert recorder.ready() == ["the schema registry does not answer"]
    assert recorder.alive() == [], "a new start brings no registry back"
    assert desk.producer.offsets == {}
    desk.registry.away = False
    await writing_
    assert recorder.ready() == []
    assert recorder.alive() != []
    assert len(desk.producer.written) == 1


async def test_an_id_that_the_registry_does_not_know_stays_unread_and_is_counted(desk: Desk) -> None:
    before = value("heed_record_unreadable_total")
    await desk.objection(78)
    assert desk.producer.written == []
    assert desk.producer.offsets == {("objections", 0): 1}
    assert value("heed_record_unreadable_total") == before + 1

"""What the recorder does with records whose schema only the registry knows."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
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
from streams.recorder.entries import fingerprint
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
            clock=SimpleNamespace(now=lambda: NOW), topic=str, named=Topic,
        )  # fmt: skip
        self.parts = cast(Parts, parts)
        self.partition = RecordPartition(self.parts, 0)
        self.partition.next = dict.fromkeys(writing.READ, 0)
        self.codec = codec

    @property
    def producer(self) -> Any:
        return self.partition._producer

    def record(self, schema_id: int, offset: int = 0) -> Any:
        body = Objection(f"O{offset}", ObjectionAction.RECORDED, Scope.METHOD, channels=(Channel.SMS,))
        event = Event(Topic.OBJECTIONS, Envelope(f"o{offset}", "P1", 1, NOW, "test"), body)
        data = frame_header(schema_id) + self.codec.encode_event(event)[5:]
        return SimpleNamespace(offset=offset, timestamp=NOW, key=b"P1", value=data, headers=[])

    async def objection(self, schema_id: int) -> None:
        found = {"objections": [self.record(schema_id)]}
        if self.partition.waits_for_schema(found):
            await self.partition.learn(found)
        await self.partition.write(found)

    def another(self, number: int) -> RecordPartition:
        partition = RecordPartition(self.parts, number)
        partition.next = dict.fromkeys(writing.READ, 0)
        return partition


class Fetching:
    """What a recorder reads: the records of each partition's objections, from where it was told to."""

    def __init__(self, records: dict[int, list[Any]]) -> None:
        self.records = records
        self.at = dict.fromkeys(records, 0)
        self.paused: set[int] = set()

    async def poll(self) -> dict[tuple[str, int], list[Any]]:
        await asyncio.sleep(0.005)
        found = {("objections", n): r[self.at[n] :] for n, r in self.records.items() if n not in self.paused}
        for _, number in found:
            self.at[number] = len(self.records[number])
        return {at: records for at, records in found.items() if records}

    def put_off(self, number: int, offsets: dict[tuple[str, int], int]) -> None:
        self.paused.add(number)
        self.at[number] = offsets.get(("objections", number), self.at[number])

    def go_on(self, number: int) -> None:
        self.paused.discard(number)


class Recording:
    """A recorder of two partitions; the first has an objection under an id that only the registry knows."""

    def __init__(self, desk: Desk) -> None:
        own = desk.codec.encode_event(_EVENT)
        plain: Any = SimpleNamespace(offset=0, timestamp=NOW, key=b"P2", value=own, headers=[])
        self.fetching = Fetching({0: [desk.record(77), desk.record(78, 1)], 1: [plain]})
        self.recorder = Recorder(desk.parts)
        self.recorder.partitions = {0: desk.partition, 1: desk.another(1)}
        self.recorder.assigned = True

    async def __aenter__(self) -> "Recording":
        member: Any = self.fetching
        self.running = asyncio.create_task(self.recorder.run(member))
        await asyncio.sleep(0.1)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.recorder.stopping = True
        async with asyncio.timeout(1):
            await self.running
            await self.recorder.quiesce()

    def written(self, number: int) -> int:
        producer: Any = self.recorder.partitions[number]._producer
        return len(producer.written)


_EVENT = Event(
    Topic.OBJECTIONS,
    Envelope("o9", "P2", 1, NOW, "test"),
    Objection("O9", ObjectionAction.RECORDED, Scope.METHOD, channels=(Channel.SMS,)),
)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(writing, "ShardProducer", Producer)
    monkeypatch.setattr(writing, "REGISTRY_RETRY_S", 0.01)
    return Desk()


def test_what_is_remembered_of_a_change_is_small_and_tells_changes_apart() -> None:
    def change(patient: str, objection: str, version: int) -> Event:
        body = Objection(objection, ObjectionAction.RECORDED, Scope.WHOLE_CARE)
        return Event(Topic.OBJECTIONS, Envelope("o", patient, version, NOW, "test"), body)

    changes = [
        ("P1", "O1", 1),
        ("P1", "O1", 11),
        ("P1", "O1/1", 1),
        ("P2", "O1", 1),
        ("P", "1O1", 1),
        ("P1/O", "1", 1),
        ("P1", "O/1", 1),
    ]
    marks = [fingerprint(change(*one)) for one in changes]
    assert len(set(marks)) == len(changes)
    assert max(marks) < 1 << 64
    assert fingerprint(change("P1", "O1", 1)) == marks[0]


async def test_an_objection_is_on_record_once_however_often_it_comes(desk: Desk) -> None:
    for offset in (0, 1):
        again = desk.record(77)
        again.offset = offset
        await desk.partition.learn({"objections": [again]})
        await desk.partition.write({"objections": [again]})
    assert len(desk.producer.written) == 1
    assert all(type(mark) is int for mark in desk.partition._seen)


async def test_an_objection_under_a_producers_own_schema_id_has_its_entry(desk: Desk) -> None:
    await desk.objection(77)
    assert len(desk.producer.written) == 1
    assert desk.producer.offsets == {("objections", 0): 1}


async def test_while_the_registry_is_away_its_partition_waits_commits_nothing_and_is_not_ready(
    desk: Desk,
) -> None:
    desk.registry.away = True
    async with Recording(desk) as recording:
        recorder = recording.recorder
        recorder.lag = 1
        recorder.progress -= 2 * STALLED_S
        assert recorder.ready() == ["the schema registry does not answer"]
        assert recorder.alive() == [], "a new start brings no registry back"
        assert desk.producer.offsets == {}
        assert recording.written(1) == 1, "no other partition waits for it"
        assert recording.fetching.at[0] == 0, "what waits counts as lag"
        desk.registry.away = False
        await asyncio.sleep(0.1)
        assert recorder.ready() == []
        assert recording.written(0) == 1, "each once, and not what the registry does not know either"
        assert desk.producer.offsets == {("objections", 0): 2}
        recorder.progress -= 2 * STALLED_S
        assert recorder.alive() != []


async def test_neither_a_rebalance_nor_a_stop_waits_for_the_registry(desk: Desk) -> None:
    desk.registry.away = True
    async with Recording(desk) as recording:
        async with asyncio.timeout(0.5):
            await recording.recorder.quiesce()
        assert recording.recorder.ready() == ["waiting for partitions"]
        await asyncio.sleep(0.05)
        assert not recording.recorder._learning, "nobody's partition any more"
        recording.recorder.assigned = True
        recording.fetching.paused.clear()  # as when partitions are opened
        await asyncio.sleep(0.05)
        assert recording.recorder.ready() == ["the schema registry does not answer"]
    assert desk.producer.offsets == {}


async def test_what_was_written_before_is_remembered_before_anything_is_written_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offsets were set back by hand: the second delivery finds its entry there."""
    before = [desk.record(77), desk.record(77, 1)]

    async def replay(
        _connect: object, _name: str, _partition: int, start: int, end: int
    ) -> AsyncGenerator[Any, None]:
        if start < end:
            yield before[start:end]

    monkeypatch.setattr(writing, "replay", replay)
    partition = desk.partition
    partition._remember_to = 2
    desk.registry.away = True
    await partition._remember(ask=False)
    assert partition.waits_for_schema({}), "it opens all the same, and is put off"
    learning = asyncio.create_task(partition.learn({}))
    await asyncio.sleep(0.05)
    assert partition.registry_away
    desk.registry.away = False
    await learning
    assert not partition.waits_for_schema({})
    await partition.write({"objections": before})
    assert desk.producer.written == []
    assert desk.producer.offsets == {("objections", 0): 2}


async def test_an_id_that_the_registry_does_not_know_stays_unread_and_is_counted(desk: Desk) -> None:
    before = value("heed_record_unreadable_total")
    await desk.objection(78)
    assert desk.producer.written == []
    assert desk.producer.offsets == {("objections", 0): 1}
    assert value("heed_record_unreadable_total") == before + 1


async def test_a_long_history_is_remembered_as_work_that_goes_on_and_holds_nothing_else_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new start would begin it anew, and be ended by the same probe."""
    old, more = [desk.record(77, offset) for offset in range(40)], asyncio.Event()

    async def replay(*_: object) -> AsyncGenerator[Any, None]:
        yield old[:20]
        await more.wait()
        yield old[20:]

    monkeypatch.setattr(writing, "replay", replay)
    monkeypatch.setattr(writing, "REMEMBERED_AT_ONCE", 10)
    desk.partition._remember_to = 40
    async with Recording(desk) as recording:
        recorder = recording.recorder
        recorder.lag = 1
        recorder.progress -= 2 * STALLED_S
        assert recorder.alive() == [], "it came further just now"
        assert recorder.ready() == ["partition 0: remembers old objections"]
        desk.partition.progress -= 2 * STALLED_S
        assert recorder.alive() != [], "reading hangs"
        more.set()
        await asyncio.sleep(0.05)
        assert recorder.ready() == []
        assert len(desk.partition._seen) == 40


async def test_others_have_their_turn_while_a_stretch_is_remembered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, turns = [desk.record(77, offset) for offset in range(40)], 0

    async def replay(*_: object) -> AsyncGenerator[Any, None]:
        yield old

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    monkeypatch.setattr(writing, "replay", replay)
    monkeypatch.setattr(writing, "REMEMBERED_AT_ONCE", 10)
    desk.partition._remember_to = 40
    beside = asyncio.create_task(other())
    await desk.partition.learn({})
    beside.cancel()
    assert turns >= 4


@pytest.mark.parametrize("away", [True, False])
async def test_a_cancellation_that_a_stopping_consumer_keeps_to_itself_ends_learning_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, away: bool
) -> None:
    """``Fetcher.close`` of aiokafka awaits its task and suppresses CancelledError, ours included."""
    closing = asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.02)

    async def replay(*_: object) -> AsyncGenerator[Any, None]:
        fetch = asyncio.create_task(slow_to_end())
        try:
            yield [desk.record(77)]
            await asyncio.sleep(0)
        finally:
            closing.set()
            fetch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await fetch

    monkeypatch.setattr(writing, "replay", replay)
    desk.partition._remember_to = 1
    async with Recording(desk) as recording:  # first it learns in peace
        recorder, fetching = recording.recorder, recording.fetching
        closing.clear()
        desk.partition._remembered, desk.partition._asked = 0, {}
        fetching.at[0] = 0
        await closing.wait()
        desk.registry.away = away
        fetching.records[0] = [desk.record(79)]
        [task] = recorder._learning.values()
        async with asyncio.timeout(1):
            await recorder.quiesce()
        assert task.done()
        assert task.cancelled() or task.exception() is None
        assert 0 in fetching.paused, "whoever opens it again goes on with it"

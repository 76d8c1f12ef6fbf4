"""What a worker answers to /livez and /readyz. No broker."""

import asyncio
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.errors import BrokerUnreachable, RegistryUnreachable, UnsafeTopic
from streams.kafka.batch import Stretch
from streams.kafka.codec import Codec
from streams.kafka.schemas import SchemaSet, schema_directory
from streams.worker import shard as shard_module
from streams.worker import watch as watch_module
from streams.worker.measuring import Measuring
from streams.worker.shard import Shard
from streams.worker.skew import Skew
from streams.worker.watch import STALLED_S, Watch
from tests.unit.worker.test_deciding import Deciding
from tests.unit.worker.test_shard import Committing
from tests.unit.worker.test_turn import Rec

SCHEMAS = SchemaSet.load(schema_directory())


class Registry:
    """Knows nothing; does not answer while ``away``."""

    away = True

    async def schema(self, schema_id: int) -> Any:
        if self.away:
            raise RegistryUnreachable("no answer")


class Worker:
    """One shard that flows, and whoever is asked how it does."""

    def __init__(self, folder: Path) -> None:
        self.registry = Registry()
        ids = {name: number for number, name in enumerate(SCHEMAS.heads, 1)}
        codec = Codec(SCHEMAS, ids, {}, self.registry)
        parts = msgspec.structs.replace(Deciding(folder).parts, codec=codec)
        producer: Any = Committing()
        barrier: Any = None
        self.shard = Shard(parts, producer, barrier, lambda *_: None, Skew())
        self.shard.flow(dict.fromkeys(INPUT_TOPICS, 0))
        measuring: Any = SimpleNamespace(behind={}, reach=SimpleNamespace(reasons=list), fails_closed=False)
        settings: Any = None
        self.watch = Watch(settings, parts, measuring)
        settled = asyncio.Event()
        settled.set()
        self.host: Any = SimpleNamespace(
            shards={0: self.shard},
            assigned_partitions=frozenset({0}),
            settled=settled,
            behind=set(),
            skew=Skew(),
        )

    def alive(self) -> list[str]:
        return list(self.watch.alive(self.host))

    def ready(self) -> list[str]:
        return list(self.watch.ready(self.host))

    async def measured(self, behind: int) -> None:
        """The broker has so many objections that this shard has not applied."""
        names = self.watch._parts.names

        async def ends(asked: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
            reached = self.shard.next_offsets
            more = {Topic.OBJECTIONS: behind}
            return {at: reached[names.named(at[0])] + more.get(names.named(at[0]), 0) for at in asked}

        kafka: Any = SimpleNamespace(offsets=SimpleNamespace(ends=ends))
        barrier: Any = None
        measuring: Any = Measuring(self.watch._parts, kafka, barrier, "heed-recorder")
        measuring._look_at_recorder = _nothing
        self.watch._measuring = measuring
        await measuring._look_at_ends(self.host)

    def time_passes(self) -> None:
        self.shard.progress -= STALLED_S + 1

    def arrives(self) -> None:
        value = b"\0" + struct.pack(">I", 4711) + b"x"
        self.shard.receive(Topic.OBJECTIONS, Stretch(0, 1, [Rec(0, b"P1", value)], 0.0, 6))


async def _nothing(*_: object) -> None:
    pass


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setattr(shard_module, "REGISTRY_RETRY_S", 0.01)
    return Worker(tmp_path)


async def test_a_worker_that_waits_for_the_registry_is_alive_and_says_for_what(worker: Worker) -> None:
    """A new start needs the same registry, and whoever has the partition next meets the same record."""
    worker.arrives()
    turn = asyncio.create_task(worker.shard._turn())
    await asyncio.sleep(0.05)
    worker.time_passes()
    assert worker.alive() == []
    assert worker.ready() == ["partition 0: waits for a schema; the schema registry does not answer"]
    worker.registry.away = False
    await turn
    assert worker.ready() == []
    assert worker.alive() == [], "it was answered just now"
    worker.time_passes()
    assert worker.alive() == ["partition 0 has lag and made no progress for 60 s"], "what else may hold it up"
    await worker.shard._turn()
    assert worker.shard.next_offsets[Topic.OBJECTIONS] == 1
    assert worker.alive() == []


async def test_a_rebalance_ends_the_wait(worker: Worker) -> None:
    worker.arrives()
    turn = asyncio.create_task(worker.shard._turn())
    await asyncio.sleep(0.05)
    await worker.shard.quiesce()
    await turn
    assert not worker.shard.registry_away


async def test_what_comes_after_a_quiet_hour_has_not_stalled(worker: Worker) -> None:
    worker.registry.away = False
    worker.time_passes()
    await worker.measured(behind=0)
    worker.arrives()
    assert worker.alive() == []
    worker.time_passes()
    await worker.measured(behind=0)
    assert worker.alive() != [], "in hand for long"


async def test_what_lies_on_the_broker_and_is_not_fetched_is_a_stall(worker: Worker) -> None:
    await worker.measured(behind=1)
    assert worker.alive() == []
    worker.time_passes()
    await worker.measured(behind=1)
    assert worker.alive() == ["partition 0 has lag and made no progress for 60 s"]


async def test_a_partition_in_a_rebalance_has_not_stalled(worker: Worker) -> None:
    worker.arrives()
    worker.time_passes()
    assert worker.alive() == ["partition 0 has lag and made no progress for 60 s"]
    await worker.shard.quiesce()
    assert worker.alive() == []


class Looks:
    """What one look at the topics after the other finds; from then on that all is well."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *found: Exception) -> None:
        self._found = iter(found)
        self.stopped = 0
        self.done = asyncio.Event()
        monkeypatch.setattr(watch_module, "TOPICS_EVERY_S", 0.0)
        monkeypatch.setattr(watch_module, "topics", SimpleNamespace(check=self.check))
        nothing: Any = None
        parts: Any = SimpleNamespace(names=SimpleNamespace(partitions=4))
        self.watch = Watch(nothing, parts, nothing)

    async def check(self, _settings: object) -> Any:
        error = next(self._found, None)
        if error is not None:
            raise error
        self.done.set()
        return SimpleNamespace(partitions=4)

    async def look(self) -> None:
        host: Any = SimpleNamespace(stop_deciding=self._stop)
        looking = asyncio.create_task(self.watch.keep_checking_topics(host))
        async with asyncio.timeout(1):
            await self.done.wait()
        looking.cancel()

    def _stop(self) -> None:
        self.stopped += 1


async def test_two_odd_answers_with_an_outage_between_them_stop_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = UnsafeTopic("topic objections not found")
    looks = Looks(monkeypatch, odd, *[BrokerUnreachable("away")] * 3, odd)
    await looks.look()
    assert looks.stopped == 0
    looks = Looks(monkeypatch, odd, odd)
    await looks.look()
    assert looks.stopped == 1


async def test_looks_in_vain_are_told_once_and_say_not_ready_until_there_is_an_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = [BrokerUnreachable("allow DescribeConfigs on it")]
    measuring: Any = SimpleNamespace(reach=SimpleNamespace(reasons=list), fails_closed=False)
    seen: list[list[str]] = []
    host: Any = SimpleNamespace(
        assigned_partitions=frozenset(), settled=SimpleNamespace(is_set=lambda: True), shards={}, behind=set(),
        skew=Skew(), stop_deciding=lambda: None,
    )  # fmt: skip

    async def look(times: int) -> Watch:
        looks = Looks(monkeypatch, *(away * times))
        looks.watch._measuring = measuring
        looks.watch._parts = SimpleNamespace(  # type: ignore[assignment]
            names=SimpleNamespace(partitions=4), policy=SimpleNamespace(skew_tolerance=1_000)
        )
        check = looks.check

        async def remember(settings: object) -> Any:
            seen.append(list(looks.watch.ready(host)))
            return await check(settings)

        monkeypatch.setattr(watch_module, "topics", SimpleNamespace(check=remember))
        await looks.look()
        return looks.watch

    watch = await look(5)
    assert not any(seen)
    watch = await look(8)
    told = "whether the topics are as they must be cannot be told: allow DescribeConfigs on it"
    assert [told] in seen
    assert watch.ready(host) == []
    assert [one.msg for one in caplog.records].count("topics_not_checked") == 1

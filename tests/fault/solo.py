"""A worker inside the test, on the real broker: its real shards, without a group, so that a crash costs no time-out.

What Faust does for a worker, ``Reader`` does here: it reads every input topic and hands on stretches. A
crash leaves the transaction in hand open, as a killed process would.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.domain.time import Instant, Millis
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.kafka.batch import Stretch
from streams.settings import Settings
from streams.worker.bootstrap import build_kafka, build_parts
from streams.worker.host import Host
from streams.worker.measuring import Measuring
from streams.worker.parts import Engine
from streams.worker.watch import Watch

_DRAIN_S: Final = 30.0


class Hand:
    """A clock that is set by hand."""

    def __init__(self, now: Instant) -> None:
        self.at = now

    def now(self) -> Instant:
        return self.at

    def real_seconds(self, duration: Millis) -> float:
        return 0.02


class Reader:
    """Reads for a host. ``slow``: topics that are fetched so many seconds later than the others."""

    def __init__(self, connect: Mapping[str, Any], host: Host, slow: Mapping[str, float]) -> None:
        self._connect = connect
        self._host = host
        self._slow = slow
        self.handed_on = 0  # records
        self._tasks: list[asyncio.Task[None]] = []

    async def start_at(self, offsets: Mapping[tuple[str, int], int]) -> bool:
        for delay in {self._slow.get(name, 0.0) for name, _ in offsets}:
            part = {
                place: offset for place, offset in offsets.items() if self._slow.get(place[0], 0.0) == delay
            }
            self._tasks.append(asyncio.create_task(self._read(part, delay)))
        return True

    async def _read(self, offsets: Mapping[tuple[str, int], int], delay: float) -> None:
        await asyncio.sleep(delay)
        consumer = AIOKafkaConsumer(
            isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=50, **self._connect
        )
        try:
            await consumer.start()
            reached = {TopicPartition(*place): offset for place, offset in offsets.items()}
            consumer.assign(list(reached))
            for place, offset in reached.items():
                consumer.seek(place, offset)
            while True:
                fetched = await consumer.getmany(timeout_ms=50)
                for place, start in reached.items():
                    end = await consumer.position(place)
                    if end != start:
                        records = fetched.get(place, [])
                        size = sum(len(record.value or b"") for record in records)
                        stretch = Stretch(start, end, records, time.monotonic(), size)
                        self._host.receive(place.topic, place.partition, stretch)
                        self.handed_on += len(records)
                        reached[place] = end
        finally:
            await consumer.stop()

    def pause(self, partitions: Iterable[tuple[str, int]]) -> None:
        """Nothing here is large enough to need it."""

    def resume(self, partitions: Iterable[tuple[str, int]]) -> None:
        """See ``pause``."""

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Solo:
    """The only worker, owning every partition."""

    def __init__(
        self,
        settings: Settings,
        clock: Hand,
        *,
        engine: Engine | None = None,
        slow: Mapping[Topic, float] | None = None,
        report: bool = False,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._engine = engine
        self._slow = {settings.topic(topic): delay for topic, delay in (slow or {}).items()}
        self._report = report
        self._names = [settings.topic(topic) for topic in INPUT_TOPICS]

    async def start(self) -> "Solo":
        await self.begin()
        await asyncio.wait_for(self.host.settled.wait(), 20)
        return self

    async def begin(self) -> "Solo":
        """Take the partitions, without waiting until they are restored."""
        parts = msgspec.structs.replace(await build_parts(self._settings), clock=self._clock)
        if self._engine is not None:
            parts = msgspec.structs.replace(parts, engine=self._engine)
        self._kafka, barrier = await build_kafka(self._settings)
        measuring = Measuring(parts, self._kafka, barrier, self._settings.recorder_group)
        self.watch = Watch(self._settings, parts, measuring)
        self._answering = asyncio.create_task(barrier.run())
        self.host = Host(parts, self._kafka, barrier, self.watch.turn if self._report else lambda *_: None)
        self._reader = Reader(self._kafka.connect, self.host, self._slow)
        self.host.consumer = self._reader  # type: ignore[assignment]
        partitions = range(self._settings.partitions)
        self.host.assigned(frozenset((name, p) for name in self._names for p in partitions))
        return self

    async def drain(self) -> None:
        """Return when every input has been applied, what follows is committed, and nothing is due."""
        places = [(name, p) for name in self._names for p in range(self._settings.partitions)]
        end = time.monotonic() + _DRAIN_S
        while True:
            ends = await self._kafka.offsets.ends(places)
            shards = self.host.shards
            if all(
                shards[p].next_offsets[topic] >= ends[self._settings.topic(topic), p]
                for p in shards
                for topic in INPUT_TOPICS
            ) and not any(shard.intake.timers.overdue(self._clock.at) for shard in shards.values()):
                await asyncio.gather(*(shard._between_turns.wait() for shard in shards.values()))
                return
            assert time.monotonic() < end, "not everything was taken"
            await asyncio.sleep(0.05)

    async def until_given(self, records: int) -> None:
        """Return when so many more records have been handed to the worker, whatever it makes of them."""
        enough = self._reader.handed_on + records
        async with asyncio.timeout(_DRAIN_S):
            while self._reader.handed_on < enough:
                await asyncio.sleep(0.05)

    async def crash(self) -> None:
        """Stop at once; what is in hand stays in hand."""
        await self._reader.stop()
        tasks = [task for tasks in self.host._tasks.values() for task in tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def bury(self) -> None:
        """Let go of the connections of one that crashed; its successor has taken over."""
        for producer in self.host._producers.values():
            with contextlib.suppress(Exception):
                await producer.close()
        self._answering.cancel()
        await self._kafka.offsets.close()

    async def stop(self) -> None:
        """As SIGTERM would."""
        await self.host.quiesce()
        await self._reader.stop()
        await self.host.close()
        self._answering.cancel()
        await self._kafka.offsets.close()

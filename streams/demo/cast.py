"""Those who answer Heed during the day, and the ear that hears what Heed says: provider and staff."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.demo.plain import PlainReader
from streams.demo.provider import Provider
from streams.demo.schedule import Actor
from streams.demo.staff import Staff
from streams.domain.events import Event
from streams.domain.time import Instant
from streams.domain.vocabulary import Topic
from streams.kafka.started import started

_POLL_MS: Final = 1


class Cast:
    """Reads send commands and escalation tasks as they come, and gives what is answered to them."""

    def __init__(self, connect: Mapping[str, Any], name_of: Callable[[str], str], partitions: int) -> None:
        self._running = AsyncExitStack()
        self._consumer = AIOKafkaConsumer(
            isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=20, **connect
        )
        self._actors: dict[str, Actor] = {
            name_of(Topic.SEND_COMMANDS): Provider(), name_of(Topic.ESCALATION_TASKS): Staff()
        }  # fmt: skip
        self._places = [TopicPartition(name, number) for name in self._actors for number in range(partitions)]
        self._reader = PlainReader()
        #: Offset behind the last record heard, by (topic with prefix, partition).
        self.ends: dict[tuple[str, int], int] = {}
        self._heard: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        await self._running.enter_async_context(started(self._consumer))
        self._consumer.assign(self._places)
        await self._consumer.seek_to_beginning(*self._places)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()

    async def listen(self) -> int:
        """Hear what has been said since the last time; how much it was."""
        new = 0
        for place, stored in (await self._consumer.getmany(*self._places, timeout_ms=_POLL_MS)).items():
            for one in stored:
                record = self._reader.read(one.value)
                if record is not None:
                    self._actors[place.topic].see(record)
                    self._heard[place.topic] += record.get("version", 1) == 1  # of a task, its first version
                self.ends[place.topic, place.partition] = one.offset + 1
                new += 1
        return new

    async def hear_out(self) -> None:
        """Hear everything that has been said up to now."""
        ends = await self._consumer.end_offsets(self._places)
        while any([await self._consumer.position(place) < ends[place] for place in self._places]):
            await self.listen()

    def answers(self, now: Instant) -> list[Event]:
        """What the provider and the staff have to say by now."""
        return [event for actor in self._actors.values() for event in actor.due(now)]

    def counts(self) -> tuple[int, int]:
        """How many commands and how many tasks have been heard."""
        commands, tasks = self._actors
        return self._heard[commands], self._heard[tasks]

"""Produces events: in order, acknowledged by every replica, and none twice."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer

from streams.feed.lines import Line
from streams.kafka.started import started
from streams.kafka.topics import MAX_INPUT_BYTES

_LINGER_MS: Final = 5  # lets what happens at one moment travel in one batch
_UNDER_WAY: Final = 5_000  # records produced and not yet acknowledged


class Feeder:
    """An idempotent producer. Remembers where the last record of each partition went."""

    def __init__(self, connect: Mapping[str, Any], name_of: Callable[[str], str]) -> None:
        self._running = AsyncExitStack()
        self._producer = AIOKafkaProducer(
            enable_idempotence=True,
            acks="all",
            linger_ms=_LINGER_MS,
            max_request_size=MAX_INPUT_BYTES,
            **connect,
        )
        self._name_of = name_of
        self.fed = 0
        #: Offset behind the last record, by (topic with prefix, partition).
        self.ends: dict[tuple[str, int], int] = {}

    async def __aenter__(self) -> Self:
        await self._running.enter_async_context(started(self._producer))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()

    async def feed(self, lines: Iterable[Line]) -> set[tuple[str, int]]:
        """Produce these, in order, and return when all are acknowledged; the partitions that got something.

        Raises KafkaError when the broker does not take them.
        """
        waiting = []
        touched: set[tuple[str, int]] = set()
        for line in lines:
            waiting.append(
                await self._producer.send(self._name_of(line.topic), key=line.key, value=line.value)
            )
            if len(waiting) >= _UNDER_WAY:
                touched |= await self._acknowledged(waiting)
                waiting = []
        return touched | await self._acknowledged(waiting)

    async def _acknowledged(self, waiting: list["asyncio.Future[Any]"]) -> set[tuple[str, int]]:
        touched = set()
        for place in await asyncio.gather(*waiting):
            at = (place.topic, place.partition)
            self.ends[at] = max(self.ends.get(at, 0), place.offset + 1)
            touched.add(at)
        self.fed += len(waiting)
        return touched

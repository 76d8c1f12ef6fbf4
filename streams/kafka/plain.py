"""Writes single records outside of any transaction: what stands for itself, and may be lost."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from aiokafka import AIOKafkaProducer

from .started import started


class PlainProducer:
    """``connect``: see ``client.connection``."""

    def __init__(self, connect: Mapping[str, Any]) -> None:
        self._running = AsyncExitStack()
        self._producer = AIOKafkaProducer(acks="all", enable_idempotence=True, linger_ms=0, **connect)

    async def open(self) -> None:
        """Raises KafkaError."""
        await self._running.enter_async_context(started(self._producer))

    async def send(self, target: tuple[str, int], key: bytes, value: bytes) -> None:
        """Append one record to a (topic, partition) and wait until it is there. Raises KafkaError."""
        topic, partition = target
        await self._producer.send_and_wait(topic, value, key, partition)

    async def close(self) -> None:
        await self._running.aclose()

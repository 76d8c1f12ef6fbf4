"""Hears every decision as it becomes visible: what a blow has cost is told from that."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.domain.vocabulary import Topic
from streams.settings import Settings


class Ear:
    """When decisions became visible, by partition."""

    def __init__(self, connect: Mapping[str, Any], settings: Settings) -> None:
        self._consumer = AIOKafkaConsumer(
            isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=20, **connect
        )
        name = settings.topic(Topic.DECISIONS)
        self._places = [TopicPartition(name, number) for number in range(settings.partitions)]
        #: (when it was heard, monotonic seconds; the timestamp of the record)
        self.heard: dict[int, list[tuple[float, int]]] = defaultdict(list)
        self.count = 0
        self.last = time.monotonic()

    async def listen(self) -> None:
        await self._consumer.start()
        self._consumer.assign(self._places)
        await self._consumer.seek_to_beginning(*self._places)
        try:
            while True:
                for place, records in (await self._consumer.getmany(timeout_ms=50)).items():
                    self.last = time.monotonic()
                    self.count += len(records)
                    self.heard[place.partition].append((self.last, records[-1].timestamp))
        finally:
            await self._consumer.stop()

    def first_after(self, partition: int, moment: float, wall_ms: int) -> float | None:
        """When a decision was first heard that was written after this moment (both clocks given)."""
        found = None
        for at, timestamp in reversed(self.heard[partition]):
            if at <= moment or timestamp <= wall_ms:
                break
            found = at
        return found

    def silence(self, partitions: Collection[int], begun: float, firsts: Mapping[int, float]) -> float:
        """The longest time without a decision on one of these, from the blow to its first output afterwards."""
        longest = 0.0
        for partition in partitions:
            times = [at for at, _ in self.heard[partition] if begun < at <= firsts[partition]]
            longest = max(longest, *(b - a for a, b in zip([begun, *times], times, strict=False)))
        return longest


async def until_heard(
    ear: Ear, partitions: Collection[int], moment: float, wall_ms: int, patience_s: float
) -> dict[int, float] | None:
    """When each partition was first heard after this moment; None when one was not in time."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        firsts = {p: ear.first_after(p, moment, wall_ms) for p in partitions}
        found = {p: at for p, at in firsts.items() if at is not None}
        if len(found) == len(firsts):
            return found
        await asyncio.sleep(0.05)
    return None

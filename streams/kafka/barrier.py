"""The barrier: an objection that was logged first is applied first (architecture.md section 3).

Kafka orders within a partition of one topic, not across topics. Before a shard decides, it asks where
the state-bearing topics of its partition end *now*, and waits until it has applied them up to there.
Whatever was acknowledged before the deciding record was appended lies below that mark. No clocks are
compared. One query serves every shard that waits; a query that was already under way when a shard asked
does not count for it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from aiokafka.errors import KafkaError

from .offsets import OffsetsClient

#: How long the end offsets are asked for again while no broker answers, before giving up. Seconds.
PATIENCE_S: Final = 45.0
RETRY_S: Final = 0.1
#: The next query begins no sooner than so long after the last one began. Each shard asks again for every stretch
#: that arrives; a turn takes several of them, and one mark that is read a little later serves all. Seconds.
GAP_S: Final = 0.008

#: The end offset of each state-bearing topic, in the order the barrier was given them.
Mark = tuple[int, ...]


class Barrier:
    """Asks for the marks of partitions, for all shards at once."""

    def __init__(self, offsets: OffsetsClient, topics: Sequence[str]) -> None:
        self._offsets = offsets
        self._topics = tuple(topics)
        self._waiting: dict[int, asyncio.Future[Mark]] = {}
        self._asked = asyncio.Event()
        self._queries = 0
        self._seconds = 0.0

    async def mark(self, partition: int) -> Mark:
        """The end of each state-bearing topic of ``partition``, as of some moment after this call.

        Raises KafkaError when no broker has answered for ``PATIENCE_S``.
        """
        waiting = self._waiting.get(partition)
        if waiting is None:
            waiting = self._waiting[partition] = asyncio.get_running_loop().create_future()
            self._asked.set()
        return await asyncio.shield(waiting)

    async def run(self) -> None:
        """Answer until cancelled. Never raises for itself: an error is raised in those who asked."""
        loop = asyncio.get_running_loop()
        begun = 0.0
        while True:
            await self._asked.wait()
            if (early := begun + GAP_S - loop.time()) > 0:
                await asyncio.sleep(early)
            self._asked.clear()
            waiting, self._waiting = self._waiting, {}
            begun = loop.time()
            try:
                ends = await self._ask(list(waiting))
            except KafkaError as error:
                for future in waiting.values():
                    future.set_exception(error)
                continue
            finally:
                self._queries += 1
                self._seconds += loop.time() - begun
            for partition, future in waiting.items():
                future.set_result(tuple(ends[topic, partition] for topic in self._topics))

    def mean_seconds(self) -> float:
        """The mean time of a query since this was asked last."""
        queries, seconds = self._queries, self._seconds
        self._queries, self._seconds = 0, 0.0
        return seconds / queries if queries else 0.0

    async def _ask(self, partitions: list[int]) -> dict[tuple[str, int], int]:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + PATIENCE_S
        while True:
            try:
                return await self._offsets.ends([(topic, p) for topic in self._topics for p in partitions])
            except KafkaError:
                if loop.time() > give_up:
                    raise
                await asyncio.sleep(RETRY_S)

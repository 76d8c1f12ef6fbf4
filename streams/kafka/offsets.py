"""Questions about offsets, asked on clients of their own that belong to no group.

On the fetching connection an answer would queue behind the long poll (architecture.md section 3).
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    NotCoordinatorForGroupError,
    RequestTimedOutError,
)
from aiokafka.structs import TopicPartition

from .started import started

__all__ = ["KafkaError", "OffsetsClient", "next_offset"]

#: How long a group's coordinator may take to be found after a broker went away; then it is an error. Seconds.
COORDINATOR_S: Final = 20.0
_AGAIN_S: Final = 0.1
#: The last three: aiokafka asked a broker that is away, where another one would have answered.
_MOVING: Final = (
    GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError,
    KafkaConnectionError, NodeNotReadyError, RequestTimedOutError,
)  # fmt: skip


class OffsetsClient:
    """Where partitions begin and end, and what a group has committed. ``connect``: see ``connection``."""

    def __init__(self, connect: Mapping[str, Any]) -> None:
        self._connect = connect
        self._asker: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._running = AsyncExitStack()

    async def open(self) -> None:
        """Connect. Raises KafkaConnectionError when no broker answers."""
        # read_uncommitted, so that "end" is the high watermark: an objection acknowledged above another
        # producer's open transaction is invisible to the last stable offset, and must not be overtaken.
        asker = AIOKafkaConsumer(
            enable_auto_commit=False,
            isolation_level="read_uncommitted",
            retry_backoff_ms=10,  # aiokafka waits so long for each topic that it has not met
            **self._connect,
        )
        async with AsyncExitStack() as running:
            self._asker = await running.enter_async_context(started(asker))
            self._admin = await running.enter_async_context(started(AIOKafkaAdminClient(**self._connect)))
            self._running = running.pop_all()

    async def close(self) -> None:
        await self._running.aclose()

    async def ends(self, partitions: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The high watermark of each (topic, partition). Raises KafkaError."""
        assert self._asker is not None
        found = await self._asker.end_offsets([TopicPartition(*partition) for partition in partitions])
        return {(tp.topic, tp.partition): offset for tp, offset in found.items()}

    async def beginnings(self, partitions: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The first offset still kept of each (topic, partition). Raises KafkaError."""
        assert self._asker is not None
        found = await self._asker.beginning_offsets([TopicPartition(*partition) for partition in partitions])
        return {(tp.topic, tp.partition): offset for tp, offset in found.items()}

    async def committed(
        self, group: str, partitions: Collection[tuple[str, int]]
    ) -> dict[tuple[str, int], int | None]:
        """What ``group`` has committed of each (topic, partition); None where nothing. Raises KafkaError.

        Asks again while the group's coordinator is being made or moves to another broker.
        """
        asked = [TopicPartition(*partition) for partition in partitions]
        found = await self._list(group, asked)
        offsets = {(tp.topic, tp.partition): at.offset for tp, at in found.items()}
        return {p: (offsets[p] if offsets.get(p, -1) >= 0 else None) for p in partitions}

    async def _list(self, group: str, asked: list[TopicPartition]) -> dict[TopicPartition, Any]:
        assert self._admin is not None
        give_up = asyncio.get_running_loop().time() + COORDINATOR_S
        while True:
            try:
                found: dict[TopicPartition, Any] = await self._admin.list_consumer_group_offsets(
                    group, partitions=asked
                )
                # A coordinator that is still loading answers with an error for the group, which aiokafka 0.14
                # passes over, and with no partition at all: taken for "nothing committed", it would have us read
                # from the beginning.
                if not found.keys() >= set(asked):
                    raise GroupLoadInProgressError("the coordinator answered for no partition")
            except _MOVING:
                if asyncio.get_running_loop().time() > give_up:
                    raise
                await asyncio.sleep(_AGAIN_S)
            else:
                return found


def next_offset(committed: int | None, beginning: int, end: int) -> int:
    """Where to read on: the committed offset, kept within what the log still holds.

    Nothing committed yet: from the beginning. Below the beginning: retention has removed records that
    were never read, and reading goes on with the oldest kept. Above the end: the log was cut short, and
    new records will be written from its end.

    >>> next_offset(None, 3, 9), next_offset(5, 3, 9), next_offset(2, 3, 9), next_offset(12, 3, 9)
    (3, 5, 3, 9)
    """
    if committed is None:
        return beginning
    return min(max(committed, beginning), end)

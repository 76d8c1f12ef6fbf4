"""A plain member of a consumer group whose partitions are opened by their owner before they are read.

For the processes that need no Faust. As in the worker, the producer that fences an earlier owner starts
before offsets are read, offsets are committed in that producer's transaction, and nothing is delivered of
a partition that is not open.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import ConsumerStoppedError
from aiokafka.structs import TopicPartition

from .batch import Record
from .fetched import PATIENCE_S, hand_on_as_read
from .started import started

#: As the worker's (streams/worker/app.py). Milliseconds.
SESSION_TIMEOUT_MS: Final = 10_000
HEARTBEAT_MS: Final = 1_000
REBALANCE_TIMEOUT_MS: Final = 15_000
POLL_MS: Final = 100
POLL_RECORDS: Final = 8_000
#: Between the beginnings of two requests for records: each poll becomes a transaction for every partition that had some, and
#: nobody waits for an entry in the record. Seconds.
FETCH_GAP_S: Final = 0.200


def leave_for_good(consumer: AIOKafkaConsumer) -> None:
    """Let ``consumer.stop`` leave the group also when the member has a name.

    aiokafka keeps the place of a named member, for whom the others would then wait a session's time. A process
    that was asked to stop may never come back; one that does is given partitions again.
    """
    if consumer._coordinator is not None:
        consumer._coordinator._group_instance_id = None


class MemberOwner(Protocol):
    """Who does the work; called on the event loop."""

    async def quiesce(self) -> None:
        """Finish what is in hand; every partition is about to be revoked."""

    async def open(self, partitions: frozenset[int]) -> Mapping[tuple[str, int], int]:
        """Own exactly these partitions; where to read each (topic, partition) from.

        Cancelled when a rebalance comes first.
        """


class Member:
    """Reads partition p of several topics together: with equal counts, ranges are the same for each."""

    def __init__(
        self, connect: Mapping[str, Any], group: str, topics: Sequence[str], owner: MemberOwner,
        instance: str | None = None,
    ) -> None:  # fmt: skip
        self._topics = list(topics)
        self._owner = owner
        self._open: set[TopicPartition] = set()
        self._opening: asyncio.Task[None] | None = None
        self._failed: BaseException | None = None
        self._stopping = False
        self.settled = asyncio.Event()  # set while everything assigned is open
        self._running = AsyncExitStack()
        self._consumer = AIOKafkaConsumer(
            group_id=group,
            group_instance_id=instance,
            partition_assignment_strategy=[RangePartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # only until the owner says where to start
            isolation_level="read_committed",
            fetch_max_wait_ms=POLL_MS // 2,
            session_timeout_ms=SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
            **connect,
        )

    async def start(self) -> None:
        """Connect and join the group. Raises KafkaError."""
        await self._running.enter_async_context(started(self._consumer))
        hand_on_as_read(self._consumer, FETCH_GAP_S, PATIENCE_S)
        self._consumer.subscribe(self._topics, listener=_Listener(self))

    async def stop(self) -> None:
        """Leave the group; a poll that is waiting never returns."""
        self._stopping = True
        self._open.clear()
        if self._opening is not None:
            self._opening.cancel()
        leave_for_good(self._consumer)
        await self._running.aclose()

    async def poll(self) -> dict[tuple[str, int], list[Record]]:
        """What has arrived on open partitions, waiting a little. Raises whatever opening one raised."""
        try:
            fetched = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
        except ConsumerStoppedError:
            if not self._stopping:
                raise
            await asyncio.Event().wait()  # asked to stop while polling: no failure, and nothing more to read
        if self._failed is not None:
            raise self._failed
        # What was fetched of a partition that is not open is read again when it is.
        return {(tp.topic, tp.partition): records for tp, records in fetched.items() if tp in self._open}

    def put_off(self, number: int, offsets: Mapping[tuple[str, int], int]) -> None:
        """Read nothing of partition ``number`` until ``go_on``, and then some of its topics from these offsets again."""
        places = [tp for tp in self._open if tp.partition == number]
        self._consumer.pause(*places)
        for tp in places:
            if (tp.topic, number) in offsets:
                self._consumer.seek(tp, offsets[tp.topic, number])

    def go_on(self, number: int) -> None:
        """Read a partition on that was put off; not one that was revoked meanwhile."""
        self._consumer.resume(*(tp for tp in self._open if tp.partition == number))

    async def positions(self) -> dict[tuple[str, int], int]:
        """How far each open partition has been fetched, past whatever carries no record."""
        return {(tp.topic, tp.partition): await self._consumer.position(tp) for tp in list(self._open)}

    async def revoked(self) -> None:
        self._open.clear()
        self.settled.clear()
        if self._opening is not None:
            self._opening.cancel()
        await self._owner.quiesce()

    def assigned(self, assignment: Sequence[TopicPartition]) -> None:
        self._consumer.pause(*assignment)
        self._opening = asyncio.create_task(self._open_all(list(assignment)), name="open partitions")
        self._opening.add_done_callback(self._note_failure)

    async def _open_all(self, assignment: list[TopicPartition]) -> None:
        offsets = await self._owner.open(frozenset(tp.partition for tp in assignment))
        if {(tp.topic, tp.partition) for tp in assignment} != set(offsets):
            raise RuntimeError("some topics of a partition were assigned without the others")
        for tp in assignment:
            self._consumer.seek(tp, offsets[tp.topic, tp.partition])
        self._consumer.resume(*assignment)
        self._open = set(assignment)
        self.settled.set()

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self._failed = task.exception() or self._failed


class _Listener(ConsumerRebalanceListener):
    def __init__(self, member: Member) -> None:
        self._member = member

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        await self._member.revoked()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._member.assigned(list(assigned))

"""Faust's aiokafka transport, delivering one message per (partition, stretch of records).

Faust keeps what it is good at: group membership, the assignor, the fetch thread, the life-cycle. What
it does with offsets is replaced, because a shard commits its offsets inside its transaction:

- ``commit``, ``ack`` and their book-keeping do nothing;
- an assignment delivers nothing until its owner has opened the partition and named the offset to start
  from (``start_at``): the producer that fences an earlier owner starts before offsets are read;
- a revocation first lets the owner finish the turns in hand.

Nothing fetched is ever dropped because a partition was paused in the meantime; pausing only stops
further fetching. Some names used here are private to faust-streaming 0.15.3 and aiokafka 0.14.0; both
are pinned, and ``tests/contract/test_private_names.py`` fails when one changes.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, Protocol

import faust
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError, NoOffsetForPartitionError
from aiokafka.structs import TopicPartition
from faust.serializers.schemas import Schema
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage

from .batch import Record, Stretch
from .fetched import PATIENCE_S, hand_on_as_read
from .member import leave_for_good
from .started import end_fetches

log: Final = logging.getLogger("heed.kafka")  # of an error the process writes type and place (ops.logging)

#: An idle partition must not delay a busy one: Faust's hard-coded 1500 ms would. Milliseconds.
FETCH_MAX_WAIT_MS = 50
#: How often a poll returns with nothing: bounds how late the end of a topic that closes with a
#: transaction marker is noticed (architecture.md section 3). Seconds.
POLL_S = 0.05
#: Between the beginnings of two requests for records. A broker answers as soon as it has a single one; asking again at
#: once made 600 requests a second of 2 000 events, which took a third of a core here and as much from the broker. The gap
#: lies before the request, never between an answer and those who wait for it (docs/decisions/0090-what-a-small-turn-costs.md).
#: Seconds.
FETCH_GAP_S = 0.020


class PartitionOwner(Protocol):
    """Who owns partitions on behalf of this consumer; called on the worker's event loop."""

    async def quiesce(self) -> None:
        """Finish the turns in hand and take no more; every partition is about to be revoked."""

    def assigned(self, assignment: frozenset[tuple[str, int]]) -> None:
        """Own exactly these (topic, partition) from now on; must not block."""


class StretchThread(driver.AIOKafkaConsumerThread):
    """The fetching thread: read_committed, quick to answer, and exact about where each stretch ends."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        conf = self.app.conf
        return AIOKafkaConsumer(
            group_id=conf.id,
            group_instance_id=transport.instance,
            partition_assignment_strategy=[self.app.assignor],
            enable_auto_commit=False,
            auto_offset_reset="none",  # every partition is told where to start
            isolation_level="read_committed",
            fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
            max_poll_records=conf.broker_max_poll_records,
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            session_timeout_ms=int(conf.broker_session_timeout * 1_000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1_000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1_000),
            request_timeout_ms=int(conf.broker_request_timeout * 1_000),
            **transport.connect,
        )

    def __post_init__(self) -> None:
        super().__post_init__()
        #: Partitions whose owner has said where to start.
        self.placed: set[TP] = set()
        #: A rebalance abandons the fetch in hand, which goes on in this thread beside the next one. Either would
        #: take the records of the other for offsets without a record, and so lose them.
        self._one_at_a_time = asyncio.Lock()

    async def on_start(self) -> None:
        await super().on_start()
        hand_on_as_read(self._ensure_consumer(), FETCH_GAP_S, PATIENCE_S)

    async def on_thread_stop(self) -> None:
        if self._consumer is not None:
            leave_for_good(self._consumer)
            await end_fetches(self._consumer)
        await super().on_thread_stop()

    def on_crash(self, msg: str, *fmt: Any, **kwargs: Any) -> None:
        """Faust would print the exception with its text, which may quote a record."""
        log.critical("fetching_crashed", exc_info=True)

    async def start_at(self, offsets: Mapping[TP, int]) -> None:
        """Deliver these partitions from these offsets. Raises IllegalStateError if no longer assigned."""
        await self.call_thread(self._start_at, offsets)

    async def _start_at(self, offsets: Mapping[TP, int]) -> None:
        consumer = self._ensure_consumer()
        async with self._one_at_a_time:
            for tp, offset in offsets.items():
                consumer.seek(TopicPartition(tp.topic, tp.partition), offset)
                self.placed.add(tp)

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> dict[TP, Stretch]:
        async with self._one_at_a_time:
            # Faust's own set, which the worker's thread changes while this one fetches: a partition that is paused
            # after its records were taken is delivered all the same, or they would be lost.
            active = set(active_partitions)
            if not active:
                return {}  # asked for no partition in particular, aiokafka takes from all of them
            assignment = _assignment(consumer)
            starts = {tp: at for tp in active & self.placed if (at := _position(assignment, tp)) is not None}
            try:
                fetched = await super()._fetch_records(consumer, active, timeout, max_records)
            except NoOffsetForPartitionError:
                # aiokafka looked for a committed offset before the owner had said where to start; a group that
                # has none yet is no failure. What other partitions had is kept, and start_at names the offset.
                return {}
            if _assignment(consumer) is not assignment:
                return {}  # a rebalance: every partition starts again where its owner says
            return _stretches(assignment, starts, fetched)


def _assignment(consumer: Any) -> Any:
    subscription = consumer._subscription.subscription
    return None if subscription is None else subscription.assignment


def _position(assignment: Any, tp: TP) -> int | None:
    state = None if assignment is None else assignment.state_value(tp)
    return state.position if state is not None and state.has_valid_position else None


def _stretches(
    assignment: Any, starts: Mapping[TP, int], fetched: Mapping[TP, list[Record]]
) -> dict[TP, Stretch]:
    """What one fetch has moved each partition over.

    A stretch begins where the position was before this fetch, not where the last stretch ended: should a position
    ever move without anything being delivered, whoever receives the next stretch sees that one is missing.
    """
    received = time.monotonic()
    stretches: dict[TP, Stretch] = {}
    for tp, start in starts.items():
        end = _position(assignment, tp)
        if end is not None and end != start:
            records = fetched.get(tp, [])
            size = sum(len(record.value or b"") for record in records)
            stretches[tp] = Stretch(start, end, records, received, size)
    return stretches


class StretchConsumer(driver.Consumer):
    """Hands stretches to the worker and leaves offsets to its transactions."""

    _thread: StretchThread

    def _new_consumer_thread(self) -> StretchThread:
        return StretchThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def owner(self) -> PartitionOwner:
        owner: PartitionOwner = self.transport.owner
        return owner

    # Membership: the owner opens and quiesces what Faust assigns and revokes.

    async def perform_seek(self) -> None:
        """Faust would seek and start delivery here; instead every partition waits for its owner."""
        assignment = self.assignment()
        self.pause_partitions(assignment)
        self.owner.assigned(frozenset((tp.topic, tp.partition) for tp in assignment))

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await self.owner.quiesce()
        await super().on_partitions_revoked(revoked)

    async def start_at(self, offsets: Mapping[tuple[str, int], int]) -> bool:
        """Deliver these partitions from these offsets on; False if a rebalance has taken them away."""
        targets = {TP(topic, partition): offset for (topic, partition), offset in offsets.items()}
        try:
            await self._thread.start_at(targets)
        except IllegalStateError:
            return False
        for tp in targets:
            self._read_offset[tp] = None
        self.resume_partitions(set(targets))
        return True

    def pause(self, partitions: Iterable[tuple[str, int]]) -> None:
        """Fetch no more from these; what is on its way is still delivered."""
        self.pause_partitions({TP(topic, partition) for topic, partition in partitions})

    def resume(self, partitions: Iterable[tuple[str, int]]) -> None:
        self.resume_partitions({TP(topic, partition) for topic, partition in partitions})

    # Delivery.

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Yield one message per partition; its value is a ``Stretch``.

        After a rebalance has begun nothing more is yielded: what was fetched is read again, because
        every partition starts again at the offset its owner names.
        """
        if self.flow_active and not self._get_active_partitions():
            # Every partition waits for its owner; Faust would look again after a second.
            await self.sleep(POLL_S)
            return
        stretches, _active = await self._wait_next_records(min(timeout, POLL_S))
        generation = self.app.consumer_generation_id
        if not stretches or self.should_stop:
            return
        for tp, stretch in stretches.items():
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            # The book-keeping between here and the agent wants an offset that rises: the last covered one.
            yield tp, ConsumerMessage(
                tp.topic, tp.partition, stretch.end - 1, 0.0, 0, (), None, stretch, None, 0, 0, tp,
                generation_id=generation,
            )  # fmt: skip

    # Offsets and back-pressure are ours: what Faust would do about them does nothing.

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        return True

    def ack(self, message: Any) -> bool:
        return True

    def track_message(self, message: Any) -> None:
        return None

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        return None

    def on_buffer_full(self, tp: TP) -> None:
        return None

    def on_buffer_drop(self, tp: TP) -> None:
        return None

    async def verify_all_partitions_active(self) -> None:
        return None


class StretchTransport(driver.Transport):
    """Set ``owner``, ``connect`` (what aiokafka's clients take) and ``instance`` (the member's name, or None),
    then ``app.transport = ...``, before the app's first agent."""

    Consumer = StretchConsumer
    owner: PartitionOwner
    connect: Mapping[str, Any]
    instance: str | None = None


class Stretches(Schema):
    """The stream's schema: the value of a message is the stretch itself, decoded by nobody."""

    def compile(
        self,
        app: faust.App,
        *,
        on_key_decode_error: Any,
        on_value_decode_error: Any,
        default_propagate: bool = False,
    ) -> Callable[..., Awaitable[Any]]:
        create_event = app.create_event

        async def pass_on(message: Any, *, propagate: bool = default_propagate) -> Any:
            return create_event(None, message.value, None, message)

        return pass_on

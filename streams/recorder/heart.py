"""Heartbeats: sent into each partition every few seconds, and measured when they come back.

The recorder does both, because it stands at the end of the way: what it has committed has been through the input
topic, the worker with its barrier and transaction, an output topic and the recorder's own transaction, and one clock
measures it all. A beat that is lost is not repeated; the next one tells as much.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable
from typing import Final

from streams.domain.heartbeat import HEARTBEAT_KEY, Heartbeat, pack_heartbeat, unpack_heartbeat
from streams.domain.time import SECOND, Instant
from streams.kafka.batch import Record
from streams.kafka.offsets import KafkaError
from streams.kafka.plain import PlainProducer
from streams.ops.logging import get_logger

from . import metrics

log = get_logger("heed.recorder")

#: A broker that has not taken a beat by then gets the next one instead. Seconds.
PATIENCE_S: Final = 5.0


class Heart:
    """``wall``: the machine's clock, whatever clock decisions are made with. ``topic``: the name of ``receipts`` here."""

    def __init__(self, wall: Callable[[], Instant], topic: str) -> None:
        self._wall = wall
        self._topic = topic
        self._last: dict[int, Instant] = {}  # when the last that came through was sent, by partition
        self._owned = asyncio.Event()  # new partitions are not kept waiting for their first

    def own(self, partitions: Collection[int]) -> None:
        """Watch these from now on, and no others."""
        now = self._wall()
        for gone in self._last.keys() - set(partitions):
            del self._last[gone]
            metrics.HEARTBEAT_AGE.remove(str(gone))
        for partition in partitions:
            self._last.setdefault(partition, now)
        self._owned.set()

    def came_through(self, partition: int, records: Iterable[Record]) -> None:
        """These were read back and committed."""
        now = self._wall()
        for record in records:
            beat = unpack_heartbeat(record.value)
            if beat is not None and partition in self._last:
                metrics.HEARTBEAT_SECONDS.observe(max(0, now - beat.sent_at) / SECOND)
                self._last[partition] = max(self._last[partition], min(beat.sent_at, now))

    def oldest(self) -> float:
        """Seconds since the last heartbeat that came through was sent, in the partition where that is longest."""
        now = self._wall()
        for partition, sent_at in self._last.items():
            metrics.HEARTBEAT_AGE.labels(partition).set((now - sent_at) / SECOND)
        return max(((now - sent_at) / SECOND for sent_at in self._last.values()), default=0.0)

    async def keep_beating(self, producer: PlainProducer, every_s: float) -> None:
        """One beat to each partition, every ``every_s`` seconds and when partitions come. A broker that does not answer is no failure here."""
        failing = False
        while True:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await asyncio.gather(*(self._beat(producer, partition) for partition in list(self._last)))
                failing = False
            except (KafkaError, TimeoutError) as error:
                if not failing:
                    log.warning("heartbeat_not_sent", error=type(error).__name__)
                failing = True
            self._owned.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._owned.wait()

    async def _beat(self, producer: PlainProducer, partition: int) -> None:
        beat = pack_heartbeat(Heartbeat(self._wall()))
        await producer.send((self._topic, partition), HEARTBEAT_KEY, beat)
        metrics.HEARTBEATS_SENT.inc()

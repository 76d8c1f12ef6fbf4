"""Watches a running worker: lag, topics that changed under it, and what /livez and /readyz answer.

Ready means: it has its partitions, restored and reading, and nothing stops it from deciding. Alive means:
while there is lag, something moves.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from streams.domain.vocabulary import INPUT_TOPICS
from streams.errors import BrokerUnreachable, RefuseToStart
from streams.kafka import topics
from streams.kafka.barrier import Barrier
from streams.kafka.offsets import KafkaError
from streams.ops.logging import get_logger
from streams.settings import Settings

from . import metrics
from .deciding import Decided
from .host import Host, Kafka
from .parts import Parts
from .shard import Shard

log = get_logger("heed.worker")

#: Without progress for so long while records wait, a supervisor should start us again. Seconds.
STALLED_S: Final = 60.0
#: The event loop should turn every second; so late, and it is stuck. Seconds.
STALE_LOOP_S: Final = 30.0
LAG_EVERY_S: Final = 5.0
TOPICS_EVERY_S: Final = 30.0
OVERDUE_MS: Final = 60_000


class Watch:
    """What is known about how this worker does."""

    def __init__(self, settings: Settings, parts: Parts, kafka: Kafka, barrier: Barrier) -> None:
        self._settings = settings
        self._parts = parts
        self._kafka = kafka
        self._barrier = barrier
        self._beat = time.monotonic()
        self._lag: dict[int, int] = {}  # records behind, by partition
        self._unsafe: str | None = None
        self._broker_away = False
        self.stopping = False

    # Told by the shards.

    def turn(self, shard: Shard, decided: Decided, commit_seconds: float) -> None:
        """Count a committed turn."""
        now = time.monotonic()
        for arrived, records in decided.arrivals:
            if records:
                metrics.DECISION_SECONDS.observe(now - arrived, records)
        metrics.TURN_SECONDS.observe(decided.seconds + commit_seconds)
        metrics.COMMIT_SECONDS.observe(commit_seconds)
        metrics.TURN_RECORDS.observe(decided.records)
        metrics.count(decided.tally)

    # Asked by probes.

    def alive(self, host: Host) -> Sequence[str]:
        """Why this process should be replaced."""
        now = time.monotonic()
        reasons = []
        if now - self._beat > STALE_LOOP_S:
            reasons.append(f"the event loop has not turned for {now - self._beat:.0f} s")
        for shard in host.shards.values():
            waits = bool(shard.intake.inbox.waiting()) or self._lag.get(shard.partition, 0) > 0
            if shard.flowing and waits and now - shard.progress > STALLED_S:
                reasons.append(
                    f"partition {shard.partition} has lag and made no progress for {STALLED_S:.0f} s"
                )
        return reasons

    def ready(self, host: Host) -> Sequence[str]:
        """Why this worker does not do all of its work now."""
        if self.stopping:
            return ["stopping"]
        reasons = [self._unsafe] if self._unsafe else []
        if self._broker_away:
            reasons.append("no Kafka answers")
        if host.assigned_partitions is None:
            reasons.append("waiting for partitions")
        elif not host.settled.is_set():
            waiting = sorted(host.assigned_partitions - {p for p, s in host.shards.items() if s.flowing})
            reasons.append(f"restoring partitions {waiting}")
        for partition, shard in sorted(host.shards.items()):
            if shard.state.paused:
                reasons.append(f"partition {partition}: an objection could not be read; no message leaves")
            reasons += [
                f"{topic}[{partition}]: stopped, too many records cannot be read"
                for topic in sorted(shard.intake.inbox.stopped)
            ]
        return reasons

    # Looking.

    async def keep_beating(self) -> None:
        while True:
            self._beat = time.monotonic()
            await asyncio.sleep(1)

    async def keep_measuring(self, host: Host) -> None:
        """Gauges and lag, every few seconds."""
        while True:
            self._measure(host)
            try:
                await self._measure_lag(host)
                self._broker_away = False
            except KafkaError:
                self._broker_away = True
            await asyncio.sleep(LAG_EVERY_S)

    def _measure(self, host: Host) -> None:
        shards = list(host.shards.values())
        now, instant = time.monotonic(), self._parts.clock.now()
        metrics.PARTITIONS.set(len(shards))
        metrics.PATIENTS.set(sum(len(shard.table) for shard in shards))
        metrics.STATE_BYTES.set(sum(shard.table.size for shard in shards))
        metrics.RECOVERING.set(len((host.assigned_partitions or frozenset()) - host.shards.keys()))
        metrics.SHARDS_PAUSED.set(sum(shard.state.paused for shard in shards))
        metrics.POISONED.set(sum(len(shard.intake.inbox.stopped) for shard in shards))
        metrics.TIMERS.set(sum(len(shard.intake.timers) for shard in shards))
        metrics.OVERDUE.set(sum(shard.intake.timers.overdue_since(instant - OVERDUE_MS) for shard in shards))
        metrics.WAITING.set(sum(shard.intake.inbox.waiting() for shard in shards))
        oldest = [at for shard in shards if (at := shard.intake.inbox.oldest()) is not None]
        metrics.LAG_SECONDS.set(now - min(oldest) if oldest else 0)
        metrics.BARRIER_SECONDS.set(self._barrier.mean_seconds())

    async def _measure_lag(self, host: Host) -> None:
        names = self._parts.names
        asked = {(names.of(topic), p): (topic, p) for topic in INPUT_TOPICS for p in host.shards}
        if not asked:
            return
        self._lag = {}
        for at, end in (await self._kafka.offsets.ends(list(asked))).items():
            topic, partition = asked[at]
            shard = host.shards.get(partition)
            if shard is not None:
                behind = max(0, end - shard.next_offsets[topic])
                metrics.LAG.labels(topic, str(partition)).set(behind)
                if topic not in shard.intake.inbox.stopped:
                    self._lag[partition] = self._lag.get(partition, 0) + behind

    async def keep_checking_topics(self, host: Host) -> None:
        """Stop deciding when the topics are no longer what they must be (architecture.md section 7).

        Partition counts changed, or retention set on objections: nothing is decided until it is put right
        and the worker started again.
        """
        while True:
            await asyncio.sleep(TOPICS_EVERY_S)
            try:
                found = await topics.check(self._settings)
                if found.partitions != self._parts.names.partitions:
                    raise RefuseToStart(
                        f"the topics have {found.partitions} partitions now, {self._parts.names.partitions} at the "
                        "start: patients have moved to other partitions (runbook: partitions)"
                    )
            except BrokerUnreachable:
                continue
            except RefuseToStart as error:
                if self._unsafe is None:
                    log.error("topics_unsafe", reason=str(error), next="stopped deciding")
                self._unsafe = str(error)
                metrics.MISMATCH.set(1)
                host.stop_deciding()

"""Watches a running worker: lag, topics that changed under it, and what /livez and /readyz answer.

Ready means: it has its partitions, restored and reading, and nothing stops it from deciding. Alive means:
while there is lag, something moves.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from streams.domain.time import SECOND
from streams.domain.vocabulary import DECIDING_TOPICS, Topic
from streams.errors import BrokerUnreachable, PartitionMismatch, RefuseToStart
from streams.kafka import topics
from streams.ops.logging import get_logger
from streams.ops.person import about
from streams.settings import Settings

from . import metrics
from .clock import RealClock
from .deciding import Decided
from .host import Host
from .measuring import Measuring
from .parts import Parts
from .shard import Shard
from .tally import Tally

log = get_logger("heed.worker")

#: Log lines a turn about single records: a topic full of unreadable ones must not fill a disk.
MOST_LINES: Final = 20
#: Without progress for so long while records wait, a supervisor should start us again. Seconds.
STALLED_S: Final = 60.0
#: The event loop should turn every second; so late, and it is stuck. Seconds.
STALE_LOOP_S: Final = 30.0
TOPICS_EVERY_S: Final = 10.0
#: Looks at the topics without an answer, one after the other, until that is said: meanwhile they may have changed.
LOOKS_IN_VAIN: Final = 6


class Doubt:
    """Whether to believe that the topics are no longer what they must be.

    To stop for good is right for what is so, and wrong for one odd answer: while a broker starts or rights are loaded, a
    topic may be missing or its settings closed to us for a moment. What two looks in a row say alike is believed. That
    patients have moved to other partitions is believed at once: nothing but more partitions says so, and each
    decision meanwhile may miss an objection.
    """

    def __init__(self) -> None:
        self._said: str | None = None

    def believes(self, error: RefuseToStart | None) -> bool:
        """Take note of what the newest look has found; None: all is well."""
        before, self._said = self._said, None if error is None else str(error)
        return error is not None and (isinstance(error, PartitionMismatch) or self._said == before)


class Watch:
    """What is known about how this worker does."""

    def __init__(self, settings: Settings, parts: Parts, measuring: Measuring) -> None:
        self._settings = settings
        self._parts = parts
        self._measuring = measuring
        self._wall = RealClock()
        self._beat = time.monotonic()
        self._unsafe: str | None = None
        self._in_vain = 0  # looks at the topics
        self._unchecked: str | None = None
        self.stopping = False

    # Told by the shards.

    def turn(self, shard: Shard, decided: Decided, commit_seconds: float) -> None:
        """Count a committed turn."""
        wall = self._wall.now()
        for arrival in decided.arrivals:
            age = max(0, wall - arrival.appended_at) / SECOND
            if arrival.topic in DECIDING_TOPICS:
                metrics.DECISION_SECONDS.observe(age, arrival.count)
            elif arrival.topic is Topic.OBJECTIONS:
                metrics.OBJECTION_SECONDS.observe(age, arrival.count)
        metrics.TURN_SECONDS.observe(decided.seconds + commit_seconds)
        metrics.COMMIT_SECONDS.observe(commit_seconds)
        metrics.count(decided.tally)
        _tell(decided.tally, shard.partition)
        if decided.failed_closed:
            self._measuring.failed_closed()
        if shard.broker_time is not None:
            self._measuring.broker_time(shard.broker_time, wall, commit_seconds)

    # Asked by probes.

    def alive(self, host: Host) -> Sequence[str]:
        """Why this process should be replaced."""
        now = time.monotonic()
        reasons = []
        if now - self._beat > STALE_LOOP_S:
            reasons.append(f"the event loop has not turned for {now - self._beat:.0f} s")
        for shard in host.shards.values():
            waits = bool(shard.intake.inbox.waiting()) or self._measuring.behind.get(shard.partition, 0) > 0
            # Of a registry that is away a new start brings nothing back, and needs it besides.
            waits = waits and not shard.registry_away
            if shard.flowing and waits and now - shard.progress > STALLED_S:
                reasons.append(
                    f"partition {shard.partition} has lag and made no progress for {STALLED_S:.0f} s"
                )
        return reasons

    def ready(self, host: Host) -> Sequence[str]:
        """Why this worker does not do all of its work now."""
        if self.stopping:
            return ["stopping"]
        reasons = [one for one in (self._unsafe, self._unchecked) if one]
        reasons += self._measuring.reach.reasons()
        if host.assigned_partitions is None:
            reasons.append("waiting for partitions")
        elif not host.settled.is_set():
            flowing = {p for p, shard in host.shards.items() if shard.flowing}
            if waiting := sorted(host.assigned_partitions - flowing - host.behind):
                reasons.append(f"restoring partitions {waiting}")
        reasons += [
            f"partition {partition}: the patient table is older than what was decided with it; nothing is decided "
            "(runbook: backup)"
            for partition in sorted(host.behind)
        ]
        if host.skew.too_much(self._parts.policy.skew_tolerance):
            reasons.append(f"this machine's clock is {host.skew}; sends are held (runbook: ClockSkew)")
        elif self._measuring.fails_closed:
            reasons.append("the state topics were not caught up with in time; sends are held (rule 3.1)")
        for partition, shard in sorted(host.shards.items()):
            if shard.state.paused:
                reasons.append(f"partition {partition}: an objection could not be read; no message leaves")
            if shard.registry_away:
                reasons.append(
                    f"partition {partition}: waits for a schema; the schema registry does not answer"
                )
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

    async def keep_checking_topics(self, host: Host) -> None:
        """Stop deciding when the topics are no longer what they must be (architecture.md section 7).

        Partition counts changed, retention set on objections, or decisions no longer stamped by the broker: nothing is
        decided until it is put right and the worker started again.
        """
        doubt = Doubt()
        while True:
            await asyncio.sleep(TOPICS_EVERY_S)
            try:
                await self._check_topics()
            except BrokerUnreachable as error:
                doubt.believes(None)  # two looks with an outage between them are not two in a row
                self._looked_in_vain(str(error))
            except RefuseToStart as error:
                self._answered()
                if doubt.believes(error):
                    self._stop_deciding(host, str(error))
                else:
                    log.warning("topics_unsafe", reason=str(error), next="look again")
            else:
                self._answered()
                doubt.believes(None)

    def _looked_in_vain(self, reason: str) -> None:
        self._in_vain += 1
        if self._in_vain == LOOKS_IN_VAIN:
            log.warning("topics_not_checked", looks=self._in_vain, reason=reason)
        if self._in_vain >= LOOKS_IN_VAIN:
            self._unchecked = f"whether the topics are as they must be cannot be told: {reason}"

    def _answered(self) -> None:
        self._in_vain, self._unchecked = 0, None

    async def _check_topics(self) -> None:
        """Raises RefuseToStart for what is wrong, BrokerUnreachable when that cannot be told."""
        found = await topics.check(self._settings)
        if found.partitions != self._parts.names.partitions:
            raise PartitionMismatch(
                f"the topics have {found.partitions} partitions now, {self._parts.names.partitions} at the "
                "start: patients have moved to other partitions (runbook: partitions)"
            )

    def _stop_deciding(self, host: Host, reason: str) -> None:
        if self._unsafe is None:
            log.error("topics_unsafe", reason=reason, next="stopped deciding")
        self._unsafe = reason
        metrics.MISMATCH.set(1)
        host.stop_deciding()


def _tell(tally: Tally, partition: int) -> None:
    """Log lines and spans of what is true now."""
    for note in tally.notes[:MOST_LINES]:
        say = log.warning if note.event == "set_aside" else log.error
        say(note.event, partition=partition, **note.facts, **about(note.patient))
    if len(tally.notes) > MOST_LINES:
        log.warning("more_of_the_same", partition=partition, lines=len(tally.notes) - MOST_LINES)
    for passage in tally.passages:
        passage.end()

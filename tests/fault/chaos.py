"""What is done to the processes, when, and what each blow cost."""

import asyncio
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from enum import StrEnum
from random import Random
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.domain.vocabulary import Topic
from streams.kafka.broker import LocalKafka
from streams.settings import Settings
from streams.worker.clock import RealClock

from .processes import Victim

#: Longer than the session time-out of 10 s, and not always by as much.
_FROZEN_S: Final = (11.0, 16.0)
_BROKER_AWAY_S: Final = (0.5, 4.0)
#: So long is the first output waited for before the next blow. Seconds.
_PATIENCE_S: Final = 45.0
#: A process starts and joins in so much time. Seconds.
_JOINING_S: Final = 6.0
_CLOCK: Final = RealClock()


class Blow(StrEnum):
    KILL = "kill"  # -9, at any moment
    KILL_BEFORE_COMMIT = "kill_before_commit"  # -9, everything produced, nothing committed
    KILL_AFTER_COMMIT = "kill_after_commit"  # -9, committed, and the process does not know
    KILL_RECORDER = "kill_recorder"
    KILL_ALL = "kill_all"
    TERM = "term"
    FREEZE = "freeze"  # SIGSTOP for longer than the session time-out, then on
    BROKER = "broker"  # kill -9 of the broker, and back
    SCALE = "scale"  # one worker more, or one less


class Dealt(msgspec.Struct):
    """One blow: at which second of the run, and the seconds to the first output of each partition it hit."""

    blow: Blow
    at: float
    target: str
    seconds: float | None = None


class Ear:
    """Hears every decision as it becomes visible, and remembers when that was, by partition."""

    def __init__(self, connect: Mapping[str, Any], settings: Settings) -> None:
        self._consumer = AIOKafkaConsumer(
            isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=20, **connect
        )
        name = settings.topic(Topic.DECISIONS)
        self._places = [TopicPartition(name, number) for number in range(settings.partitions)]
        self.heard: dict[int, list[tuple[float, int]]] = defaultdict(
            list
        )  # (monotonic, timestamp of the record)
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
        for at, timestamp in self.heard[partition]:
            if at > moment and timestamp > wall_ms:
                return at
        return None


class Chaos:
    """Deals blows one after another, each at a random moment after the last one was overcome."""

    def __init__(
        self, rng: Random, ear: Ear, workers: list[Victim], recorder: Victim, broker: LocalKafka | None,
        spare: Callable[[], Victim],
    ) -> None:  # fmt: skip
        self._rng = rng
        self._ear = ear
        self._workers = workers
        self._recorder = recorder
        self._broker = broker
        self._spare = spare
        self._extra: list[Victim] = []
        self._began = time.monotonic()
        self.dealt: list[Dealt] = []

    @property
    def victims(self) -> list[Victim]:
        return [*self._workers, *self._extra]

    async def run(self, blows: list[Blow], pause_s: tuple[float, float]) -> None:
        for blow in blows:
            await asyncio.sleep(self._rng.uniform(*pause_s))
            await self._deal(blow)

    async def _deal(self, blow: Blow) -> None:
        moment, wall = time.monotonic(), _CLOCK.now()
        targets = self._targets(blow)
        hit = frozenset[int]().union(*(v.partitions() for v in targets if v is not self._recorder))
        dealt = Dealt(blow, round(moment - self._began, 1), ",".join(v.name for v in targets))
        self.dealt.append(dealt)
        starts = {victim: victim.starts for victim in targets}
        await self._strike(blow, targets)
        if blow in (Blow.KILL_BEFORE_COMMIT, Blow.KILL_AFTER_COMMIT):
            await _until(lambda: all(v.starts > starts[v] for v in targets), 20)  # it dies in its next commit
            moment, wall = time.monotonic(), _CLOCK.now()
        if blow is Blow.BROKER:
            hit = frozenset(self._ear.heard)
            moment, wall = time.monotonic(), _CLOCK.now()  # it is back
        firsts = await self._firsts(hit, moment, wall)
        if firsts and None not in firsts:
            dealt.seconds = round(max(at for at in firsts if at is not None) - moment, 2)

    def _targets(self, blow: Blow) -> list[Victim]:
        owners = [victim for victim in self.victims if victim.partitions()] or self.victims
        match blow:
            case Blow.KILL_RECORDER:
                return [self._recorder]
            case Blow.KILL_ALL:
                return [*self.victims, self._recorder]
            case Blow.BROKER | Blow.SCALE:
                return []
            case _:
                return [self._rng.choice(owners)]

    async def _strike(self, blow: Blow, targets: list[Victim]) -> None:
        for victim in targets:
            match blow:
                case Blow.KILL_BEFORE_COMMIT:
                    victim.send(signal.SIGUSR1)
                case Blow.KILL_AFTER_COMMIT:
                    victim.send(signal.SIGUSR2)
                case Blow.TERM:
                    victim.send(signal.SIGTERM)
                case Blow.FREEZE:
                    victim.send(signal.SIGSTOP)
                case _:
                    victim.send(signal.SIGKILL)
        if blow is Blow.FREEZE:
            await asyncio.sleep(self._rng.uniform(*_FROZEN_S))
            for victim in targets:
                victim.send(signal.SIGCONT)
        elif blow is Blow.BROKER:
            assert self._broker is not None
            await asyncio.to_thread(self._broker.kill)
            await asyncio.sleep(self._rng.uniform(*_BROKER_AWAY_S))
            await asyncio.to_thread(self._broker.start)
        elif blow is Blow.SCALE:
            await self._scale()

    async def _scale(self) -> None:
        if self._extra:
            await self._extra.pop().stop()
            return
        extra = self._spare()
        extra.start()
        self._extra.append(extra)
        await asyncio.sleep(_JOINING_S)  # it may well get no partition: a stand-by is never ready

    async def _firsts(self, hit: frozenset[int], moment: float, wall: int) -> list[float | None]:
        end = time.monotonic() + _PATIENCE_S

        def firsts() -> list[float | None]:
            return [self._ear.first_after(partition, moment, wall) for partition in hit]

        while None in firsts() and time.monotonic() < end:
            await asyncio.sleep(0.05)
        return firsts()


async def _until(happened: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        await asyncio.sleep(0.05)
    return happened()

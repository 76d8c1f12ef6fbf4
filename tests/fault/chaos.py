"""Deals blows one after another, each at a random moment after the last one was overcome, and notes what each cost."""

import asyncio
import time
from collections.abc import Callable
from random import Random
from typing import Final

from streams.demo.hours import to_london
from streams.worker.clock import RealClock

from .arena import Arena
from .blows import Blow, Dealt
from .ear import Ear, until_heard

#: So long is the first output waited for before the next blow. Seconds.
_PATIENCE_S: Final = 60.0
_CLOCK: Final = RealClock()


class Chaos:
    """``say`` is told each blow when it is over."""

    def __init__(
        self, rng: Random, ear: Ear, arena: Arena, partitions: int, say: Callable[[Dealt], None] = lambda _: None
    ) -> None:  # fmt: skip
        self._rng = rng
        self._ear = ear
        self._arena = arena
        self._all = frozenset(range(partitions))
        self._say = say
        self.began = self.last = time.monotonic()  # of the first; when the last one was overcome
        self.dealt: list[Dealt] = []

    async def run(self, blows: list[Blow], pause_s: tuple[float, float]) -> None:
        self.began = self.last = time.monotonic()
        for blow in blows:
            await asyncio.sleep(self._rng.uniform(*pause_s))
            await self._deal(blow)

    async def _deal(self, blow: Blow) -> None:
        dealt = Dealt(blow, to_london(_CLOCK.now()).isoformat(timespec="seconds"), 0.0, "")
        hit = await self._arena.deal(blow)
        dealt.at = round(hit.begun - self.began, 1)
        dealt.target, dealt.lasted = hit.target, round(hit.ended - hit.begun, 1)
        partitions = self._all if hit.partitions is None else hit.partitions
        dealt.partitions = len(partitions)
        # A decision written before the blow may be heard after it; so may one that was written beside it.
        written = _CLOCK.now() - round(1_000 * (time.monotonic() - hit.ended))
        firsts = await until_heard(self._ear, partitions, hit.ended, written, _PATIENCE_S)
        if partitions and firsts is not None:
            dealt.seconds = round(self._ear.silence(partitions, hit.begun, firsts), 2)
        self.dealt.append(dealt)
        self.last = time.monotonic()
        self._say(dealt)

"""Everything that plays together in a run: processes, a feed, those who answer, a clock."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from streams.demo.cast import Cast
from streams.domain.time import MINUTE, Instant
from streams.domain.vocabulary import Topic
from streams.feed.feeder import Feeder
from streams.feed.lines import Line
from streams.kafka.broker import Listener
from streams.kafka.client import connection
from streams.kafka.codec import Codec
from streams.kafka.offsets import KafkaError, OffsetsClient
from streams.settings import Settings
from tests.support.running import environment

from .arena import Arena, Means
from .blows import Dealt
from .chaos import Chaos
from .clocks import Clocks
from .ear import Ear
from .load import Poison, Step, first_moment
from .processes import Victim

_QUIET_S: Final = 2.0
#: Without any progress for so long, it does not come to rest. Seconds.
_STUCK_S: Final = 180.0
_AGAIN_S: Final = 0.5


class Playing(msgspec.Struct, frozen=True):
    """Who plays: how many workers to begin with, and in which zones of the network (none: no proxies)."""

    workers: int
    zones: tuple[Listener, ...] = ()


class Stage:
    def __init__(
        self, settings: Settings, clocks: Clocks, feeder: Feeder, cast: Cast, ear: Ear, offsets: OffsetsClient,
        arena: Arena, chaos: Chaos, poison: Poison,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._clocks = clocks
        self._cast = cast
        self._offsets = offsets
        self._poison = poison
        self._codec = Codec.local()
        self.feeder = feeder
        self.ear = ear
        self.arena = arena
        self.chaos = chaos

    @property
    def now(self) -> Instant:
        return self._clocks.now

    def everybody(self) -> list[Victim]:
        return [*self.arena.victims, self.arena.recorder]

    # Feeding.

    async def step(self, step: Step) -> None:
        """Produce one step, and what provider and staff have to say by then."""
        now = max(step.now, self._clocks.now)
        answers = [
            Line(event.topic, event.envelope.patient_id.encode(), self._codec.encode_event(event))
            for event in self._cast.answers(now)
        ]
        state = [line for line in answers if line.topic is Topic.RESOLUTIONS]
        await self._send([*step.state, *state])
        self._clocks.set(now)
        rest = [line for line in answers if line.topic is not Topic.RESOLUTIONS]
        await self._send(self._poison.among([*step.deciding, *rest]))
        try:
            await self._cast.listen()
        except KafkaError:  # a broker is away; what was said is heard later
            await asyncio.sleep(_AGAIN_S)

    async def _send(self, lines: list[Line]) -> None:
        """Again until all are acknowledged: an event that comes twice is one event to Heed."""
        while lines:
            try:
                await self.feeder.feed(lines)
            except KafkaError:
                await asyncio.sleep(_AGAIN_S)
            else:
                return

    # Coming to rest.

    async def drain(self) -> None:
        """Let time pass until timers and tasks have settled, everything is taken, and nobody says any more."""
        for _ in range(6):
            await self._until_taken()
            self._clocks.set(self._clocks.now + 10 * MINUTE)
            await asyncio.sleep(0.3)
        await self._until_taken()
        while time.monotonic() - self.ear.last < _QUIET_S or not await self._recorded():
            assert time.monotonic() - self.ear.last < _STUCK_S, "it did not come to rest"
            await asyncio.sleep(0.2)

    async def _until_taken(self) -> None:
        begun = time.monotonic()
        left = dict(self.feeder.ends)
        while left:
            quiet = time.monotonic() - max(begun, self.ear.last)
            assert quiet < _STUCK_S, f"not taken: {sorted(left)}"
            committed = await self._offsets.committed(self._settings.worker_group, list(left))
            left = {place: end for place, end in left.items() if (committed[place] or 0) < end}
            await asyncio.sleep(0.1)

    async def _recorded(self) -> bool:
        await self._cast.hear_out()
        objections = self._settings.topic(Topic.OBJECTIONS)
        due = self._cast.ends | {
            place: end for place, end in self.feeder.ends.items() if place[0] == objections
        }
        committed = await self._offsets.committed(self._settings.recorder_group, list(due))
        return all((committed[place] or 0) >= end for place, end in due.items())

    async def stop(self) -> dict[str, int]:
        everybody = self.everybody()
        codes = await asyncio.gather(*(victim.stop() for victim in everybody))
        return {victim.name: code for victim, code in zip(everybody, codes, strict=True)}


class Company:
    """Makes the processes: each with a clock and a log of its own, in one zone of the network after the other."""

    def __init__(self, settings: Settings, zones: tuple[Listener, ...], clocks: Clocks, folder: Path) -> None:
        self._settings = settings
        self._zones = zones
        self._clocks = clocks
        self._folder = folder
        self._made = 0

    def make(self, name: str, command: str) -> Victim:
        settings, zone = self._settings, ""
        if self._zones:
            listener = self._zones[self._made % len(self._zones)]
            zone = listener.name
            settings = msgspec.structs.replace(settings, bootstrap_servers=listener.bootstrap)
        self._made += 1
        more = {"HEED_CLOCK": self._clocks.text(name), "HEED_CLOCK_ALLOWED": "demo", "HEED_HTTP_PORT": "0"}
        if settings.schema_registry_url:
            more["HEED_SCHEMA_REGISTRY_URL"] = settings.schema_registry_url
        environ = environment(settings, **more)
        return Victim(name, command, environ, self._folder / f"{name}.log", zone)


@asynccontextmanager
async def staged(
    playing: Playing, seed: int, settings: Settings, folder: Path, means: Means, poison: Poison, rng: Random,
    say: Callable[[Dealt], None],
) -> AsyncIterator[Stage]:  # fmt: skip
    """Start everything; everything that was started is stopped."""
    connect = connection(settings)
    async with AsyncExitStack() as stack:
        clocks = stack.enter_context(Clocks(folder, first_moment(seed)))
        company = Company(settings, playing.zones, clocks, folder)
        workers = [company.make(f"worker-{n}", "worker") for n in range(playing.workers)]
        recorder = company.make("recorder", "recorder")
        offsets = OffsetsClient(connect)
        await offsets.open()
        stack.push_async_callback(offsets.close)
        ear = Ear(connect, settings)
        listening = asyncio.create_task(ear.listen(), name="ear")
        stack.callback(listening.cancel)
        extras = iter(range(1_000))

        def spare() -> Victim:
            victim = company.make(f"extra-{next(extras)}", "worker")
            stack.push_async_callback(victim.stop)
            return victim

        arena = Arena(rng, workers, recorder, means, clocks, spare)
        for victim in (*workers, recorder):
            victim.start()
            stack.push_async_callback(victim.stop)
        for victim in (*workers, recorder):
            await victim.until_ready()
        chaos = Chaos(rng, ear, arena, settings.partitions, say)
        feeder = await stack.enter_async_context(Feeder(connect, settings.topic))
        heard = await stack.enter_async_context(Cast(connect, settings.topic, settings.partitions))
        yield Stage(settings, clocks, feeder, heard, ear, offsets, arena, chaos, poison)

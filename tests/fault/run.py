"""One run: processes, a feed, blows, and the verifier's word for it."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from streams.demo.cast import Cast
from streams.demo.feeder import Feeder
from streams.demo.lines import Line
from streams.domain.time import MINUTE
from streams.domain.vocabulary import Topic
from streams.kafka.broker import LocalKafka
from streams.kafka.client import connection
from streams.kafka.codec import Codec
from streams.kafka.offsets import KafkaError, OffsetsClient
from streams.settings import Settings
from streams.verify.findings import Report
from streams.verify.run import Plan as VerifyPlan
from streams.verify.run import verify
from streams.worker.shown_clock import ClockSetter
from tests.support.running import environment

from .chaos import Blow, Chaos, Dealt, Ear
from .load import POLICY, Step, first_moment, steps
from .processes import Victim

#: A blow and its recovery take about this long; the feed is spread over all of them. Seconds.
_A_BLOW_S: Final = 12.0
_QUIET_S: Final = 2.0
_DRAIN_S: Final = 180.0


class Run(msgspec.Struct, frozen=True):
    """What is to be done. ``blows`` come in random order; ``rate`` bounds the feed, 0: by the blows alone."""

    events: int
    seed: int
    blows: tuple[Blow, ...]
    workers: int = 2
    rate: float = 0.0
    pause_s: tuple[float, float] = (0.2, 2.0)


class Ran(msgspec.Struct, frozen=True):
    """What came of it."""

    run: Run
    fed: int
    decisions: int
    dealt: list[Dealt]
    report: Report
    exit_codes: dict[str, int]
    starts: dict[str, int]
    seconds: float

    def worst(self) -> dict[str, float]:
        """The longest time to the first output, by blow. Seconds."""
        found: dict[str, float] = {}
        for dealt in self.dealt:
            if dealt.seconds is not None:
                found[dealt.blow.value] = max(dealt.seconds, found.get(dealt.blow.value, 0.0))
        return found

    def counts(self) -> Counter[Blow]:
        return Counter(dealt.blow for dealt in self.dealt)


async def play(run: Run, settings: Settings, folder: Path, broker: LocalKafka | None = None) -> Ran:
    """Do it. The topics exist; everything that is started is stopped."""
    begun = time.monotonic()
    rng = Random(f"chaos-{run.seed}")
    blows = list(run.blows)
    rng.shuffle(blows)
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    settings = msgspec.structs.replace(settings, policy=policy)
    async with _stage(run, settings, folder, broker, rng) as stage:
        chaos = asyncio.create_task(stage.chaos.run(blows, run.pause_s))
        await stage.feed(run, chaos, len(blows))
        await chaos
        await stage.drain()
        codes = await stage.stop()
        report = await verify(settings, VerifyPlan(slack=0))
        return Ran(
            run, stage.feeder.fed, stage.ear.count, stage.chaos.dealt, report, codes,
            {v.name: v.starts for v in stage.everybody()}, round(time.monotonic() - begun, 1),
        )  # fmt: skip


class Stage:
    """Everything that plays together."""

    def __init__(
        self, settings: Settings, clock: ClockSetter, feeder: Feeder, cast: Cast, ear: Ear, offsets: OffsetsClient,
        recorder: Victim, chaos: Chaos,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._clock = clock
        self._cast = cast
        self._offsets = offsets
        self._recorder = recorder
        self._codec = Codec.local()
        self.feeder = feeder
        self.ear = ear
        self.chaos = chaos

    def everybody(self) -> list[Victim]:
        return [*self.chaos.victims, self._recorder]

    async def feed(self, run: Run, chaos: "asyncio.Task[None]", blows: int) -> None:
        """Spread over the blows; when these are done, as fast as it goes."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        pace = blows * _A_BLOW_S / run.events
        fed = 0
        for step in steps(run.events, run.seed, self._codec):
            await self._step(step)
            fed += len(step)
            behind = began + (fed * pace if not chaos.done() else 0.0) - loop.time()
            if run.rate:
                behind = max(behind, began + fed / run.rate - loop.time())
            while behind > 0 and not (chaos.done() and not run.rate):
                await asyncio.sleep(min(0.1, behind))
                behind -= 0.1
            if chaos.done() and (error := chaos.exception()) is not None:
                raise error

    async def _step(self, step: Step) -> None:
        now = max(step.now, self._clock.now)
        answers = [
            Line(event.topic, event.envelope.patient_id.encode(), self._codec.encode_event(event))
            for event in self._cast.answers(now)
        ]
        state = [line for line in answers if line.topic is Topic.RESOLUTIONS]
        await self._send([*step.state, *state])
        self._clock.set(now)
        await self._send([*step.deciding, *(line for line in answers if line.topic is not Topic.RESOLUTIONS)])
        try:
            await self._cast.listen()
        except KafkaError:  # the broker is away; what was said is heard later
            await asyncio.sleep(0.5)

    async def _send(self, lines: list[Line]) -> None:
        if lines:
            await self.feeder.feed(lines)

    async def drain(self) -> None:
        """Let time pass until timers and tasks have settled, everything is taken, and nobody says any more."""
        for _ in range(6):
            await self._until_taken()
            self._clock.set(self._clock.now + 10 * MINUTE)
            await asyncio.sleep(0.3)
        await self._until_taken()
        end = time.monotonic() + _DRAIN_S
        while time.monotonic() - self.ear.last < _QUIET_S or not await self._recorded():
            assert time.monotonic() < end, "it did not come to rest"
            await asyncio.sleep(0.2)

    async def _until_taken(self) -> None:
        end = time.monotonic() + _DRAIN_S
        left = dict(self.feeder.ends)
        while left:
            assert time.monotonic() < end, f"not taken: {sorted(left)}"
            committed = await self._offsets.committed(self._settings.worker_group, list(left))
            left = {place: end_ for place, end_ in left.items() if (committed[place] or 0) < end_}
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


@asynccontextmanager
async def _stage(
    run: Run, settings: Settings, folder: Path, broker: LocalKafka | None, rng: Random
) -> AsyncIterator[Stage]:
    connect = connection(settings)
    async with AsyncExitStack() as stack:
        clock = stack.enter_context(ClockSetter(folder / "clock", first_moment(run.seed)))
        environ = environment(settings, HEED_CLOCK=clock.text, HEED_CLOCK_ALLOWED="demo", HEED_HTTP_PORT="0")
        workers = [
            Victim(f"worker-{n}", "worker", environ, folder / f"worker-{n}.log") for n in range(run.workers)
        ]
        recorder = Victim("recorder", "recorder", environ, folder / "recorder.log")
        offsets = OffsetsClient(connect)
        await offsets.open()
        stack.push_async_callback(offsets.close)
        ear = Ear(connect, settings)
        listening = asyncio.create_task(ear.listen(), name="ear")
        stack.callback(listening.cancel)
        extras = iter(range(1_000))

        def spare() -> Victim:
            number = next(extras)
            victim = Victim(f"extra-{number}", "worker", environ, folder / f"extra-{number}.log")
            stack.push_async_callback(victim.stop)
            return victim

        chaos = Chaos(rng, ear, workers, recorder, broker, spare)
        for victim in (*workers, recorder):
            victim.start()
            stack.push_async_callback(victim.stop)
        for victim in (*workers, recorder):
            await victim.until_ready()
        feeder = await stack.enter_async_context(Feeder(connect, settings.topic))
        cast = await stack.enter_async_context(Cast(connect, settings.topic, settings.partitions))
        yield Stage(settings, clock, feeder, cast, ear, offsets, recorder, chaos)

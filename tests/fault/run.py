"""One run: processes, a feed, blows, and the verifier's word for it."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from streams.domain.vocabulary import Topic
from streams.kafka.broker import Listener
from streams.kafka.client import connection
from streams.kafka.codec import Codec
from streams.kafka.reading import read_to_end
from streams.settings import Settings
from streams.verify.findings import Report
from streams.verify.run import Plan as VerifyPlan
from streams.verify.run import verify

from .arena import Means
from .blows import Blow, Dealt
from .chaos import Chaos
from .load import POLICY, Load, Poison
from .stage import Playing, Stage, staged

#: A blow and its recovery take about this long, until it has been seen how long they take here. Seconds.
_A_BLOW_S: Final = 10.0
#: So many blows, and the time a blow takes is known.
_KNOWN: Final = 5
#: A step of the feed lasts about so long: what a blow cost is told no more exactly than that. Seconds.
_A_STEP_S: Final = 0.25
_STEP: Final = (20, 500)


class Run(msgspec.Struct, frozen=True):
    """What is to be done. ``blows`` come in random order, unless ``shuffled`` is off. ``poison``: its share."""

    events: int
    seed: int
    blows: tuple[Blow, ...]
    workers: int = 2
    pause_s: tuple[float, float] = (0.2, 2.0)
    zones: tuple[Listener, ...] = ()
    poison: float = 0.0
    shuffled: bool = True


class Ran(msgspec.Struct, frozen=True):
    """What came of it. ``poison``: values fed that nobody can read; ``unburied``: those without a dead letter."""

    run: Run
    fed: int
    decisions: int
    dealt: list[Dealt]
    report: Report
    exit_codes: dict[str, int]
    starts: dict[str, int]
    poison: int
    unburied: int
    fed_s: float
    seconds: float

    def costs(self) -> dict[str, list[float]]:
        """Seconds without output, by blow, in rising order."""
        found: dict[str, list[float]] = {}
        for dealt in self.dealt:
            if dealt.seconds is not None:
                found.setdefault(dealt.blow.value, []).append(dealt.seconds)
        return {blow: sorted(costs) for blow, costs in found.items()}

    def counts(self) -> Counter[Blow]:
        return Counter(dealt.blow for dealt in self.dealt)

    @property
    def never_overcome(self) -> list[Dealt]:
        """Blows after which a partition was silent for as long as anybody listened."""
        return [one for one in self.dealt if one.seconds is None and one.partitions]


async def play(
    run: Run, settings: Settings, folder: Path, means: Means | None = None,
    say: Callable[[Dealt], None] = lambda _: None,
) -> Ran:  # fmt: skip
    """Do it. The topics exist; everything that is started is stopped."""
    begun = time.monotonic()
    means = means or Means()
    rng = Random(f"chaos-{run.seed}")
    blows = list(run.blows)
    if run.shuffled:
        rng.shuffle(blows)
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    settings = msgspec.structs.replace(settings, policy=policy)
    load = await asyncio.to_thread(Load, run.events, run.seed, Codec.local())
    poison = Poison(run.seed, run.poison, lambda: means.registry is not None and not means.registry.away)
    async with staged(
        Playing(run.workers, run.zones), run.seed, settings, folder, means, poison, rng, say
    ) as stage:
        feeding = time.monotonic()
        await _feed(stage, run, load, blows)
        await stage.drain()
        fed_s = time.monotonic() - feeding
        codes = await stage.stop()
        report = await verify(settings, VerifyPlan(slack=0))
        unburied = poison.fed - await _dead_letters(settings)
        return Ran(
            run, stage.feeder.fed, stage.ear.count, stage.chaos.dealt, report, codes,
            {v.name: v.starts for v in stage.everybody()}, len(poison.fed), len(unburied), round(fed_s, 1),
            round(time.monotonic() - begun, 1),
        )  # fmt: skip


async def _feed(stage: Stage, run: Run, load: Load, blows: list[Blow]) -> None:
    """What is known first; then the rest, spread over the blows; when these are done, as fast as it goes."""
    rest = max(1, run.events - load.standing)
    a_step = rest / max(1.0, len(blows) * _A_BLOW_S) * _A_STEP_S
    fed, chaos = 0, None
    async with asyncio.TaskGroup() as tasks:
        for step in load.steps(int(min(max(a_step, _STEP[0]), _STEP[1]))):
            await stage.step(step)
            fed += len(step)
            if fed < load.standing:
                continue
            chaos = chaos or tasks.create_task(stage.chaos.run(blows, run.pause_s))
            while not chaos.done() and (fed - load.standing) / rest > _share(stage.chaos, len(blows)):
                # A blow that takes long is waited for; meanwhile there is something to decide, or nothing could be heard.
                await asyncio.sleep(_A_STEP_S)
                await stage.step(load.races(stage.now))


def _share(chaos: Chaos, blows: int) -> float:
    """How much of the feed is due: as much as of the blows."""
    dealt, now = len(chaos.dealt), time.monotonic()
    a_blow = (chaos.last - chaos.began) / dealt if dealt >= _KNOWN else _A_BLOW_S
    return (dealt + 1 - math.exp(-(now - chaos.last) / a_blow)) / max(1, blows)


async def _dead_letters(settings: Settings) -> set[bytes]:
    name = settings.topic(Topic.DEAD_LETTERS)
    return {one.value or b"" async for one in read_to_end(connection(settings), [name])}

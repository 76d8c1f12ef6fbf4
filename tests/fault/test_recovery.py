"""How long a partition is silent when the only worker that could decide there dies, or is asked to stop, and comes back."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import msgspec
import pytest

from streams.kafka.codec import Codec
from streams.settings import Settings
from streams.worker.clock import RealClock

from .arena import Means
from .blows import Blow
from .ear import until_heard
from .load import POLICY, Poison, Racing
from .stage import Playing, Stage, staged

#: Seconds from the blow to the first output on each partition, at most: what is promised.
PROMISED_S: Final = {Blow.KILL: 15.0, Blow.TERM: 5.0}
#: A machine that does other work besides may take so many times that: what is promised is for one that does not, and is
#: told by the figures that are printed (docs/reliability.md).
_BUSY: Final = 3
TIMES: Final = 3
SEED: Final = 5
#: The feed is even: something to decide on every partition so often. Seconds.
_STEP_S: Final = 0.1
_WORKING_S: Final = 0.5
_PATIENCE_S: Final = 60.0
_CLOCK: Final = RealClock()


@asynccontextmanager
async def fed_evenly(stage: Stage, partitions: int) -> AsyncIterator[None]:
    async def feed() -> None:
        racing = Racing(Codec.local(), SEED)
        while True:
            begun = time.monotonic()
            await stage.step(racing.one_each(stage.now, partitions))
            await asyncio.sleep(max(0.0, begun + _STEP_S - time.monotonic()))

    feeding = asyncio.create_task(feed())
    try:
        yield
        assert not feeding.done(), feeding.exception()
    finally:
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feeding


async def until_decided(stage: Stage, partitions: int) -> float:
    """When the last partition has been heard that is heard from now on."""
    firsts = await until_heard(
        stage.ear, range(partitions), time.monotonic(), _CLOCK.now(), _PATIENCE_S
    )  # fmt: skip
    assert firsts is not None, "a partition stayed silent"
    return max(firsts.values())


async def outage(stage: Stage, blow: Blow, partitions: int) -> float:
    """Seconds from the blow until the successor has decided something on each partition. Python's start is in it, and the
    0.4 s of the supervisor."""
    (worker,) = stage.arena.workers
    starts = worker.starts
    hit = await stage.arena.deal(blow)
    assert hit.partitions == frozenset(range(partitions)), "it did not own everything"
    async with asyncio.timeout(_PATIENCE_S):
        while (
            worker.starts == starts
        ):  # what is heard until then is the last words of the one that is stopped
            await asyncio.sleep(0.02)
    return await until_decided(stage, partitions) - hit.begun


@pytest.mark.timeout(200)
async def test_the_only_worker_of_a_partition_is_back_in_time(created: Settings, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    settings, partitions = msgspec.structs.replace(created, policy=policy), created.partitions
    took: dict[Blow, list[float]] = {blow: [] for blow in PROMISED_S}
    async with (
        staged(
            Playing(workers=1), SEED, settings, tmp_path, Means(), Poison(SEED, 0.0), Random(SEED), lambda _: None
        ) as stage,
        fed_evenly(stage, partitions),
    ):  # fmt: skip
        for _ in range(TIMES):
            for blow, seconds in took.items():
                await until_decided(stage, partitions)
                await asyncio.sleep(_WORKING_S)
                seconds.append(round(await outage(stage, blow, partitions), 2))
    for blow, seconds in took.items():
        print(f"{blow}: first output on every partition after {seconds} s, promised {PROMISED_S[blow]}")  # noqa: T201
    late = {blow: seconds for blow, seconds in took.items() if max(seconds) > _BUSY * PROMISED_S[blow]}
    assert not late, f"promised {PROMISED_S}: {took}"
    assert set(stage.arena.workers[0].codes) == {-9, 0}, "one that is asked to stop ends in order"

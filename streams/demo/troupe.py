"""The worker and recorder processes of one demo, started, watched, and stopped together."""

import asyncio
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

from streams.demo.cast import Cast
from streams.demo.processes import Process
from streams.domain.vocabulary import Topic
from streams.errors import HeedError
from streams.feed.feeder import Feeder
from streams.kafka.offsets import OffsetsClient
from streams.settings import Settings

_POLL_S: Final = 0.01
_STALLED_S: Final = 120.0  # far above a rebalance and a restart on a busy machine
_RESTARTS: Final = 5


class Stalled(HeedError):
    """The day cannot go on: a process keeps ending, or takes nothing any more."""


class Troupe:
    """Processes by role. ``settings`` name the broker, the prefix and the groups; ``clock`` is the HEED_CLOCK text."""

    def __init__(
        self, settings: Settings, offsets: OffsetsClient, clock: str, workers: int, logs: Path
    ) -> None:
        environ = _environ(settings, clock)
        self._settings = settings
        self._offsets = offsets
        self.processes = [
            Process(f"worker {number}", ["worker"], environ, logs / f"worker-{number}.log")
            for number in range(1, workers + 1)
        ] + [Process("recorder", ["recorder"], environ, logs / "recorder.log")]

    async def start(self) -> None:
        """Start all and return when all are ready. Raises RefuseToStart."""
        for process in self.processes:
            await asyncio.to_thread(process.start)
        for process in self.processes:
            await process.until_ready()

    async def stop(self) -> dict[str, int]:
        """Stop all at once; the exit code of each, by name."""
        codes = await asyncio.gather(*(asyncio.to_thread(process.stop) for process in self.processes))
        return {process.name: code for process, code in zip(self.processes, codes, strict=True)}

    async def taken(self, feeder: Feeder, places: Collection[tuple[str, int]]) -> None:
        """Return when the workers have committed everything fed to these partitions. Raises Stalled."""
        await self._until(self._settings.worker_group, {place: feeder.ends[place] for place in places})

    async def recorded(self, feeder: Feeder, cast: Cast) -> None:
        """Return when the recorder has committed every message, task and objection. Raises Stalled."""
        objections = self._settings.topic(Topic.OBJECTIONS)
        fed = {place: end for place, end in feeder.ends.items() if place[0] == objections}
        await self._until(self._settings.recorder_group, cast.ends | fed)

    @property
    def restarts(self) -> int:
        return sum(process.restarts for process in self.processes)

    async def _until(self, group: str, ends: dict[tuple[str, int], int]) -> None:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + _STALLED_S
        left = dict(ends)
        while left:
            committed = await self._offsets.committed(group, left)
            left = {place: end for place, end in left.items() if (committed[place] or 0) < end}
            if left:
                await self._supervise()
                if loop.time() > give_up:
                    stuck = ", ".join(f"{topic}[{partition}]" for topic, partition in sorted(left))
                    raise Stalled(
                        f"nothing was taken from {stuck} for {_STALLED_S:.0f} s; see the logs of the processes"
                    )
                await asyncio.sleep(_POLL_S)

    async def _supervise(self) -> None:
        """A process that ended by itself is started again, as its supervisor would."""
        for process in self.processes:
            if process.ended:
                if process.restarts >= _RESTARTS:
                    raise Stalled(f"{process.name} has ended {_RESTARTS + 1} times: {process.last_words()}")
                await asyncio.to_thread(process.restart)


def _environ(settings: Settings, clock: str) -> dict[str, str]:
    """A child's environment: ours, with the broker, names and clock of this demo."""
    return dict(os.environ) | {
        "HEED_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "HEED_TOPIC_PREFIX": settings.topic_prefix,
        "HEED_WORKER_GROUP": settings.worker_group,
        "HEED_RECORDER_GROUP": settings.recorder_group,
        "HEED_STATE_DIR": str(settings.state_dir),
        "HEED_HTTP_HOST": "127.0.0.1",
        "HEED_HTTP_PORT": "0",
        "HEED_SCHEMA_REGISTRY_URL": "",  # the demo's records name the committed ids
        "HEED_CLOCK": clock,
        "HEED_CLOCK_ALLOWED": "demo",
    }

"""Workers and recorders as real processes under a supervisor, and what can be done to them."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from streams.kafka.broker.guard import die_with_parent
from tests.support.running import PROJECT

_LOOK_S: Final = 0.1
_RESTART_AFTER_S: Final = 0.3


class Victim:
    """One process that is started again whenever it ends, until it is told to stop. ``zone``: of the network."""

    def __init__(
        self, name: str, command: str, environ: Mapping[str, str], log: Path, zone: str = ""
    ) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.zone = zone
        self.starts = 0
        self.codes: list[int] = []
        self.died = 0.0  # when it was last seen to have ended by itself, monotonic seconds
        self.wanted = False
        self._environ = {**environ, "HEED_INSTANCE": name}
        self._process: subprocess.Popen[bytes] | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._began = 0

    def start(self) -> None:
        self.wanted = True
        self._launch()
        self._supervisor = asyncio.create_task(self._supervise(), name=self.name)

    def _launch(self) -> None:
        self._began = self.log.stat().st_size if self.log.exists() else 0
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fault.entry", self.command],
                env=self._environ, cwd=PROJECT, stdout=log, stderr=log,
                preexec_fn=die_with_parent,  # a killed pytest cannot clean up
            )  # fmt: skip

    async def _supervise(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            assert self._process is not None
            code = self._process.poll()
            if code is not None:
                self.died = time.monotonic()
                self.codes.append(code)
                if not self.wanted:
                    return
                await asyncio.sleep(_RESTART_AFTER_S)
                self._launch()

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        if self._process.poll() is None:  # its number may be somebody else's by now
            self._process.send_signal(number)

    async def until_ready(self, seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while "\nready\n" not in "\n" + self._said():
            assert time.monotonic() < end, f"{self.name} was not ready in time: {self._said()[-1500:]}"
            await asyncio.sleep(_LOOK_S)

    def partitions(self) -> frozenset[int]:
        """What it was assigned last, as its log says."""
        found: frozenset[int] = frozenset()
        for line in self._said().splitlines():
            if '"assigned"' not in line:
                continue
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if isinstance(said, dict) and said.get("event") == "assigned":
                    found = frozenset(said["partitions"])
        return found

    def _said(self) -> str:
        with self.log.open("rb") as file:
            file.seek(self._began)
            return file.read().decode(errors="replace")

    async def stop(self) -> int:
        """SIGTERM; its exit code. Insists after a while."""
        self.wanted = False
        if self._supervisor is not None:
            self._supervisor.cancel()  # also in the pause before it would start it again
            await asyncio.gather(self._supervisor, return_exceptions=True)
        if self._process is None:
            return 0
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self._process.wait, 15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return await asyncio.to_thread(self._process.wait)

"""The real processes of the demo: ``heed worker`` and ``heed recorder``, as anybody would start them.

Each runs under a guard (kafka/broker/guard.py) that ends it when the demo is gone, however it went.
"""

import asyncio
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from streams.errors import RefuseToStart
from streams.kafka.broker import guard

_READY: Final = re.compile(r"^ready$", re.MULTILINE)
_URL: Final = re.compile(r"http://127\.0\.0\.1:\d+")
_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = guard.STOP_SECONDS + 5
_LOOK_AGAIN_S: Final = 0.05


class Process:
    """One child process; ``name`` is for people, ``command`` what follows ``heed``."""

    def __init__(self, name: str, command: list[str], environ: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.restarts = 0
        self._command = [sys.executable, "-m", "streams", *command]
        self._environ = dict(environ)
        self._log = log
        self._guard: subprocess.Popen[str] | None = None
        self._began = 0

    def start(self) -> None:
        """Start it; its output goes to the log."""
        self._began = self._log.stat().st_size if self._log.exists() else 0
        plan = json.dumps({"run": self._command, "log": str(self._log), "finally": None})
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, plan],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True, env=self._environ,
        )  # fmt: skip
        assert self._guard.stdout is not None
        self._guard.stdout.readline()

    @property
    def ended(self) -> bool:
        """Whether it has ended without being asked to."""
        return self._guard is not None and self._guard.poll() is not None

    async def until_ready(self) -> None:
        """Return when it says that it is ready. Raises RefuseToStart with its last words when it ends instead."""
        give_up = asyncio.get_running_loop().time() + _READY_SECONDS
        while not _READY.search(self._said()):
            if self.ended:
                raise RefuseToStart(f"{self.name} ended at once: {self.last_words()} (see {self._log})")
            if asyncio.get_running_loop().time() > give_up:
                raise RefuseToStart(
                    f"{self.name} was not ready within {_READY_SECONDS:.0f} s (see {self._log})"
                )
            await asyncio.sleep(_LOOK_AGAIN_S)

    @property
    def url(self) -> str:
        """Where its metrics and health are served; empty when it has not said so."""
        found = _URL.search(self._said())
        return found[0] if found else ""

    def last_words(self) -> str:
        lines = [line.strip() for line in self._said().splitlines() if line.strip()]
        return lines[-1][:300] if lines else "it said nothing"

    def restart(self) -> None:
        """Start it again after it ended by itself: what a supervisor does."""
        self.stop()
        self.restarts += 1
        self.start()

    def stop(self) -> int:
        """Ask it to end, insist after some seconds; returns its exit code, 0 when it stopped in order."""
        running, self._guard = self._guard, None
        if running is None:
            return 0
        assert running.stdin is not None
        assert running.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended by itself
            running.stdin.close()
        running.stdout.close()
        try:
            return running.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            return running.wait()

    def _said(self) -> str:
        try:
            with self._log.open("rb") as file:
                file.seek(self._began)
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

"""The broker of ``heed kafka up``: it stays until ``heed kafka down``, whoever started it.

``directory/state.json`` says where it is; every command finds it there when no address is configured.
"""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

import msgspec

from streams.settings import default_state_dir

from . import engines
from .guard import STOP_SECONDS
from .maven import Say
from .properties import free_ports
from .readiness import wait_until_accepting, wait_until_ready

_POLL_SECONDS: Final = 0.05


class Running(msgspec.Struct, frozen=True):
    """A broker in the background: its process, where clients connect, what runs it, and where its files are."""

    pid: int
    bootstrap: str
    engine: str
    directory: str
    mark: str  # a word of its command line, which tells it from a later process with the same pid


def running(directory: Path) -> Running | None:
    """The background broker of ``directory``, or None when none runs."""
    try:
        known = msgspec.json.decode((directory / "state.json").read_bytes(), type=Running)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return known if known.mark in command_line(known.pid) else None


class BackgroundKafka:
    """Starts and stops the background broker of one directory."""

    def __init__(self, directory: Path, *, cache: Path | None = None, say: Say = lambda _: None) -> None:
        self._directory = directory
        self._cache = cache or default_state_dir() / "cache"
        self._say = say

    def up(self) -> Running:
        """Start it if it does not run, wait until it can be used. Raises BrokerUnreachable."""
        if known := running(self._directory):
            wait_until_accepting(known.bootstrap, lambda: running(self._directory) == known)
            return known
        engine = engines.choose(self._directory, self._cache, self._say)
        ports = free_ports()
        launch = engine.launch(ports)
        log = self._directory / "broker.log"
        since = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            process = subprocess.Popen(
                launch.run, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        started = Running(process.pid, ports.bootstrap, engine.name, str(self._directory), launch.mark)
        try:
            # Before it is ready: were we killed now, `heed kafka down` would still know what to end.
            self._state.write_bytes(msgspec.json.encode(started))
            wait_until_ready(log, since, ports, lambda: process.poll() is None)
        except BaseException:  # also Ctrl-C while waiting: leave nothing behind
            process.kill()
            process.wait()
            self._state.unlink(missing_ok=True)
            raise
        return started

    def down(self) -> Running | None:
        """Stop it and return what ran, or None. What is stored stays for the next ``up``."""
        known = running(self._directory)
        if known is not None:
            _end(known)
        self._state.unlink(missing_ok=True)
        return known

    @property
    def _state(self) -> Path:
        return self._directory / "state.json"


def _end(known: Running) -> None:
    os.kill(known.pid, signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while known.mark in command_line(known.pid):
        if time.monotonic() > end:
            os.kill(known.pid, signal.SIGKILL)
            return
        time.sleep(_POLL_SECONDS)


def command_line(pid: int) -> str:
    """How a process was started; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    asked = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout

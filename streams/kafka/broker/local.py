"""A broker that lives as long as the process that starts it."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from streams.errors import BrokerUnreachable
from streams.settings import default_state_dir

from . import engines, guard
from .maven import Say
from .properties import Ports, free_ports
from .readiness import PortTaken, wait_until_ready

_TRIES: Final = 3  # somebody may take a free port between our look and the broker's
_STOP_SECONDS: Final = guard.STOP_SECONDS + 10


class LocalKafka:
    """A single-node Kafka with its files in ``directory``; several may run beside each other.

    It ends when this process does, also by SIGKILL: a guard process watches (guard.py). The port stays the
    same over ``stop``, ``kill`` and ``restart``, and so does what is stored. Every method blocks: from a
    coroutine, call it through ``asyncio.to_thread``. ``say`` is told what takes long, in a sentence.

    >>> with LocalKafka(Path("scratch")) as kafka:   # doctest: +SKIP
    ...     print(kafka.bootstrap)
    127.0.0.1:23571
    """

    def __init__(self, directory: Path, *, cache: Path | None = None, say: Say = lambda _: None) -> None:
        self._directory = directory
        self._cache = cache or default_state_dir() / "cache"
        self._say = say
        self._log = directory / "broker.log"
        self._engine: engines.Engine | None = None
        self._ports: Ports | None = None
        self._guard: subprocess.Popen[str] | None = None
        self._pid = 0

    @property
    def bootstrap(self) -> str:
        """``host:port`` for clients. Raises BrokerUnreachable before the first ``start``."""
        if self._ports is None:
            raise BrokerUnreachable("the local Kafka has not been started")
        return self._ports.bootstrap

    @property
    def pid(self) -> int:
        """The broker's process (of the docker command, with Docker); 0 when none runs."""
        return self._pid if self._guard is not None and self._guard.poll() is None else 0

    def use(self, engine: engines.Engine, ports: Ports) -> None:
        """Run this way, at these ports, instead of what would be chosen. Before the first ``start``."""
        self._engine, self._ports = engine, ports

    def start(self) -> str:
        """Start, wait until it can be used, and return ``bootstrap``. Raises BrokerUnreachable."""
        if self.pid:
            return self.bootstrap
        if self._engine is None:
            self._engine = engines.choose(self._directory, self._cache, self._say)
        if self._ports is not None:
            self._launch(self._engine, self._ports)
            return self.bootstrap
        for tries_left in reversed(range(_TRIES)):
            ports = free_ports()
            try:
                self._launch(self._engine, ports)
            except PortTaken:
                if not tries_left:
                    raise
            else:
                self._ports = ports
                break
        return self.bootstrap

    def stop(self) -> None:
        """Stop in order; what is stored stays for the next ``start``."""
        self._end("keep\n")

    def close(self) -> None:
        """Stop for good: also removes what Docker keeps. Deleting ``directory`` is the caller's."""
        self._end("")

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        self._send(signal.SIGKILL)
        self.stop()

    def pause(self) -> None:
        """Freeze it: connections stay open and nothing answers."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused broker go on."""
        self._send(signal.SIGCONT)

    def restart(self) -> str:
        """Stop if it runs, and start again at the same port with what is stored."""
        self.stop()
        return self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _launch(self, engine: engines.Engine, ports: Ports) -> None:
        launch = engine.launch(ports)
        since = self._log.stat().st_size if self._log.exists() else 0
        plan = json.dumps({"run": launch.run, "log": str(self._log), "finally": launch.forget})
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, plan],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            assert self._guard.stdout is not None
            said = self._guard.stdout.readline().strip()
            if not said:
                raise BrokerUnreachable(f"could not run {launch.run[0]}")
            self._pid = int(said)
            wait_until_ready(self._log, since, ports, lambda: bool(self.pid))
        except BaseException:  # also Ctrl-C while waiting: leave nothing behind
            self.stop()
            raise

    def _send(self, sent: signal.Signals) -> None:
        if self._engine is not None and (pid := self.pid):
            self._engine.send(pid, sent)

    def _end(self, farewell: str) -> None:
        running, self._guard, self._pid = self._guard, None, 0
        if running is None:
            return
        assert running.stdin is not None
        assert running.stdout is not None
        try:
            running.stdin.write(farewell)
            running.stdin.close()
        except BrokenPipeError:  # it ended by itself
            pass
        running.stdout.close()
        try:
            running.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()  # on Linux the kernel takes the broker along
            running.wait()

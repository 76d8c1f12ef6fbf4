"""Real worker and recorder processes for tests; every one ends with its test, whatever happens."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import pytest

from streams.kafka.broker.guard import die_with_parent
from streams.settings import Settings

READY_S = 60.0
#: Short enough for a session with the broker to stay, long enough to get something done in it. Seconds.
_SLICE_S = 0.4
PROJECT = Path(__file__).resolve().parents[2]


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """The HEED_* variables that give a child process these settings, and nothing else of Heed's."""
    given = {
        "HEED_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "HEED_TOPIC_PREFIX": settings.topic_prefix,
        "HEED_WORKER_GROUP": settings.worker_group,
        "HEED_RECORDER_GROUP": settings.recorder_group,
        "HEED_STATE_DIR": str(settings.state_dir),
        **({"HEED_POLICY": str(settings.policy)} if settings.policy else {}),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")}
    return kept | given | more


def set_environment(patch: pytest.MonkeyPatch, settings: Settings, **more: str) -> None:
    """Give this process the HEED_* variables of ``environment``, for commands that are called in it."""
    for name, value in environment(settings, **more).items():
        if name.startswith("HEED_"):
            patch.setenv(name, value)


class Heed:
    """``heed COMMAND`` as a child process. ``with`` starts it, waits for ``ready``, and kills it in the end."""

    def __init__(self, command: str, settings: Settings, name: str = "", **more: str) -> None:
        self.command = command
        self._environ = environment(settings, **more)
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        self.log = settings.state_dir / f"{name or command}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Heed":
        """Start it without waiting."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streams", self.command],
                env=self._environ,
                cwd=PROJECT,
                stderr=log,
                stdout=log,
                preexec_fn=die_with_parent,  # a killed pytest cannot clean up
            )
        return self

    def until_ready(self) -> "Heed":
        until(lambda: "\nready\n" in self.said() or self.ended, READY_S)
        assert not self.ended, self.said()[-2000:]
        return self

    def said(self) -> str:
        return "\n" + self.log.read_text(errors="replace")

    @property
    def ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    @property
    def url(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+", self.said())
        assert found, self.said()
        return found[0]

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of one of its pages."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metric(self, name: str, label: str = "") -> float:
        """The sum of a metric over its labels; ``label``, as /metrics writes it: over those with it."""
        said = self.get("/metrics")[1].splitlines()
        lines = (line for line in said if re.match(rf"{name}[ {{]", line) and label in line)
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @contextlib.contextmanager
    def starved(self, share: Callable[[], float]) -> Iterator[None]:
        """It gets so much of a processor's time and no more, as on a machine that is overloaded."""
        assert self._process is not None
        process = self._process

        def starve(over: threading.Event) -> None:
            while not over.wait(_SLICE_S * share()):
                process.send_signal(signal.SIGSTOP)
                over.wait(_SLICE_S * (1 - share()))
                process.send_signal(signal.SIGCONT)

        try:
            with meanwhile(starve):
                yield
        finally:
            process.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """It hangs: it is there, and does nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def terminate(self, seconds: float = 5.0) -> int:
        """SIGTERM; its exit code. It has ``seconds``."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(seconds)

    def wait(self, seconds: float) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._process is not None
        return self._process.wait(seconds)

    def __enter__(self) -> "Heed":
        return self.start().until_ready()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
        if error is not None:
            print(f"--- {self.log.name}\n{self.said()[-4000:]}")  # noqa: T201


@contextlib.contextmanager
def meanwhile(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """``work`` goes on in a thread until the event that it is given is set: at the end of the block."""
    over = threading.Event()
    thread = threading.Thread(target=work, args=(over,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def until(happened: Callable[[], object], seconds: float = 30.0) -> None:
    """Return once it has happened. AssertionError when it takes too long."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def outlasted(process: Heed, happened: Callable[[], object], seconds: float = 60.0) -> None:
    """Return once it has happened. A process may give up meanwhile, if it says so: its supervisor starts it again."""
    until(lambda: happened() or process.ended, seconds)
    if process.ended:
        assert process.wait(0) == 1
        process.start().until_ready()
        until(happened, seconds)

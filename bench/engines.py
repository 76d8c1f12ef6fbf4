"""The engines that run workload 1: how each is prepared, started, and what it promises."""

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from .cluster import Place, write_schemas

_PEERS: Final = Path(__file__).resolve().parent / "peers"
_PROJECT: Final = Path(__file__).resolve().parents[1]
_MADE: Final = _PROJECT / ".heed" / "bench"  # virtual environments and jars; ignored by git


class Engine(msgspec.Struct, frozen=True):
    """``share``: of the events of a round, for an engine that would take minutes for all of them.

    ``settings``: variables the peer's own code reads. ``folder``: under bench/peers; none for Heed itself.
    """

    name: str
    guarantee: str
    folder: str | None = None
    python: bool = True
    share: float = 1.0
    settings: Mapping[str, str] = {}

    def prepare(self) -> str | None:
        """Install what it needs; None, or why it cannot take part."""
        if self.folder is None:
            return None
        try:
            if self.python:
                _make_environment(self.folder)
            else:
                _build_jar(self.folder)
        except subprocess.CalledProcessError as error:
            said = (error.stderr or b"").decode(errors="replace").strip().splitlines()
            return f"cannot be installed here: {said[-1] if said else error}"
        return None

    def start(self, place: Place) -> subprocess.Popen[bytes]:
        """Start it on filled topics."""
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("HEED_", "BENCH_"))
        }
        said = (place.folder / "engine.log").open("ab")
        if self.folder is None:
            run = [sys.executable, "-m", "bench.join_worker"]
            environ, cwd = clean | place.heed_environ(), _PROJECT
        else:
            environ = clean | self._environ(place)
            run, cwd = self._command(place), place.folder
        return subprocess.Popen(run, env=environ, cwd=cwd, stdout=said, stderr=said)

    def _environ(self, place: Place) -> dict[str, str]:
        return {
            "BENCH_BROKER": place.bootstrap,
            "BENCH_PREFIX": place.prefix,
            "BENCH_GROUP": place.group,
            "BENCH_PARTITIONS": str(place.partitions),
            "BENCH_STATE_DIR": str(place.folder),
            "BENCH_SCHEMAS": str(write_schemas(place.folder / "schemas.json")),
            "PYTHONPATH": str(_PEERS),
            **self.settings,
        }

    def _command(self, place: Place) -> list[str]:
        assert self.folder is not None
        if self.python:
            return [str(_MADE / self.folder / "bin" / "python"), str(_PEERS / self.folder / "main.py")]
        target = _MADE / self.folder
        return ["java", "-cp", f"{target}/classes:{target}/lib/*", "org.heed.bench.Join"]


HEED: Final = Engine("Heed", "exactly once, objections first")
KAFKA_STREAMS: Final = Engine("Kafka Streams", "exactly once", "kafka-streams", python=False)
FAUST: Final = Engine("Faust agent and Table", "at least once", "faust", share=0.15)
CONFLUENT: Final = Engine("confluent-kafka loop", "exactly once", "confluent")
PYTHON_PEERS: Final = (
    CONFLUENT,
    Engine("aiokafka loop", "exactly once", "aiokafka"),
    Engine("quixstreams", "at least once", "quixstreams", share=0.5),
    Engine(
        "quixstreams, exactly once", "exactly once", "quixstreams", share=0.5,
        settings={"BENCH_GUARANTEE": "exactly-once"},
    ),
    Engine("bytewax", "at least once", "bytewax"),
    FAUST,
)  # fmt: skip


def _make_environment(folder: str) -> None:
    """A virtual environment with exactly what the peer's lock file names."""
    lock, home = _PEERS / folder / "requirements.lock", _MADE / folder
    stamp = home / "installed.lock"
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return
    venv.EnvBuilder(with_pip=True, clear=True).create(home)
    _run(home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--require-hashes", "-r", lock)  # fmt: skip
    stamp.write_bytes(lock.read_bytes())


def _build_jar(folder: str) -> None:
    """Compile the peer and gather its libraries, when either has changed."""
    source, home = _PEERS / folder, _MADE / folder
    files = [source / "pom.xml", *sorted(source.rglob("*.java"))]
    content = b"".join(file.read_bytes() for file in files)
    stamp = home / "built.txt"
    if stamp.exists() and stamp.read_bytes() == content:
        return
    with tempfile.TemporaryDirectory() as scratch:
        _run(
            "mvn", "--batch-mode", "--quiet", "-f", source / "pom.xml", f"-Dbench.target={scratch}", "package"
        )
        home.mkdir(parents=True, exist_ok=True)
        _run("cp", "-r", f"{scratch}/classes", f"{scratch}/lib", home)
    stamp.write_bytes(content)


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)

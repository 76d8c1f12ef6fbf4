"""What to run as a local broker: a container where a Docker engine answers, else a JVM of this machine."""

import hashlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from streams.errors import BrokerUnreachable

from . import maven, properties
from .properties import Ports

_COMPOSE: Final = maven.DEPLOY / "compose.yaml"
_ENGINE_SECONDS: Final = 5.0  # an engine that does not answer within this is as good as none
_HEAP: Final = "-Xmx768m"  # a demo day with 56 partitions uses some 300 MB


class Launch(NamedTuple):
    """``run`` in the foreground until it is ended; ``forget`` removes what it leaves behind (None: nothing).

    ``mark`` is a word of the command line that no other process has.
    """

    run: list[str]
    forget: list[str] | None
    mark: str


class Engine(Protocol):
    """A way to run a broker whose files live in one directory. ``prepare`` may take minutes, once."""

    name: str

    def prepare(self, say: maven.Say) -> None: ...
    def launch(self, ports: Ports) -> Launch: ...
    def send(self, pid: int, sent: signal.Signals) -> None: ...


class JavaEngine:
    """``java kafka.Kafka`` with its storage in ``directory/storage``."""

    name = "java"

    def __init__(self, directory: Path, cache: Path) -> None:
        self._directory = directory.resolve()
        self._cache = cache
        self._java = ""
        self._jars = ""

    def prepare(self, say: maven.Say) -> None:
        """Find Java and the jars, and format the storage of a new directory. Raises BrokerUnreachable."""
        command = maven.java()
        if command is None:
            raise BrokerUnreachable(maven.INSTALL)
        self._java, self._jars = command, maven.class_path(self._cache, say)
        storage = self._directory / "storage"
        if not (storage / "meta.properties").exists():
            self._directory.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(storage, ignore_errors=True)
            maven.copy_formatted(self._java, self._jars, self._cache, storage)

    def launch(self, ports: Ports) -> Launch:
        settings = self._directory / "server.properties"
        properties.write(settings, ports, self._directory / "storage")
        run = [
            self._java, _HEAP, "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={maven.LOGGING.as_uri()}", "-cp", self._jars,
            "kafka.Kafka", str(settings),
        ]  # fmt: skip
        return Launch(run, forget=None, mark=str(settings))

    def send(self, pid: int, sent: signal.Signals) -> None:
        os.kill(pid, sent)


class DockerEngine:
    """``docker compose up`` in the foreground; the storage is a volume of the compose project."""

    name = "docker"
    _verbs: Final = {signal.SIGKILL: "kill", signal.SIGSTOP: "pause", signal.SIGCONT: "unpause"}

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._project = "heed-" + hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:10]
        self._compose = ["docker", "compose", "-p", self._project, "-f", str(_COMPOSE)]

    def prepare(self, say: maven.Say) -> None:
        """Fetch the image. Raises BrokerUnreachable when that does not work, so that Java can be tried."""
        asked = subprocess.run(
            [*self._compose, "config", "--images"], check=False, capture_output=True, text=True
        )
        image = asked.stdout.strip()
        if asked.returncode == 0 and image and not _succeeds("docker", "image", "inspect", image):
            say(f"fetching {image} with Docker, this once")
            if not _succeeds("docker", "pull", "--quiet", image):
                image = ""
        if asked.returncode != 0 or not image:
            raise BrokerUnreachable(
                "Docker answers, but could not fetch the image named in deploy/kafka/compose.yaml"
            )
        self._directory.mkdir(parents=True, exist_ok=True)

    def launch(self, ports: Ports) -> Launch:
        variables = [f"HEED_KAFKA_PORT={ports.client}", f"HEED_KAFKA_CONTROLLER_PORT={ports.controller}"]
        compose = ["env", *variables, *self._compose]
        return Launch(
            run=[*compose, "up", "--no-color", "--no-log-prefix"],
            forget=[*compose, "down", "--volumes", "--timeout", "5"],
            mark=self._project,
        )

    def send(self, pid: int, sent: signal.Signals) -> None:
        subprocess.run([*self._compose, self._verbs[sent]], check=False, capture_output=True)


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def docker_answers() -> bool:
    """Tell whether there is a Docker engine with the compose plug-in."""
    if shutil.which("docker") is None:
        return False
    for question in (["version", "--format", "{{.Server.Version}}"], ["compose", "version", "--short"]):
        try:
            asked = subprocess.run(
                ["docker", *question], capture_output=True, check=False, timeout=_ENGINE_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        if asked.returncode != 0:
            return False
    return True


def choose(directory: Path, cache: Path, say: maven.Say) -> Engine:
    """A prepared engine: Docker, else Java; also Java when Docker cannot fetch the image.

    Raises BrokerUnreachable with one line that says what to install.
    """
    java = JavaEngine(directory, cache)
    if docker_answers():
        docker = DockerEngine(directory)
        try:
            docker.prepare(say)
        except BrokerUnreachable as error:
            say(f"{error}; trying Java")
        else:
            return docker
    java.prepare(say)
    return java

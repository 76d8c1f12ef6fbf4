"""Several brokers on this machine, of which any may be killed: for `make faults`, never for production.

Each is controller and broker at once and keeps a replica of everything; two of three must have a record
before it is acknowledged. Clients choose a *listener* by the address they start from, and every listener can be
advertised at another port than it has, behind which a proxy may stand.
"""

import base64
import shutil
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from streams.errors import BrokerUnreachable
from streams.settings import default_state_dir

from . import maven
from .engines import JavaEngine, Launch
from .local import LocalKafka
from .properties import HOST, NODE, Ports, free_ports

_HEAP: Final = "-Xmx384m"
#: The listener of those who are never cut off: clients of the test itself.
CLIENT: Final = "PLAINTEXT"


class Listener:
    """A listener beside the usual one: where each broker listens, and which port it tells clients of."""

    def __init__(self, name: str, brokers: int) -> None:
        self.name = name
        self.ports = [free_ports().client for _ in range(brokers)]
        self.advertised = [free_ports().client for _ in range(brokers)]

    @property
    def bootstrap(self) -> str:
        return ",".join(f"{HOST}:{port}" for port in self.advertised)


class NodeEngine(JavaEngine):
    """One broker of several. ``settings`` are Kafka's, beside what every local broker has."""

    def __init__(self, directory: Path, cache: Path, node: int, settings: Mapping[str, str]) -> None:
        super().__init__(directory, cache)
        self._node = node
        self._settings = dict(settings)

    def prepare(self, say: maven.Say) -> None:
        super().prepare(say)
        known = self._directory / "storage" / "meta.properties"
        lines = dict(
            line.split("=", 1) for line in known.read_text().splitlines() if line and not line.startswith("#")
        )
        if lines["node.id"] != str(self._node):
            unique = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            # The tool refuses ids that begin with a dash.
            lines |= {"node.id": str(self._node), "directory.id": unique.replace("-", "A")}
            known.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))

    def launch(self, ports: Ports) -> Launch:
        launch = super().launch(ports)
        file = self._directory / "server.properties"
        lines = NODE | self._settings | {"log.dirs": str(self._directory / "storage")}
        file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")
        return Launch([_HEAP if word.startswith("-Xmx") else word for word in launch.run], None, launch.mark)


class LocalCluster:
    """``brokers`` brokers with their files below ``directory``. Every method blocks, as LocalKafka's do."""

    def __init__(
        self, directory: Path, listeners: Sequence[Listener] = (), *, brokers: int = 3, cache: Path | None = None
    ) -> None:  # fmt: skip
        self._directory = directory
        self._listeners = listeners
        self._cache = cache or default_state_dir() / "cache"
        self._ports = [free_ports() for _ in range(brokers)]
        self._internal = [free_ports().client for _ in range(brokers)]
        self.nodes = [LocalKafka(self.directory(number), cache=self._cache) for number in range(brokers)]

    @property
    def bootstrap(self) -> str:
        """Where clients connect who are never cut off."""
        return ",".join(ports.bootstrap for ports in self._ports)

    def directory(self, number: int) -> Path:
        """Where broker ``number`` (from 0) keeps its files."""
        return self._directory / f"broker-{number + 1}"

    def __enter__(self) -> Self:
        if maven.java() is None:
            raise BrokerUnreachable(maven.INSTALL)
        for number, node in enumerate(self.nodes):
            engine = NodeEngine(self.directory(number), self._cache, number + 1, self._settings(number))
            engine.prepare(lambda _: None)
            node.use(engine, self._ports[number])
        try:
            with ThreadPoolExecutor(len(self.nodes)) as pool:  # none is ready before another one is
                list(pool.map(LocalKafka.start, self.nodes))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all; their files stay."""
        for node in self.nodes:
            node.kill()

    def remove(self) -> None:
        """Delete what they have stored."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _settings(self, number: int) -> dict[str, str]:
        replicas = str(len(self._ports))
        enough = str(max(1, int(replicas) - 1))
        ports, names = self._ports[number], [one.name for one in self._listeners]
        listening = [f"{CLIENT}://{HOST}:{ports.client}", f"INTERNAL://{HOST}:{self._internal[number]}"]
        advertised = list(listening)
        for one in self._listeners:
            listening.append(f"{one.name}://{HOST}:{one.ports[number]}")
            advertised.append(f"{one.name}://{HOST}:{one.advertised[number]}")
        return {
            "node.id": str(number + 1),
            "listeners": ",".join([*listening, f"CONTROLLER://{HOST}:{ports.controller}"]),
            "advertised.listeners": ",".join(advertised),
            "listener.security.protocol.map": ",".join(
                f"{name}:PLAINTEXT" for name in (CLIENT, "INTERNAL", "CONTROLLER", *names)
            ),
            "inter.broker.listener.name": "INTERNAL",
            "controller.quorum.voters": ",".join(
                f"{node + 1}@{HOST}:{one.controller}" for node, one in enumerate(self._ports)
            ),
            "default.replication.factor": replicas,
            "min.insync.replicas": enough,
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": enough,
            # A broker that is gone is noticed, and one that is behind left out, within seconds.
            "replica.lag.time.max.ms": "5000",
            "controller.quorum.election.timeout.ms": "1000",
            "controller.quorum.fetch.timeout.ms": "2000",
            "num.network.threads": "1",
        }

"""The settings of the local broker: KRaft, one node that is broker and controller."""

import random
import socket
from pathlib import Path
from typing import Final, NamedTuple

HOST: Final = "127.0.0.1"

# Above the well-known services, below where Linux (32768) and macOS (49152) take ports for outgoing
# connections: a client that keeps knocking at a stopped broker could otherwise be given that very port
# for its own end, connect to itself, and keep the broker from coming back.
_PORTS: Final = range(20_000, 32_000)

NODE: Final[dict[str, str]] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    # one node: nothing can be replicated
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # created at first use; the default of 50 partitions each takes seconds
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.num.partitions": "8",
    # nobody else is expected to join
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # after a crash the controller waits this long before the broker may come back (default 9 s)
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # a small machine
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.threads": "1",
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),  # the default, 128 MB, is a sixth of the heap
    "log.segment.delete.delay.ms": "1000",
}


class Ports(NamedTuple):
    """Where clients connect, and where the controller listens to the broker beside it."""

    client: int
    controller: int

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.client}"


def free_ports() -> Ports:
    """Two loopback ports nobody listens on right now."""
    client, controller = (_free_port() for _ in range(2))
    return Ports(client, controller) if client != controller else free_ports()


def _free_port() -> int:
    for _ in range(200):
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port between {_PORTS.start} and {_PORTS.stop} on {HOST}")


def listeners(ports: Ports, bind: str = HOST) -> dict[str, str]:
    """The settings that name ports. ``bind`` is the address inside a container, loopback elsewhere."""
    return {
        "listeners": f"PLAINTEXT://{bind}:{ports.client},CONTROLLER://{HOST}:{ports.controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{ports.client}",
        "controller.quorum.voters": f"1@{HOST}:{ports.controller}",
    }


def write(file: Path, ports: Ports, storage: Path) -> None:
    """Write ``server.properties`` for a broker that keeps its logs in ``storage``."""
    lines = NODE | listeners(ports) | {"log.dirs": str(storage)}
    file.write_text("".join(f"{key}={value}\n" for key, value in lines.items()), encoding="utf-8")

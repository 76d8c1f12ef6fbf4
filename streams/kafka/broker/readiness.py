"""When a local broker can be used, and why it cannot."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from streams.errors import BrokerUnreachable

from .properties import HOST, Ports

READY_SECONDS: Final = 60.0  # 2 to 3 s on an idle laptop; a busy build machine gets more
_POLL_SECONDS: Final = 0.02
_STARTED: Final = b"Kafka Server started"


class PortTaken(BrokerUnreachable):
    """Somebody else took a chosen port in the meantime: choose again."""


def wait_until_ready(log: Path, since: int, ports: Ports, alive: Callable[[], bool]) -> None:
    """Return once the broker has said so in ``log`` after byte ``since``, and accepts connections.

    Raises BrokerUnreachable with the reason when it ends before or takes longer than READY_SECONDS.
    """
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        running = alive()  # asked before reading: what a dying broker wrote is then in the log
        said = _read(log, since)
        if _STARTED in said and _accepts(ports.client):
            return
        if not running:
            if b"Address already in use" in said or b"already allocated" in said:
                raise PortTaken(f"port {ports.client} or {ports.controller} on {HOST} is in use")
            raise BrokerUnreachable(f"the local Kafka ended at once: {_reason(said)} (see {log})")
        time.sleep(_POLL_SECONDS)
    raise BrokerUnreachable(f"the local Kafka was not ready within {READY_SECONDS:.0f} s (see {log})")


def wait_until_accepting(bootstrap: str, alive: Callable[[], bool]) -> None:
    """Return once the broker somebody else is starting accepts connections. Raises BrokerUnreachable."""
    port = int(bootstrap.rpartition(":")[2])
    end = time.monotonic() + READY_SECONDS
    while not _accepts(port):
        if not alive() or time.monotonic() > end:
            raise BrokerUnreachable(
                f"the local Kafka at {bootstrap} does not answer: heed kafka down, then up again"
            )
        time.sleep(_POLL_SECONDS)


def _read(log: Path, since: int) -> bytes:
    try:
        with log.open("rb") as file:
            file.seek(since)
            return file.read()
    except FileNotFoundError:
        return b""


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _reason(said: bytes) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "ERROR" in line or "Exception" in line or "Error" in line]
    return (telling or lines or ["it said nothing"])[0][:300]

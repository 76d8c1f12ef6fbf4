"""The network between the workers and the brokers, which can be cut: a process of its own with a TCP proxy per link.

``python -m tests.fault.network JSON`` with the links as ``[[zone, broker, listen, target], ...]``, all on loopback;
each line on standard input, ``[zone or null, broker or null, state]``, changes the state of the links it names.
It ends with its standard input.
"""

import asyncio
import contextlib
import json
import random
import subprocess
import sys
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

from streams.kafka.broker import Listener
from streams.kafka.broker.guard import die_with_parent
from tests.support.running import PROJECT

_HOST: Final = "127.0.0.1"
_CHUNK: Final = 1 << 16
#: What travels on a jittery link is late by so much. Seconds.
_LATE_S: Final = (0.02, 0.3)


class State(StrEnum):
    OPEN = "open"
    RESET = "reset"  # connections are broken off, and new ones too
    HOLE = "hole"  # connections stay, and nothing arrives until it is open again
    JITTER = "jitter"  # everything arrives late


class Network:
    """The proxies, from the test's side. ``with`` starts and ends them."""

    def __init__(self, zones: list[Listener]) -> None:
        self.zones = [zone.name for zone in zones]
        self._links = [
            (zone.name, number, advertised, port)
            for zone in zones
            for number, (advertised, port) in enumerate(zip(zone.advertised, zone.ports, strict=True))
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def set(self, zone: str | None, broker: int | None, state: State) -> None:
        """Every link of this zone (None: any) to this broker (None: any) is so from now on."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([zone, broker, state]).encode() + b"\n")
        self._process.stdin.flush()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fault.network", json.dumps(self._links)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT, preexec_fn=die_with_parent,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), "the proxies did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


class Link:
    """One proxy: what arrives at ``listen`` goes to ``target``, and back."""

    def __init__(self, zone: str, broker: int, listen: int, target: int) -> None:
        self.zone = zone
        self.broker = broker
        self._listen = listen
        self._target = target
        self._state = State.OPEN
        self._moving = asyncio.Event()
        self._moving.set()
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, _HOST, self._listen)

    def close(self) -> None:
        """End it, with every connection."""
        self.become(State.RESET)
        self._server.close()

    def become(self, state: State) -> None:
        self._state = state
        if state is State.HOLE:
            self._moving.clear()
        else:
            self._moving.set()
        if state is State.RESET:
            for writer in self._open:
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self._state is not State.RESET:
                await self._connected(reader, writer)
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(_HOST, self._target)
        except OSError:  # this broker is down
            return
        pumps = [
            asyncio.create_task(self._pump(reader, back)),
            asyncio.create_task(self._pump(there, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            back.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_CHUNK):
                await self._moving.wait()
                if self._state is State.JITTER:
                    await asyncio.sleep(random.uniform(*_LATE_S))
                target.write(data)
                await target.drain()


async def _main(links: list[Link]) -> None:
    for link in links:
        await link.start()
    print("ready", flush=True)  # noqa: T201  # the parent waits for it
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        zone, broker, state = json.loads(line)
        for link in links:
            if zone in (None, link.zone) and broker in (None, link.broker):
                link.become(State(state))


if __name__ == "__main__":
    asyncio.run(_main([Link(*link) for link in json.loads(sys.argv[1])]))

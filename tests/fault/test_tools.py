"""What the runs are done with does what it says: else a run proves nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streams.domain.vocabulary import Topic
from streams.errors import BadRecord, RegistryUnreachable
from streams.kafka.broker.properties import HOST, free_ports
from streams.kafka.codec import Codec
from streams.kafka.registry import SchemaRegistry
from streams.worker.shown_clock import ShownClock
from tests.support.registry import RegistryStandIn

from .clocks import Clocks
from .ear import Ear
from .load import Load, Poison
from .network import Link, State


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[Link, int]]:
    """A link to a server that says everything again, and where to connect."""
    target, listen = free_ports().client, free_ports().client

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(100):
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(answer, HOST, target)
    link = Link("A", 0, listen, target)
    await link.start()
    yield link, listen
    link.close()
    server.close()
    await asyncio.sleep(0.1)  # until everybody has noticed


async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> bytes:
    writer.write(b"x")
    async with asyncio.timeout(seconds):
        return await reader.read(1)


async def test_a_link_is_open_holds_back_is_late_and_breaks_off() -> None:
    async with linked() as (link, port):
        reader, writer = await asyncio.open_connection(HOST, port)
        assert await said(reader, writer, 5) == b"x"
        link.become(State.HOLE)
        with pytest.raises(TimeoutError):
            await said(reader, writer, 0.3)
        link.become(State.JITTER)  # what was held back arrives after all
        async with asyncio.timeout(5):
            assert await reader.read(1) == b"x"
        begun = asyncio.get_running_loop().time()
        assert await said(reader, writer, 5) == b"x"
        assert asyncio.get_running_loop().time() - begun >= 0.04  # there and back
        link.become(State.RESET)
        with contextlib.suppress(ConnectionError):
            assert await said(reader, writer, 5) == b""
        writer.transport.abort()


def test_one_clock_jumps_and_comes_back_to_the_common_time(tmp_path: Path) -> None:
    with Clocks(tmp_path, 1_000) as clocks:
        one, other = (ShownClock(Path(clocks.text(name).removeprefix("file:"))) for name in ("a", "b"))
        clocks.jump("a", 300_000)
        clocks.set(2_000)
        assert (one.now(), other.now()) == (302_000, 2_000)
        clocks.jump("a", 0)
        assert one.now() == other.now() == 2_000


def test_silence_is_the_longest_gap_until_each_partition_is_heard_again() -> None:
    ear = Ear.__new__(Ear)
    ear.heard = {0: [(9.0, 1), (11.0, 2), (14.5, 3)], 1: [(10.2, 1), (10.4, 2)]}
    assert ear.silence({0, 1}, 10.0, {0: 14.5, 1: 10.4}) == pytest.approx(3.5)
    assert ear.first_after(0, 10.0, 2) == 14.5
    assert ear.first_after(1, 10.4, 0) is None


def test_nobody_can_read_the_poison_and_no_two_are_alike() -> None:
    codec = Codec.local()
    load = Load(400, 5, codec)
    poison = Poison(5, 0.5)
    fed = [line for step in load.steps() for line in poison.among([*step.state, *step.deciding])]
    bad = [line for line in fed if line.value in poison.fed]
    assert len(bad) == len(poison.fed) > 50
    for line in bad:
        assert line.topic is not Topic.OBJECTIONS
        with pytest.raises(BadRecord):
            codec.decode(line.topic, line.key, line.value)


async def test_a_registry_that_is_away_does_not_answer() -> None:
    with RegistryStandIn() as stand_in:
        registry = SchemaRegistry(stand_in.url, waits=())
        assert await registry.schema(1) is not None
        stand_in.away = True
        with pytest.raises(RegistryUnreachable):
            await registry.schema(2)
        assert stand_in.asked_while_away

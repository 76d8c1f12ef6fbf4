"""A client whose start fails leaves nothing behind: what is not closed would warn here, and warnings are errors."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import KafkaConnectionError, KafkaError

from streams.feed.feeder import Feeder
from streams.kafka.member import Member
from streams.kafka.offsets import OffsetsClient
from streams.kafka.plain import PlainProducer
from streams.kafka.reading import kept_since, read_one, read_to_end
from streams.kafka.replay import replay
from streams.kafka.started import started
from streams.kafka.transaction import ShardProducer

NOWHERE: Final = {"bootstrap_servers": "127.0.0.1:1"}
OWNER: Final[Any] = None


async def feeding() -> None:
    async with Feeder(NOWHERE, str):
        pass


async def replaying() -> None:
    async for _ in replay(NOWHERE, "patients", 0, 0, 1):
        pass


async def reading() -> None:
    async for _ in read_to_end(NOWHERE, ["patients"]):
        pass


@pytest.mark.parametrize(
    "begin",
    [
        feeding,
        replaying,
        reading,
        lambda: read_one(NOWHERE, "patients", 0, 0),
        lambda: kept_since(NOWHERE, "patients"),
        lambda: OffsetsClient(NOWHERE).open(),
        lambda: PlainProducer(NOWHERE).open(),
        lambda: ShardProducer(NOWHERE, "g", 0).open(),
        lambda: Member(NOWHERE, "g", ["patients"], OWNER).start(),
    ],
)
@pytest.mark.filterwarnings("error")
async def test_where_no_broker_answers_nothing_is_left_open(begin: Callable[[], Awaitable[Any]]) -> None:
    with pytest.raises(KafkaError):
        await begin()
    gc.collect()


class Fetching(AIOKafkaConsumer):
    """A consumer with one fetch that a broker has left unanswered, and that waits to be tried again."""

    def __init__(self) -> None:
        fetcher = self._fetcher = Fetcher.__new__(Fetcher)
        fetcher._fetch_waiters = set()
        fetcher._fetch_task = asyncio.ensure_future(asyncio.sleep(3_600))
        fetcher._pending_tasks = {asyncio.ensure_future(self._fetch())}
        self.closed = False

    def __del__(self) -> None:  # nothing of aiokafka's own is there
        return

    async def _fetch(self) -> None:
        try:
            raise KafkaConnectionError
        except KafkaError:
            await asyncio.sleep(3_600)

    async def start(self) -> None:
        await asyncio.sleep(0)

    async def stop(self) -> None:
        await self._fetcher.close()
        self.closed = True  # as aiokafka closes its connections: last


async def test_a_fetch_that_waits_to_be_tried_again_keeps_nobody_from_stopping() -> None:
    async with started(Fetching()) as consumer:
        await asyncio.sleep(0)
    assert consumer.closed


async def test_aiokafka_alone_would_not_stop_then() -> None:
    """Should this fail after an upgrade, ``end_fetches`` has become needless."""
    consumer = Fetching()
    await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await consumer.stop()
    assert not consumer.closed


class HalfOfIt:
    """Starts, or fails to, and notes what is done with it."""

    def __init__(self, noted: list[str], works: bool) -> None:
        self._noted = noted
        self._works = works

    async def start(self) -> None:
        if not self._works:
            raise KafkaError("away by now")
        self._noted.append("started")

    async def stop(self) -> None:
        self._noted.append("stopped")


async def test_the_first_of_two_is_stopped_when_the_second_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted: list[str] = []
    monkeypatch.setattr("streams.kafka.offsets.AIOKafkaConsumer", lambda **_: HalfOfIt(noted, True))
    monkeypatch.setattr("streams.kafka.offsets.AIOKafkaAdminClient", lambda **_: HalfOfIt(noted, False))
    with pytest.raises(KafkaError):
        await OffsetsClient(NOWHERE).open()
    assert noted == ["started", "stopped", "stopped"]

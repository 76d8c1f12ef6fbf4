"""How often a broker is asked for records: what is fetched late costs latency, what is fetched often costs both sides."""

import asyncio
import itertools
import time
from types import SimpleNamespace
from typing import Any

from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.structs import TopicPartition

from streams.kafka.fetched import hand_on_as_read

GAP_S = 0.05
FETCH = FetchRequest(50, 1, 1_000, 1, [], rack_id="")


class Broker:
    """Notes what it is asked, by whom it is asked (node), and when."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, float]] = []

    async def send(self, node_id: int, request: Any) -> Any:
        self.asked.append((node_id, time.monotonic()))
        return SimpleNamespace(topics=[])


def fetching(gap_s: float) -> tuple[Broker, Any]:
    broker = Broker()
    consumer: Any = SimpleNamespace(_fetcher=SimpleNamespace(_client=broker))
    hand_on_as_read(consumer, gap_s)
    return broker, consumer._fetcher._client


async def test_a_broker_is_asked_for_records_no_sooner_than_a_gap_after_the_last_time() -> None:
    broker, client = fetching(GAP_S)
    for _ in range(3):
        await client.send(1, FETCH)
    moments = [at for _, at in broker.asked]
    assert all(later - at >= GAP_S for at, later in itertools.pairwise(moments))


async def test_the_gap_is_counted_from_the_request_so_that_a_slow_answer_costs_nothing_more() -> None:
    broker, client = fetching(GAP_S)
    await client.send(1, FETCH)
    await asyncio.sleep(2 * GAP_S)
    asked = asyncio.create_task(client.send(1, FETCH))
    await asyncio.sleep(0)  # as soon as it runs, not a moment later
    assert len(broker.asked) == 2
    await asked


async def test_another_broker_and_another_request_do_not_wait() -> None:
    broker, client = fetching(3_600)
    await client.send(1, FETCH)
    await client.send(2, FETCH)
    await client.send(1, MetadataRequest([]))
    assert [node for node, _ in broker.asked] == [1, 2, 1]


async def test_a_batch_that_cannot_be_read_is_not_asked_for_all_the_time(monkeypatch: Any) -> None:
    monkeypatch.setattr("streams.kafka.fetched.AGAIN_S", GAP_S)
    consumer: Any = SimpleNamespace(_fetcher=SimpleNamespace(_client=Broker()))
    hand_on_as_read(consumer, patience_s=60.0)
    broker, client = consumer._fetcher._client._client, consumer._fetcher._client
    consumer._fetcher._records.unreadable.met(TopicPartition("results", 0), 7, ValueError())
    for _ in range(3):
        await client.send(1, FETCH)
    moments = [at for _, at in broker.asked]
    assert all(later - at >= GAP_S for at, later in itertools.pairwise(moments))


async def test_who_reads_a_topic_once_is_not_held_up() -> None:
    broker, client = fetching(0.0)
    for _ in range(100):
        await client.send(1, FETCH)
    assert len(broker.asked) == 100

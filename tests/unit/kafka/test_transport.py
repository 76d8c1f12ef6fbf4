"""Found by make faults: two fetches at once, of which a rebalance had abandoned one, lost what the other had taken."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP

from streams.kafka.transport import StretchThread

PLACE = TP("appointments", 1)


async def test_what_one_fetch_has_taken_another_does_not_pass_over(monkeypatch: pytest.MonkeyPatch) -> None:
    state = SimpleNamespace(position=4143, has_valid_position=True)
    assignment = SimpleNamespace(state_value=lambda _: state)
    consumer = SimpleNamespace(
        _subscription=SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))
    )
    records = [SimpleNamespace(offset=4143, value=b"1"), SimpleNamespace(offset=4144, value=b"2")]

    async def fetch(*_: Any) -> dict[TP, list[Any]]:
        """As aiokafka: who comes first gets what is there, and the position moves on at once."""
        taken, records[:] = list(records), []
        state.position += len(taken)
        await asyncio.sleep(0.01 if taken else 0)
        return {PLACE: taken} if taken else {}

    monkeypatch.setattr(driver.AIOKafkaConsumerThread, "_fetch_records", fetch)
    thread = StretchThread.__new__(StretchThread)
    monkeypatch.setattr(driver.AIOKafkaConsumerThread, "__post_init__", lambda _: None, raising=False)
    thread.__post_init__()
    thread.delivered[PLACE] = 4143
    found = await asyncio.gather(*(thread._fetch_records(consumer, {PLACE}) for _ in range(2)))
    stretches = [fetched[PLACE] for fetched in found if PLACE in fetched]
    assert [(one.start, one.end, len(one.records)) for one in stretches] == [(4143, 4145, 2)]

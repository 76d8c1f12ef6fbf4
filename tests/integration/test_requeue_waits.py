"""A mark that lies behind the open transaction of a worker that died is waited for."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer

from streams.domain.vocabulary import Topic
from streams.kafka.client import connection
from streams.settings import Settings
from streams.triage import requeue as requeueing
from streams.triage.letters import REQUEUED
from streams.triage.requeue import NotRequeued, chosen_by, requeue

pytestmark = pytest.mark.timeout(120)

EVERY = chosen_by([], None, every=True)
SOURCE = [
    ("heed.reason", b"undecodable"),
    ("heed.topic", b"results"),
    ("heed.partition", b"0"),
    ("heed.offset", b"7"),
]


async def test_a_letter_that_was_put_back_behind_an_open_transaction_is_not_put_back_again(
    at_once: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = at_once.topic(Topic.DEAD_LETTERS)
    plain = AIOKafkaProducer(**connection(at_once))
    died = AIOKafkaProducer(transactional_id="a-worker", **connection(at_once))
    await plain.start()
    await died.start()
    try:
        await plain.send_and_wait(letters, b"rubbish", key=b"P1", partition=0, headers=SOURCE)
        await died.begin_transaction()
        await died.send_and_wait(letters, b"rubbish", key=b"P2", partition=0, headers=SOURCE)
        await plain.send_and_wait(letters, None, key=b"P1", partition=0, headers=[(REQUEUED, b"0-0")])
        with monkeypatch.context() as changed:
            changed.setattr(requeueing, "PATIENCE_S", 0.5)
            with pytest.raises(
                NotRequeued, match=r"dead-letters\[0\] has not ended for 0 s.*nothing was put back"
            ):
                await requeue(EVERY, at_once, again=False)
        waiting = asyncio.create_task(requeue(EVERY, at_once, again=False))
        await asyncio.wait([waiting], timeout=1)
        assert not waiting.done()
        await died.abort_transaction()
        result = await waiting
    finally:
        await plain.stop()
        await died.stop()
    assert result.done == []
    assert [left.id for left in result.left] == ["0-0"]

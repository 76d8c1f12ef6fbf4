"""The shards of one worker when something goes wrong around them, without a broker."""

import asyncio
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from streams.domain.vocabulary import Topic
from streams.kafka.batch import Stretch
from streams.worker import app
from streams.worker.host import Host
from streams.worker.inbox import LostRecords


class GaveUp(Exception):
    pass


@pytest.fixture
def given_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    events: list[str] = []

    def give_up(event: str, *_: object, **fields: object) -> NoReturn:
        events.append(event)
        raise GaveUp

    monkeypatch.setattr(app, "give_up", give_up)
    return events


@pytest.mark.parametrize(
    ("error", "event"),
    [(LostRecords(Topic.OBJECTIONS, 5, 7), "lost_records"), (IndexError(), "not_handed_over")],
)
def test_what_goes_wrong_while_a_stretch_is_handed_over_ends_the_process(
    given_up: list[str], error: Exception, event: str
) -> None:
    """Faust's supervisor would start the agent again, and the shard would go on behind the gap."""

    def receive(*_: object) -> None:
        raise error

    host: Any = SimpleNamespace(receive=receive)
    with pytest.raises(GaveUp):
        app.hand_over(host, "objections", 0, Stretch(7, 8, [], 0.0, 0))
    assert given_up == [event]


class Closing:
    """What a shard, its tasks and its producer have in common here: being closed takes a while."""

    partition = 3

    def __init__(self) -> None:
        self.closed = False
        self.cancelled = False

    async def quiesce(self) -> None:
        await asyncio.sleep(0.02)

    async def close(self) -> None:
        await asyncio.sleep(0.02)
        self.closed = True

    def cancel(self) -> None:
        self.cancelled = True


async def test_a_rebalance_does_not_leave_a_shard_half_closed() -> None:
    nothing: Any = None
    host = Host(nothing, nothing, nothing, nothing)
    old, new = Closing(), Closing()
    parts: Any = (host._shards, host._producers)
    for known in parts:
        known[3] = old
    tasks: Any = [old]
    host._tasks[3] = tasks
    settling = asyncio.create_task(host._settle(frozenset()))
    await asyncio.sleep(0.01)
    settling.cancel()
    for known in parts:  # it has come back, and is opened again
        known[3] = new
    await asyncio.sleep(0.1)
    assert old.closed
    assert old.cancelled
    assert not new.closed
    assert host._producers[3] is parts[1][3]

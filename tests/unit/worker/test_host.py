"""The shards of one worker when something goes wrong around them, without a broker."""

import asyncio
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.kafka.batch import Stretch
from streams.worker import app, host
from streams.worker.host import Host
from streams.worker.inbox import LostRecords
from streams.worker.parts import Names


class GaveUp(Exception):
    pass


@pytest.fixture
def given_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    events: list[str] = []

    def give_up(event: str, *_: object, **fields: object) -> NoReturn:
        events.append(event)
        raise GaveUp

    monkeypatch.setattr(app, "give_up", give_up)
    monkeypatch.setattr(host, "give_up", give_up)
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

    owner: Any = SimpleNamespace(receive=receive)
    with pytest.raises(GaveUp):
        app.hand_over(owner, "objections", 0, Stretch(7, 8, [], 0.0, 0))
    assert given_up == [event]


def hosting(offsets: Any = None) -> Host:
    parts: Any = SimpleNamespace(names=Names("", 4))
    kafka: Any = SimpleNamespace(group="worker", offsets=offsets)
    nothing: Any = None
    return Host(parts, kafka, nothing, nothing)


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
    host = hosting()
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


def test_a_partition_without_all_of_its_topics_is_refused(given_up: list[str]) -> None:
    """Without its objections a patient's appointments must not be decided."""
    whole = frozenset((topic.value, partition) for topic in INPUT_TOPICS for partition in (1, 2))
    hosting()._refuse_partial(whole, {1, 2})
    assert given_up == []
    with pytest.raises(GaveUp):
        hosting().assigned(whole - {(Topic.OBJECTIONS.value, 2)})
    assert given_up == ["not_co_partitioned"]


class Offsets:
    """One topic's log, and what the group has committed of it; of the other topics nothing is there."""

    def __init__(self, beginning: int, committed: int | None, end: int) -> None:
        self.of = {"results": (beginning, committed, end)}

    def _each(self, asked: list[tuple[str, int]], which: int, otherwise: int | None) -> dict[Any, Any]:
        return {at: self.of[at[0]][which] if at[0] in self.of else otherwise for at in asked}

    async def beginnings(self, asked: list[tuple[str, int]]) -> dict[Any, Any]:
        return self._each(asked, 0, 0)

    async def committed(self, group: str, asked: list[tuple[str, int]]) -> dict[Any, Any]:
        return self._each(asked, 1, None)

    async def ends(self, asked: list[tuple[str, int]]) -> dict[Any, Any]:
        return self._each(asked, 2, 0)


@pytest.mark.parametrize(
    ("read_to", "log", "reads_from"),
    [
        ({}, (0, None, 9), 0),
        ({}, (0, 5, 9), 0),  # the table has read nothing, whatever the group says
        ({Topic.RESULTS: 5}, (0, 2, 9), 5),
        ({Topic.RESULTS: 5}, (0, 8, 9), 5),
        ({Topic.RESULTS: 9}, (0, 9, 9), 9),
        ({Topic.RESULTS: 9}, (0, 4, 8), 4),  # made anew, and shorter: only the group knows
        ({Topic.RESULTS: 9}, (0, None, 8), 0),
    ],
)
async def test_where_to_read_is_for_the_table_to_say_unless_the_topic_was_made_anew(
    read_to: dict[Topic, int], log: tuple[int, int | None, int], reads_from: int
) -> None:
    offsets = await hosting(Offsets(*log))._where_to_read(0, read_to)
    assert offsets[Topic.RESULTS] == reads_from

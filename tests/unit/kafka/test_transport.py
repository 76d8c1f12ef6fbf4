"""What a fetch has taken is delivered, whoever pauses, or begins another fetch, meanwhile."""

import asyncio
from typing import Any

import pytest
from aiokafka.structs import TopicPartition
from faust.types.tuples import TP

from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.worker.inbox import Inbox, LostRecords
from tests.support.fetching import Fetching, batch

OBJECTIONS = TP("objections", 1)
APPOINTMENTS = TP("appointments", 1)


def some(base: int, count: int) -> bytes:
    return batch(base, [(b"P%d" % number, b"value", ()) for number in range(count)])


def pausing(fetching: Fetching, records: Any, *paused: TP) -> None:
    """The worker's thread pauses these while the records of the answer are being taken."""

    def hand_on(_place: TopicPartition, record: Any) -> Any:
        fetching.consumer.pause_partitions(set(paused))
        return record

    records._consumer_record = hand_on


async def test_what_was_taken_of_a_partition_that_is_paused_meanwhile_is_delivered() -> None:
    fetching = Fetching({OBJECTIONS: 0, APPOINTMENTS: 0})
    fetching.answer(OBJECTIONS, some(0, 100))
    pausing(fetching, fetching.answer(APPOINTMENTS, some(0, 10)), OBJECTIONS)
    inbox = Inbox(dict.fromkeys(INPUT_TOPICS, 0))
    for _ in range(2):
        for place, stretch in (await fetching.poll()).items():
            inbox.put(Topic(place.topic), stretch)
        fetching.consumer.resume_partitions({OBJECTIONS})
        fetching.answer(OBJECTIONS, some(100, 50))
    taken = [record.offset for portion in inbox.take_state(1_000) for record in portion.records]
    assert taken == list(range(150))
    assert inbox.applied[Topic.OBJECTIONS] == 150


async def test_when_every_partition_is_paused_meanwhile_nothing_is_taken_or_all_of_it_delivered() -> None:
    fetching = Fetching({OBJECTIONS: 0, APPOINTMENTS: 0})
    pausing(fetching, fetching.answer(OBJECTIONS, some(0, 10)), OBJECTIONS, APPOINTMENTS)
    fetching.answer(APPOINTMENTS, some(0, 10))
    assert {place: stretch.end for place, stretch in (await fetching.poll()).items()} == {
        OBJECTIONS: 10,
        APPOINTMENTS: 10,
    }
    fetching.answer(OBJECTIONS, some(10, 10))
    assert not fetching.consumer._get_active_partitions()
    assert await fetching.poll() == {}
    assert fetching.position(OBJECTIONS) == 10


async def test_a_position_that_moved_without_a_delivery_is_seen_as_lost_records() -> None:
    fetching = Fetching({OBJECTIONS: 0})
    inbox = Inbox(dict.fromkeys(INPUT_TOPICS, 0))
    fetching.answer(OBJECTIONS, some(0, 10))
    assert await fetching.fetcher.fetched_records({OBJECTIONS})  # somebody else takes them
    fetching.answer(OBJECTIONS, some(10, 10))
    [stretch] = (await fetching.poll()).values()
    assert (stretch.start, stretch.end) == (10, 20)
    with pytest.raises(LostRecords):
        inbox.put(Topic.OBJECTIONS, stretch)


async def test_what_one_fetch_has_taken_another_does_not_pass_over() -> None:
    """Found by make faults: two fetches at once, of which a rebalance had abandoned one."""
    fetching = Fetching({APPOINTMENTS: 4143})
    fetching.answer(APPOINTMENTS, some(4143, 2))
    found = await asyncio.gather(fetching.poll(), fetching.poll())
    stretches = [fetched[APPOINTMENTS] for fetched in found if APPOINTMENTS in fetched]
    assert [(one.start, one.end, len(one.records)) for one in stretches] == [(4143, 4145, 2)]

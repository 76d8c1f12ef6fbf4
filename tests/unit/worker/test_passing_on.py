"""Records that a foreign partitioner put here: passed on to their own partition, or set aside where they are too large."""

from pathlib import Path

import pytest

from streams.domain.vocabulary import Topic
from streams.kafka.partitioner import partition_for
from streams.worker.intake import Work
from tests.unit.worker.test_deciding import Deciding, written
from tests.unit.worker.test_turn import Rec, portion

ELSEWHERE = next(key for n in range(100) if partition_for(key := b"x%d" % n, 4) != 0)
LONG = next(key for n in range(100) if partition_for(key := b"y" * 2_000_000 + b"%d" % n, 4) != 0)


@pytest.mark.parametrize(
    ("key", "value", "headers"),
    [
        (ELSEWHERE, bytes(1_100_000), []),
        (ELSEWHERE, b"a", [("h", bytes(2_000_000))]),
        (LONG, b"a", []),
        (LONG[:-1], bytes(1_100_000), []),
    ],
)
def test_what_is_too_large_to_be_passed_on_is_set_aside_here(
    tmp_path: Path, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
) -> None:
    record = Rec(0, key, value)
    record.headers = headers
    decided = Deciding(tmp_path, partitions=4)(Work(deciding=[portion(Topic.APPOINTMENTS, record)]))
    assert written(decided)["dead-letters", 0] == 1
    assert decided.changes == {}
    assert not any(topic == "appointments" for topic, _ in written(decided))


def test_an_objection_that_is_too_large_to_be_passed_on_stops_messages_where_its_patient_is(
    tmp_path: Path,
) -> None:
    work = Work([portion(Topic.OBJECTIONS, Rec(0, ELSEWHERE, bytes(1_100_000)))])
    decided = Deciding(tmp_path, partitions=4)(work)
    assert written(decided)["objections", partition_for(ELSEWHERE, 4)] == 1
    assert written(decided)["dead-letters", 0] == 1
    assert decided.changes == {}, "its patient is not of this partition"
    assert not decided.shard.paused, "the hold has its place there"


def test_what_is_small_enough_is_still_passed_on(tmp_path: Path) -> None:
    record = Rec(0, ELSEWHERE, bytes(900_000))
    decided = Deciding(tmp_path, partitions=4)(Work(deciding=[portion(Topic.APPOINTMENTS, record)]))
    assert written(decided)["appointments", partition_for(ELSEWHERE, 4)] == 1

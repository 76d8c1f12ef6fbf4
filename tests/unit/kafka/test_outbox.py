"""What a turn writes: packed in order, split at the size of a batch, dead letters with their original bytes."""

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatch

from streams.domain.records import DeadLetter
from streams.domain.vocabulary import Reason
from streams.kafka.outbox import BATCH_BYTES, RECORD_BYTES, Outbox, RecordTooLarge


def outbox(**larger: int) -> Outbox:
    return Outbox(lambda: BatchBuilder(BATCH_BYTES, 0, is_transactional=1), 3, larger)


def written(
    box: Outbox,
) -> list[tuple[tuple[str, int], list[tuple[bytes | None, bytes | None, dict[str, bytes]]]]]:
    return [
        (target, [(r.key, r.value, dict(r.headers)) for r in DefaultRecordBatch(bytes(batch._build()))])
        for target, batch in box.batches()
    ]


def letter(value: bytes | None, key: bytes | None = b"P1") -> DeadLetter:
    return DeadLetter(key, value, Reason.UNDECODABLE, "results", 2, 77, None, "the bytes do not match", 123)


def test_records_go_to_the_shards_own_partition_in_order() -> None:
    box = outbox()
    box.add("decisions", b"P1", b"one")
    box.add("tasks", b"P1", b"other")
    box.add("decisions", b"P2", b"two")
    assert written(box) == [
        (("decisions", 3), [(b"P1", b"one", {}), (b"P2", b"two", {})]),
        (("tasks", 3), [(b"P1", b"other", {})]),
    ]
    assert box.records == 3


def test_a_full_batch_is_followed_by_another_with_nothing_lost_in_between() -> None:
    box = outbox()
    values = [bytes([number]) * 300_000 for number in range(8)]
    for value in values:
        box.add("decisions", b"P1", value)
    parts = written(box)
    assert len(parts) == 3
    assert [value for _, records in parts for _, value, _ in records] == values


def test_the_largest_record_fits_a_batch_and_a_larger_one_is_refused() -> None:
    box = outbox()
    box.add("decisions", b"P1", b"x" * (RECORD_BYTES - 2))
    assert box.batches()[0][1].size() < 1_048_588  # Kafka's default max.message.bytes
    with pytest.raises(RecordTooLarge) as refused:
        box.add("decisions", b"P2", b"x" * (RECORD_BYTES - 1))
    assert refused.value.key == b"P2"
    with pytest.raises(RecordTooLarge):
        box.add_to(("decisions", 3), b"P2", b"x", [("h", b"x" * RECORD_BYTES)])
    assert box.records == 1


def test_a_dead_letter_carries_its_bytes_and_where_they_are() -> None:
    box = outbox()
    box.add_dead_letter("dead", letter(b"\xff\x00"))
    assert written(box) == [
        (
            ("dead", 3),
            [
                (
                    b"P1",
                    b"\xff\x00",
                    {
                        "heed.reason": b"undecodable", "heed.topic": b"results", "heed.partition": b"2",
                        "heed.offset": b"77", "heed.schema_id": b"", "heed.error": b"the bytes do not match",
                        "heed.at": b"123",
                    },
                )
            ],
        )
    ]  # fmt: skip


def test_a_dead_letter_of_nothing_at_all() -> None:
    box = outbox()
    box.add_dead_letter("dead", letter(None, None))
    assert [(key, value) for key, value, _ in written(box)[0][1]] == [(None, None)]


def test_bytes_that_no_batch_can_hold_are_cut_and_it_says_so() -> None:
    box = outbox()
    box.add_dead_letter("dead", letter(b"x" * 3_000_000, b"k" * 2_000_000))
    _, value, headers = written(box)[0][1][0]
    assert headers["heed.truncated"] == b"3000000"
    assert value is not None
    assert 990_000 < len(value) < RECORD_BYTES
    assert box.batches()[0][1].size() < 1_048_588


def test_a_topic_that_takes_more_gets_the_whole_value() -> None:
    box = outbox(dead=2_150_000)
    box.add_dead_letter("dead", letter(b"x" * 2_000_000))
    _, value, headers = written(box)[0][1][0]
    assert (len(value or b""), "heed.truncated" in headers) == (2_000_000, False)

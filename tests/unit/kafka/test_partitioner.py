"""Kafka's own examples of its hash (UtilsTest), so that our partitions are every client's."""

import pytest

from streams.kafka.partitioner import key_of, partition_for


@pytest.mark.parametrize(
    ("key", "murmur2"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_partition_is_the_one_kafka_chooses(key: bytes, murmur2: int) -> None:
    for partitions in (1, 4, 12, 100):
        assert partition_for(key, partitions) == (murmur2 & 0x7FFFFFFF) % partitions


def test_a_key_is_the_patient_id_in_utf8() -> None:
    assert key_of("Pé") == b"P\xc3\xa9"

"""Which partition a patient's records are in: Kafka's default, murmur2 over the key.

Every patient-keyed topic has the same partition count, so this one number places everything about
one patient (contract 1).
"""

from functools import lru_cache

from aiokafka.partitioner import murmur2

__all__ = ["key_of", "partition_for"]


def key_of(patient_id: str) -> bytes:
    """Make the message key of a patient: the id in UTF-8."""
    return patient_id.encode()


@lru_cache(maxsize=65_536)
def partition_for(key: bytes, partitions: int) -> int:
    """Give the partition Kafka's default partitioner chooses for ``key`` among ``partitions``.

    >>> partition_for(b"P1", 4)
    3
    """
    return int(murmur2(key) & 0x7FFF_FFFF) % partitions

"""Bytes that are nearly right, and bytes that are not at all."""

from collections.abc import Sequence
from random import Random
from typing import Final

from streams.kafka.framing import HEADER_SIZE
from streams.kafka.varint import write_long

#: Lengths and counts that nothing has: 2 GB and more, negative ones, and the ends of what Avro can write.
_HUGE: Final = tuple(
    write_long(number)
    for number in (
        2**31 - 1,
        2**31,
        2**32,
        2**40,
        2**62,
        2**63 - 1,
        -1,
        -2,
        -(2**31),
        -(2**63),
        1_000_000,
        16_384,
        64,
    )
)
#: Every id of ours, the first that nobody has, and the ends.
_IDS: Final = (*range(14), 2**31 - 1, 2**32 - 1)
#: As large as a record may be, so that work that grows with the square of it shows. Bytes.
_LARGEST: Final = 2 << 20
#: One mutation in so many makes a large value: they take milliseconds each.
_SELDOM: Final = 400


def mutated(rng: Random, value: bytes, others: Sequence[bytes]) -> bytes:
    """One to four changes, each somewhere."""
    for _ in range(rng.randint(1, 4)):
        value = _CHANGES[rng.randrange(len(_CHANGES))](rng, value, others)
    if not rng.randrange(_SELDOM):
        value = _swollen(rng, value)
    return value


def _place(rng: Random, value: bytes) -> int:
    """Mostly in the body: a wrong header is refused before anything is read."""
    low = min(HEADER_SIZE, len(value)) if rng.random() < 0.95 else 0
    return rng.randint(low, len(value))


def _flip(rng: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, value)
    return value[:at] + bytes(b ^ (1 << rng.randrange(8)) for b in value[at : at + 1]) + value[at + 1 :]


def _put(rng: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, value)
    return value[:at] + rng.choice((b"\0", b"\1", b"\2", b"\x7f", b"\x80", b"\xff")) + value[at + 1 :]


def _insert(rng: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, value)
    return value[:at] + rng.randbytes(rng.choice((1, 2, 7, 60))) + value[at:]


def _huge(rng: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, value)
    return value[:at] + rng.choice(_HUGE) + value[at + rng.randrange(3) :]


def _cut(rng: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    return value[: _place(rng, value)]


def _drop(rng: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, value)
    return value[:at] + value[at + rng.choice((1, 2, 9, 50)) :]


def _repeat(rng: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    at = _place(rng, value)
    part = value[at : at + rng.choice((1, 8, 64))]
    return value[:at] + part * rng.choice((2, 3, 70)) + value[at:]


def _splice(rng: Random, value: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    return value[: _place(rng, value)] + other[_place(rng, other) :]


def _other_schema(rng: Random, value: bytes, others: Sequence[bytes]) -> bytes:
    header = rng.choice(others)[:HEADER_SIZE]
    if rng.random() < 0.3:
        header = rng.choice((b"\0", b"\0", b"\1")) + rng.choice(_IDS).to_bytes(4, "big")
    return header + value[HEADER_SIZE:]


def _random(rng: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    return value[:HEADER_SIZE] + rng.randbytes(rng.choice((0, 1, 20, 200)))


_CHANGES: Final = (
    _flip, _flip, _flip, _put, _put, _insert, _huge, _huge, _cut, _drop, _repeat, _splice, _other_schema, _random,
)  # fmt: skip


def _swollen(rng: Random, value: bytes) -> bytes:
    """With a long run of one byte: numbers without an end, lists without one, text of a megabyte."""
    at = _place(rng, value)
    run = rng.choice((b"\0", b"\2", b"\x7f", b"\x80", b"\xff")) * rng.choice((10_000, 200_000, _LARGEST))
    return (value[:at] + run + value[at:])[:_LARGEST]

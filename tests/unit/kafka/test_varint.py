"""Whole numbers at the edges of what seven bits, tables and 64 bits hold."""

import pytest

from streams.kafka.varint import (
    INTS,
    LONGS,
    UPPER_TIMES,
    TextLists,
    Texts,
    read_long,
    write_long,
    write_text,
)

EDGES = [
    0,
    1,
    -1,
    63,
    64,
    -64,
    -65,
    8191,
    8192,
    -8192,
    -8193,
    2**27 - 1,
    2**27,
    2**41 - 1,
    2**41,
    2**63 - 1,
    -(2**63),
]


@pytest.mark.parametrize("number", EDGES)
def test_a_number_comes_back(number: int) -> None:
    written = write_long(number)
    z, place = read_long(b"?" + written + b"?", 1)
    assert (z >> 1 ^ -(z & 1), place) == (number, 1 + len(written))
    assert LONGS[number] == written


@pytest.mark.parametrize(("number", "written"), [(0, "00"), (-1, "01"), (1, "02"), (-64, "7f"), (64, "8001")])
def test_numbers_are_written_as_avros_own_examples(number: int, written: str) -> None:
    assert write_long(number).hex() == written


def test_numbers_beyond_their_width_are_refused() -> None:
    for number in (2**63, -(2**63) - 1):
        with pytest.raises(OverflowError):
            write_long(number)
    assert INTS[2**31 - 1] == write_long(2**31 - 1)
    with pytest.raises(OverflowError):
        INTS[2**31]
    with pytest.raises(ValueError, match="64 bits"):
        read_long(b"\xff" * 9 + b"\x7f", 0)
    with pytest.raises(IndexError):
        read_long(b"\xff\xff", 0)


def test_text_is_measured_in_bytes() -> None:
    assert write_text("Zoë") == b"\x08Zo\xc3\xab"


def test_repeated_texts_are_kept_within_bounds() -> None:
    texts = Texts()
    for number in range(5_000):
        assert texts[f"Zoë {number}"] == write_text(f"Zoë {number}")
    assert len(texts) <= 4096


@pytest.mark.parametrize("instant", [2**34, 1_796_122_800_000, 2**41 - 1])
def test_the_upper_part_of_an_instant_is_in_its_last_four_bytes(instant: int) -> None:
    written = write_long(instant)
    assert len(written) == 6
    assert UPPER_TIMES[int.from_bytes(written[2:], "little")] == instant >> 13 << 13


def test_upper_parts_are_kept_within_bounds_and_other_bytes_are_none() -> None:
    for upper in range(2**21, 2**21 + 5_000):
        assert UPPER_TIMES[int.from_bytes(write_long(upper << 13)[2:], "little")] == upper << 13
    assert len(UPPER_TIMES) <= 4096
    for instant in (2**34 - 1, 2**41):  # five bytes, and seven
        with pytest.raises(ValueError, match="six bytes"):
            UPPER_TIMES[int.from_bytes((write_long(instant) + b"\0")[2:6], "little")]


def test_repeated_lists_are_kept_within_bounds() -> None:
    lists = TextLists()
    assert lists[()] == b"\x00"
    for number in range(5_000):
        assert lists[(str(number),)] == b"\x02" + write_text(str(number)) + b"\x00"
    assert len(lists) <= 4096


@pytest.mark.timeout(10)
def test_a_number_without_an_end_is_refused_at_once() -> None:
    """A record of 2 MB of such bytes took its worker minutes, and then the next one."""
    with pytest.raises(ValueError, match="64 bits"):
        read_long(b"\xff" * (2 << 20), 0)

"""Numbers of more than 64 bits are refused, whatever else is damaged, and in no time."""

import pytest

from streams.kafka.long_numbers import refuse_long_numbers

TEXTS = {"type": "array", "items": "string"}
#: Text in some alphabets has as many high bytes in a row, which is what the walk begins with.
HIGH = b"\xff" * 9


def test_a_number_of_more_than_64_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="64 bits"):
        refuse_long_numbers("long", HIGH + b"\xff\xff\x01", 0)


def test_text_with_high_bytes_is_none() -> None:
    refuse_long_numbers("string", bytes([18]) + HIGH, 0)


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x80\x80\x80\x80\x80\x80\x01" + b"\x01" + HIGH, id="more items than bytes"),
        pytest.param(b"\x10" + b"\x01" + HIGH, id="a text of less than nothing"),
    ],
)
def test_damaged_lists_are_not_walked_round_in_a_circle(body: bytes) -> None:
    with pytest.raises(IndexError):
        refuse_long_numbers(TEXTS, body, 0)

"""Five bytes before every body."""

import pytest

from streams.errors import Undecodable
from streams.kafka.framing import frame_header, schema_id_of


@pytest.mark.parametrize("schema_id", [1, 255, 65_536, 2**32 - 1])
def test_the_id_comes_back(schema_id: int) -> None:
    assert schema_id_of(frame_header(schema_id) + b"x") == schema_id


def test_the_header_is_a_zero_byte_and_four_of_id() -> None:
    assert frame_header(0x01020304) == b"\x00\x01\x02\x03\x04"


@pytest.mark.parametrize("value", [b"", b"\x00\x00\x00\x01", b"\x01\x00\x00\x00\x01"])
def test_anything_else_is_refused(value: bytes) -> None:
    with pytest.raises(Undecodable):
        schema_id_of(value)

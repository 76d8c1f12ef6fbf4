"""Confluent framing: a zero byte, the schema id in four bytes, then the Avro body.

Knows where a body starts; not what is in it.
"""

from struct import Struct
from typing import Final

from streams.errors import Undecodable

__all__ = ["HEADER_SIZE", "frame_header", "schema_id_of"]

_HEADER: Final = Struct(">BI")
_MAGIC: Final = 0

#: Bytes before the body.
HEADER_SIZE: Final = _HEADER.size


def frame_header(schema_id: int) -> bytes:
    """Make the five bytes that stand before every body written with this schema."""
    return _HEADER.pack(_MAGIC, schema_id)


def schema_id_of(value: bytes) -> int:
    """Read which schema a value names.

    Errors: Undecodable when the value is too short or does not start with a zero byte.

    >>> schema_id_of(frame_header(7) + b"body")
    7
    """
    if len(value) < HEADER_SIZE:
        raise Undecodable(f"the value has {len(value)} bytes; a schema id alone needs {HEADER_SIZE}")
    magic, schema_id = _HEADER.unpack_from(value)
    if magic != _MAGIC:
        raise Undecodable(f"the first byte is {magic}, not 0: this is not Confluent framing")
    return int(schema_id)

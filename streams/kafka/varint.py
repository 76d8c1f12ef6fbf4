"""Avro's whole numbers and text as bytes: zigzag, then seven bits to a byte.

Numbers up to 8 191 (lengths, enum places, versions) come from a table; longer ones are put together
fourteen bits at a time.
"""

from functools import lru_cache
from typing import Final

__all__ = [
    "INTS", "LONGS", "UPPER_TIMES", "TextLists", "Texts", "read_long", "write_long", "write_text", "write_time",
]  # fmt: skip

_FOURTEEN_BITS: Final = 1 << 14
_TWENTY_EIGHT_BITS: Final = 1 << 28
_FORTY_TWO_BITS: Final = 1 << 42
_INT_MIN, _INT_MAX = -(1 << 31), (1 << 31) - 1
_LONG_MIN, _LONG_MAX = -(1 << 63), (1 << 63) - 1

#: Fourteen bits with more to come, and fourteen bits (at least eight of them used) at the end.
_MORE: Final = [bytes((z & 127 | 128, z >> 7 | 128)) for z in range(_FOURTEEN_BITS)]
_LAST: Final = [bytes((z,)) if z < 128 else bytes((z & 127 | 128, z >> 7)) for z in range(_FOURTEEN_BITS)]


def write_long(number: int) -> bytes:
    """Write a whole number. Errors: OverflowError beyond 64 bits.

    >>> write_long(-1), write_long(64)
    (b'\\x01', b'\\x80\\x01')
    """
    if 0 <= number < _FORTY_TWO_BITS >> 1:  # every instant of this century, in one line each
        z = number << 1
        if z < _FOURTEEN_BITS:
            return _LAST[z]
        if z < _TWENTY_EIGHT_BITS:
            return _MORE[z & 16383] + _LAST[z >> 14]
        return _MORE[z & 16383] + _MORE[z >> 14 & 16383] + _LAST[z >> 28]
    if not _LONG_MIN <= number <= _LONG_MAX:
        raise OverflowError("a whole number of more than 64 bits")
    z = number << 1 ^ number >> 63
    written = b""
    while z >= _FOURTEEN_BITS:
        written += _MORE[z & 16383]
        z >>= 14
    return written + _LAST[z]


#: The bytes of an instant: those of a turn's own are asked for again and again.
write_time: Final = lru_cache(maxsize=4_096)(write_long)


def read_long(value: bytes, place: int) -> tuple[int, int]:
    """Read the zigzag number at ``place``: the number, not yet unfolded, and the place behind it.

    Errors: IndexError when the bytes end first; ValueError beyond 64 bits.
    """
    z = shift = 0
    while True:
        byte = value[place]
        place += 1
        z |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
        if shift > 63:  # a run of such bytes a megabyte long would take minutes to add up
            raise ValueError("a whole number of more than 64 bits")
    if z >> 64:
        raise ValueError("a whole number of more than 64 bits")
    return z, place


class _UpperTimes(dict[int, int]):
    """The upper 28 bits of an instant, as the number that its last four bytes are: a part that lasts for 8 seconds.

    Six bytes hold the instants from 2004 to 2039. The lower 13 bits and the sign are in the first two.
    Errors: ValueError when the four bytes are no end of such an instant.
    """

    _KEPT: Final = 4_096

    def __missing__(self, four: int) -> int:
        if four & 0x8080_8080 != 0x0080_8080:
            raise ValueError("not the end of a number of six bytes")
        if len(self) >= self._KEPT:
            self.clear()
        upper = four & 127 | four >> 1 & 127 << 7 | four >> 2 & 127 << 14 | four >> 3 & 127 << 21
        self[four] = instant = upper << 13
        return instant


UPPER_TIMES: Final = _UpperTimes()


class _Longs(dict[int, bytes]):
    """The bytes of whole numbers: the small ones kept, the others made when asked for."""

    def __missing__(self, number: int) -> bytes:
        if 0 < number < _TWENTY_EIGHT_BITS >> 1:  # offsets and versions, without another call
            return _MORE[number << 1 & 16383] + _LAST[number >> 13]
        return write_long(number)


class _Ints(_Longs):
    """The same for fields of 32 bits. Errors: OverflowError beyond them."""

    def __missing__(self, number: int) -> bytes:
        if not _INT_MIN <= number <= _INT_MAX:
            raise OverflowError("a whole number of more than 32 bits")
        return super().__missing__(number)


LONGS: Final = _Longs((number, write_long(number)) for number in range(_FOURTEEN_BITS // 2))
INTS: Final = _Ints(LONGS)
_known_long: Final = LONGS.get  # see ``_source.Source.kept``


def write_text(text: str) -> bytes:
    """Write text: its length in bytes, then UTF-8. Errors: UnicodeEncodeError for half a surrogate."""
    encoded = text.encode()
    return (_known_long(len(encoded)) or LONGS[len(encoded)]) + encoded


class Texts(dict[str, bytes]):
    """The bytes of texts of which there are few, such as rules and versions of the policy: each made once.

    Bounded: beyond ``_KEPT`` different texts it starts afresh.
    """

    _KEPT: Final = 4_096

    def __missing__(self, text: str) -> bytes:
        if len(self) >= self._KEPT:
            self.clear()
        self[text] = written = write_text(text)
        return written


class TextLists(dict[tuple[str, ...], bytes]):
    """The bytes of lists of text that repeat, such as rule paths: each made once.

    Bounded: beyond ``_KEPT`` different lists it starts afresh.
    """

    _KEPT: Final = 4096

    def __missing__(self, texts: tuple[str, ...]) -> bytes:
        if len(self) >= self._KEPT:
            self.clear()
        written = LONGS[len(texts)] + b"".join(map(write_text, texts)) + b"\0" if texts else b"\0"
        self[texts] = written
        return written

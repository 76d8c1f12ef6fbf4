"""How many parts a text message needs: GSM 7-bit where every character allows it, UCS-2 otherwise.

One character outside the GSM alphabet (Welsh w-circumflex, an emoji, a curly quotation mark) turns the whole
message into UCS-2, with less than half the room (C183, C184). Source of the tables: 3GPP TS 23.038.
"""

from enum import StrEnum
from typing import Final

import msgspec

__all__ = ["Encoding", "Segments", "count", "outside_gsm"]


class Encoding(StrEnum):
    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")  # an escape and a character: two septets
_SINGLE: Final = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_JOINED: Final = {Encoding.GSM7: 153, Encoding.UCS2: 67}  # each part carries a header


class Segments(msgspec.Struct, frozen=True):
    """``length`` is in units of the encoding: septets, or 16-bit units (an emoji is two)."""

    encoding: Encoding
    length: int
    parts: int


def outside_gsm(text: str) -> str:
    """Give the characters, each once and in order, that force UCS-2."""
    return "".join(dict.fromkeys(c for c in text if c not in _BASIC and c not in _EXTENDED))


def count(text: str) -> Segments:
    """Count the parts of a text message. A character of two units is never split between parts.

    >>> count("x" * 161).parts, count("ŵ" * 70).parts
    (2, 1)
    """
    encoding = Encoding.UCS2 if outside_gsm(text) else Encoding.GSM7
    widths = [_width(c, encoding) for c in text]
    length = sum(widths)
    if length <= _SINGLE[encoding]:
        return Segments(encoding, length, 1)
    parts, room = 1, _JOINED[encoding]
    for width in widths:
        if width > room:
            parts, room = parts + 1, _JOINED[encoding]
        room -= width
    return Segments(encoding, length, parts)


def _width(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1

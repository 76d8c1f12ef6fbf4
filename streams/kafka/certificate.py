"""Until when a certificate file is valid: the standard library tells it of a peer's certificate, but not of our own."""

import ssl
from pathlib import Path
from typing import Final

_UTC_TIME: Final = 0x17  # YYMMDDhhmmssZ, from 1950 to 2049
_GENERALIZED_TIME: Final = 0x18  # YYYYMMDDhhmmssZ
_EXPLICIT_VERSION: Final = 0xA0


def valid_until(file: Path) -> str | None:
    """The end of validity of the first certificate in a PEM file, ``2026-11-21 06:45 UTC``; None when it has none."""
    try:
        der = _first_certificate(file.read_text(encoding="ascii"))
        _, place, _ = _value(der, 0)  # Certificate
        _, place, _ = _value(der, place)  # what is signed
        tag, _, end = _value(der, place)
        place = end if tag == _EXPLICIT_VERSION else place
        for _field in ("serial number", "signature", "issuer"):
            _, _, place = _value(der, place)
        _, place, _ = _value(der, place)  # validity
        _, _, place = _value(der, place)  # not before
        tag, start, end = _value(der, place)  # not after
        return _written(tag, der[start:end].decode("ascii"))
    except (OSError, ValueError, IndexError):  # not ours to judge: OpenSSL has read it, or will say why not
        return None


def _first_certificate(text: str) -> bytes:
    begin, end = ssl.PEM_HEADER, ssl.PEM_FOOTER
    start = text.index(begin)
    return ssl.PEM_cert_to_DER_cert(text[start : text.index(end, start) + len(end)])


def _value(der: bytes, place: int) -> tuple[int, int, int]:
    """Tag, start and end of the value at ``place``."""
    tag, length, start = der[place], der[place + 1], place + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(der[start : start + size], "big"), start + size
    return tag, start, start + length


def _written(tag: int, time: str) -> str | None:
    if tag == _UTC_TIME:
        time = ("19" if time[:2] >= "50" else "20") + time
    elif tag != _GENERALIZED_TIME:
        return None
    return f"{time[:4]}-{time[4:6]}-{time[6:8]} {time[8:10]}:{time[10:12]} UTC"

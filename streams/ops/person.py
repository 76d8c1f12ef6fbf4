"""How a log line says which patient it is about: a keyed hash, or nothing.

HMAC-SHA-256 with the key of HEED_LOG_KEY(_FILE), cut to 16 hexadecimal digits: whoever has the key and the decisions
finds the patient (`heed explain --hash`), and nobody else can, not even by hashing every NHS number. Without a key a
line says nothing about the patient; topic, partition and offset are there all the same.
"""

import hmac
from hashlib import sha256
from typing import Final

#: Digits of a hash that are written: 64 bits, so that two patients of a country share one in no likely case.
DIGITS: Final = 16

_key = b""


def use_key(key: str | None) -> None:
    """From now on patients are named with this key, or not at all."""
    global _key  # as logging itself: one for the process, set at its start
    _key = (key or "").encode()


def hash_of(patient: str | bytes, key: str | bytes) -> str:
    """What a line says of a patient.

    >>> hash_of("P1", "a key of the organisation's own") == hash_of(b"P1", "a key of the organisation's own")
    True
    """
    patient = patient.encode() if isinstance(patient, str) else patient
    key = key.encode() if isinstance(key, str) else key
    return hmac.new(key, b"heed/patient/" + patient, sha256).hexdigest()[:DIGITS]


def about(patient: str | bytes | None) -> dict[str, str]:
    """The field of a log line: ``patient``, or no field."""
    return {"patient": hash_of(patient, _key)} if _key and patient else {}

"""Ids as pure functions of content (contract 3): the same inputs give the same ids, on every run and machine.

Each is the UUID version 5 of ``NAMESPACE`` and a string of parts joined by ``/``; the parts are named in
the functions below.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Final
from uuid import UUID

try:  # Python's own: OpenSSL's looks the algorithm up anew for each hash, which costs as much as hashing
    from _sha1 import sha1  # type: ignore[import-not-found]
except ImportError:  # pragma: no cover - a Python built without it
    from hashlib import sha1

#: uuid5(NAMESPACE_URL, "https://example.org/heed"), written out so that it can never drift.
NAMESPACE: Final = UUID("5c3ab56f-bc0f-5ee5-86c8-6651d0ae92e5")
_PREFIX: Final = NAMESPACE.bytes
#: The digits of a hash that an id shows, between its dashes; taken out at once, since each slice costs as much.
_SHOWN: Final = itemgetter(slice(8), slice(8, 12), slice(13, 16), 16, slice(17, 20), slice(20, 32))
_VARIANT: Final = dict(
    zip("0123456789abcdef", "89ab" * 4, strict=True)
)  # RFC 9562: the two highest bits are 10


def uuid5(name: str) -> str:
    """UUID version 5 (RFC 9562) of ``name``; written out because ``uuid.uuid5`` costs three times as much.

    >>> from uuid import uuid5 as reference
    >>> uuid5("decision/P1/e1") == str(reference(NAMESPACE, "decision/P1/e1"))
    True
    """
    a, b, c, variant, d, e = _SHOWN(sha1(_PREFIX + name.encode(), usedforsecurity=False).hexdigest())
    return f"{a}-{b}-5{c}-{_VARIANT[variant]}{d}-{e}"


def decision_id(patient_id: str, event_id: str, place: str, subject: str, ordinal: int) -> str:
    """``decision/<patient>/<event>/<topic>-<partition>-<offset>/<kind>:<id>/<ordinal>``.

    The n-th decision that this input caused about that subject; a copy's subject names the proxy too.
    """
    return uuid5(f"decision/{patient_id}/{event_id}/{place}/{subject}/{ordinal}")


def command_id(
    patient_id: str, subject: str, version: int, purpose: str, recipient: str, channel: str
) -> str:
    """``command/<patient>/<kind>:<id>/<version>/<purpose>/<recipient>/<channel>``: one message of that content."""
    return uuid5(f"command/{patient_id}/{subject}/{version}/{purpose!s}/{recipient!s}/{channel!s}")


def task_id(patient_id: str, cause: str, subject: str, opened_by: str) -> str:
    """``task/<patient>/<cause>/<kind>:<id>/<decision>``: one task while it is open (B13)."""
    return uuid5(f"task/{patient_id}/{cause!s}/{subject}/{opened_by}")


def safety_id(patient_id: str, kind: str, cause: str) -> str:
    """``safety/<patient>/<kind>/<decision or event>``."""
    return uuid5(f"safety/{patient_id}/{kind}/{cause}")

"""A heartbeat: a record that goes the whole way of an event and concerns no patient.

The recorder sends one to each of its partitions, into ``receipts``; the worker takes it in its turn, after the
barrier, and passes it on to ``heartbeats`` in the same transaction as its decisions; the recorder takes it from there
in the same transaction as its entries. Its key can be no patient's: control characters are refused in ids.
Source: docs/decisions/0070.
"""

from typing import Final

import msgspec

from .time import Instant

#: The key of every heartbeat, whatever its partition.
HEARTBEAT_KEY: Final = b"\x00heartbeat"


class Heartbeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``sent_at``: by the clock of the machine that sent it, and that will measure it (UTC ms)."""

    sent_at: Instant


_decode: Final = msgspec.json.Decoder(Heartbeat).decode


def pack_heartbeat(beat: Heartbeat) -> bytes:
    """As JSON: whoever looks into the topic should see what it is."""
    return msgspec.json.encode(beat)


def unpack_heartbeat(value: bytes | None) -> Heartbeat | None:
    """None for anything else.

    >>> unpack_heartbeat(pack_heartbeat(Heartbeat(7)))
    Heartbeat(sent_at=7)
    >>> unpack_heartbeat(b"{}") is None
    True
    """
    try:
        return _decode(value or b"")
    except msgspec.DecodeError:
        return None

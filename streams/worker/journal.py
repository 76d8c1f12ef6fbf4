"""What a turn took, and in which order: written with the turn, in its transaction.

Two things rest on it. A shard reads on from where its own table says that it has read to: the committed
offsets of the group can expire, be set back by hand or be restored from another hour, the table cannot be
of two minds. And whoever verifies afterwards (``streams.verify``) decides everything again in exactly this
order and with this clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from streams.domain.shard import ShardState
from streams.domain.time import Instant
from streams.domain.vocabulary import Topic

from .refusals import Refusals


class Step(msgspec.Struct, frozen=True, array_like=True):
    """Records [start, end) of a topic; with ``topic`` None, these patients woken because something was due."""

    topic: Topic | None
    start: int = 0
    end: int = 0
    fail_closed: bool = False
    keys: tuple[bytes, ...] = ()


class Journal(msgspec.Struct, frozen=True, array_like=True):
    """One turn: the time it was decided with (UTC ms), what it took in order, and where each topic is read on.

    ``number`` counts the turns of the partition: a gap is a row that was compacted away.
    ``refused``: patients whose changes could not be written. ``kept``: those among them whose refusal could be: the task,
    and the hold that an objection nobody could apply puts on messages. ``failed``: those whose changes were not too large.
    """

    number: int = 0
    at: Instant = 0
    steps: tuple[Step, ...] = ()
    read_to: dict[Topic, int] = {}
    refused: tuple[bytes, ...] = ()
    kept: tuple[bytes, ...] = ()
    failed: tuple[bytes, ...] = ()  # last: rows of earlier versions end before it


_NO_DUE: Final = bytes(8)
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(tuple[ShardState, Journal]).decode


def pack_shard(shard: ShardState, journal: Journal) -> bytes:
    """The shard's own row of the table: never due, then MessagePack."""
    return _NO_DUE + _encode((shard, journal))


def unpack_shard(packed: bytes | None) -> tuple[ShardState, Journal]:
    """Raises msgspec.DecodeError on foreign bytes."""
    if packed is None:
        return ShardState(), Journal()
    return _decode(memoryview(packed)[8:])


def following(
    before: Journal,
    now: Instant,
    steps: Sequence[Step],
    woken: Sequence[bytes],
    refusals: Refusals,
) -> Journal:
    """The journal of the turn after ``before``; ``woken`` belong to its step without a topic."""
    return Journal(
        before.number + 1,
        now,
        tuple(msgspec.structs.replace(s, keys=tuple(woken)) if s.topic is None else s for s in steps),
        before.read_to | {step.topic: step.end for step in steps if step.topic is not None},
        _named(refusals.keys),
        _named(refusals.kept),
        _named(refusals.failed),
    )


def _named(keys: Iterable[bytes | None]) -> tuple[bytes, ...]:
    return tuple(key for key in keys if key is not None)

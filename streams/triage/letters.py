"""Dead letters: what was set aside and why, and which of it has been put back.

A dead letter is named by where it lies: ``2-17`` is offset 17 of partition 2. Its payload is never shown. That a
letter was put back is itself a record of the dead-letters topic, with the header ``heed.requeued``.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from streams.domain.time import Instant
from streams.domain.vocabulary import Topic
from streams.kafka.client import connection
from streams.kafka.reading import Stored, read_to_end
from streams.settings import Settings

#: On a mark: which letter was put back. On a record that was put back: which letter it comes from.
REQUEUED: Final = "heed.requeued"
REQUEUED_FROM: Final = "heed.requeued-from"
_TRUNCATED: Final = "heed.truncated"


class Letter(msgspec.Struct, frozen=True):
    """A dead letter without its payload. ``topic`` has no prefix; ``at`` is UTC ms; ``requeued`` counts."""

    id: str
    reason: str
    topic: str
    partition: int
    offset: int
    at: Instant
    error: str
    schema_id: int | None = None
    requeued: int = 0


class Payload(msgspec.Struct, frozen=True):
    """The original bytes as the letter carries them; ``whole`` False: it carries them in part or not at all."""

    key: bytes | None
    value: bytes | None
    whole: bool


async def read_letters(
    settings: Settings, *, patience_s: float | None = None
) -> list[tuple[Letter, Payload]]:
    """Every dead letter still kept, oldest first. ``patience_s``: as in ``read_to_end``; without it a letter or a mark
    behind an open transaction is not seen. Raises UnsafeTopic, BrokerUnreachable, KafkaError, StillOpen."""
    found: dict[str, tuple[Letter, Payload]] = {}
    requeued: dict[str, int] = {}
    async for stored in _stored(settings, patience_s):
        mark = stored.headers.get(REQUEUED)
        if mark is not None:
            requeued[mark.decode()] = requeued.get(mark.decode(), 0) + 1
        else:
            letter = _letter(stored)
            found[letter.id] = (letter, _payload(stored, letter.reason))
    letters = [
        (msgspec.structs.replace(letter, requeued=requeued.get(letter.id, 0)), payload)
        for letter, payload in found.values()
    ]
    return sorted(letters, key=lambda pair: (pair[0].at, pair[0].partition, pair[0].offset))


def _stored(settings: Settings, patience_s: float | None) -> AsyncIterator[Stored]:
    return read_to_end(connection(settings), [settings.topic(Topic.DEAD_LETTERS)], patience_s=patience_s)


def _letter(stored: Stored) -> Letter:
    headers = stored.headers
    return Letter(
        id=f"{stored.partition}-{stored.offset}",
        reason=_text(headers, "heed.reason"),
        topic=_text(headers, "heed.topic"),
        partition=_number(headers, "heed.partition", stored.partition),
        offset=_number(headers, "heed.offset", 0),
        at=_number(headers, "heed.at", stored.timestamp),
        error=_text(headers, "heed.error"),
        schema_id=_number(headers, "heed.schema_id", 0) or None,
    )


def _payload(stored: Stored, reason: str) -> Payload:
    """A letter written by a rule, not by the codec, names the record only; an empty objection has no value."""
    whole = _TRUNCATED not in stored.headers and (stored.value is not None or reason == "null_value")
    return Payload(stored.key, stored.value, whole)


def _text(headers: Mapping[str, bytes], name: str) -> str:
    return headers.get(name, b"").decode(errors="replace")


def _number(headers: Mapping[str, bytes], name: str, otherwise: int) -> int:
    text = _text(headers, name)
    return int(text) if text.lstrip("-").isdigit() else otherwise


def as_json(letters: Sequence[Letter]) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = msgspec.to_builtins(letters)
    return plain

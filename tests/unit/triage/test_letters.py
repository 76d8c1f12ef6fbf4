"""What a dead letter still carries of the record that was set aside."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from streams.kafka.reading import Stored
from streams.triage import letters
from streams.triage.letters import read_letters

SAID = {"heed.reason": b"undecodable", "heed.topic": b"results", "heed.partition": b"2", "heed.offset": b"7"}


@pytest.mark.parametrize(
    ("value", "headers", "whole"),
    [
        (b"bytes", {}, True),
        (b"the first of many", {"heed.truncated": b"2000000"}, False),  # must not be put back as it is
        (None, {}, False),  # a rule's letter: it names the record only
        (None, {"heed.reason": b"null_value"}, True),
    ],
)
async def test_only_a_whole_record_can_be_put_back(
    value: bytes | None, headers: dict[str, bytes], whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stored(*_: object) -> AsyncIterator[Stored]:
        yield Stored("dead-letters", 0, 0, 0, b"P1", value, SAID | headers)

    monkeypatch.setattr(letters, "_stored", stored)
    settings: Any = None
    ((letter, payload),) = await read_letters(settings)
    assert (letter.id, letter.topic, letter.partition, letter.offset) == ("0-0", "results", 2, 7)
    assert payload.whole is whole

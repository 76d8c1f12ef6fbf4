"""Where a partition ends, for the barrier."""

from typing import Any

import pytest

from streams.kafka import offsets


class Opened:
    """A client as far as being opened goes."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        MADE.append(self)

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass


MADE: list[Opened] = []


async def test_an_end_lies_behind_what_another_producer_has_not_committed_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An objection acknowledged above an open transaction is logged: the last stable offset would not show it."""
    monkeypatch.setattr(offsets, "AIOKafkaConsumer", Opened)
    monkeypatch.setattr(offsets, "AIOKafkaAdminClient", Opened)
    MADE.clear()
    await offsets.OffsetsClient({"bootstrap_servers": "nowhere"}).open()
    asker, _admin = MADE
    assert asker.settings["isolation_level"] == "read_uncommitted"

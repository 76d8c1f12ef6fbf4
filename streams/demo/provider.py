"""The message provider of the made-up hospital: reports back on every command, as a real one would.

What becomes of a message depends on its address and content alone, so that every run is told the same.
"""

from hashlib import sha256
from typing import Final

from streams.demo.plain import Plain
from streams.demo.schedule import Schedule
from streams.domain.events import Envelope, Event, Receipt
from streams.domain.time import MINUTE, Instant, Millis
from streams.domain.vocabulary import Channel, ReceiptStatus, Topic

_DELIVERED_AFTER: Final[Millis] = 3 * MINUTE
_READ_AFTER: Final[Millis] = 9 * MINUTE
#: In a hundred: numbers that are no longer in use, and app messages that nobody opens.
_DEAD_NUMBERS: Final = 2
_UNREAD: Final = 6


def draw(*parts: str) -> int:
    """A number from 0 to 99 that depends on these texts only."""
    return int.from_bytes(sha256("/".join(parts).encode()).digest()[:4], "big") % 100


class Provider:
    """Sees send commands, answers with receipts."""

    def __init__(self) -> None:
        self._schedule = Schedule()

    def see(self, record: Plain) -> None:
        channel = Channel(record["channel"])
        sent: Instant = record["created_at"]
        chance = draw(record["subject"]["id"], record["purpose"], channel, record["patient_id"])
        if channel is Channel.LETTER:
            self._report(record, channel, ReceiptStatus.ACCEPTED, sent + _DELIVERED_AFTER, 1)
        elif channel is not Channel.NHS_APP and chance < _DEAD_NUMBERS:
            self._report(record, channel, ReceiptStatus.PERMANENT_FAILURE, sent + _DELIVERED_AFTER, 1)
        else:
            self._report(record, channel, ReceiptStatus.DELIVERED, sent + _DELIVERED_AFTER, 1)
            if channel is Channel.NHS_APP and chance >= _UNREAD:
                self._report(record, channel, ReceiptStatus.READ, sent + _READ_AFTER, 2)

    def due(self, now: Instant) -> list[Event]:
        return self._schedule.due(now)

    def _report(
        self, command: Plain, channel: Channel, status: ReceiptStatus, at: Instant, version: int
    ) -> None:
        envelope = Envelope(
            event_id=f"rcpt-{command['command_id']}-{version}", patient_id=command["patient_id"], version=version,
            occurred_at=at, source="gateway",
        )  # fmt: skip
        body = Receipt(
            command["command_id"], status, channel, provider_ref=f"msg-{command['command_id'][:8]}"
        )
        self._schedule.plan(at, Event(Topic.RECEIPTS, envelope, body))

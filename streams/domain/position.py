"""Where a record stands in Kafka."""

import msgspec

from .time import Instant
from .vocabulary import Topic


class Position(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Topic, partition and offset of one input record, and when the worker took it (UTC ms).

    ``trace``: the trace context (W3C traceparent) it came with, kept with what is held, for what follows from it later.
    """

    topic: Topic
    partition: int
    offset: int
    ingested_at: Instant = 0
    trace: str | None = None

    @property
    def place(self) -> str:
        """Its name in ids and tasks."""
        return f"{self.topic!s}-{self.partition}-{self.offset}"

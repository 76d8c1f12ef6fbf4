"""What the transport delivers: one stretch of one partition, gap-free.

``start`` is the offset after the last stretch delivered before it, ``end`` the offset after this one.
Between them may lie offsets that carry no record for us (transaction markers, compacted or aborted
records), so a stretch can move on without a single record. Whoever receives stretches checks that each
one starts where the last one ended: a difference means that records were lost on the way.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Record(Protocol):
    """The fields of a consumed Kafka record that we read; ``timestamp`` is UTC milliseconds."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Stretch(msgspec.Struct, frozen=True):
    """Records of one topic partition from ``start`` up to, not including, ``end``."""

    start: int
    end: int
    records: Sequence[Record]
    received: float  # time.monotonic() when the fetch answered
    size: int  # bytes of all values

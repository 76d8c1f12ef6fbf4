"""The patient table of one shard: packed patient state by packed key, behind three verbs.

In memory it is a dict of bytes to bytes; memory, not rate, decides the number of workers
(architecture.md section 5). An on-disk store can follow behind the same verbs without touching a rule.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from streams.domain.packing import due_of
from streams.domain.time import Instant

#: Where the shard keeps what belongs to no patient. No patient id starts so: control characters are refused.
SHARD_KEY: Final = b"\x00shard"


class PatientTable:
    """Patients of one partition. Values are what ``domain.packing.pack`` wrote."""

    def __init__(self, restored: dict[bytes, bytes] | None = None) -> None:
        self._rows = {} if restored is None else restored
        self.size = sum(map(len, self._rows)) + sum(map(len, self._rows.values()))  # bytes of keys and values
        #: The packed patient of a key, or None. The dict's own: it is asked for every patient of every turn.
        self.get: Callable[[bytes], bytes | None] = self._rows.get

    def put_many(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Make committed changes the table's; None removes."""
        rows, size = self._rows, self.size
        for key, packed in changes.items():
            before = rows.get(key)
            if packed is not None:
                rows[key] = packed
                size += len(packed) + len(key) if before is None else len(packed) - len(before)
            elif before is not None:
                del rows[key]
                size -= len(key) + len(before)
        self.size = size

    def due(self) -> Iterator[tuple[Instant, bytes]]:
        """Every patient for whom something waits, and since or until when; in no order."""
        for key, packed in self._rows.items():
            due = due_of(packed)
            if due:
                yield due, key

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: bytes) -> bool:
        return key in self._rows

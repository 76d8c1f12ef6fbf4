"""What one turn writes, packed into record batches as it is decided.

Packing straight into batches for known partitions costs about 0.6 us a record, against 8 us for aiokafka's
``send``. Nothing leaves the process before ``ShardProducer.commit``.

``BatchBuilder.append`` serializes, counts and calls the compiled builder by keywords: that costs more than what the
builder does. ``_Filling`` calls it directly; its names are private to aiokafka 0.14.0, which is pinned
(``tests/contract/test_private_names.py``).
"""

from collections.abc import Mapping
from typing import Any, Final

from streams.domain.records import DeadLetter

#: A batch holds at most this much. Kafka's default max.message.bytes, which bounds a whole batch, is
#: 1 048 588; the rest is room for headers of the batch and its records. Bytes.
BATCH_BYTES: Final = 1_000_000
#: One record, key and value and headers together: it must fit into a batch of its own. Bytes.
RECORD_BYTES: Final = BATCH_BYTES - 1_000

#: A value and a key of at most so much each need no further look. Bytes.
_SURELY_FITS: Final = RECORD_BYTES // 2
#: The lengths of a header's name and text, and some to spare. Bytes.
_AROUND_A_HEADER: Final = 10

Header = tuple[str, bytes]
_NO_HEADERS: Final[list[Header]] = []  # the builder takes a list only


class Unwritable(Exception):
    """What follows for a patient cannot be written. The turn that made it is decided again without their changes."""

    def __init__(self, key: bytes | None, why: str = "a record cannot be written") -> None:
        super().__init__(why)
        self.key = key


class RecordTooLarge(Unwritable):
    """A record that no batch can hold."""

    def __init__(self, key: bytes | None) -> None:
        super().__init__(key, "a record exceeds the size of a batch")


class _Filling:
    """A batch that still takes records. ``append`` is the compiled builder's own; ``count`` is told to the batch at the end."""

    __slots__ = ("append", "batch", "count")

    def __init__(self, batch: Any) -> None:
        self.batch = batch
        self.append = batch._builder.append
        self.count = 0

    def filled(self) -> Any:
        """The batch, with what it holds."""
        self.batch._relative_offset = self.count
        return self.batch


class Outbox:
    """Batches by (topic, partition), in the order of writing.

    ``create_batch`` is the producer's; ``larger``: topics whose records may be larger than RECORD_BYTES.
    """

    def __init__(self, create_batch: Any, partition: int, larger: Mapping[str, int]) -> None:
        self._create_batch = create_batch
        self._partition = partition
        self._larger = larger
        self._open: dict[tuple[str, int], _Filling] = {}
        self.full: list[tuple[tuple[str, int], Any]] = []

    @property
    def records(self) -> int:
        return sum(batch.record_count() for _target, batch in self.batches())

    def add(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Write to this shard's partition. Raises RecordTooLarge."""
        self.add_to((topic, self._partition), key, value)

    def add_to(
        self,
        target: tuple[str, int],
        key: bytes | None,
        value: bytes | None,
        headers: list[Header] | None = None,
    ) -> None:
        """Write to any (topic, partition). Raises RecordTooLarge."""
        if (
            headers
            or (value is not None and len(value) > _SURELY_FITS)
            or (key is not None and len(key) > _SURELY_FITS)
        ):
            self._check_size(target[0], key, value, headers or _NO_HEADERS)
        filling = self._open.get(target)
        if filling is None:
            filling = self._open[target] = _Filling(self._create_batch())
        headers = headers or _NO_HEADERS
        if filling.append(filling.count, None, key, value, headers) is None:
            self.full.append((target, filling.filled()))
            filling = self._open[target] = _Filling(self._create_batch())
            filling.append(0, None, key, value, headers)
        filling.count += 1

    def _check_size(self, topic: str, key: bytes | None, value: bytes | None, headers: list[Header]) -> None:
        """Raises RecordTooLarge."""
        size = len(key or b"") + len(value or b"")
        for name, text in headers:
            size += len(name) + len(text or b"") + _AROUND_A_HEADER
        if size > RECORD_BYTES and size > self._larger.get(topic, 0):
            raise RecordTooLarge(key)

    def add_dead_letter(self, topic: str, letter: DeadLetter) -> None:
        """Write a dead letter with its original bytes and the headers of contract 3.

        Original bytes that no batch can hold are cut, and the header ``heed.truncated`` says how long they
        were; the record itself is still where ``heed.topic``, ``heed.partition`` and ``heed.offset`` say.
        """
        headers = [
            ("heed.reason", str(letter.reason).encode()),
            ("heed.topic", letter.topic.encode()),
            ("heed.partition", b"%d" % letter.partition),
            ("heed.offset", b"%d" % letter.offset),
            ("heed.schema_id", b"" if letter.schema_id is None else b"%d" % letter.schema_id),
            ("heed.error", letter.error.encode()[:1_000]),
            ("heed.at", b"%d" % letter.at),
        ]
        key, value = letter.key, letter.value
        room = (
            max(RECORD_BYTES, self._larger.get(topic, 0))
            - sum(len(name) + len(text) + _AROUND_A_HEADER for name, text in headers)
            - 100
        )
        if len(key or b"") + len(value or b"") > room:
            headers.append(("heed.truncated", b"%d" % len(value or b"")))
            key = None if key is None else key[:1_000]
            value = None if value is None else value[: room - 1_000]
        self.add_to((topic, self._partition), key, value, headers)

    def batches(self) -> list[tuple[tuple[str, int], Any]]:
        """Every batch, oldest first within its target."""
        return self.full + [
            (target, filling.filled()) for target, filling in self._open.items() if filling.count
        ]

"""Reads a record batch that aiokafka cannot: nothing in it may be lost, and nothing in it may stop a partition.

aiokafka raises for a batch as a whole, and would again at every try. Brokers check how a batch is put together, but
not, for one, that a header's name is UTF-8. A record whose name of a header is not is read all the same, with what cannot be
read of the name escaped. Of a record that cannot be read, its offset is kept, and its key where it can be had; its value is
``UNREADABLE``, which the codec refuses, so that it becomes a dead letter (rule 1.1).

Batches whose checksum is wrong are not read here: they were damaged on a disk or on the way, another replica or another
try may have them whole, and not even their offsets can be trusted.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
from aiokafka.codec import gzip_decode, lz4_decode, snappy_decode, zstd_decode
from aiokafka.record.default_records import DefaultRecordBatch

__all__ = ["UNREADABLE", "DamagedBatch", "length_at", "readable"]

UNREADABLE: Final = b""  # too short to name a schema: undecodable, on every topic

_LOG_OVERHEAD: Final = 12  # first offset and length, of every version
_MAGIC_AT: Final = 16
_COUNT_AT: Final = 57
_RECORDS_AT: Final = 61
_LOG_APPEND_TIME: Final = 1

_DECODE: Final[dict[int, Callable[[bytes], bytes]]] = {
    DefaultRecordBatch.CODEC_NONE: bytes,
    DefaultRecordBatch.CODEC_GZIP: gzip_decode,
    DefaultRecordBatch.CODEC_SNAPPY: snappy_decode,
    DefaultRecordBatch.CODEC_LZ4: lz4_decode,
    DefaultRecordBatch.CODEC_ZSTD: zstd_decode,
}


class _Read(msgspec.Struct, frozen=True):
    """What has been read of one record (``batch.Record``)."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class _Bytes:
    """Reads the parts of a record one after the other. Raises ValueError where there is none."""

    def __init__(self, within: bytes) -> None:
        self._within = within
        self.at = 0

    def number(self) -> int:
        found = 0
        for shift in range(0, 70, 7):
            one = self.take(1)[0]
            found |= (one & 0x7F) << shift
            if one < 0x80:
                return (found >> 1) ^ -(found & 1)
        raise ValueError

    def take(self, count: int) -> bytes:
        end = self.at + count
        if count < 0 or end > len(self._within):
            raise ValueError
        taken, self.at = self._within[self.at : end], end
        return taken

    def some(self) -> bytes | None:
        count = self.number()
        return None if count == -1 else self.take(count)

    def name(self) -> str:
        return self.take(self.number()).decode(errors="backslashreplace")

    def at_the_end(self) -> bool:
        return self.at == len(self._within)


class DamagedBatch:
    """A batch whose checksum is right, and which a reader may see. ``end`` is the offset behind it."""

    def __init__(self, raw: bytes, header: DefaultRecordBatch) -> None:
        self._raw = raw
        self._header = header
        self._whole = False  # every record could be told from the next
        self.end = header.next_offset

    def records(self, start: int) -> Iterator[_Read]:
        """Its records from offset ``start`` on. Where one cannot even be told from the next, each offset counts as one."""
        expected = max(start, self._header.base_offset)
        for read in self._records_found():
            if expected <= read.offset < self.end:
                expected = read.offset + 1
                yield read
        if not self._whole:
            for offset in range(expected, self.end):
                yield _Read(offset, self._header.max_timestamp, None, UNREADABLE)

    def _records_found(self) -> Iterator[_Read]:
        try:
            content = _Bytes(_DECODE[self._header.compression_type](self._raw[_RECORDS_AT:]))
        except Exception:  # noqa: BLE001  # each library raises its own
            return
        (count,) = struct.unpack_from(">i", self._raw, _COUNT_AT)
        last = self._header.base_offset - 1
        for _ in range(count):
            try:
                record = content.take(content.number())
            except ValueError:
                return
            read = self._record(_Bytes(record), last)
            last = read.offset
            yield read
        self._whole = count > 0 and content.at_the_end()

    def _record(self, record: _Bytes, last: int) -> _Read:
        """``last`` is the offset of the record before it."""
        header = self._header
        offset, timestamp, key = last + 1, header.max_timestamp, None
        try:
            record.take(1)  # attributes: none are in use
            later = record.number()
            if header.timestamp_type != _LOG_APPEND_TIME:
                timestamp = header.first_timestamp + later
            told = header.base_offset + record.number()
            if not last < told < self.end:
                raise ValueError
            offset = told
            key = record.some()
            value = record.some()
            # As aiokafka has it, a header's value may be None, although ``batch.Record`` does not say so.
            count = record.number()
            headers: Any = tuple((record.name(), record.some()) for _ in range(count))
            if count < 0 or not record.at_the_end():
                raise ValueError
        except ValueError:
            return _Read(offset, timestamp, key, UNREADABLE)
        return _Read(offset, timestamp, key, value, headers)


def readable(raw: bytes) -> DamagedBatch | None:
    """The batch that these bytes are; None when it must not be read record by record: a wrong checksum, a control batch, a
    version before 2 or a compression that we do not know."""
    if len(raw) < _RECORDS_AT or raw[_MAGIC_AT] != 2:
        return None
    header = DefaultRecordBatch(raw)
    if not header.validate_crc() or header.is_control_batch or header.compression_type not in _DECODE:
        return None
    return DamagedBatch(raw, header)


def length_at(answer: bytes, at: int) -> int:
    """How many bytes the batch has that begins there; 0 where none does."""
    if at + _LOG_OVERHEAD > len(answer):
        return 0
    (length,) = struct.unpack_from(">i", answer, at + 8)
    return max(0, _LOG_OVERHEAD + int(length))

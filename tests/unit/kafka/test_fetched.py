"""One record that aiokafka cannot read stops nothing, and nothing beside it is lost."""

import re
import struct

import pytest
from aiokafka.errors import CorruptRecordException
from faust.types.tuples import TP

from streams.domain.vocabulary import Topic
from streams.errors import RefuseToStart, Undecodable
from streams.kafka.client import connection
from streams.kafka.codec import Codec
from streams.kafka.damaged import UNREADABLE
from streams.kafka.schemas import SchemaSet, schema_directory
from streams.settings import Settings
from tests.support.fetching import GZIP, LZ4, PLAIN, SNAPPY, ZSTD, Fetching, batch, changed, summed

PLACE = TP("objections", 1)
ODD = [("zz", b"7"), ("traceparent", b"00-1")]
CODECS = [PLAIN, GZIP, SNAPPY, LZ4, ZSTD]


def three(base: int, codec: int = PLAIN) -> bytes:
    return batch(
        base,
        [(b"P1", b"first", ()), (b"P2", b"second", ODD), (b"P3", None, ())],
        codec=codec,
    )


def odd_name(base: int) -> bytes:
    """The second record has a header whose name is no UTF-8."""
    return changed(three(base), b"\x04zz", b"\x04\xff\xfe")


async def read(answer: bytes, position: int) -> tuple[int, list[tuple[int, bytes | None, bytes | None]]]:
    fetching = Fetching({PLACE: position})
    fetching.answer(PLACE, answer)
    [stretch] = (await fetching.poll()).values()
    assert stretch.start == position
    return stretch.end, [(record.offset, record.key, record.value) for record in stretch.records]


@pytest.mark.parametrize("codec", CODECS, ids=["plain", "gzip", "snappy", "lz4", "zstd"])
async def test_batches_of_every_compression_are_read(codec: int) -> None:
    end, records = await read(three(40, codec), 40)
    assert (end, records) == (43, [(40, b"P1", b"first"), (41, b"P2", b"second"), (42, b"P3", None)])


async def test_a_header_whose_name_is_not_utf_8_keeps_its_record_from_nobody() -> None:
    fetching = Fetching({PLACE: 40})
    fetching.answer(PLACE, odd_name(40) + three(43))
    [stretch] = (await fetching.poll()).values()
    assert (stretch.start, stretch.end) == (40, 46)
    assert [record.offset for record in stretch.records] == list(range(40, 46))
    odd = stretch.records[1]
    assert (odd.key, odd.value, odd.timestamp) == (b"P2", b"second", 1_001)
    assert odd.headers == (("\\xff\\xfe", b"7"), ("traceparent", b"00-1"))


async def test_reading_begins_again_in_the_middle_of_a_damaged_batch() -> None:
    assert await read(odd_name(40), 42) == (43, [(42, b"P3", None)])
    assert await read(three(37) + odd_name(40), 39) == (
        43, [(39, b"P3", None), (40, b"P1", b"first"), (41, b"P2", b"second"), (42, b"P3", None)]
    )  # fmt: skip


@pytest.mark.parametrize("codec", [GZIP, SNAPPY, LZ4, ZSTD])
async def test_where_nothing_can_be_decompressed_every_offset_is_a_record_that_cannot_be_read(
    codec: int,
) -> None:
    made = bytearray(three(40))
    made[22] |= codec  # says that it is compressed, and is not
    end, records = await read(summed(bytes(made)) + three(43), 40)
    assert end == 46
    assert records[:3] == [(offset, None, UNREADABLE) for offset in (40, 41, 42)]
    assert records[3] == (43, b"P1", b"first")


async def test_a_record_that_is_not_put_together_as_it_should_be_keeps_its_key() -> None:
    longer_value = changed(three(40), b"\x0csecond", b"\x7esecond")
    assert await read(longer_value, 40) == (
        43, [(40, b"P1", b"first"), (41, b"P2", UNREADABLE), (42, b"P3", None)]
    )  # fmt: skip


async def test_what_cannot_be_told_from_the_next_is_one_record_an_offset() -> None:
    made = bytearray(three(40))
    [second] = [found.start() for found in re.finditer(b"\x04P2", bytes(made))]
    struct.pack_into("B", made, second - 4, 0x7F)  # its length
    assert await read(summed(bytes(made)), 40) == (
        43, [(40, b"P1", b"first"), (41, None, UNREADABLE), (42, None, UNREADABLE)]
    )  # fmt: skip


async def test_a_wrong_checksum_is_an_error_as_it_was() -> None:
    made = odd_name(40)
    fetching = Fetching({PLACE: 40})
    fetching.answer(PLACE, made[:-1] + b"\x01")
    with pytest.raises(CorruptRecordException):
        await fetching.poll()
    assert fetching.position(PLACE) == 40


@pytest.mark.parametrize("topic", [Topic.OBJECTIONS, Topic.PATIENTS, Topic.APPOINTMENTS])
def test_the_codec_refuses_what_stands_for_an_unreadable_record(topic: Topic) -> None:
    schemas = SchemaSet.load(schema_directory())
    codec = Codec(schemas, {name: schemas.id_of_head(name) for name in schemas.heads}, {})
    for key in (b"P1", None):
        with pytest.raises(Undecodable):
            codec.decode(topic, key, UNREADABLE)


def test_without_the_library_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(bootstrap_servers="localhost:1")
    connection(settings)
    monkeypatch.setattr("aiokafka.codec.cramjam", None)
    with pytest.raises(RefuseToStart, match="snappy, lz4, zstd cannot be read"):
        connection(settings)

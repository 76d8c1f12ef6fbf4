"""One record that aiokafka cannot read stops nothing, and nothing beside it is lost."""

import re
import struct
import time

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition
from faust.types.tuples import TP

from streams.domain.vocabulary import Topic
from streams.errors import RefuseToStart, Undecodable
from streams.kafka import damaged, fetched
from streams.kafka.client import connection
from streams.kafka.codec import Codec
from streams.kafka.damaged import UNREADABLE, DamagedBatch
from streams.kafka.fetched import AsTheyAre
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


async def read(
    answer: bytes, position: int, aborted: list[tuple[int, int]] | None = None
) -> tuple[int, list[tuple[int, bytes | None, bytes | None]]]:
    fetching = Fetching({PLACE: position})
    fetching.answer(PLACE, answer, aborted)
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


async def test_before_that_it_is_tried_again_and_what_lies_before_it_is_delivered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole, wrong = odd_name(43), odd_name(43)[:-1] + b"\x01"
    fetching = Fetching({PLACE: 40})
    records = fetching.fetcher._records = AsTheyAre(patience_s=60.0)
    for answer, position in ((three(40) + wrong, 43), (wrong, 43), (wrong, 43)):
        fetching.answer(PLACE, answer)
        await fetching.poll()
        assert fetching.position(PLACE) == position
    assert records.unreadable.some
    [line] = [one for one in caplog.records if one.msg == "batch_unreadable"]
    facts = vars(line)["facts"]
    assert (facts["topic"], facts["partition"], facts["offset"]) == ("objections", 1, 43)
    fetching.answer(PLACE, whole)
    [stretch] = (await fetching.poll()).values()
    assert (stretch.start, stretch.end) == (43, 46)
    assert not records.unreadable.some


async def test_a_batch_that_stays_unreadable_for_too_long_is_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = odd_name(40)[:-1] + b"\x01"
    fetching = Fetching({PLACE: 40})
    records = fetching.fetcher._records = AsTheyAre(patience_s=60.0)
    fetching.answer(PLACE, wrong)
    assert not await fetching.poll()
    records.unreadable._since[TopicPartition(*PLACE)] = 40, time.monotonic() - 61.0
    fetching.answer(PLACE, wrong)
    with pytest.raises(CorruptRecordException):
        await fetching.poll()
    assert [vars(one)["facts"]["next"][:4] for one in caplog.records] == ["go o", "stop"]
    records.clear()  # a rebalance: whoever reads it next begins anew
    assert not records.unreadable.some


def with_behind(made: bytes, more: bytes = b"\0\0") -> bytes:
    """With bytes behind its last record: aiokafka raises once all of them have been delivered."""
    return summed(made[:8] + struct.pack(">i", len(made) + len(more) - 12) + made[12:] + more)


def counted(made: bytes, count: int) -> bytes:
    return summed(made[:57] + struct.pack(">i", count) + made[61:])


async def test_a_batch_that_fails_behind_its_last_record_makes_nothing_visible_that_was_aborted() -> None:
    aborted = batch(43, [(b"P1", b"aborted", ()), (b"P2", b"aborted", ())], producer=7)
    for failing in (three(40), with_behind(three(40))):
        end, records = await read(failing + aborted + three(45), 40, [(7, 43)])
        assert end == 48
        assert [offset for offset, _, _ in records] == [40, 41, 42, 45, 46, 47]
        assert records[0] == (40, b"P1", b"first")
    assert (await read(with_behind(three(40)), 40))[0] == 43


async def test_nor_is_a_control_batch_behind_it_taken_for_damage() -> None:
    made = bytearray(batch(43, [(b"\0\0\0\1", b"", ())], producer=7))  # a commit marker
    made[22] |= 0x20
    end, records = await read(with_behind(three(40)) + summed(bytes(made)) + three(44), 40)
    assert (end, [offset for offset, _, _ in records]) == (47, [40, 41, 42, 44, 45, 46])


@pytest.mark.parametrize("count", [1, 0, -1])
async def test_records_that_a_batch_holds_and_does_not_count_are_not_lost(count: int) -> None:
    end, records = await read(counted(three(40), count) + three(43), 40)
    assert (end, [offset for offset, _, _ in records]) == (46, list(range(40, 46)))
    lost = records[max(0, count) : 3]
    assert lost == [(offset, None, UNREADABLE) for offset in range(40 + max(0, count), 43)]


async def test_a_negative_number_of_headers_makes_a_record_unreadable() -> None:
    plain = batch(40, [(b"P1", b"first", ()), (b"P2", b"second", ())])
    made = summed(plain[:-1] + b"\x01")  # -1
    assert await read(made, 40) == (42, [(40, b"P1", b"first"), (41, b"P2", UNREADABLE)])


async def test_no_record_is_made_up_for_offsets_before_a_damaged_batch() -> None:
    assert await read(counted(three(40), 0), 37) == (43, [(o, None, UNREADABLE) for o in (40, 41, 42)])


async def test_what_lies_before_a_batch_that_cannot_be_read_is_delivered_first() -> None:
    bad = odd_name(43)[:-1] + b"\x01"
    fetching = Fetching({PLACE: 40})
    fetching.answer(PLACE, three(40) + bad + three(46))
    [stretch] = (await fetching.poll()).values()
    assert (stretch.start, stretch.end, len(stretch.records)) == (40, 43, 3)
    fetching.answer(PLACE, bad + three(46))
    with pytest.raises(CorruptRecordException):
        await fetching.poll()
    assert fetching.position(PLACE) == 43


async def test_a_backlog_of_small_damaged_batches_is_read_once_and_told_of_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0

    def readable(raw: bytes) -> DamagedBatch | None:
        nonlocal looked
        looked += len(raw)
        return damaged.readable(raw)

    monkeypatch.setattr(fetched, "readable", readable)
    answer = b"".join(odd_name(3 * number) for number in range(200))
    _, records = await read(answer, 0)
    assert [offset for offset, _, _ in records] == list(range(600))
    assert looked == len(answer), "no batch is looked at twice"
    [line] = [one for one in caplog.records if one.msg == "batch_damaged"]
    facts: dict[str, object] = line.__dict__["facts"]
    assert (facts["offset"], facts["batches"]) == (1, 200)


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

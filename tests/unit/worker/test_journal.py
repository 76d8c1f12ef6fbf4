"""The shard's own row: what it knows, and what the last turn took."""

import msgspec

from streams.domain.shard import ShardState
from streams.domain.vocabulary import Topic
from streams.worker.journal import Journal, Step, pack_shard, unpack_shard


def test_what_is_packed_is_unpacked() -> None:
    steps = (Step(Topic.OBJECTIONS, 3, 9), Step(None, keys=(b"P1", b"P2")), Step(Topic.RESULTS, 0, 2, True))
    read_to = {Topic.OBJECTIONS: 9, Topic.RESULTS: 2}
    journal = Journal(7, 1_760_000_000_000, steps, read_to, (b"P3", b"P4"), (b"P3",), (b"P4",))
    shard = ShardState(paused=True, paused_at=5)
    assert unpack_shard(pack_shard(shard, journal)) == (shard, journal)


def test_a_row_of_an_earlier_version_ends_before_who_failed() -> None:
    journal = Journal(7, 1, (), {}, (b"P3",), (b"P3",), (b"P3",))
    earlier = msgspec.msgpack.encode((ShardState(), msgspec.structs.astuple(journal)[:-1]))
    assert unpack_shard(bytes(8) + earlier)[1] == msgspec.structs.replace(journal, failed=())


def test_a_shard_without_a_row_has_read_nothing() -> None:
    assert unpack_shard(None) == (ShardState(), Journal())

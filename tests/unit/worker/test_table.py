"""The patient table: committed changes, due instants without unpacking, and its size in bytes."""

import struct

from streams.worker.table import PatientTable


def packed(due: int, rest: bytes = b"") -> bytes:
    return struct.pack(">q", due) + rest


def test_changes_are_folded_in_and_none_removes() -> None:
    table = PatientTable({b"a": packed(1), b"b": packed(2)})
    table.put_many({b"a": None, b"c": packed(3), b"never there": None})
    assert (table.get(b"a"), table.get(b"b"), table.get(b"c")) == (None, packed(2), packed(3))
    assert len(table) == 2


def test_who_has_something_due() -> None:
    table = PatientTable({b"a": packed(0), b"b": packed(20), b"c": packed(30)})
    assert sorted(table.due()) == [(20, b"b"), (30, b"c")]


def test_the_size_follows_every_change() -> None:
    table = PatientTable({b"a": packed(0)})
    table.put_many({b"a": packed(0, b"xyz"), b"bc": packed(1)})
    assert table.size == (1 + 11) + (2 + 8)
    table.put_many({b"a": None})
    assert table.size == 2 + 8
    table.put_many({b"bc": None})
    assert table.size == 0

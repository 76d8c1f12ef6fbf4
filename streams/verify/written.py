"""What was really written, held against what the model says must have been: the topics, byte by byte, and the table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

import msgspec

from streams.domain.records import DeadLetter
from streams.domain.time import Instant
from streams.domain.vocabulary import Topic
from streams.kafka.reading import Stored

from .findings import Findings, Kind, Place
from .ledger import Ledger
from .retention import MARGIN

#: What the model writes, besides the table.
MODELLED: Final = (
    Topic.DECISIONS, Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.SAFETY_LOG, Topic.DEAD_LETTERS,
)  # fmt: skip

Digest = bytes


class Expected(msgspec.Struct, frozen=True):
    """One record that must have been written: its content as a digest, what it follows from, and its turn's stamp."""

    content: Digest
    cause: Place
    at: Instant


def compare(
    ledger: Ledger,
    expected: Mapping[Topic, Sequence[Expected]],
    table: Mapping[bytes, bytes],
    findings: Findings,
) -> None:
    """Behind a gap only what the turns since have written is compared."""
    if ledger.gap is not None and ledger.begin is None:
        return
    for topic in MODELLED:
        _compare_topic(ledger, topic, expected[topic], findings)
    _compare_table(ledger, table, findings)


def _compare_topic(ledger: Ledger, topic: Topic, expected: Sequence[Expected], findings: Findings) -> None:
    written = _since_gap(ledger, ledger.outputs[topic], len(expected))
    actual = [(stored, content_of(topic, stored)) for stored in written]
    missing, surplus = Counter(e.content for e in expected), Counter(content for _, content in actual)
    wanted = set(missing)
    missing, surplus = missing - surplus, surplus - missing
    differ, removed = bool(surplus), ledger.removed.get(topic, 0)
    there = []
    for one in expected:
        if missing[one.content] <= 0:
            there.append(one)
            continue
        missing[one.content] -= 1
        if one.at >= removed:
            differ = True
            findings.add(Kind.LOST, one.cause, f"what follows from it is not in {topic}")
    for stored, content in actual:
        if surplus[content] > 0:
            surplus[content] -= 1
            kind = Kind.DUPLICATED if content in wanted else Kind.INVENTED
            findings.add(kind, ledger.place(topic, stored.offset), "the model does not write this")
    if differ:
        return
    for (stored, content), one in zip(actual, there, strict=True):
        if content != one.content:
            place = ledger.place(topic, stored.offset)
            findings.add(Kind.OUT_OF_ORDER, place, "the model writes this elsewhere")
            break


def _since_gap(ledger: Ledger, written: list[Stored], expected: int) -> list[Stored]:
    """What the turns behind a gap have written: as many records as must be there, from the end; and more, where by their
    stamps they are certainly newer than the turn that deciding again began with."""
    if ledger.begin is None:
        return written
    begun = ledger.stamps[ledger.turns[ledger.begin.index][0]] + MARGIN
    newer = next((at for at, stored in enumerate(written) if stored.timestamp > begun), len(written))
    return written[max(0, min(newer, len(written) - expected)) :]


def _compare_table(ledger: Ledger, table: Mapping[bytes, bytes], findings: Findings) -> None:
    for key, row in ledger.table.items():
        if row.packed != table.get(key):
            place = ledger.place(Topic.PATIENT_TABLE, row.offset)
            findings.add(Kind.TABLE, place, "the newest row of a patient is not the model's")
    for _ in table.keys() - ledger.table.keys():
        place = ledger.place(Topic.PATIENT_TABLE, 0)
        findings.add(Kind.TABLE, place, "a patient of the model has no row")


def digest(*parts: bytes | None) -> Digest:
    """Sixteen bytes that stand for these."""
    made = blake2b(digest_size=16)
    for part in parts:
        made.update(b"-" if part is None else b"%d:" % len(part))
        made.update(part or b"")
    return made.digest()


def letter_digest(letter: DeadLetter) -> Digest:
    """A dead letter by what its headers say and its bytes."""
    headers = f"{letter.reason}/{letter.topic}/{letter.partition}/{letter.offset}/{letter.at}".encode()
    return digest(headers, letter.key, letter.value)


def content_of(topic: Topic, stored: Stored) -> Digest:
    """The digest of a record as it lies in its topic."""
    if topic is not Topic.DEAD_LETTERS:
        return digest(stored.key, stored.value)
    names = ("heed.reason", "heed.topic", "heed.partition", "heed.offset", "heed.at")
    return digest(b"/".join(stored.headers[name] for name in names), stored.key, stored.value)

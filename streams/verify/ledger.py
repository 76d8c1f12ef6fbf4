"""One partition of every topic, read whole: what a verification works on, and all that it keeps in memory."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from streams.domain.packing import due_of
from streams.domain.shard import ShardState
from streams.domain.time import SECOND, Instant, Millis
from streams.domain.vocabulary import INPUT_TOPICS, Reason, Topic
from streams.kafka.codec import OUTPUT_ON, Codec, OutputRecord
from streams.kafka.reading import Stored, read_and_learn
from streams.settings import Settings
from streams.worker.journal import Journal, unpack_shard
from streams.worker.table import SHARD_KEY

from .findings import Place

OUTPUTS: Final = (
    Topic.DECISIONS, Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.SAFETY_LOG, Topic.DEAD_LETTERS, Topic.RECORDS,
)  # fmt: skip

#: A turn reads its clock when it begins, and stamps its row when it has decided everything: at most so much later, also on a
#: machine that is busy with other things, or for a process that stood still meanwhile.
A_TURN: Millis = 30 * SECOND


class Row(msgspec.Struct, frozen=True):
    """The newest value of one patient in the changelog, and its offset."""

    offset: int
    packed: bytes | None


class Beginning(msgspec.Struct, frozen=True):
    """The table as turn ``index`` of the ledger left it, the shard's own state apart.

    That is the second turn behind a gap: compaction reaches no further than before that one's row, so that whatever was the
    newest of each patient at that point is still there. At the first one it might have removed what a later row replaced.
    """

    index: int
    shard: ShardState
    rows: dict[bytes, Row]


class Ledger(msgspec.Struct):
    """Partition ``partition``: inputs and outputs in the order of their topic, turns, and the table as it is now.

    ``inputs`` by topic; ``outputs`` likewise. ``turns``: where each is in the changelog, and its journal. ``gap``: the index
    of the last of them before which turns are missing, because compaction has removed their journals or ``heed rebuild``
    has taken their place; None when all are there. ``begin``: what deciding again can begin with behind the gap.

    ``stamps``: of each turn, by the offset of its row (UTC ms, the worker's machine). ``come``: by row and key of a patient
    who was woken, not failing closed, a moment no later than the one at which that was due; its mark was read after it. ``removed``: what
    retention may have removed is older than this, by topic (``retention.removed_before``).
    """

    partition: int
    inputs: dict[Topic, list[Stored]]
    outputs: dict[Topic, list[Stored]]
    turns: list[tuple[int, Journal]]
    table: dict[bytes, Row]
    recorded_to: dict[Topic, int] = {}
    gap: int | None = None
    begin: Beginning | None = None
    stamps: dict[int, Instant] = {}
    come: dict[tuple[int, bytes], Instant] = {}
    removed: dict[Topic, Instant] = {}
    _before: dict[bytes, Row | None] = {}  # what this turn's rows have replaced

    def take_row(self, stored: Stored) -> None:
        """The next row of the changelog. Raises DecodeError."""
        if stored.key != SHARD_KEY:
            assert stored.key is not None
            self._before[stored.key] = self.table.get(stored.key)
            self.table[stored.key] = Row(stored.offset, stored.value)
            return
        shard, journal = unpack_shard(stored.value)
        index, before = len(self.turns), self.turns[-1][1].number if self.turns else 0
        self.turns.append((stored.offset, journal))
        self.stamps[stored.offset] = stored.timestamp
        if journal.number <= before + 1 and (self.gap is None or self.begin is not None):
            self._note_woken(stored, journal)
        self._before = {}
        if journal.number > before + 1:
            self.gap, self.begin = index, None
        elif self.gap == index - 1:
            self.begin = Beginning(index, shard, dict(self.table))

    def _note_woken(self, row: Stored, journal: Journal) -> None:
        """When what woke each of these patients was due, on the clock of the machine that stamps its records.

        The worker's own clock may be another one, and may jump forward between the two: then the moment is too early, never
        too late.
        """
        for step in journal.steps:
            for key in () if step.fail_closed else step.keys:
                before = self._before.get(key, self.table.get(key))
                due = 0 if before is None or before.packed is None else due_of(before.packed)
                if 0 < due <= journal.at:  # else a clock was set back meanwhile
                    self.come[row.offset, key] = row.timestamp - A_TURN - (journal.at - due)

    @property
    def read_to(self) -> dict[Topic, int]:
        """Where the workers have read to, as the table says; nothing before the first turn."""
        return self.turns[-1][1].read_to if self.turns else {}

    def unknown_then(self) -> frozenset[tuple[Topic, int]]:
        """The inputs that were set aside because the registry did not know their schema at the time."""
        return frozenset(
            (Topic(letter.headers["heed.topic"].decode()), int(letter.headers["heed.offset"]))
            for letter in self.outputs[Topic.DEAD_LETTERS]
            if letter.headers.get("heed.reason") == Reason.UNKNOWN_SCHEMA.encode()
        )

    def place(self, topic: Topic, offset: int) -> Place:
        return Place(topic.value, self.partition, offset)


async def read_ledger(connect: Mapping[str, Any], settings: Settings, codec: Codec, partition: int) -> Ledger:
    """Read one partition of every topic at read_committed, and learn what schemas its records name.

    Raises KafkaError, UnsafeTopic, DecodeError; RefuseToStart when the registry does not answer.
    """
    ledger = Ledger(partition, {t: [] for t in INPUT_TOPICS}, {t: [] for t in OUTPUTS}, [], {})
    lists = {settings.topic(topic): into for topic, into in (ledger.inputs | ledger.outputs).items()}
    changelog = settings.topic(Topic.PATIENT_TABLE)
    letters = settings.topic(Topic.DEAD_LETTERS)
    framed = [name for name in lists if name != letters]
    async for stored in read_and_learn(connect, codec, framed, [letters, changelog], partition=partition):
        if stored.topic != changelog:
            lists[stored.topic].append(stored)
        else:
            ledger.take_row(stored)
    ledger.outputs[Topic.DEAD_LETTERS] = [
        one for one in ledger.outputs[Topic.DEAD_LETTERS] if "heed.requeued" not in one.headers
    ]
    return ledger


def decoded(codec: Codec, topic: Topic, stored: Stored) -> OutputRecord:
    """An output record. Raises BadRecord when it is none: only Heed writes there."""
    assert topic in OUTPUT_ON
    return codec.decode_output(topic, stored.value or b"")

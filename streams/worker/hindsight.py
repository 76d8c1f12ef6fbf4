"""Is the patient table older than what was decided with it? Then it was restored from a backup, or emptied.

State, outputs and offsets are written in one transaction, so that they cannot part by themselves. A table from an
earlier hour has forgotten the objections of the hours since, and what has been sent since: nothing may be decided
with it. ``heed rebuild`` puts back what inputs and outputs show (docs/runbooks/platform.md, Backup).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from streams.domain.records import Decision
from streams.domain.time import MINUTE, Instant, Millis
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.errors import BadRecord
from streams.kafka.codec import Codec
from streams.kafka.offsets import OffsetsClient
from streams.kafka.replay import replay

from .journal import Journal
from .parts import Names

#: So many offsets back from the end are looked at: more than one turn's decisions would not tell more.
_TAIL: Final = 500
#: A decision about an older request (a hold that ended) tells by its time alone; clocks of two workers differ by
#: less, or ClockSkew has paged somebody.
_CLOCKS_DIFFER: Final[Millis] = 10 * MINUTE


class Made(msgspec.Struct, frozen=True):
    """A decision, and when the broker appended it (UTC ms; decisions have LogAppendTime)."""

    decision: Decision
    appended: Instant

    @property
    def at(self) -> Instant:
        """When it was made at the latest: by a clock that was ahead the broker knows better, by one behind it does not
        matter, since the table was written by the same clock."""
        return min(self.decision.decided_at, self.appended)


def is_behind(journal: Journal, made: Sequence[Made], ends: Mapping[Topic, int]) -> bool:
    """Whether one of these decisions, in their order, was made by a turn that this journal has not seen.

    By its time alone only the last one tells: earlier ones may have been made by a clock that was put right since.
    ``ends``: where the partition's input topics end.
    """
    if not made or journal.number == 0:
        return bool(made)
    if made[-1].at > journal.at + _CLOCKS_DIFFER:
        return True
    return any(
        one.decision.decided_at >= journal.at and not_read(journal, one.decision, ends) for one in made
    )


def not_read(journal: Journal, decision: Decision, ends: Mapping[Topic, int]) -> bool:
    """Whether a decision is about a record that the table has not read.

    One beyond the end is of a topic that has since been made anew: about something held from before.
    """
    topic = Topic(decision.input.topic)
    return journal.read_to.get(topic, 0) <= decision.input.offset < ends.get(topic, 0)


async def table_is_behind(
    connect: Mapping[str, Any],
    offsets: OffsetsClient,
    codec: Codec,
    names: Names,
    partition: int,
    journal: Journal,
) -> bool:
    """Look at the newest decisions of a partition. Raises KafkaError."""
    at = (names.topic(Topic.DECISIONS), partition)
    beginning, end = (await offsets.beginnings([at]))[at], (await offsets.ends([at]))[at]
    found: list[Made] = []
    start = max(beginning, end - _TAIL)
    async for records in replay(connect, *at, start, end):
        for record in records:
            try:
                decision = codec.decode_output(Topic.DECISIONS, record.value or b"")
            except BadRecord:
                continue  # no decision of this version's; a newer worker wrote it, and a newer table
            if isinstance(decision, Decision) and decision.input.partition == partition:
                found.append(Made(decision, record.timestamp))
    inputs = {(names.topic(topic), partition): topic for topic in INPUT_TOPICS}
    ends = await offsets.ends(list(inputs))
    return is_behind(journal, found, {topic: ends[place] for place, topic in inputs.items()})

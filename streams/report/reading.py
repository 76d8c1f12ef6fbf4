"""Reads what the report counts, one partition after another: of one only its tasks are held in memory.

Reads at read_committed, without a group; nothing is written. Topics are read from the first record appended in
the oldest month: what Heed writes is appended after the time it speaks of.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from streams.domain.records import Decision, EscalationTask, RecordEntry, SafetyEntry
from streams.domain.time import DAY, Instant
from streams.domain.vocabulary import Topic
from streams.errors import BadRecord
from streams.kafka.client import connection
from streams.kafka.codec import Codec
from streams.kafka.reading import Stored, kept_since, partition_count, read_to_end
from streams.kafka.registry import codec_for
from streams.settings import Settings

from .counts import Counts
from .month import Month
from .tasks import Tasks

_OUTPUTS: Final = (Topic.DECISIONS, Topic.RECORDS, Topic.SAFETY_LOG, Topic.ESCALATION_TASKS)
_INPUTS: Final = (Topic.OBJECTIONS, Topic.RECEIPTS)
READ: Final = (*_OUTPUTS, *_INPUTS, Topic.RESOLUTIONS)
#: Clocks of sources and brokers differ; a day is far more than they may.
_SLACK: Final = DAY


class Reading(msgspec.Struct, frozen=True):
    """What was read: the counts; how many records of each topic; topics whose beginning is gone, and since when."""

    counts: Counts
    read: dict[Topic, int]
    kept_since: dict[Topic, Instant]
    unreadable: int


async def read(
    settings: Settings, months: Sequence[Month], now: Instant, say: Callable[[str], None] = lambda _: None
) -> Reading:
    """Count these months, oldest first. Raises UnsafeTopic, BrokerUnreachable, KafkaError."""
    connect, codec = connection(settings), await codec_for(settings)
    since = months[0].start
    counter = _Counter(Counts(months), codec, {settings.topic(topic): topic for topic in READ})
    partitions = await partition_count(connect, settings.topic(Topic.DECISIONS))
    for number in range(partitions):
        say(f"partition {number + 1} of {partitions}")
        tasks = Tasks(since)
        for topics in ((*_OUTPUTS, *_INPUTS), (Topic.RESOLUTIONS,)):  # who acted, once all tasks are known
            names = [settings.topic(topic) for topic in topics]
            async for stored in read_to_end(connect, names, partition=number, since=since - _SLACK):
                counter.take(stored, tasks)
        for task in tasks.tasks.values():
            counter.counts.task(task, now)
    begins = {topic: await kept_since(connect, settings.topic(topic)) for topic in READ}
    return Reading(
        counter.counts,
        counter.read,
        {topic: begin for topic, begin in begins.items() if begin > since},
        counter.unreadable,
    )


class _Counter:
    """Decodes a record and hands it to whoever counts it."""

    def __init__(self, counts: Counts, codec: Codec, topics: dict[str, Topic]) -> None:
        self.counts = counts
        self.read: dict[Topic, int] = dict.fromkeys(READ, 0)
        self.unreadable = 0
        self._codec = codec
        self._topics = topics

    def take(self, stored: Stored, tasks: Tasks) -> None:
        topic = self._topics[stored.topic]
        self.read[topic] += 1
        try:
            if topic in _OUTPUTS:
                self._output(topic, stored, tasks)
            else:
                self._input(topic, stored, tasks)
        except BadRecord:
            self.unreadable += 1  # it was set aside with its reason, which is counted

    def _output(self, topic: Topic, stored: Stored, tasks: Tasks) -> None:
        match self._codec.decode_output(topic, stored.value or b""):
            case Decision() as decision:
                self.counts.decision(decision)
            case RecordEntry() as entry:
                self.counts.entry(entry)
            case SafetyEntry() as entry:
                self.counts.incident(entry)
            case EscalationTask() as task:
                tasks.version(task)

    def _input(self, topic: Topic, stored: Stored, tasks: Tasks) -> None:
        event = self._codec.decode(topic, stored.key, stored.value)
        if topic is Topic.RESOLUTIONS:
            tasks.act(event, stored.timestamp)
        else:
            self.counts.event(event, stored.timestamp)

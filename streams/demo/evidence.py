"""Everything that lies on the topics after a day: what went in and what came out, as plain mappings."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from streams.demo.plain import Plain, PlainReader
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.kafka.reading import Stored, read_to_end

Place = tuple[str, int, int]
"""Topic without prefix, partition, offset: how a decision names its input."""

_OUTPUTS: Final = (Topic.DECISIONS, Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.RECORDS)


class Given(msgspec.Struct, frozen=True):
    """One input record. ``event`` None: its bytes are no event."""

    place: Place
    timestamp: int
    key: str
    event: Plain | None


class Written(msgspec.Struct, frozen=True):
    """One output record of Heed."""

    place: Place
    timestamp: int
    record: Plain


class Evidence(msgspec.Struct):
    """All records, in the order of their partitions. ``unreadable`` counts output values that are no record."""

    given: dict[Place, Given] = {}
    decisions: list[Written] = []
    commands: list[Written] = []
    tasks: list[Written] = []
    records: list[Written] = []
    dead_letters: list[Stored] = []
    unreadable: int = 0
    by_patient: dict[str, list[Given]] = {}

    def give(self, given: Given) -> None:
        """Add an input record."""
        self.given[given.place] = given
        self.by_patient.setdefault(given.key, []).append(given)

    def events_of(self, patient_id: str) -> list[Given]:
        """Every input record under this patient's key."""
        return self.by_patient.get(patient_id, [])

    def objections_of(self) -> dict[str, list[Given]]:
        return self._state(Topic.OBJECTIONS)

    def resolutions_of(self) -> dict[str, list[Given]]:
        return self._state(Topic.RESOLUTIONS)

    def _state(self, topic: Topic) -> dict[str, list[Given]]:
        found: dict[str, list[Given]] = {}
        for given in self.given.values():
            if given.place[0] == topic and given.event is not None:
                found.setdefault(given.key, []).append(given)
        return found


async def gather(connect: Mapping[str, Any], name_of: Callable[[str], str]) -> Evidence:
    """Read every input and output topic at read_committed. Raises KafkaError, UnsafeTopic."""
    reader, evidence = PlainReader(), Evidence()
    short = {name_of(topic): topic for topic in (*INPUT_TOPICS, *_OUTPUTS, Topic.DEAD_LETTERS)}
    rows = {
        Topic.DECISIONS: evidence.decisions,
        Topic.SEND_COMMANDS: evidence.commands,
        Topic.ESCALATION_TASKS: evidence.tasks,
        Topic.RECORDS: evidence.records,
    }
    async for stored in read_to_end(connect, list(short)):
        topic = short[stored.topic]
        place = (topic.value, stored.partition, stored.offset)
        if topic is Topic.DEAD_LETTERS:
            evidence.dead_letters.append(stored)
            continue
        record = reader.read(stored.value)
        if topic in INPUT_TOPICS:
            key = (stored.key or b"").decode(errors="replace")
            evidence.give(Given(place, stored.timestamp, key, record))
        elif record is None:
            evidence.unreadable += 1
        else:
            rows[topic].append(Written(place, stored.timestamp, record))
    return evidence

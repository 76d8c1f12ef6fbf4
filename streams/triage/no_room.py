"""Patients of a rebuilt partition whose row cannot be written: who is told of them, as the worker tells it (rule 1.1).

Their row stays as it was. What they said since may have been an objection, so the partition sends nothing.
"""

from collections.abc import Mapping, Sequence, Set

from streams.decisions import Environment, refuse
from streams.domain.position import Position
from streams.domain.records import DeadLetter, EscalationTask
from streams.domain.vocabulary import Topic
from streams.errors import BadRecord
from streams.kafka.codec import Codec
from streams.kafka.outbox import Outbox
from streams.kafka.partitioner import key_of
from streams.kafka.reading import Stored
from streams.ops.person import hash_of
from streams.settings import Settings

from .stops import Stops


def tell(
    outbox: Outbox,
    settings: Settings,
    codec: Codec,
    objections: Sequence[tuple[Stored, BadRecord]],
    stops: Stops,
    env: Environment,
) -> None:
    """A dead letter for each of these objections, which says why, and a task of R-SRE for the last of each patient.

    None for what a worker told of before: its task has the same id, and is there.
    """
    last = {one.key: one.offset for one, _ in objections}
    for one, bad in objections:
        at = Position(Topic.OBJECTIONS, one.partition, one.offset, env.now)
        if stops.told_of(at.place):
            continue
        for output in refuse(None, None, bad, one.key, one.value, at, env).outputs:
            if isinstance(output, DeadLetter):
                outbox.add_dead_letter(settings.topic(Topic.DEAD_LETTERS), output)
            elif isinstance(output, EscalationTask) and one.offset == last[one.key]:
                task = codec.writers[EscalationTask](output)
                outbox.add(settings.topic(Topic.ESCALATION_TASKS), key_of(output.patient_id), task)


def named(keys: Set[bytes], inputs: Mapping[Topic, Sequence[Stored]], log_key: str | None) -> tuple[str, ...]:
    """How each is named to the person who rebuilds: as in log lines, or by where their last objection lies, else another record."""
    if log_key:
        return tuple(sorted(f"patient {hash_of(key, log_key)}" for key in keys))
    places = dict.fromkeys(keys, "no input of theirs was read")
    for topic in sorted(inputs, key=lambda topic: topic is Topic.OBJECTIONS):  # which tells most
        for one in inputs[topic]:
            if one.key in places:
                places[one.key] = f"{topic}[{one.partition}]@{one.offset}"
    return tuple(sorted(places.values()))

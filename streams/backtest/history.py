"""A back-test: what lies on the input topics, decided again under both policies. Nothing is emitted.

Facts from before the period become state as a first load would take them: told, not decided (``adopt``). In
the period each record is decided with its own timestamp as the clock, state before what is to be decided, and
timers run in between. Messages that were passed on to a merged patient are on the topics already, and are read
from there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from streams.domain.events import Event, Receipt
from streams.domain.position import Position
from streams.domain.records import Forward, Output, SafetyEntry
from streams.domain.time import Instant
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.errors import BadRecord
from streams.kafka.codec import Codec
from streams.kafka.partitioner import key_of, partition_for
from streams.kafka.reading import Stored
from streams.policy.model import Policy

from .comparison import Comparison
from .side import Side
from .steps import Request, Step, steps

__all__ = ["Period", "compare_partition"]

#: Nobody works on the tasks of a back-test, so that a missed deadline says nothing.
_NOBODY_ACTS: Final = "action_missed"


class Period(msgspec.Struct, frozen=True):
    """From ``start`` up to and not including ``end``, in UTC milliseconds."""

    start: Instant
    end: Instant


class Fact(msgspec.Struct, frozen=True):
    """One record of the input topics: an event, or why it could not be read. ``at.ingested_at``: the clock."""

    at: Position
    patient_id: str | None
    event: Event | None
    bad: BadRecord | None = None


def compare_partition(
    stored: dict[Topic, list[Stored]],
    partitions: int,
    codec: Codec,
    period: Period,
    policies: tuple[Policy, Policy],
    comparison: Comparison,
) -> int:
    """Decide one partition twice; how many records of the period there were. ``stored``: in order of offset."""
    facts = list(_in_order(stored, partitions, codec, period.end))
    answered = {f.event.body.command_id for f in facts if f.event and isinstance(f.event.body, Receipt)}
    old, new = (Side(policy, answered) for policy in policies)
    begun = next((i for i, fact in enumerate(facts) if fact.at.ingested_at >= period.start), len(facts))
    for fact in facts[:begun]:
        _adopt(old, fact)
    new.copy_from(old)
    places: dict[Request, str] = {}
    runs: list[dict[Request, list[Step]]] = [{}, {}]
    for side, run in zip((old, new), runs, strict=True):
        for fact in facts[begun:]:
            _note(side.advance(fact.at.ingested_at), "a deadline", run, places)
            _note(_taken(side, fact), _place(fact.at), run, places)
        _note(side.advance(period.end - 1), "a deadline", run, places)
    comparison.add(runs[0], runs[1], places)
    return len(facts) - begun


def _in_order(
    stored: dict[Topic, list[Stored]], partitions: int, codec: Codec, end: Instant
) -> Iterator[Fact]:
    """Every record up to ``end``, by time; at equal times state first. A topic's own order is kept."""
    return heapq.merge(
        *(_of_topic(topic, stored.get(topic, []), partitions, codec, end) for topic in INPUT_TOPICS),
        key=_order,
    )


def _order(fact: Fact) -> tuple[Instant, int, int]:
    return fact.at.ingested_at, INPUT_TOPICS.index(fact.at.topic), fact.at.offset


def _of_topic(
    topic: Topic, records: Iterable[Stored], partitions: int, codec: Codec, end: Instant
) -> Iterator[Fact]:
    latest = 0
    for record in records:
        latest = max(latest, record.timestamp)  # a producer's clock may go back; the log does not
        if latest >= end:
            return
        at = Position(topic, record.partition, record.offset, latest)
        key = _readable(record.key)
        if key is not None and partition_for(key_of(key), partitions) != record.partition:
            continue  # passed on to its own partition, where it is read
        try:
            yield Fact(at, key, codec.decode(topic, record.key, record.value))
        except BadRecord as bad:
            yield Fact(at, key, None, bad)


def _readable(key: bytes | None) -> str | None:
    try:
        return key.decode() if key else None
    except UnicodeDecodeError:
        return None


def _adopt(side: Side, fact: Fact) -> None:
    """State from before the period; an unreadable objection holds its patient's messages all the same (1.1)."""
    if fact.event is not None:
        side.adopt(fact.event, fact.at)
    elif fact.bad is not None:
        for _ in side.refuse(fact.patient_id, fact.bad, fact.at):
            pass


def _taken(side: Side, fact: Fact) -> Iterator[tuple[Instant, Output]]:
    if fact.event is not None:
        return side.take(fact.event, fact.at)
    assert fact.bad is not None
    return side.refuse(fact.patient_id, fact.bad, fact.at)


def _note(
    emitted: Iterable[tuple[Instant, Output]],
    beside: str,
    run: dict[Request, list[Step]],
    places: dict[Request, str],
) -> None:
    kept = [(at, one) for at, one in emitted if not _is_noise(one)]
    for request, place, step in steps(kept) if kept else ():
        run.setdefault(request, []).append(step)
        places.setdefault(request, place or beside)


def _is_noise(output: Output) -> bool:
    return isinstance(output, Forward) or (isinstance(output, SafetyEntry) and output.kind == _NOBODY_ACTS)


def _place(at: Position) -> str:
    return f"{at.topic}[{at.partition}]@{at.offset}"

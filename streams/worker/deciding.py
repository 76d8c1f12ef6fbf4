"""Decides one turn's work, and what to do with what could not be decided."""

import time
from collections.abc import Container, Mapping, Sequence

import msgspec

from streams.domain.shard import ShardState
from streams.domain.vocabulary import Topic
from streams.kafka.outbox import Outbox, Unwritable
from streams.kafka.transaction import ShardProducer
from streams.ops.logging import get_logger, place_of

from .arrivals import Arrival, arrivals_of
from .census import Change
from .inbox import Portion
from .intake import Work
from .journal import Journal
from .parts import Parts
from .poison import Breaker
from .refusals import NO_REFUSALS
from .table import PatientTable
from .tally import Tally
from .turn import Turn

log = get_logger("heed.worker")


class Decided(msgspec.Struct, frozen=True):
    """A decided turn, not yet true. ``undecided``: portions that follow a record at which a breaker opened."""

    outbox: Outbox
    changes: Mapping[bytes, bytes | None]
    woken: Sequence[bytes]
    shard: ShardState
    journal: Journal
    tally: Tally
    changed: Sequence[Change]
    arrivals: Sequence[Arrival]
    failed_closed: bool
    undecided: Sequence[Portion]
    undecided_wakes: Sequence[bytes]
    records: int
    seconds: float


def decide_turn(
    parts: Parts,
    producer: ShardProducer,
    table: PatientTable,
    state: ShardState,
    journal: Journal,
    breakers: Mapping[Topic, Breaker],
    work: Work,
    unknown_schemas: Container[int] = (),
) -> Decided:
    """Decide ``work`` in order; once more without a patient's changes if they cannot be written, refusing them instead.

    Raises UnknownSchema for an id not among ``unknown_schemas``; Unwritable only if not even the
    refusal can be written; and whatever a defect of ours raises. Nothing has changed then, ``breakers`` included.
    """
    begun = time.perf_counter()
    refusals = NO_REFUSALS
    while True:
        outbox = producer.outbox()
        turn = Turn(parts, producer.partition, table, state, outbox, refusals, unknown_schemas)
        tried = {portion.topic: breakers[portion.topic].copy() for portion in (*work.state, *work.deciding)}
        try:
            woken, rest = _in_order(turn, work, tried)
            changes, after = turn.finish(journal)
        except Unwritable as error:
            again = refusals.with_one_more(error)
            if again is None:
                raise
            refusals = again
            _say_unwritable(error, producer.partition)
            continue
        for topic, breaker in tried.items():
            breakers[topic].become(breaker)
        arrivals = arrivals_of((*work.state, *work.deciding))
        seconds = time.perf_counter() - begun
        left = () if woken else work.wakes
        return Decided(
            outbox,
            changes,
            woken,
            turn.env.shard,
            after,
            turn.tally,
            turn.changed(),
            arrivals,
            _failed_closed(work),
            rest,
            left,
            len(work),
            seconds,
        )


def _say_unwritable(error: Unwritable, partition: int) -> None:
    """What a patient's state or outputs ran into: not with whom, which the dead letter says."""
    cause = error.__cause__ or error
    log.error("unwritable", partition=partition, error=type(cause).__name__, where=place_of(cause))


def _failed_closed(work: Work) -> bool:
    return work.wakes_fail_closed or any(portion.fail_closed for portion in work.deciding)


def _in_order(
    turn: Turn, work: Work, breakers: Mapping[Topic, Breaker]
) -> tuple[Sequence[bytes], Sequence[Portion]]:
    """State, due patients, deciding records; who was woken, and what is left once a breaker opens."""
    rest = _apply(turn, work.state, breakers)
    if rest is not None:
        return (), [*rest, *work.deciding]
    turn.fail_closed(work.wakes_fail_closed)
    for key in work.wakes:
        turn.wake(key)
    return work.wakes, _apply(turn, work.deciding, breakers) or ()


def _apply(
    turn: Turn, portions: Sequence[Portion], breakers: Mapping[Topic, Breaker]
) -> Sequence[Portion] | None:
    """Apply portions in order; None when all were, else what is left because a breaker opened."""
    for at, portion in enumerate(portions):
        breaker = breakers[portion.topic]
        done = turn.apply(portion, breaker)
        if breaker.open:
            here = [msgspec.structs.replace(portion, records=portion.records[done:])]
            return [*(here if done < len(portion.records) else ()), *portions[at + 1 :]]
    return None

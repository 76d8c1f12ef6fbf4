"""What counting costs a worker: the same turns with everything that is measured, and with nothing of it.

    python -m bench.metrics_cost [--events 6000] [--turn 50] [--rounds 11]

The generated hospital day is decided with the real rules in turns, without Kafka: table, rules, codec, the batches that
would be written. Each turn is decided with and without counting, one right after the other, in several rounds, and the
median of the differences counts, so that a busy machine disturbs both alike.

Then a real worker works through such a day on a real broker, as fast as it can: what it takes an event, transport and
transactions included, is what the share is of. It is more at a lower rate, so the share is the largest there is.
Exit code 1 above the limit (3 %).
"""

import argparse
import gc
import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final
from unittest import mock

import msgspec
from aiokafka.producer.message_accumulator import BatchBuilder

from bench.days import POLICY
from bench.throughput import measured
from streams import decisions
from streams.demo.day import DayPlan, generate
from streams.demo.lines import bytes_of
from streams.demo.scene import TimedRecord
from streams.domain.shard import ShardState
from streams.domain.time import Instant
from streams.domain.vocabulary import INPUT_TOPICS, STATE_TOPICS, Topic
from streams.kafka.codec import Codec
from streams.kafka.outbox import Outbox
from streams.kafka.unknown_schemas import EVERY_ID
from streams.ops.policy_file import PolicyFile
from streams.worker import deciding, turn
from streams.worker.census import Census
from streams.worker.deciding import Decided, decide_turn
from streams.worker.inbox import Portion
from streams.worker.intake import Work
from streams.worker.journal import Journal
from streams.worker.parts import Names, Parts
from streams.worker.poison import Breaker
from streams.worker.table import PatientTable
from streams.worker.watch import Watch

NOON: Final[Instant] = 1_791_892_800_000  # Tuesday 13 October 2026, 13:00 in London
LIMIT: Final = 0.03


class Rec(msgspec.Struct):
    """As the fetcher delivers it."""

    offset: int
    timestamp: Instant
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Noon:
    """A clock that stands: what is measured does not depend on how long it takes."""

    def now(self) -> Instant:
        return NOON

    def real_seconds(self, duration: int) -> float:
        return duration / 1_000


class Batches:
    """Where a turn writes, as the shard's producer has it."""

    partition = 0
    broker_time = NOON

    def outbox(self) -> Outbox:
        return Outbox(lambda: BatchBuilder(1_000_000, 0, is_transactional=1), 0, {})


class NoTally:
    """Counts nothing."""

    def __init__(self, *_: object) -> None:
        self.gap = 0

    def add(self, *_: object, count: int = 1) -> None: ...

    def write(self, *_: object) -> None: ...

    def look(self, *_: object) -> None: ...


@contextmanager
def uncounted() -> Iterator[None]:
    """Leave out whatever exists to be measured only."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(turn, "Tally", NoTally))
        stack.enter_context(mock.patch.object(turn.Turn, "changed", return_value=()))
        stack.enter_context(mock.patch.object(deciding, "arrivals_of", return_value=()))
        yield


class Shard:
    """One partition with everything in it, as ``worker.shard`` goes about it."""

    partition = 0

    def __init__(self, parts: Parts, rows: dict[bytes, bytes], watch: Watch | None) -> None:
        self.table = PatientTable(dict(rows))
        self.rows = self.table._rows
        self._parts = parts
        self._producer: Any = Batches()
        self._watch = watch
        self._state, self._journal = ShardState(), Journal()
        self._breakers = {topic: Breaker() for topic in INPUT_TOPICS}
        self._census = Census(parts.policy.min_useful_notice, parts.policy.short_notice)
        self.broker_time = NOON

    def turn(self, work: Work) -> None:
        decided: Decided = decide_turn(
            self._parts,
            self._producer,
            self.table,
            self._state,
            self._journal,
            self._breakers,
            work,
            EVERY_ID,
        )
        self.table.put_many(decided.changes)
        self._state, self._journal = decided.shard, decided.journal
        if self._watch is not None:
            self._census.turn(decided.changed, NOON)
            self._watch.turn(self, decided, 0.004)  # type: ignore[arg-type]


def turns(records: Sequence[TimedRecord], size: int) -> list[Work]:
    """The records in their order, so many a turn, state-bearing ones first as the inbox has it."""
    codec, offsets, made = Codec.local(), dict.fromkeys(Topic, 0), []
    for first in range(0, len(records), size):
        by_topic: dict[Topic, list[Any]] = {}
        for record in records[first : first + size]:
            value = bytes_of(record, codec)
            by_topic.setdefault(record.topic, []).append(Rec(offsets[record.topic], NOON, record.key, value))
            offsets[record.topic] += 1
        portions = [Portion(t, found, found[-1].offset + 1, 0.0) for t, found in by_topic.items()]
        state = [portion for portion in portions if portion.topic in STATE_TOPICS]
        made.append(Work(state, deciding=[portion for portion in portions if portion not in state]))
    return made


def _seconds(shard: Shard, work: Work) -> float:
    begun = time.process_time()
    shard.turn(work)
    return time.process_time() - begun


def _round(counted: Shard, bare: Shard, day: Sequence[Work], *, first: bool) -> list[tuple[float, float]]:
    """CPU seconds of each turn with counting and without, one right after the other. ``first``: with it first."""
    gc.collect()
    found = []
    for work in day:
        most = _seconds(counted, work) if first else 0.0
        with uncounted():
            least = _seconds(bare, work)
        found.append((most if first else _seconds(counted, work), least))
    return found


def measure(events: int, turn_size: int, rounds: int) -> dict[str, float]:
    """Microseconds an event with and without counting, and what of it counting is."""
    logging.disable()  # a line about a record that is set aside is no metric
    day = generate(DayPlan(events // 2, events, 2026))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.yaml"
        file.write_text(POLICY)
        parts = Parts(decisions, Codec.local(), Noon(), PolicyFile(file), Names("", 1))
    watch = Watch(None, parts, mock.Mock())  # type: ignore[arg-type]
    before = Shard(parts, {}, None)
    with uncounted():
        for work in turns(day.before, 500):
            before.turn(work)
    today = turns(day.during, turn_size)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)  # as streams.ops.process.collect_rarely
    pairs = [
        _round(Shard(parts, before.rows, watch), Shard(parts, before.rows, None), today, first=bool(n % 2))
        for n in range(rounds)
    ]
    number = sum(len(work) for work in today)
    by_turn = list(zip(*pairs, strict=True))
    least = sum(median(bare for _, bare in turn) for turn in by_turn) / number * 1e6
    more = sum(median(counted - bare for counted, bare in turn) for turn in by_turn) / number * 1e6
    return {
        "events": number,
        "a_turn": turn_size,
        "us_deciding": round(least + more, 2),
        "us_counting": round(more, 2),
        "share_of_deciding": round(more / (least + more), 4),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--events", type=int, default=6_000)
    parser.add_argument("--turn", type=int, default=50, help="records a turn")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument(
        "--worker-events", type=int, default=100_000, help="what the real worker works through"
    )
    given = parser.parse_args(arguments)
    found: dict[str, object] = dict(measure(given.events, given.turn, given.rounds))
    worker = measured(given.worker_events, given.worker_events // 5)
    share = round(float(str(found["us_counting"])) / worker.cpu_us, 4)
    print(json.dumps(found | {"worker": msgspec.to_builtins(worker), "share_of_worker": share}))
    return 0 if share < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())

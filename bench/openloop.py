"""Latency under a fixed rate: records leave on schedule whether or not answers come, and are timed from the schedule.

The sender keeps each record's intended moment (nanoseconds of the machine's monotonic clock, which all processes share). A
reader of committed decisions, outside the engine, notes when each becomes visible. A generator that falls behind, or an engine
that stalls, makes latencies longer. What is not decided by the time nothing more comes has no latency: it is counted as ``waiting``,
and as a stall that lasts to the end.
"""

import itertools
import statistics
import threading
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from streams.domain.vocabulary import Topic

from .account import ALWAYS_DECIDED
from .cluster import Place
from .histogram import Histogram
from .processes import usage
from .workload import Row

#: Longer than this without a visible decision, while a record waits for one, is a stall. Milliseconds.
STALL_MS: Final = 300.0
_TICK_S: Final = 0.001
_MS: Final = 1e6
#: The first part of a window is not counted: connections, caches, a JVM's compiler.
WARM_UP_S: Final = 3.0
#: Before that the lag of a new rate has not settled.
_SETTLE_S: Final = 5.0
_SECOND: Final = 1_000_000_000
#: A slope through fewer seconds is one turn's noise.
_LEAST_SECONDS: Final = 8
#: A window at twice the sustainable rate is worked off in about its own length.
_DRAIN_S: Final = 30.0
#: Nothing more has become visible for so long. Seconds.
_QUIET_S: Final = 2.0


#: How the ids begin that are made up for records without a readable one.
UNREADABLE: Final = "malformed-"


class Timed(msgspec.Struct, frozen=True):
    """A row, and the event id by which its decision is known."""

    event_id: str
    row: Row


class Latency(msgspec.Struct, frozen=True):
    """What one window at one rate showed. Milliseconds; ``lag_slope``: growth of what waits, as a share of the rate;
    None: the window was too short to tell it."""

    rate: float
    seconds: float
    counted: int
    undecided: int
    p50: float
    p90: float
    p99: float
    p999: float
    largest: float
    lag_slope: float | None
    stalls: list[tuple[float, float]]  # when (seconds into the window), how long
    cpu_share: float
    rss_mb: float
    curve: list[tuple[float, float]]
    waiting: int = 0  # of ``undecided``, those on topics of which every record is decided

    @property
    def sustainable(self) -> bool:
        """What waits does not grow by more than 1 % of the rate, and that is known."""
        return self.lag_slope is not None and self.lag_slope <= 0.01


class _Reader(threading.Thread):
    """Notes when each event's first decision becomes visible."""

    def __init__(self, place: Place) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, int] = {}
        self.done = threading.Event()
        self._topic, self._partitions = place.topic(Topic.DECISIONS), place.partitions
        self._consumer = Consumer({
            "bootstrap.servers": place.bootstrap,
            "group.id": f"{place.prefix}latency",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 100,
            "fetch.error.backoff.ms": 1,
            "log_level": 2,
        })  # fmt: skip
        ends = [self._end(p) for p in range(self._partitions)]
        self._consumer.assign([TopicPartition(self._topic, p, end) for p, end in enumerate(ends)])
        self._consumer.consume(1, timeout=0.5)  # connected before the first record leaves

    def _end(self, partition: int) -> int:
        _, end = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=20)
        return int(end)

    def run(self) -> None:
        while not self.done.is_set():
            messages = self._consumer.consume(500, timeout=0.002)
            now = time.monotonic_ns()
            for message in messages:
                value = message.value()
                if message.error() is None and isinstance(value, bytes):
                    self.seen.setdefault(event_id_of(value), now)
        self._consumer.close()


def event_id_of(value: bytes) -> str:
    """The second field of a decision: two texts with their lengths (each below 64: one byte, doubled)."""
    at = 6 + (value[5] >> 1)
    return value[at + 1 : at + 1 + (value[at] >> 1)].decode()


def run(place: Place, pid: int, records: Sequence[Timed], rate: float) -> Latency:
    """Send ``records`` at ``rate`` a second to an engine that runs, and time their decisions."""
    reader = _Reader(place)
    reader.start()
    before = usage(pid)
    intended = _send(place, records, rate)
    begun = intended[records[0].event_id]
    # While records arrive: the drain is as idle as it is long.
    after, elapsed = usage(pid), (time.monotonic_ns() - begun) / 1e9
    sent = time.monotonic()
    seconds = len(records) / rate
    while len(reader.seen) < len(records) and time.monotonic() - sent < _DRAIN_S:
        still = len(reader.seen)
        time.sleep(_QUIET_S)
        if len(reader.seen) == still:
            break  # what is left has no decision of its own: contact details, receipts
    reader.done.set()
    reader.join()
    ended = time.monotonic_ns()
    warm = begun + int(min(WARM_UP_S, seconds / 4) * 1e9)
    late = {e: (reader.seen[e] - at) / _MS for e, at in intended.items() if at >= warm and e in reader.seen}
    found = Histogram(late.values())
    counts = {event_id: at for event_id, at in intended.items() if at >= warm}
    asked = len(counts)
    left = undecided(records, counts, reader.seen)
    waits = _for_a_decision(records, counts, reader.seen)
    return Latency(
        rate=round(rate), seconds=round(seconds, 1), counted=found.total, undecided=asked - found.total,
        p50=round(found.percentile(50), 1), p90=round(found.percentile(90), 1), p99=round(found.percentile(99), 1),
        p999=round(found.percentile(99.9), 1), largest=round(found.largest, 1),
        lag_slope=lag_slope(records, intended, reader.seen, begun, seconds),
        stalls=stalls({e: at for e, at in waits.items() if e in reader.seen or e in left}, reader.seen, begun, ended),
        cpu_share=round((after.cpu_s - before.cpu_s) / elapsed, 3), rss_mb=round(after.rss / 1e6),
        curve=found.curve(), waiting=len(left),
    )  # fmt: skip


def _send(place: Place, records: Sequence[Timed], rate: float) -> dict[str, int]:
    """Let every record leave at its moment; when each was meant to, by event id."""
    producer: Any = Producer({
        "bootstrap.servers": place.bootstrap, "linger.ms": 1, "acks": "all", "enable.idempotence": True, "log_level": 2,
    })  # fmt: skip
    names = {topic.value: place.topic(topic) for topic in Topic}
    producer.list_topics(timeout=20)
    step, begun = 1e9 / rate, time.monotonic_ns() + 200_000_000
    intended: dict[str, int] = {}
    number = 0
    while number < len(records):
        due = min(len(records), int((time.monotonic_ns() - begun) / step) + 1)
        for timed in records[number:due] if due > number else ():
            at = begun + int(number * step)
            intended.setdefault(timed.event_id, at)
            row = timed.row
            header = [("intended", at.to_bytes(8, "big"))]
            producer.produce(names[row.topic], row.value, row.key, row.partition, headers=header)
            number += 1
        producer.poll(0)
        time.sleep(_TICK_S)
    producer.flush(30)
    return intended


def growth(sent: Sequence[int], visible: Sequence[int], since: int, until: int) -> float | None:
    """How fast what waits grows, as a share of the rate; None when there is too little to tell it from.

    ``sent`` and ``visible``: when records were to leave and when their decisions were seen, in order, nanoseconds.

    What waits is counted a hundred times a second, and of each second the least counts: what is left when a turn has just
    become visible, not what the next one holds. The growth is the median over every two seconds (Theil and Sen), so that
    a pause at the end of a window is no trend.
    """
    seconds = (until - since) // _SECOND
    if seconds < _LEAST_SECONDS:
        return None
    left = [
        min(
            bisect_right(sent, moment) - bisect_right(visible, moment)
            for moment in range(since + number * _SECOND, since + (number + 1) * _SECOND, _SECOND // 100)
        )
        for number in range(seconds)
    ]
    pairs = itertools.combinations(enumerate(left), 2)
    slope = statistics.median((later - now) / (to - at) for (at, now), (to, later) in pairs)
    rate = (bisect_right(sent, until) - bisect_right(sent, since)) / ((until - since) / _SECOND)
    return round(slope / rate, 4) if rate else None


def lag_slope(
    records: Sequence[Timed], intended: dict[str, int], seen: dict[str, int], begun: int, seconds: float
) -> float | None:
    """The growth of what waits in a window of so many seconds, once it has settled."""
    waits = _for_a_decision(records, intended, seen)
    since = begun + int(min(_SETTLE_S, seconds / 4) * _SECOND)
    visible = sorted(seen[event_id] for event_id in waits if event_id in seen)
    return growth(sorted(waits.values()), visible, since, max(intended.values()))


def _for_a_decision(
    records: Sequence[Timed], intended: dict[str, int], seen: dict[str, int]
) -> dict[str, int]:
    """What was decided in the end, and what came after the last of it in its partition: that still waits.

    The others have no decision of their own: contact details, receipts, what cannot be read.
    """
    homes = {timed.event_id: timed.row.partition for timed in records}
    last = dict.fromkeys(homes.values(), 0)
    for event_id, at in intended.items():
        if event_id in seen:
            last[homes[event_id]] = max(last[homes[event_id]], at)
    return {e: at for e, at in intended.items() if e in seen or at > last[homes[e]]}


def undecided(
    records: Sequence[Timed], intended: Mapping[str, int], seen: Mapping[str, int]
) -> frozenset[str]:
    """Which of the records that must end in a decision have none yet. One that cannot be read has one under an id of its own."""
    return frozenset(
        timed.event_id
        for timed in records
        if timed.row.topic in ALWAYS_DECIDED
        and not timed.event_id.startswith(UNREADABLE)
        and timed.event_id in intended
        and timed.event_id not in seen
    )


def stalls(
    waits: Mapping[str, int], seen: Mapping[str, int], begun: int, ended: int
) -> list[tuple[float, float]]:
    """Stretches longer than STALL_MS in which something waited and nothing became visible: when (seconds into the window), how
    long (ms). ``waits``: when each record was to leave that is decided, or waits to be, when the watching ends.

    A stretch begins when the decision before it became visible, or when the oldest record that waits was to leave, whichever is
    later; the last one ends with the watching.
    """
    visible = sorted((seen.get(event_id, ended), at) for event_id, at in waits.items())
    found: list[tuple[int, int]] = []
    oldest = ended
    for number in range(
        len(visible) - 1, -1, -1
    ):  # from the end: what waits before a moment becomes visible from it on
        moment, at = visible[number]
        oldest = min(oldest, at)
        before = visible[number - 1][0] if number else begun
        if before < moment:
            found.append((max(before, oldest), moment))
    return [
        (round((since - begun) / _SECOND, 1), round((until - since) / _MS))
        for since, until in reversed(found)
        if (until - since) / _MS > STALL_MS
    ]

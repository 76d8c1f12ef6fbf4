"""The recorder's metrics (spec/monitoring.md D2, record)."""

from collections.abc import Sequence

from prometheus_client import Counter, Gauge

from streams.domain.records import RecordEntry
from streams.domain.time import SECOND
from streams.ops.metrics import BulkHistogram

ENTRIES = Counter("heed_record_entries", "Entries written.", ["kind", "mode"])
DUPLICATES = Counter(
    "heed_record_duplicates", "Re-read or repeated inputs that already have their entry.", ["topic"]
)
UNREADABLE = Counter(
    "heed_record_unreadable", "Objections that could not be read; the worker quarantines them."
)
UNJUSTIFIED = Counter(
    "heed_record_unjustified_objected_sends",
    "Recorded commands whose own evidence names an objection that covers them, and no decision. Must stay 0.",
)
LAG_SECONDS = BulkHistogram(
    "heed_record_lag_seconds",
    "Message or new task emitted to entry written.",
    (0.1, 0.5, 1, 5, 15, 60, 300, 3600, 86400),  # 60 s and 24 h are objective S7
)
OLDEST_SECONDS = Gauge(
    "heed_record_oldest_seconds", "Age of the oldest message, task or objection not yet recorded."
)
HEARTBEATS_SENT = Counter(
    "heed_heartbeats_sent", "Heartbeats sent into the input topics, one a partition at a time."
)
HEARTBEAT_SECONDS = BulkHistogram(
    "heed_heartbeat_seconds",
    "Heartbeat sent to read back and committed: input topic, worker, output topic, recorder.",
    (0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60),
)
HEARTBEAT_AGE = Gauge(
    "heed_heartbeat_age_seconds",
    "Since the last heartbeat that came through was sent into a partition.",
    ["partition"],
)
PARTITIONS = Gauge("heed_record_partitions_owned", "Partitions this recorder has.")
LAG = Gauge(
    "heed_record_consumer_lag",
    "Records not yet in the record topic. For capacity only: alert on seconds.",
    ["topic"],
)


def count(entries: Sequence[RecordEntry]) -> None:
    """Count what was written. How long it took is told of messages and of tasks as they were raised (S7).

    A later version of a task says when the task was raised, not when it changed: its age is no delay.
    """
    for entry in entries:
        ENTRIES.labels(entry.kind, entry.mode).inc()
        if entry.kind == "MESSAGE" or (entry.kind == "TASK" and entry.emitted_id.endswith("/1")):
            LAG_SECONDS.observe(max(0, entry.recorded_at - entry.emitted_at) / SECOND)

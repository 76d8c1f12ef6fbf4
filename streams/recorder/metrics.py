"""The recorder's metrics (spec/monitoring.md D2, record)."""

from prometheus_client import Counter, Gauge

from streams.ops.metrics import BulkHistogram

ENTRIES = Counter("heed_record_entries", "Entries written.", ["kind", "mode"])
DUPLICATES = Counter(
    "heed_record_duplicates", "Re-read or repeated inputs that already have their entry.", ["topic"]
)
UNREADABLE = Counter(
    "heed_record_unreadable", "Objections that could not be read; the worker quarantines them."
)
LAG_SECONDS = BulkHistogram(
    "heed_record_lag_seconds",
    "Message or task emitted to entry written.",
    (0.1, 0.5, 1, 5, 15, 60, 300, 3600, 86400),
)
PARTITIONS = Gauge("heed_record_partitions_owned", "Partitions this recorder has.")
LAG = Gauge("heed_record_consumer_lag", "Records not yet in the record topic.", ["topic"])

"""The worker's metrics (spec/monitoring.md D2): flow, state, and what was decided.

Counters move once a committed turn, through label children looked up once; labels come from closed lists
(C194).
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from streams.ops.metrics import BulkHistogram

from .tally import Tally

CONSUMED = Counter("heed_events_consumed", "Input records, by what became of them.", ["topic", "result"])
DECISIONS = Counter("heed_decisions", "Decisions, holds included.", ["purpose", "outcome", "reason"])
SENDS = Counter("heed_send_commands", "Send commands.", ["purpose", "channel", "level", "selection_reason"])
OVERRIDES = Counter("heed_objected_channel_sends", "Commands on an objected channel.", ["ground", "mode"])
ESCALATIONS = Counter("heed_escalations", "New tasks for people.", ["reason", "role", "priority"])
DEAD_LETTERS = Counter("heed_dead_letter", "Records set aside.", ["topic", "reason"])
MISPLACED = Counter("heed_misplaced", "Records passed on to the partition their key belongs to.", ["topic"])
FAIL_CLOSED = Counter(
    "heed_fail_closed", "Records decided while objections might be missing (3.1).", ["topic"]
)
WAKES = Counter("heed_wakes", "Due patients handled.")

DECISION_SECONDS = BulkHistogram(
    "heed_decision_seconds",
    "Event fetched to decision committed.",
    (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30, 300),  # 5 s is objective S1
)
TURN_SECONDS = Histogram(
    "heed_turn_seconds",
    "A turn, decided and committed.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
COMMIT_SECONDS = Histogram(
    "heed_commit_seconds",
    "Writing and committing a turn.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
TURN_RECORDS = Histogram(
    "heed_turn_records",
    "Records and due patients in a turn.",
    buckets=(1, 5, 20, 50, 100, 250, 500, 1000, 2000),
)
BARRIER_SECONDS = Gauge("heed_barrier_seconds", "Mean time of a barrier query since the last look.")

PARTITIONS = Gauge("heed_partitions_owned", "Partitions this worker has.")
PATIENTS = Gauge("heed_table_patients", "Patients in memory.")
STATE_BYTES = Gauge("heed_state_store_bytes", "Bytes of packed patient state in memory.")
RECOVERING = Gauge("heed_table_recovery_active", "Partitions being restored.")
SHARDS_PAUSED = Gauge("heed_shards_paused", "Partitions from which no message may leave (rule 1.1).")
POISONED = Gauge("heed_topic_partitions_stopped", "Topic partitions stopped because too much is unreadable.")
TIMERS = Gauge("heed_timers", "Patients with something due, now or later.")
OVERDUE = Gauge("heed_holds_overdue", "Patients whose due instant has passed by more than 60 s.")
WAITING = Gauge("heed_records_waiting", "Records in hand, not yet decided.")
LAG = Gauge("heed_consumer_lag", "Records not yet applied.", ["topic", "partition"])
LAG_SECONDS = Gauge("heed_lag_seconds", "How long the oldest record in hand has waited.")
MISMATCH = Gauge("heed_partition_mismatch", "1 when the topics are no longer safe to use.")
REBALANCES = Counter("heed_rebalances", "Assignments received.")

_COUNTERS: Final[dict[str, Counter]] = {
    "consumed": CONSUMED,
    "decisions": DECISIONS,
    "sends": SENDS,
    "overrides": OVERRIDES,
    "escalations": ESCALATIONS,
    "dead_letters": DEAD_LETTERS,
    "misplaced": MISPLACED,
    "fail_closed": FAIL_CLOSED,
}
_children: dict[tuple[str, ...], Counter] = {("wakes",): WAKES}


def count(tally: Tally) -> None:
    """Add what a committed turn did."""
    for key, number in tally.counts.items():
        child = _children.get(key)
        if child is None:
            child = _children[key] = _COUNTERS[key[0]].labels(*key[1:])
        child.inc(number)

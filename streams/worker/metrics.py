"""The worker's metrics (spec/monitoring.md D1 and D2): flow, people, safety, state, and what was decided.

Turns are added up in dicts, and counters move when somebody looks, through label children looked up once; labels
come from closed lists (C194). A purpose, a reason and a role are not crossed with each other: each is a label of one
counter, or series would be too many (tests/integration/test_metrics_live.py holds a mixed load to 300; a whole demo
day makes some 320). For purpose by reason, read the decisions topic; for reason by role, escalation-tasks.
"""

from typing import Final, TypeVar

from prometheus_client import Counter, Gauge, Histogram, Summary

from streams.domain.vocabulary import Outcome
from streams.ops.metrics import BulkHistogram, before_looking

from .tally import Key, Tally

# What came in, and what became of it.

CONSUMED = Counter("heed_events_consumed", "Input records, by what became of them.", ["topic", "result"])
DECISIONS = Counter(
    "heed_decisions",
    "Decisions by outcome and reason; of HOLD and QUARANTINE without one, which heed_holds_open and heed_dead_letter_total "
    "have. Duplicates are SUPPRESS/duplicate, old versions SUPPRESS/stale_version.",
    ["outcome", "reason"],
)
REQUESTS = Counter("heed_requests", "Requests that came to an outcome, by purpose.", ["purpose"])
SENDS = Counter("heed_send_commands", "Send commands.", ["channel", "level"])
OVERRIDES = Counter("heed_objected_channel_sends", "Commands on an objected channel.", ["ground", "mode"])
ESCALATIONS = Counter("heed_escalations", "New tasks for people.", ["role"])
INCIDENTS = Counter("heed_incidents", "Entries of the safety log.", ["kind"])
DELIVERY = Counter(
    "heed_delivery",
    "Receipts from senders: arrived, once a message; failed; accepted: taken over by the provider, or read after it arrived.",
    ["channel", "result"],
)
DEAD_LETTERS = Counter("heed_dead_letter", "Records set aside.", ["topic", "reason"])
MISPLACED = Counter("heed_misplaced", "Records passed on to the partition their key belongs to.", ["topic"])
FAIL_CLOSED = Counter(
    "heed_fail_closed", "Records decided while objections might be missing (3.1).", ["topic"]
)
WAKES = Counter("heed_wakes", "Due patients handled.")

# Safety: counted by the second look, which shares no code with the rules. All stay 0.

UNJUSTIFIED = Counter(
    "heed_unjustified_objected_sends",
    "Commands on an objected channel with no decision on file. Must stay 0.",
)
PROTECTED_OVERRIDES = Counter(
    "heed_protected_overrides",
    "Commands by which a machine set aside an objection with a protected or unclear reason. Must stay 0.",
)
GAP = Gauge(
    "heed_conservation_gap",
    "Requests since the start that ended in neither an outcome nor a hold. Must stay 0.",
)

# Time.

DECISION_SECONDS = BulkHistogram(
    "heed_decision_seconds",
    "Event appended to its topic to decision committed; holds decided on later are not in it.",
    (0.05, 0.1, 0.5, 1, 5, 30),  # 5 s is objective S1
)
OBJECTION_SECONDS = BulkHistogram(
    "heed_objection_propagation_seconds",
    "Objection appended to its topic to effective for every later decision.",
    (0.1, 0.5, 1, 5, 10, 60),  # 5 s is objective S5, 10 s the alert's
)
TURN_SECONDS = Histogram("heed_turn_seconds", "A turn, decided and committed.", buckets=(0.01, 0.05, 0.2, 1))
COMMIT_SECONDS = Summary("heed_commit_seconds", "Writing and committing a turn.")
BARRIER_SECONDS = Gauge("heed_barrier_seconds", "Mean time of a barrier query since the last look.")
LAG_SECONDS = Gauge("heed_lag_seconds", "Age of the oldest event that waits to be decided.")
OBJECTION_LAG_SECONDS = Gauge("heed_objection_lag_seconds", "Age of the oldest objection not yet applied.")
UNRECORDED_SECONDS = Gauge(
    "heed_unrecorded_seconds",
    "Age of the oldest message or task that the recorder has not read, as the worker sees it.",
)
SKEW_SECONDS = Gauge(
    "heed_clock_skew_seconds", "This machine's clock ahead of the broker's; behind: negative."
)

# Deadlines: in time or late, each counted once, at the latest when it passes.

DEADLINES = Counter(
    "heed_deadlines",
    "Deadlines met and missed: urgent (P0, P1) and routine tasks acknowledged and completed, short notice "
    "changes closed by a message that arrived or by a person (S2), result messages (S3), critical results (S4).",
    ["deadline", "result"],
)
#: From the start, at 0: the first one that is missed must be an increase, and none missed must be a ratio of 0.
for _deadline in (
    "urgent_acknowledged", "urgent_completed", "routine_acknowledged", "routine_completed", "short_notice",
    "result_message", "critical_task",
):  # fmt: skip
    for _result in ("in_time", "late"):
        DEADLINES.labels(_deadline, _result)
ACKNOWLEDGE_SECONDS = Counter(
    "heed_task_acknowledge_seconds", "Sum of times to acknowledge tasks.", ["urgency"]
)
ACKNOWLEDGED = Counter("heed_tasks_acknowledged", "Tasks acknowledged, or closed without.", ["urgency"])
COMPLETE_SECONDS = Counter("heed_task_complete_seconds", "Sum of times to close tasks.", ["urgency"])
COMPLETED = Counter("heed_tasks_completed", "Tasks closed, done or no longer needed.", ["urgency"])
REASSIGNED = Counter(
    "heed_deputy_reassign",
    "Tasks that nobody had finished and that moved on: at 50 % of their time to the deputy, at 75 % to the lead or "
    "on-call, at 100 % an incident.",
    ["stage"],
)

# Short notice (S2), and what became of it.

SHORT_NOTICE = Counter(
    "heed_short_notice", "Changes at short notice that were sent or given to a person.", ["change"]
)
SHORT_NOTICE_OUTCOME = Counter(
    "heed_short_notice_outcome",
    "Changes at short notice: message delivered; a person reached the patient; nobody acted in time.",
    ["outcome"],
)
for _outcome in ("delivered", "human_contacted", "missed"):
    SHORT_NOTICE_OUTCOME.labels(_outcome)
TIME_LEFT = BulkHistogram(
    "heed_short_notice_time_left_seconds",
    "From deciding on a change at short notice to the start of the appointment.",
    (7_200, 43_200, 86_400, 172_800),  # 2, 12, 24 and 48 h
)
RECEIPT_SECONDS = Summary(
    "heed_send_to_receipt_seconds",
    "Command made to message delivered or read, by the sender's receipt.",
    ["channel"],
)

# Contact details, of the patients of this worker.

UNVERIFIED = Gauge(
    "heed_contacts_unverified_ratio", "Share of contact details that nobody has verified.", ["channel"]
)
BOUNCED = Counter("heed_contacts_bounced", "Contact details that have begun to bounce.", ["channel"])
SHARED = Gauge("heed_contacts_shared", "Contact details that other patients have too.")
INCOMPLETE = Gauge(
    "heed_registration_incomplete",
    "Patients without NHS number, name or date of birth, or without any contact detail.",
)

# Open now.

TASKS_OPEN = Gauge("heed_escalations_open", "Open tasks.", ["role", "priority"])
TASK_OLDEST = Gauge("heed_escalation_oldest_seconds", "Age of a role's oldest open task; 0: none.", ["role"])
TASKS_UNACKNOWLEDGED = Gauge(
    "heed_tasks_unacknowledged_overdue", "Open tasks past their time to acknowledge.", ["urgency"]
)
TASKS_OVERDUE = Gauge("heed_tasks_overdue", "Open tasks past their deadline.", ["urgency"])
TASKS_UNOWNED = Gauge("heed_tasks_unowned", "Open tasks without an owner. Must stay 0.")
CRITICAL_SECONDS = Gauge(
    "heed_critical_result_unacknowledged_seconds",
    "Age of the oldest critical result's task nobody has acknowledged.",
)
UNREVIEWED_SECONDS = Gauge(
    "heed_results_unreviewed_oldest_seconds", "Age of the oldest task for a result nobody has reviewed."
)
NO_CONTACT = Gauge(
    "heed_result_no_contact_overdue",
    "Open tasks for results whose patients were told and have not been in touch by the policy's date (B10).",
)
AT_RISK = Gauge(
    "heed_short_notice_at_risk",
    "Changes nobody has acknowledged, with under 2 h until the patient must know.",
)
TASKS_ABOUT_LATE = Gauge(
    "heed_duty_overdue",
    "Overdue tasks of duties to patients (implications, answers, missed actions).",
    ["duty"],
)
HOLDS = Gauge("heed_holds_open", "Requests that wait.", ["reason"])
OVERDUE = Gauge("heed_holds_overdue", "Patients whose due instant has passed by more than 60 s.")
OBJECTIONS = Gauge("heed_objections_active", "Objections in force.", ["reason_class"])
REASON_MISSING = Gauge(
    "heed_objection_reason_missing", "Objections in force whose reason nobody knows; of the class unclear."
)
EXPIRING = Gauge("heed_standing_decisions_expiring", "Standing decisions that end within 30 days.")
CENSUS_LEFT = Gauge("heed_census_incomplete", "1 while patients are still being counted after a restore.")

# Policy.

# heed_policy_info and heed_config_rejected_total belong to ops/policy_file.py, which knows when they change.
POLICY_EXPIRES = Gauge(
    "heed_policy_expires_timestamp_seconds", "When the first override policy ends; 0: there is none."
)
CHANNEL_REVIEW = Gauge(
    "heed_channel_review_due_timestamp_seconds", "When an enabled channel's approval ends.", ["channel"]
)
TEMPLATES_OVERDUE = Gauge("heed_template_review_overdue", "Templates past their review date.")
OVERRIDE_LIMIT = Gauge(
    "heed_override_alert_ratio",
    "Overrides a day, as a share of changes at short notice, above which the policy wants an alert.",
)
UNCOVERED = Gauge("heed_role_uncovered", "Roles with nobody present.", ["within"])
CIRCUIT_OPEN = Gauge(
    "heed_channel_circuit_open", "1 while a channel's sends pause after failures.", ["channel"]
)

# State.

PARTITIONS = Gauge("heed_partitions_owned", "Partitions this worker has.")
PARTITIONS_ALL = Gauge("heed_partitions_expected", "Partitions that all workers together should have.")
PATIENTS = Gauge("heed_table_patients", "Patients in memory.")
STATE_BYTES = Gauge("heed_state_store_bytes", "Bytes of packed patient state in memory.")
RECOVERING = Gauge("heed_table_recovery_active", "Partitions being restored.")
SHARDS_PAUSED = Gauge("heed_shards_paused", "Partitions from which no message may leave (rule 1.1).")
FAIL_CLOSED_ACTIVE = Gauge(
    "heed_fail_closed_active", "1 while sends are held because objections might be missing."
)
POISONED = Gauge("heed_topic_partitions_stopped", "Topic partitions stopped because too much is unreadable.")
TIMERS = Gauge("heed_timers", "Patients with something due, now or later.")
WAITING = Gauge("heed_records_waiting", "Records in hand, not yet decided.")
LAG = Gauge("heed_consumer_lag", "Records not yet applied. For capacity only: alert on seconds.", ["topic"])
MISMATCH = Gauge("heed_partition_mismatch", "1 when the topics are no longer safe to use.")

#: Outcomes whose reasons another metric tells: twenty series a process that would say nothing new.
_TOLD_ELSEWHERE: Final = frozenset({Outcome.HOLD, Outcome.QUARANTINE})
_K = TypeVar("_K")
_COUNTERS: Final[dict[str, Counter]] = {
    "consumed": CONSUMED,
    "decisions": DECISIONS,
    "requests": REQUESTS,
    "deadlines": DEADLINES,
    "delivery": DELIVERY,
    "sends": SENDS,
    "overrides": OVERRIDES,
    "escalations": ESCALATIONS,
    "incidents": INCIDENTS,
    "dead_letters": DEAD_LETTERS,
    "misplaced": MISPLACED,
    "fail_closed": FAIL_CLOSED,
    "short_notice": SHORT_NOTICE,
    "short_notice_outcome": SHORT_NOTICE_OUTCOME,
}
#: What committed turns have counted since somebody looked: by counter and labels; by purpose, outcome and reason;
#: by channel and level.
_counted: dict[Key, int] = {}
_decided: dict[tuple[str | None, str, str], int] = {}
_sent: dict[tuple[str, str], int] = {}
_children: dict[Key, Counter] = {
    ("wakes",): WAKES,
    ("unjustified",): UNJUSTIFIED,
    ("protected_overrides",): PROTECTED_OVERRIDES,
}


def count(tally: Tally) -> None:
    """Add what a committed turn did."""
    _add(tally.counts, _counted)
    _add(tally.decided, _decided)
    _add(tally.sent, _sent)
    for seconds in tally.time_left:
        TIME_LEFT.observe(seconds)
    for channel, seconds in tally.receipts:
        RECEIPT_SECONDS.labels(channel).observe(seconds)
    if tally.gap:
        GAP.inc(tally.gap)


def _add(of_turn: dict[_K, int], all_of_it: dict[_K, int]) -> None:
    for labels, number in of_turn.items():
        all_of_it[labels] = all_of_it.get(labels, 0) + number


def _settle() -> None:
    """Move the counters. A turn of 200 events has some 130 labels, and moving a counter takes ten times as long as
    an addition."""
    for (purpose, outcome, reason), number in _decided.items():
        _move(("decisions", outcome, "" if outcome in _TOLD_ELSEWHERE else reason), number)
        if outcome != Outcome.HOLD:
            _move(("requests", purpose or "none"), number)
    for (channel, level), number in _sent.items():
        _move(("sends", channel, level), number)
    for key, number in _counted.items():
        _move(key, number)
    for settled in (_counted, _decided, _sent):
        settled.clear()


def _move(key: Key, number: int) -> None:
    child = _children.get(key)
    if child is None:
        counter, *labels = key
        child = _children[key] = _COUNTERS[counter].labels(*labels)
    child.inc(number)


before_looking(_settle)

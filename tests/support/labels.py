"""What each label of a metric may say: closed lists, each for its label, so that no free text passes for one (C194)."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from streams.domain.vocabulary import (
    INPUT_TOPICS,
    Channel,
    Ground,
    Level,
    Outcome,
    Priority,
    Purpose,
    Reason,
    Role,
    Topic,
)

#: Entries of the safety log: words in the rules, listed nowhere else (tests/monitoring/test_labels.py compares).
KINDS: Final = frozenset(
    {
        "action_missed", "already_claimed", "closed_without_outcome", "late_notification", "near_miss_identity",
        "objected_send_during_propagation", "override_not_accepted", "override_review", "partition_resumed",
        "receipt_conflict", "resolution_not_understood", "resolution_without_task", "resume_refused",
        "standing_decision_refused", "topic_resumed",
    }
)  # fmt: skip
_URGENCIES: Final = frozenset({"urgent", "routine"})
_RECORDED: Final = frozenset({"MESSAGE", "TASK", "OBJECTION"})


def _of(*symbols: Iterable[str]) -> frozenset[str]:
    return frozenset(str(symbol) for some in symbols for symbol in some)


#: By metric and label where a label means two things, by label else.
LISTS: Final[dict[str, frozenset[str]]] = {
    "change": _of(Purpose),
    "channel": _of(Channel),
    "deadline": frozenset(
        {
            "urgent_acknowledged", "urgent_completed", "routine_acknowledged", "routine_completed", "short_notice",
            "result_message", "critical_task",
        }
    ),
    "duty": frozenset({"implications_notice", "objection_answer", "missed_action"}),
    "ground": _of(Ground),
    "level": _of(Level),
    "priority": _of(Priority),
    "purpose": _of(Purpose, {"none"}),
    "reason": _of(Reason),
    "reason_class": frozenset({"ordinary", "unclear", "protected"}),
    "role": _of(Role),
    "stage": frozenset({"deputy", "lead", "incident"}),
    "topic": _of(Topic, INPUT_TOPICS),
    "urgency": _URGENCIES,
    "within": frozenset({"now", "day"}),
    "heed_deadlines_total.result": frozenset({"in_time", "late"}),
    "heed_delivery_total.result": frozenset({"accepted", "arrived", "failed"}),
    "heed_events_consumed_total.result": frozenset({"accepted", "dead_lettered", "heartbeat"}),
    "heed_decisions_total.outcome": _of(Outcome),
    "heed_decisions_total.reason": _of(Reason, {""}),  # of holds and quarantines other metrics tell it
    "heed_short_notice_outcome_total.outcome": frozenset({"delivered", "human_contacted", "missed"}),
    "heed_incidents_total.kind": KINDS,
    "heed_record_entries_total.kind": _RECORDED,
    "heed_record_entries_total.mode": frozenset({"EXACT", "SUMMARY"}),
    "heed_objected_channel_sends_total.mode": frozenset(
        {"override_standing", "override_assessed", "override_policy", "override_one_off"}
    ),
}  # fmt: skip
#: Numbers, and versions: of a policy its owner's word and a fingerprint, of Heed its own.
_PATTERNS: Final = {
    "le": r"\+Inf|[0-9.e+-]+",
    "partition": r"[0-9]{1,4}",
    "version": r"[\w.+ -]{1,64}",
}
_LABEL: Final = re.compile(r'(\w+)="([^"]*)"')


def may_say(metric: str, label: str, value: str) -> bool:
    """Whether this value of a label is one of its list. A label without a list may say nothing."""
    if label in _PATTERNS:
        return re.fullmatch(_PATTERNS[label], value) is not None
    return value in LISTS.get(f"{metric}.{label}", LISTS.get(label, frozenset()))


def strange(series: Iterable[str]) -> Iterator[str]:
    """The series, as /metrics writes them, that say what is in no list."""
    for line in series:
        metric, _, rest = line.partition("{")
        labels = _LABEL.findall(rest)
        if not all(may_say(metric, label, value) for label, value in labels):
            yield line

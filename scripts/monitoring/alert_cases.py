"""For each alert: what the metrics look like while it should be silent, and what makes it fire.

``scripts.monitoring.alert_tests`` makes promtool tests of them: silent before, firing within ``for`` plus one
evaluation, clear after repair; and a normal hour in which nothing fires.
"""

from dataclasses import dataclass, field, replace
from typing import Final

_AT: Final = 'instance="a:9100"'
_FAR: Final = 9e9  # seconds: long after every test


@dataclass(frozen=True)
class Series:
    """A gauge at ``good``, then ``bad``, then ``good``. A counter rises by so much a minute."""

    name: str
    good: float
    bad: float
    counter: bool = False
    appears: bool = False  # is not there before it is bad: a label that has not been counted yet


@dataclass(frozen=True)
class Case:
    """``labels``: what the expression adds. ``memory``: minutes that a window remembers after repair."""

    series: tuple[Series, ...]
    labels: dict[str, str] = field(default_factory=dict)
    memory: int = 0
    lasts: int = 0  # minutes; 0: as long as `for` needs
    before: int = 10  # minutes of peace


def _gauge(name: str, bad: float = 1, good: float = 0, **labels: str) -> Case:
    return Case((Series(name, good, bad),), labels)


def _of(name: str, bad: float = 1, good: float = 0) -> Case:
    """The alert names the process."""
    return _gauge(f"{name}{{{_AT}}}", bad, good, instance="a:9100")


def _once(name: str, memory: int = 15, **labels: str) -> Case:
    """A counter that rises once."""
    return Case((Series(name, 0, 1, counter=True),), labels, memory + 1, lasts=1)


def _halves(alert: str) -> tuple["Also", ...]:
    """A rule that remembers has two halves: a series that is new, and one that is older than what it remembers."""
    case = CASES[alert]
    (one,) = case.series
    return (
        Also(alert, "by a series that appears with it", replace(case, series=(replace(one, appears=True),))),
        Also(alert, "by a series that has long been there", replace(case, before=case.memory + 10)),
    )


@dataclass(frozen=True)
class Also:
    """Another way in which an alert fires."""

    alert: str
    how: str
    case: Case


CASES: Final[dict[str, Case]] = {
    "UnjustifiedObjectedSend": _once(f"heed_unjustified_objected_sends_total{{{_AT}}}", instance="a:9100"),
    "ProtectedOverride": _once(f"heed_protected_overrides_total{{{_AT}}}", instance="a:9100"),
    "ObjectionLag": _of("heed_objection_lag_seconds", 11, 2),
    "ObjectionPoison": _once('heed_dead_letter_total{topic="objections",reason="undecodable"}'),
    "ShardPaused": _of("heed_shards_paused"),
    "FailClosedActive": _of("heed_fail_closed_active"),
    "FailClosedShortNotice": Case(
        (Series("heed_fail_closed_active", 0, 1), Series("heed_short_notice_at_risk", 0, 1))
    ),
    "DutyOverdue": _gauge('heed_duty_overdue{duty="objection_answer"}', duty="objection_answer"),
    "ImplicationsOverdue": _gauge('heed_duty_overdue{duty="implications_notice"}'),
    "OverrideRateHigh": Case(
        (
            Series(
                'heed_objected_channel_sends_total{ground="G3",mode="override_standing"}', 0, 5, counter=True
            ),
            Series('heed_short_notice_total{change="APPT_CANCEL"}', 10, 10, counter=True),
            Series("heed_override_alert_ratio", 0.02, 0.02),
        ),
        memory=1_500,
        lasts=60,
    ),
    "ShortNoticeAtRisk": _gauge("heed_short_notice_at_risk"),
    "CriticalResultUnowned": _gauge("heed_critical_result_unacknowledged_seconds", 601, 60),
    "TaskUnacknowledged": _gauge('heed_tasks_unacknowledged_overdue{urgency="urgent"}'),
    "EscalationBacklog": _gauge('heed_tasks_overdue{urgency="urgent"}'),
    "EscalationBacklogRoutine": _gauge('heed_tasks_overdue{urgency="routine"}'),
    "TaskUnowned": _gauge("heed_tasks_unowned"),
    "RoleUncovered": _gauge('heed_role_uncovered{within="now"}'),
    "RoleUncoveredSoon": _gauge('heed_role_uncovered{within="day"}'),
    "HoldOverdue": _of("heed_holds_overdue", 3),
    "RecordMissing": _of("heed_unrecorded_seconds", 301, 2),
    "RecordLag": _gauge("heed_record_oldest_seconds", 61, 2),
    "ConservationGap": _gauge("heed_conservation_gap"),
    "LagHigh": _of("heed_lag_seconds", 61, 1),
    "HeartbeatLost": _gauge('heed_heartbeat_age_seconds{partition="3"}', 95, 8, partition="3"),
    "DeadLetterRate": Case(
        (
            Series('heed_dead_letter_total{topic="results",reason="bad_time"}', 0, 10, counter=True),
            Series(
                'heed_events_consumed_total{topic="results",result="accepted"}', 1_000, 1_000, counter=True
            ),
        ),
        memory=15,
        lasts=20,
    ),
    "TopicStopped": _of("heed_topic_partitions_stopped"),
    "SchemaIncompatible": _once('heed_dead_letter_total{topic="results",reason="unknown_schema"}'),
    "DuplicateOrReplayStorm": Case(
        (Series('heed_decisions_total{outcome="SUPPRESS",reason="duplicate"}', 2, 600, counter=True),),
        memory=6,
        lasts=9,
    ),
    "ChannelDown": replace(
        _gauge('heed_channel_circuit_open{channel="sms"}', channel="sms"),
        memory=3,
    ),
    "WorkerDown": _gauge(f'up{{job="heed-worker",{_AT}}}', 0, 1),
    "RecorderDown": _gauge(f'up{{job="heed-recorder",{_AT}}}', 0, 1),
    "KafkaUnreachable": _gauge(f'heed_kafka_unreachable{{job="heed-worker",{_AT}}}', job="heed-worker"),
    "ScrapeAbsent": _gauge(f'up{{job="heed-worker",{_AT}}}', 0, 1, job="heed-worker", instance="a:9100"),
    "NotReady": _gauge(f'heed_ready{{job="heed-worker",{_AT}}}', 0, 1, job="heed-worker", instance="a:9100"),
    "PartitionsUnowned": Case(
        (Series("heed_partitions_owned", 12, 8), Series("heed_partitions_expected", 12, 12))
    ),
    "PartitionMismatch": _of("heed_partition_mismatch"),
    "ClockSkew": _of("heed_clock_skew_seconds", -3, 0.01),
    "ForbiddenResolution": _once('heed_incidents_total{kind="override_not_accepted"}', memory=60),
    "PolicyExpiring": _gauge("heed_policy_expires_timestamp_seconds", 29 * 86_400, _FAR),
    "ConfigRejected": _once("heed_config_rejected_total", memory=60),
    "AccreditationExpiring": _gauge(
        'heed_channel_review_due_timestamp_seconds{channel="sms"}', 29 * 86_400, _FAR, channel="sms"
    ),
    "TemplateOverdue": _gauge("heed_template_review_overdue"),
}

_BY_RECORDER: Final = _once(f"heed_record_unjustified_objected_sends_total{{{_AT}}}", instance="a:9100")

ALSO: Final = (
    Also("UnjustifiedObjectedSend", "by the recorder", _BY_RECORDER),
    Also(
        "UnjustifiedObjectedSend",
        "by a recorder that has long been there",
        replace(_BY_RECORDER, before=_BY_RECORDER.memory + 10),
    ),
    *_halves("UnjustifiedObjectedSend"),
    *_halves("ProtectedOverride"),
    *_halves("ObjectionPoison"),
    *_halves("SchemaIncompatible"),
    *_halves("ForbiddenResolution"),
    Also(
        "ForbiddenResolution", "by a resume", _once('heed_incidents_total{kind="resume_refused"}', memory=60)
    ),
)

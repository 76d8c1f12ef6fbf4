"""The dashboards, as code. Five, each for one question; an SRE reads the first and follows the links.

Every panel has a unit and says in a sentence what it means. Red begins where an alert fires.
"""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.common import GraphThresholdsStyleConfig
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import GraphDrawStyle, GraphTresholdsStyleMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, GridPos, Threshold, ThresholdsMode

_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="prometheus")
_RATE: Final = "[$__rate_interval]"


@dataclass(frozen=True)
class Panel:
    """``queries``: legend and expression. ``red``: from where on somebody should act; ``low``: below which.
    ``number``: one figure, as it is now."""

    title: str
    says: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    red: float | None = None
    number: bool = False
    low: float | None = None


@dataclass(frozen=True)
class Board:
    uid: str
    title: str
    says: str
    panels: tuple[Panel, ...]


def _quantiles(metric: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"p{share:g}", f"histogram_quantile({share / 100:g}, sum by (le) (rate({metric}_bucket{_RATE})))")
        for share in (50, 95, 99)
    )


def _ever(metric: str) -> str:
    """What must stay 0: whether it has risen within the month, also in processes that are gone."""
    return f"(ceil(sum(increase({metric}[30d]))) or vector(0))"


BOARDS: Final = (
    Board(
        "service-overview", "Heed: service overview", "Is it working, and does it keep its objectives?",
        (
            Panel("Available", "Ready, and nothing waits for more than a minute (S10).", (("", "heed:available:bool"),), number=True, low=1),
            Panel("Workers ready", "Of those that answer.", (("", 'sum(heed_ready{job="heed-worker"}) or vector(0)'),), number=True, low=1),
            Panel("Oldest event not decided", "Pages above 60 s (LagHigh).", (("", "max(heed_lag_seconds)"),), "s", 60, number=True),
            Panel("Sends in spite of an objection", "In 30 days, seen by worker or recorder. Must be 0 (S6).", (("", f"{_ever('heed_unjustified_objected_sends_total')} + {_ever('heed_record_unjustified_objected_sends_total')}"),), red=1, number=True),
            Panel("Urgent tasks overdue", "Pages above 0.", (("", 'sum(heed_tasks_overdue{urgency="urgent"})'),), red=1, number=True),
            Panel("Not on record for", "Pages above 300 s (RecordMissing).", (("", "max(heed_unrecorded_seconds)"),), "s", 300, number=True),
            Panel("Last heartbeat", "Through the slowest partition, from input to record. Pages above 60 s (HeartbeatLost).", (("", "max(heed_heartbeat_age_seconds)"),), "s", 60, number=True),
            Panel("Budget used in the last hour, as a multiple", "1 is what the month allows; 14.4 pages.",
                  (("{{slo}}", "heed:slo_errors:ratio_rate1h / on (slo) group_left heed:slo_budget:ratio"),), red=14.4),
            Panel("Outcomes", "Decisions a second by outcome.", (("{{outcome}}", f"sum by (outcome) (rate(heed_decisions_total{_RATE}))"),), "ops"),
            Panel("Event to decision", "99 % within 5 s (S1).", _quantiles("heed_decision_seconds"), "s", 5),
            Panel("Messages by channel", "Commands a second.", (("{{channel}}", f"sum by (channel) (rate(heed_send_commands_total{_RATE}))"),), "ops"),
        ),
    ),
    Board(
        "patient-safety", "Heed: patient safety", "Was anything sent that should not have been, and is anything held back?",
        (
            Panel("Sends in spite of an objection", "In 30 days, by the worker's second look, and by the recorder from the evidence.",
                  (("worker", _ever("heed_unjustified_objected_sends_total")), ("recorder", _ever("heed_record_unjustified_objected_sends_total"))), red=1, number=True),
            Panel("Protected, set aside by a machine", "In 30 days. Must be 0 (ProtectedOverride).", (("", _ever("heed_protected_overrides_total")),), red=1, number=True),
            Panel("Requests without an outcome", "In 30 days. Must be 0 (ConservationGap).", (("", "sum(max_over_time(heed_conservation_gap[30d])) or vector(0)"),), red=1, number=True),
            Panel("Tasks without an owner", "Must be 0.", (("", "sum(heed_tasks_unowned)"),), red=1, number=True),
            Panel("Partitions sending nothing", "An objection could not be read.", (("", "sum(heed_shards_paused)"),), red=1, number=True),
            Panel("Objection to effect", "99.9 % within 5 s (S5).", _quantiles("heed_objection_propagation_seconds"), "s", 5),
            Panel("Oldest objection not applied", "Pages above 10 s.", (("", "max(heed_objection_lag_seconds)"),), "s", 10),
            Panel("Messages on an objected channel", "Each with a decision on file, by ground and mode.",
                  (("{{ground}} {{mode}}", f"sum by (ground, mode) (rate(heed_objected_channel_sends_total{_RATE}))"),), "ops"),
            Panel("Share of overrides", "Of a day's changes at short notice, against what the policy wants to hear of.",
                  (("overrides", "sum(increase(heed_objected_channel_sends_total[1d])) / sum(increase(heed_short_notice_total[1d]))"),
                   ("policy", "max(heed_override_alert_ratio)")), "percentunit"),
            Panel("Objections in force", "By class of reason; without one: somebody should ask.",
                  (("{{reason_class}}", "sum by (reason_class) (heed_objections_active)"), ("no reason known", "sum(heed_objection_reason_missing)"))),
            Panel("Incidents and near misses", "Entries of the safety log a day.", (("{{kind}}", "sum by (kind) (increase(heed_incidents_total[1d]))"),)),
            Panel("Held for lack of objections", "Rule 3.1.", (("active", "max(heed_fail_closed_active)"), ("requests", 'sum(heed_holds_open{reason="fail_closed"})'))),
        ),
    ),
    Board(
        "flow-and-lag", "Heed: flow and lag", "What comes in, what waits, and what cannot be read?",
        (
            Panel("Events", "Consumed a second, by topic.", (("{{topic}}", f"sum by (topic) (rate(heed_events_consumed_total{_RATE}))"),), "ops"),
            Panel("Age of the oldest", "Event and objection not yet applied; message not on record.",
                  (("event", "max(heed_lag_seconds)"), ("objection", "max(heed_objection_lag_seconds)"), ("record", "max(heed_unrecorded_seconds)")), "s", 60),
            Panel("Holds", "Requests that wait, by reason.", (("{{reason}}", "sum by (reason) (heed_holds_open)"),)),
            Panel("Set aside", "Dead letters a minute, by topic and reason.", (("{{topic}} {{reason}}", f"60 * sum by (topic, reason) (rate(heed_dead_letter_total{_RATE}))"),)),
            Panel("Suppressed", "A second, by reason: duplicates and old versions among them.", (("{{reason}}", f'sum by (reason) (rate(heed_decisions_total{{outcome="SUPPRESS"}}{_RATE}))'),), "ops"),
            Panel("Command to delivery", "Mean, by channel, as senders report it.",
                  (("{{channel}}", f"sum by (channel) (rate(heed_send_to_receipt_seconds_sum{_RATE})) / sum by (channel) (rate(heed_send_to_receipt_seconds_count{_RATE}))"),), "s"),
            Panel("Contact details not verified", "Share of a channel's details that nobody has verified.", (("{{channel}}", "avg by (channel) (heed_contacts_unverified_ratio)"),), "percentunit"),
            Panel("Contact details in doubt", "Begun to bounce in a day; shared; patients registered incompletely.",
                  (("{{channel}} bounced", "sum by (channel) (increase(heed_contacts_bounced_total[1d]))"),
                   ("shared", "sum(heed_contacts_shared)"), ("incomplete", "sum(heed_registration_incomplete)"))),
            Panel("Receipts", "By channel and result; accepted: the provider has taken it over, no more.", (("{{channel}} {{result}}", f"sum by (channel, result) (rate(heed_delivery_total{_RATE}))"),), "ops"),
            Panel("Sends that failed", "Share of the messages whose fate was told in an hour, by channel.",
                  (("{{channel}}", 'sum by (channel) (rate(heed_delivery_total{result="failed"}[1h])) / sum by (channel) (rate(heed_delivery_total{result=~"arrived|failed"}[1h]))'),), "percentunit"),
            Panel("Emitted to recorded", "99.9 % within 60 s (S7).", _quantiles("heed_record_lag_seconds"), "s", 60),
            Panel("Heartbeat, end to end", "Sent into a partition to committed by the recorder.", _quantiles("heed_heartbeat_seconds"), "s", 5),
            Panel("Requests", "A second, by purpose.", (("{{purpose}}", f"sum by (purpose) (rate(heed_requests_total{_RATE}))"),), "ops"),
        ),
    ),
    Board(
        "tasks-and-deadlines", "Heed: tasks and deadlines", "Is anyone's deadline at risk, and whose task is it?",
        (
            Panel("Changes at risk", "Nobody has acknowledged them and under 2 h are left.", (("", "sum(heed_short_notice_at_risk)"),), red=1, number=True),
            Panel("Oldest critical result nobody has", "Pages above 10 min.", (("", "max(heed_critical_result_unacknowledged_seconds)"),), "s", 600, number=True),
            Panel("Urgent, not acknowledged in time", "Pages above 0.", (("", 'sum(heed_tasks_unacknowledged_overdue{urgency="urgent"})'),), red=1, number=True),
            Panel("Roles nobody covers", "Now, and within a day.", (("{{within}}", "max by (within) (heed_role_uncovered)"),), red=1, number=True),
            Panel("Open tasks", "By role.", (("{{role}}", "sum by (role) (heed_escalations_open)"),)),
            Panel("Open tasks by priority", "P0 is minutes, P4 a month.", (("{{priority}}", "sum by (priority) (heed_escalations_open)"),)),
            Panel("Oldest task", "By role.", (("{{role}}", "max by (role) (heed_escalation_oldest_seconds)"),), "s"),
            Panel("New tasks", "An hour, by role.", (("{{role}}", "sum by (role) (increase(heed_escalations_total[1h]))"),)),
            Panel("Deadlines missed", "Share in the last day, by which.",
                  (("{{deadline}}", 'sum by (deadline) (increase(heed_deadlines_total{result="late"}[1d])) / sum by (deadline) (increase(heed_deadlines_total[1d]))'),), "percentunit"),
            Panel("Time to acknowledge", "Mean over an hour.",
                  (("{{urgency}}", "sum by (urgency) (increase(heed_task_acknowledge_seconds_total[1h])) / sum by (urgency) (increase(heed_tasks_acknowledged_total[1h]))"),), "s"),
            Panel("Time to finish", "Mean over an hour, of tasks closed in it.",
                  (("{{urgency}}", "sum by (urgency) (increase(heed_task_complete_seconds_total[1h])) / sum by (urgency) (increase(heed_tasks_completed_total[1h]))"),), "s"),
            Panel("Moved on", "An hour: tasks nobody had taken, to the deputy, the lead, or past their time.", (("{{stage}}", "sum by (stage) (increase(heed_deputy_reassign_total[1h]))"),)),
            Panel("Why people are asked", "Escalations an hour, the ten commonest reasons.", (("{{reason}}", 'topk(10, sum by (reason) (increase(heed_decisions_total{outcome="ESCALATE"}[1h])))'),)),
            Panel("Changes at short notice", "An hour, by change, and what became of them (S2).",
                  (("{{change}}", "sum by (change) (increase(heed_short_notice_total[1h]))"), ("{{outcome}}", "sum by (outcome) (increase(heed_short_notice_outcome_total[1h]))"))),
            Panel("Time left at short notice", "From the decision to the start.", _quantiles("heed_short_notice_time_left_seconds"), "s"),
            Panel("Duties overdue", "Answers, implications, missed actions; results that nobody rang about.",
                  (("{{duty}}", "sum by (duty) (heed_duty_overdue)"), ("no contact about a result", "sum(heed_result_no_contact_overdue)")), red=1),
        ),
    ),
    Board(
        "workers-and-shards", "Heed: workers and shards", "Does each process do its part, and is there room?",
        (
            Panel("Partitions owned", "By worker; together all of them.", (("{{instance}}", "heed_partitions_owned"), ("expected", "max(heed_partitions_expected)"))),
            Panel("Ready", "By process.", (("{{instance}}", "heed_ready"),)),
            Panel("Turn", "Decided and committed.", _quantiles("heed_turn_seconds"), "s"),
            Panel("Events a turn", "Small turns at a low rate are right.", (("", f"sum(rate(heed_events_consumed_total{_RATE})) / sum(rate(heed_turn_seconds_count{_RATE}))"),)),
            Panel("Commit and barrier", "Mean.", (("commit", f"sum(rate(heed_commit_seconds_sum{_RATE})) / sum(rate(heed_commit_seconds_count{_RATE}))"), ("barrier", "max(heed_barrier_seconds)")), "s"),
            Panel("Patients", "In memory, by worker.", (("{{instance}}", "heed_table_patients"),)),
            Panel("Memory", "Of the process, and of the table in it.", (("{{instance}}", 'process_resident_memory_bytes{job=~"heed-.*"}'), ("{{instance}} table", "heed_state_store_bytes")), "bytes"),
            Panel("Processor", "Cores, by process.", (("{{instance}}", f'rate(process_cpu_seconds_total{{job=~"heed-.*"}}{_RATE})'),)),
            Panel("Clock against the broker's", "Pages beyond 2 s.", (("{{instance}}", "heed_clock_skew_seconds"),), "s", 2),
            Panel("Restoring, stopped, misplaced", "Partitions restoring; topic partitions stopped; records passed on a second.",
                  (("restoring", "sum(heed_table_recovery_active)"), ("stopped", "sum(heed_topic_partitions_stopped)"), ("passed on", f"sum(rate(heed_misplaced_total{_RATE}))"))),
            Panel("Approvals end", "Days left.", (("{{channel}}", "(min by (channel) (heed_channel_review_due_timestamp_seconds) - time()) / 86400"), ("override policy", "(min(heed_policy_expires_timestamp_seconds > 0) - time()) / 86400")), "d"),
        ),
    ),
)  # fmt: skip


def written() -> dict[str, str]:
    """File name and JSON of each dashboard."""
    return {
        f"{board.uid}.json": JSONEncoder(sort_keys=True, indent=1).encode(_dashboard(board)) + "\n"
        for board in BOARDS
    }


def _dashboard(board: Board) -> object:
    built = (
        dashboard.Dashboard(board.title)
        .uid(f"heed-{board.uid}")
        .description(board.says)
        .tags(["heed"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .readonly()
    )
    for panel, place in zip(board.panels, _places(board.panels), strict=True):
        built = built.with_panel(_panel(panel, place))
    return built.build()


def _places(panels: tuple[Panel, ...]) -> list[GridPos]:
    """Single figures share the first row, lines lie two by two below; the builder's own layout runs off the grid."""
    numbers = sum(panel.number for panel in panels)
    assert all(panel.number for panel in panels[:numbers])
    top = 4 if numbers else 0
    places = [GridPos(h=4, w=24 // numbers, x=24 // numbers * n, y=0) for n in range(numbers)]
    for n in range(len(panels) - numbers):
        is_alone = n % 2 == 0 and n == len(panels) - numbers - 1
        places.append(GridPos(h=8, w=24 if is_alone else 12, x=12 * (n % 2), y=top + 8 * (n // 2)))
    return places


def _panel(panel: Panel, place: GridPos) -> stat.Panel | timeseries.Panel:
    made: stat.Panel | timeseries.Panel
    if panel.number:
        made = stat.Panel()
    else:
        made = timeseries.Panel().draw_style(GraphDrawStyle.LINE).fill_opacity(8)
        if panel.red is not None:  # else Grafana draws no line
            made = made.thresholds_style(GraphThresholdsStyleConfig().mode(GraphTresholdsStyleMode.DASHED))
    made = made.grid_pos(place)
    made = made.title(panel.title).description(panel.says).unit(panel.unit).datasource(_SOURCE)
    if panel.red is not None or panel.low is not None:
        colours = ("green", "red") if panel.low is None else ("red", "green")
        at = panel.red if panel.low is None else panel.low
        steps = [Threshold(value=None, color=colours[0]), Threshold(value=at, color=colours[1])]
        made = made.thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    for number, (legend, expression) in enumerate(panel.queries):
        query = prometheus.Dataquery().expr(expression).legend_format(legend or panel.title)
        if panel.number:  # the last value of a span would show for hours what a process said before it went
            query = query.instant()
        made = made.with_target(query.ref_id(chr(ord("A") + number)).datasource(_SOURCE))
    return made

"""The objectives S1 to S10 (spec/monitoring.md D3) as recording rules, and alerts on how fast their budget burns.

S6 has no budget: one unjustified send is an incident (UnjustifiedObjectedSend). S11 and S12 are counted over
a month from the topics. Windows and factors: a page when a month's budget would be gone in 2 or 5 days, a
ticket when in 10 or 30 (14.4, 6, 3 and 1, each over a long and a short window, so that it also clears soon).
"""

from dataclasses import dataclass
from typing import Any, Final

WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
#: A single late event among three is no trend; the alerts on single events are in alerts.yaml. Counted over the long
#: window of the alert: what happens four times an hour (critical results) is missed all the same.
LEAST_EVENTS: Final = 5
_LONG: Final = ("1h", "6h", "1d", "3d")


@dataclass(frozen=True)
class Objective:
    """``bad`` and ``all``: rates with WINDOW in them; ``share``: what may be bad. ``team``: who is told."""

    number: str
    bad: str
    all: str
    share: float
    says: str
    team: str = "sre"


def _histogram(number: str, metric: str, within: str, share: float, says: str) -> Objective:
    every = f"sum(rate({metric}_count[WINDOW]))"
    return Objective(
        number, f'{every} - sum(rate({metric}_bucket{{le="{within}"}}[WINDOW]))', every, share, says
    )


def _deadline(number: str, deadline: str, share: float, says: str, team: str) -> Objective:
    one = f'heed_deadlines_total{{deadline="{deadline}"'
    return Objective(
        number, f'sum(rate({one},result="late"}}[WINDOW]))', f"sum(rate({one}}}[WINDOW]))", share, says, team
    )


OBJECTIVES: Final = (
    _histogram("S1", "heed_decision_seconds", "5.0", 0.01, "99 % of events are decided within 5 s"),
    _deadline("S2", "short_notice", 0.01, "99 % of changes at short notice are closed in time", "clinic"),
    _deadline("S3", "result_message", 0.05, "95 % of releasable results are sent within 60 s", "sre"),
    _deadline("S4", "critical_task", 0.001, "99.9 % of critical results have a task within 60 s", "sre"),
    _histogram(
        "S5", "heed_objection_propagation_seconds", "5.0", 0.001, "99.9 % of objections hold after 5 s"
    ),
    _histogram("S7", "heed_record_lag_seconds", "60.0", 0.001, "99.9 % of messages are on record after 60 s"),
    _deadline("S8", "urgent_acknowledged", 0.05, "95 % of urgent tasks are acknowledged in time", "clinic"),
    _deadline("S9", "routine_completed", 0.05, "95 % of routine tasks are done in time", "clinic"),
    Objective(
        "S10",
        "(1 - avg_over_time(heed:available:bool[WINDOW]))",
        "1",
        0.001,
        "Heed is available 99.9 % of the time",
    ),
)
#: Alert, severity, factor, long and short window, for, which objectives.
_BURNS: Final = (
    ("ObjectiveBurningFast", "page", 14.4, "1h", "5m", "2m", "S1|S2|S3|S4|S5|S7"),
    ("ObjectiveBurning", "page", 6, "6h", "30m", "15m", "S1|S2|S3|S4|S5|S7"),
    ("ObjectiveBurningSlowly", "ticket", 3, "1d", "2h", "1h", "S1|S2|S3|S4|S5|S7|S10"),
    ("ObjectiveMissed", "ticket", 1, "3d", "6h", "3h", "S1|S2|S3|S4|S5|S7|S8|S9|S10"),
    ("SLABreachBurn", "page", 14.4, "1h", "5m", "2m", "S8"),
    # What makes Heed unavailable pages by itself (WorkerDown, NotReady ...): this would page once more when it is over.
    ("AvailabilityBurning", "ticket", 6, "6h", "30m", "15m", "S10"),
    ("SLABreachBurnRoutine", "ticket", 6, "6h", "30m", "15m", "S8|S9"),
)
_SAYS: Final = {
    "ObjectiveBurningFast": "Objective {{ $labels.slo }} would use up its month in 2 days",
    "ObjectiveBurning": "Objective {{ $labels.slo }} would use up its month in 5 days",
    "ObjectiveBurningSlowly": "Objective {{ $labels.slo }} would use up its month in 10 days",
    "ObjectiveMissed": "Objective {{ $labels.slo }} is being missed",
    "AvailabilityBurning": "Heed was unavailable for longer than a month of such hours allows",
    "SLABreachBurn": "Urgent tasks are not acknowledged in time",
    "SLABreachBurnRoutine": "Tasks are not acknowledged or done in time ({{ $labels.slo }})",
}


def rules() -> dict[str, Any]:
    """The file, as YAML writes it."""
    recording: list[dict[str, Any]] = [
        {
            "record": "heed:available:bool",
            # Every partition has a worker that is ready, and none waits: one that restarts takes nothing away.
            "expr": "((sum(heed_partitions_owned * on (instance) heed_ready) >= bool max(heed_partitions_expected))"
            " * (max(heed_lag_seconds) < bool 60)) or vector(0)",
        }
    ]
    for one in OBJECTIVES:
        labels = {"slo": one.number}
        recording.append(
            {"record": "heed:slo_budget:ratio", "expr": f"vector({one.share})", "labels": labels}
        )
        for window in WINDOWS:
            bad, every = one.bad.replace("WINDOW", window), one.all.replace("WINDOW", window)
            ratio = bad if every == "1" else f"({bad}) / ({every} > 0)"
            recording.append(
                {"record": f"heed:slo_errors:ratio_rate{window}", "expr": ratio, "labels": labels}
            )
        for window in _LONG:
            counted = one.all.replace("rate(", "increase(").replace("WINDOW", window)
            enough = f"vector({LEAST_EVENTS})" if one.all == "1" else counted
            recording.append(
                {"record": f"heed:slo_events:increase{window}", "expr": enough, "labels": labels}
            )
    return {
        "groups": [
            {"name": "heed-objectives", "rules": recording},
            {"name": "heed-burn", "rules": [_burn(*burn) for burn in _BURNS]},
        ]
    }


def _burn(
    alert: str, severity: str, factor: float, long: str, short: str, lasting: str, numbers: str
) -> dict[str, Any]:
    chosen = f'{{slo=~"{numbers}"}}'
    over = f"> on (slo) ({factor} * heed:slo_budget:ratio)"
    expr = (
        f"heed:slo_errors:ratio_rate{long}{chosen} {over} and on (slo) heed:slo_errors:ratio_rate{short} {over}"
        f" and on (slo) (heed:slo_events:increase{long} >= {LEAST_EVENTS})"
    )
    team = "clinic" if alert.startswith("SLA") else "sre"
    described = "; ".join(
        f"{one.number}: {one.says}" for one in OBJECTIVES if one.number in numbers.split("|")
    )
    return {
        "alert": alert,
        "expr": expr,
        "for": lasting,
        "labels": {"severity": severity, "team": team},
        "annotations": {
            "summary": _SAYS[alert],
            "description": f"{factor} times the errors that the month allows, over {long} and {short}. {described}.",
            "runbook_url": f"docs/runbooks/objectives.md#{alert.lower()}",
        },
    }

"""promtool's tests of the alerts, from ``alert_cases`` and the rules themselves."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .alert_cases import ALSO, CASES, Case, Series
from .objectives import OBJECTIVES

_UNITS: Final = {"s": 1 / 60, "m": 1, "h": 60}
_AFTER: Final = 5


def _minutes(duration: str) -> int:
    return round(float(duration[:-1]) * _UNITS[duration[-1]])


def alert_tests(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Each alert on its own, then a normal hour."""
    alerts = {rule["alert"]: rule for group in rules["groups"] for rule in group["rules"]}
    if set(alerts) != set(CASES):
        raise ValueError(f"alerts without a case, or cases without an alert: {set(alerts) ^ set(CASES)}")
    return {
        "rule_files": ["../rules/alerts.yaml"],
        "evaluation_interval": "1m",
        "tests": [
            *(_test(alerts[name], case) for name, case in CASES.items()),
            *(_test(alerts[also.alert], also.case, f", {also.how}") for also in ALSO),
            _normal_hour(alerts),
        ],
    }


def _test(rule: Mapping[str, Any], case: Case, how: str = "") -> dict[str, Any]:
    lasting = _minutes(rule.get("for", "0m"))
    lasts = case.lasts or lasting + 3
    # Within `for` plus one evaluation; a rate needs a minute more to rise.
    fires = case.before + (min(lasts, lasting + 2) if case.lasts != 1 else 1)
    clear = case.before + lasts + case.memory + 2
    return {
        "name": f"{rule['alert']} is silent, fires, clears{how}",
        "interval": "1m",
        "input_series": [
            {"series": one.name, "values": _values(one, case.before, lasts, case.memory + _AFTER)}
            for one in case.series
        ],
        "alert_rule_test": [
            _expect(rule, case.before - 1, None),
            _expect(rule, fires, case.labels),
            _expect(rule, clear, None),
        ],
    }


def _values(one: Series, peace: int, lasts: int, after: int) -> str:
    """promtool's notation: start, change, times."""
    if not one.counter:
        return f"{one.good}x{peace - 1} {one.bad}x{lasts - 1} {one.good}x{after}"
    if one.appears:
        return f"_x{peace} {one.bad}x{after}"
    before, during = one.good * peace, one.good * peace + one.bad * lasts
    return (
        f"0+{one.good}x{peace - 1} {before}+{one.bad}x{lasts} {during + one.good}+{one.good}x{after}"
        if lasts > 1
        else f"0x{peace - 1} {one.bad}x{after + 1}"
    )


def _expect(rule: Mapping[str, Any], minute: int, labels: Mapping[str, str] | None) -> dict[str, Any]:
    expected: dict[str, Any] = {"eval_time": f"{minute}m", "alertname": rule["alert"]}
    if labels is not None:
        notes = {name: _filled(text, labels) for name, text in rule["annotations"].items()}
        expected["exp_alerts"] = [{"exp_labels": {**rule["labels"], **labels}, "exp_annotations": notes}]
    return expected


def _filled(text: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"{{ \$labels\.(\w+) }}", lambda found: labels.get(found[1], ""), text)


def _normal_hour(alerts: Mapping[str, Any]) -> dict[str, Any]:
    """What was counted before the hour is no news in it."""
    cases = [*CASES.values(), *(also.case for also in ALSO)]
    series = {one.name: one for case in cases for one in case.series}
    return {
        "name": "a normal hour fires nothing",
        "interval": "1m",
        "input_series": [
            {
                "series": one.name,
                "values": f"{3 if one.counter else one.good}+{one.good if one.counter else 0}x60",
            }
            for one in series.values()
        ],
        "alert_rule_test": [_expect(rule, 60, None) for rule in alerts.values()],
    }


# Objectives.


def objective_tests(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Each objective burns fast, and clears; one burns slowly; a good hour burns nothing."""
    alerts = {rule["alert"]: rule for rule in rules["groups"][1]["rules"]}
    tests = []
    for one in OBJECTIVES:
        alert, lasts = _SOONEST.get(one.number, ("ObjectiveBurningFast", 90))
        tests.append(_burns(alerts[alert], one.number, lasts))
    tests += [_burns(alerts[name], "S1", 9 * 60, share=share) for name, share in _SLOWER]
    return {"rule_files": ["../rules/objectives.yaml"], "evaluation_interval": "5m", "tests": tests}


#: Which alert tells first, and after how many minutes, where it is not ObjectiveBurningFast. S9 is about days.
_SOONEST: Final = {
    "S8": ("SLABreachBurn", 90),
    "S9": ("SLABreachBurnRoutine", 480),
    "S10": ("AvailabilityBurning", 90),
}
#: A share of bad events that one alert takes notice of within nine hours.
_SLOWER: Final = (("ObjectiveBurning", 0.3), ("ObjectiveBurningSlowly", 0.2), ("ObjectiveMissed", 0.1))


def _burns(rule: Mapping[str, Any], number: str, lasts: int, share: float = 1) -> dict[str, Any]:
    quiet = 2 * 60  # long enough for the short window of what fires soonest to forget
    return {
        "name": f"{number}: {rule['alert']} is silent, fires, clears",
        "interval": "1m",
        "input_series": list(_burning(number, lasts, quiet, share)),
        "alert_rule_test": [
            _expect(rule, 59, None),
            _expect(rule, 60 + lasts, {"slo": number}),
            _expect(rule, 60 + lasts + quiet, None) if lasts <= 90 else _expect(rule, 30, None),
        ],
    }


def _burning(number: str, lasts: int, quiet: int, share: float) -> Iterator[dict[str, str]]:
    """Ten events a minute: an hour of good ones, then bad ones, then good ones."""
    good, bad = round(10 * (1 - share)), round(10 * share)
    all_values = f"0+10x{60 + lasts + quiet}"
    good_values = f"0+10x60 {600 + good}+{good}x{lasts - 1} {600 + good * lasts}+10x{quiet}"
    bad_values = f"0x60 {bad}+{bad}x{lasts - 1} {bad * lasts}x{quiet}"
    histograms = {
        "S1": ("heed_decision_seconds", "5.0"),
        "S5": ("heed_objection_propagation_seconds", "5.0"),
        "S7": ("heed_record_lag_seconds", "60.0"),
    }
    deadlines = {
        "S2": "short_notice", "S3": "result_message", "S4": "critical_task", "S8": "urgent_acknowledged",
        "S9": "routine_completed",
    }  # fmt: skip
    if number in histograms:
        name, within = histograms[number]
        yield {"series": f"{name}_count", "values": all_values}
        yield {"series": f'{name}_bucket{{le="{within}"}}', "values": good_values}
    elif number in deadlines:
        one = f'heed_deadlines_total{{deadline="{deadlines[number]}",result='
        yield {"series": f'{one}"in_time"}}', "values": good_values}
        yield {"series": f'{one}"late"}}', "values": bad_values}
    down = f"1x60 0x{lasts - 1} 1x{quiet}"
    yield {"series": "heed_ready", "values": down if number == "S10" else f"1x{60 + lasts + quiet}"}
    for name in ("heed_partitions_owned", "heed_partitions_expected"):
        yield {"series": name, "values": f"12x{60 + lasts + quiet}"}
    yield {"series": "heed_lag_seconds", "values": f"1x{60 + lasts + quiet}"}

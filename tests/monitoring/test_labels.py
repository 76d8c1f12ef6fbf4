"""Labels: every one has a closed list; and what rules, tests of rules and dashboards look for can come about."""

import re
from pathlib import Path
from typing import Final

import pytest

from scripts.monitoring import dashboards, objectives
from scripts.monitoring.alert_cases import ALSO, CASES
from streams import decisions
from streams.docs.metric_catalogue import catalogue
from tests.monitoring.rules import ALERTS
from tests.support.labels import KINDS, LISTS, may_say, strange

_RULES: Final = Path(decisions.__file__).parent
#: What Prometheus or our configuration of it adds.
_OUTSIDE: Final = {"job", "instance", "slo"}


def test_every_label_has_a_list() -> None:
    for metric in catalogue():
        for label in metric.labels:
            known = (label, f"{metric.name}.{label}")
            assert label in ("version", "partition") or any(one in LISTS for one in known), known


@pytest.mark.parametrize(
    "line",
    [
        'heed_incidents_total{kind="mrs_smith"} 1.0',
        'heed_decisions_total{outcome="SEND",reason="because"} 1.0',
        'heed_events_consumed_total{topic="pat-17",result="accepted"} 1.0',
        'heed_events_consumed_total{topic="results",result="late"} 1.0',  # a word of another metric's list
        'heed_escalations_total{role="sms"} 1.0',  # and of another label's
        'heed_escalations_total{patient="R-BOOK"} 1.0',
        'heed_requests_total{purpose="cardiology"} 1.0',
        'heed_heartbeat_age_seconds{partition="ada"} 1.0',
    ],
)
def test_a_free_word_is_noticed(line: str) -> None:
    assert list(strange([line, 'heed_escalations_total{role="R-BOOK"} 1.0', "heed_ready 1.0"])) == [line]


def test_the_kinds_of_the_safety_log_are_those_that_the_rules_write() -> None:
    """In whichever way a rule names one."""
    rules = "\n".join(file.read_text("utf-8") for file in sorted(_RULES.glob("*.py")))
    assert {kind for kind in KINDS if f'"{kind}"' not in rules} == set(), "no rule writes these"
    named = set(re.findall(r'(?:log_safety\(|_refuse\(desk, |companion_safety=)"([a-z_]+)"', rules))
    assert named <= KINDS


def test_what_a_rule_looks_for_can_come_about() -> None:
    """A rule for a word that nothing says would never fire, and its own test would not tell."""
    expressions = [rule["expr"] for rule in ALERTS]
    expressions += [rule["expr"] for group in objectives.rules()["groups"] for rule in group["rules"]]
    expressions += [
        query for board in dashboards.BOARDS for panel in board.panels for _, query in panel.queries
    ]
    expressions += [one.name for case in CASES.values() for one in case.series]
    expressions += [one.name for also in ALSO for one in also.case.series]
    looked = 0
    for metric, matchers in re.findall(r"(\bheed_\w+)\{([^}]*)\}", "\n".join(expressions)):
        for label, equals, value in re.findall(r'(\w+)(=~|!=|=)"([^"]*)"', matchers):
            if label in _OUTSIDE:
                continue
            looked += 1
            words = value.split("|") if equals == "=~" else [value]
            for word in words:
                possible = LISTS.get(f"{metric}.{label}", LISTS.get(label, frozenset()))
                matched = [one for one in possible if re.fullmatch(word, one)] if equals == "=~" else []
                assert matched or may_say(metric, label, word), f"{metric}: {label}={word}"
    assert looked > 20

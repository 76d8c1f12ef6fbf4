"""The alerts: they fire, clear and stay silent; someone is told; there is a page that says what to do."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from scripts.monitoring.__main__ import with_runbooks
from tests.monitoring.rules import ALERTS, DEPLOY, NAMES, ROOT, RULES, exposed, heading, runbook
from tests.support.prometheus import run

ALERTMANAGER: Final = DEPLOY / "alertmanager" / "alertmanager.yaml"


@pytest.mark.parametrize("rule", ALERTS, ids=NAMES)
def test_an_alert_says_what_it_means_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["labels"]["team"] in ("sre", "ig", "clinic", "duty")
    notes = rule["annotations"]
    assert notes["summary"]
    assert notes["description"].endswith(".")
    page, anchor = runbook(rule)
    headings = [
        heading(line.lstrip("#")) for line in (ROOT / page).read_text("utf-8").splitlines() if line[:1] == "#"
    ]
    assert anchor in headings, f"{page} has no heading {rule['alert']}"


@pytest.mark.parametrize("rule", ALERTS, ids=NAMES)
def test_no_alert_is_on_an_offset(rule: dict[str, Any]) -> None:
    assert "consumer_lag" not in rule["expr"]
    assert "offset_" not in rule["expr"]


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_every_metric_of_a_rule_exists() -> None:
    """A misspelt metric would be an alert that never fires."""
    known = exposed()
    for file in RULES:
        for name in set(re.findall(r"\bheed_[a-z_]+", file.read_text("utf-8"))):
            assert name in known, f"{file.name}: {name}"


def test_derived_files_are_up_to_date() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "scripts.monitoring", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_links_to_runbooks_can_be_made_whole() -> None:
    """On a telephone at night a path in a repository leads nowhere."""
    written = (DEPLOY / "prometheus" / "rules" / "alerts.yaml").read_text("utf-8")
    base = "https://git.example.org/heed/blob/main/"
    links = re.findall(r"runbook_url: (\S+)", with_runbooks(written, base))
    assert len(links) == len(re.findall(r"- alert:", written))
    assert all(link.startswith(f"{base}docs/runbooks/") for link in links)
    assert with_runbooks(with_runbooks(written, base), "") == with_runbooks(written, "")


def test_promtool_accepts_the_rules() -> None:
    run("promtool", "check", "rules", *RULES)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "file", sorted((DEPLOY / "prometheus" / "tests").glob("*.yaml")), ids=lambda file: file.stem
)
def test_each_alert_fires_clears_and_stays_silent(file: Path) -> None:
    run("promtool", "test", "rules", file)


def test_prometheus_accepts_its_configuration(tmp_path: Path) -> None:
    run("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yaml")


ROUTES: Final = {
    "ig-and-sre-page": [
        "alertname=UnjustifiedObjectedSend severity=page team=ig",
        "alertname=ProtectedOverride severity=page team=ig",
        "alertname=ForbiddenResolution severity=page team=ig",
        "alertname=X severity=page team=ig",
    ],
    "duty-page": ["alertname=CriticalResultUnowned severity=page team=duty"],
    "clinic-and-sre-page": ["alertname=ShortNoticeAtRisk severity=page team=clinic"],
    "clinic-page": ["alertname=EscalationBacklog severity=page team=clinic"],
    "sre-page": ["alertname=WorkerDown severity=page team=sre", "severity=page"],
    "ig-ticket": ["alertname=PolicyExpiring severity=ticket team=ig"],
    "clinic-ticket": ["alertname=RoleUncoveredSoon severity=ticket team=clinic"],
    "sre-ticket": ["alertname=DeadLetterRate severity=ticket team=sre", "alertname=Unheard"],
}


@pytest.mark.parametrize(("receiver", "labels"), [(r, one) for r, all_ in ROUTES.items() for one in all_])
def test_who_is_told(receiver: str, labels: str) -> None:
    run(
        "amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", f"--verify.receivers={receiver}",
        *labels.split(),
    )  # fmt: skip


@pytest.mark.parametrize("rule", ALERTS, ids=NAMES)
def test_every_page_reaches_a_pager_and_every_ticket_a_queue(rule: dict[str, Any]) -> None:
    labels = [f"{name}={value}" for name, value in rule["labels"].items()]
    said = run(
        "amtool",
        "config",
        "routes",
        "test",
        f"--config.file={ALERTMANAGER}",
        f"alertname={rule['alert']}",
        *labels,
    )
    assert said.strip().endswith(rule["labels"]["severity"]), said


@pytest.mark.parametrize(
    ("alert", "severity"),
    [("AccreditationExpiring", "ticket"), ("OverrideRateHigh", "ticket"), ("ProtectedOverride", "page"),
     ("RecordMissing", "page"), ("RecordLag", "ticket"), ("ForbiddenResolution", "page")],
)  # fmt: skip
def test_a_row_of_d4_with_two_severities_gives_each_to_its_alert(alert: str, severity: str) -> None:
    """D4: "AccessAnomaly, ForbiddenResolution: ticket R-IG / page", in the order of the names."""
    (rule,) = [one for one in ALERTS if one["alert"] == alert]
    assert rule["labels"]["severity"] == severity


def test_amtool_accepts_the_configuration() -> None:
    run("amtool", "check-config", ALERTMANAGER)


def test_an_alert_holds_back_only_alerts_that_there_are() -> None:
    """A misspelt name would be a page for each thing that follows from one cause."""
    rules = yaml.safe_load(ALERTMANAGER.read_text("utf-8"))["inhibit_rules"]
    for matcher in [one for rule in rules for one in (*rule["source_matchers"], *rule["target_matchers"])]:
        label, named = re.split(r" =~? ", matcher)
        if label == "alertname":
            for name in named.strip('"').split("|"):
                assert any(re.fullmatch(name, known) for known in NAMES), name


@pytest.mark.parametrize(("job", "gone"), [("heed-worker", "WorkerDown"), ("heed-recorder", "RecorderDown")])
def test_a_broker_that_is_away_is_one_page_that_names_it(job: str, gone: str) -> None:
    """Processes end after 45 s without a broker: that they are gone is no news."""
    rules = yaml.safe_load(ALERTMANAGER.read_text("utf-8"))["inhibit_rules"]
    (held,) = [
        one for one in rules if one["source_matchers"] == ["alertname = KafkaUnreachable", f"job = {job}"]
    ]
    assert gone in held["target_matchers"][0]


def test_what_a_cause_makes_of_several_processes_is_one_notification() -> None:
    route = yaml.safe_load(ALERTMANAGER.read_text("utf-8"))["route"]
    nested = [route, *route["routes"], *(one for outer in route["routes"] for one in outer.get("routes", ()))]
    grouped = [one["group_by"] for one in nested if "group_by" in one]
    assert grouped == [["alertname", "team"]], "neither by instance nor by partition"


def test_what_concerns_a_patient_at_risk_is_never_held_back() -> None:
    rules = yaml.safe_load(ALERTMANAGER.read_text("utf-8"))["inhibit_rules"]
    held = [one for rule in rules for one in rule["target_matchers"] if one.startswith("alertname")]
    patterns = [re.split(r" =~? ", one)[1].strip('"') for one in held]
    about_patients = [rule["alert"] for rule in ALERTS if rule["labels"]["team"] in ("ig", "clinic", "duty")]
    assert "ShortNoticeAtRisk" in about_patients
    for name in about_patients:
        assert not any(re.fullmatch(pattern, name) for pattern in patterns), name

"""``heed policy diff``: what a new policy would change, in words, numbers and exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from streams.cli.main import main

STORIES = """\
scenario: an objection to texts, assessed, and tomorrow's appointment is cancelled
clock: 2026-12-01T11:00:00+00:00           # a Tuesday
policy: {override_policies.G3.valid_to: "2027-03-31T00:00:00+01:00"}
given:
  - patient: {patient_id: someone, contacts: [sms]}
  - objection: {patient_id: someone, scope: METHOD, channels: [sms], assessment: {grounds: [G3]}}
  - appointment: {patient_id: someone, starts_at: 2026-12-02T09:30:00+00:00}
when:
  - at: +0s
    appointment: {patient_id: someone, status: CANCELLED, starts_at: 2026-12-02T09:30:00+00:00}
---
scenario: a message in two weeks
clock: 2026-12-01T11:00:00+00:00           # a Tuesday
given:
  - patient: {patient_id: someone, contacts: [sms]}
when:
  - at: +0s
    appointment: {patient_id: someone, starts_at: 2026-12-15T09:30:00+00:00}
"""


@pytest.fixture
def stories(tmp_path: Path) -> Path:
    file = tmp_path / "stories.yaml"
    file.write_text(STORIES)
    return file


def policy(folder: Path, name: str, text: str = "") -> str:
    file = folder / f"{name}.yaml"
    file.write_text(f'version: "{name}"\n{text}\n')
    return str(file)


def diff(*words: str) -> int:
    return main(["policy", "diff", *words])


def found(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_nothing_changes(tmp_path: Path, stories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = policy(tmp_path, "old"), policy(tmp_path, "new", "review_sla_days: 2")
    assert diff(old, new, "--scenarios", str(stories)) == 0
    said = capsys.readouterr().out
    assert "settings that differ: 1\n  review_sla_days: 1 -> 2\n" in said
    assert said.endswith("2 scenarios under both: no decision changes\n")


def test_an_override_becomes_a_task(
    tmp_path: Path, stories: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = policy(tmp_path, "old"), policy(tmp_path, "new", "override_mode: never")
    assert diff(old, new, "--scenarios", str(stories)) == 1
    said = capsys.readouterr().out
    assert "1 of 2 requests and tasks change, 1 in outcome, reason or rule, 0 in details only" in said
    assert "  SEND           2       1  (-1)" in said
    assert (
        "  1 x 9.5 The objection was assessed, and the policy is in date -> "
        "9.3 This organisation never overrides automatically (outcome, reason)"
    ) in said
    assert f"{stories}:1 an objection to texts, assessed" in said
    assert "then +30s SEND override_assessed (9.5), sms L1 to PATIENT, appointment-cancel" in said
    assert "then +30s ESCALATE override_needed (9.3), task R-BOOK P1 override_needed due after 1h" in said


def test_only_details_change(tmp_path: Path, stories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = policy(tmp_path, "old"), policy(tmp_path, "new", "settle_s: {appointment: 45}")
    assert diff(old, new, "--scenarios", str(stories)) == 1
    said = capsys.readouterr().out
    assert "2 of 2 requests and tasks change, 0 in outcome, reason or rule, 2 in details only" in said
    assert "  1 x 7.1 An eligible channel: still, but different (time)" in said


def test_json_names_no_patient(tmp_path: Path, stories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = policy(tmp_path, "old"), policy(tmp_path, "new", "override_mode: never")
    assert diff(old, new, "--scenarios", str(stories), "--json") == 1
    said = capsys.readouterr().out
    assert not any(named in said for named in ("someone", "447700900001", "9990548609", "Ada"))
    report = json.loads(said)
    assert report["old"].startswith("old+")
    assert report["settings"] == [{"key": "override_mode", "before": "assessed", "after": "never"}]
    assert (report["requests"], report["changed"]) == (2, 1)
    assert report["counts"]["rule"]["9.5"] == {"before": 1, "after": 0}
    (change,) = report["changes"]
    assert (change["rule_before"], change["rule_after"], change["count"]) == ("9.5", "9.3", 1)
    assert change["examples"][0]["after"][-1]["tasks"][0]["role"] == "R-BOOK"


def test_a_scenario_that_contradicts_one_of_the_policies_is_left_out_and_counts(
    tmp_path: Path, stories: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stories.write_text(
        STORIES.replace("policies.G3", "policies.G2")
    )  # never without a person: 9.6 may not know it
    allowed = "{valid_to: 2027-03-31T00:00:00+01:00, reasons: [COST], acknowledged_by: [R-CG, R-IG]}"
    old = policy(tmp_path, "old")
    new = policy(tmp_path, "new", f"override_mode: policy\noverride_policies: {{G3: {allowed}}}")
    assert diff(old, new, "--scenarios", str(stories), "--json") == 1
    report = found(capsys)
    assert report["changed"] == 0
    assert report["left_out"][0]["name"].startswith(f"{stories}:1 an objection")
    assert "override_policies.G2" in report["left_out"][0]["why"]


def test_the_projects_own_scenarios_are_the_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = policy(tmp_path, "old"), policy(tmp_path, "new", "override_alert_rate: 0.01")
    assert diff(old, new, "--json") == 0
    assert found(capsys)["requests"] > 500


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["OLD", "BAD"], "short_notice_hours: is 72; allowed: a number above 0 and at most 48"),
        (["OLD", "ABSENT"], "cannot be read"),
        (["OLD", "OLD", "--scenarios", "ABSENT"], "cannot be read"),
        (["OLD", "OLD", "--from", "2026-11-01T00:00:00+00:00"], "add --topics"),
        (["OLD", "OLD", "--topics"], "--topics needs --from"),
        (
            ["OLD", "OLD", "--topics", "--from", "yesterday"],
            "--from 'yesterday' cannot be read; allowed: a time with",
        ),
        (["OLD", "OLD", "--topics", "--from", "2026-11-01T00:00:00"], "cannot be read"),
        (
            ["OLD", "OLD", "--topics", "--from", "2026-11-01T00:00:00Z", "--to", "2026-10-01T00:00:00Z"],
            "is not before",
        ),
        (["OLD", "OLD", "--topics", "--from", "2026-11-01T00:00:00Z"], "no Kafka is configured"),
    ],
)
def test_wrong_use(
    tmp_path: Path,
    words: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEED_STATE_DIR", str(tmp_path / "absent"))
    monkeypatch.delenv("HEED_BOOTSTRAP_SERVERS", raising=False)
    files = {
        "OLD": policy(tmp_path, "old"),
        "BAD": policy(tmp_path, "bad", "short_notice_hours: 72"),
        "ABSENT": str(tmp_path / "absent.yaml"),
    }
    assert diff(*(files.get(word, word) for word in words)) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1

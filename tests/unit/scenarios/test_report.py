"""What people and tools read: a line each, a diff that explains, JSON, JUnit."""

import json
from typing import Final
from xml.etree import ElementTree

from streams.policy.load import default_path, read
from streams.scenarios import Coverage, Stage, Verdict, play, read_string
from streams.scenarios.report import as_json, as_junit, difference, line_of, summary

STAGE: Final = Stage(read(default_path()))
STORIES: Final = """
scenario: goes well
clock: 2026-12-01T11:00:00+00:00
given: [{patient: {contacts: [sms]}}]
when: [{appointment: {starts_at: +10d}}]
then: [{send: {channel: sms}}]
---
scenario: goes wrong
clock: 2026-12-01T11:00:00+00:00
given: [{patient: {contacts: [sms]}}]
when: [{appointment: {starts_at: +10d}}]
then:
  - send: {at: +30s, channel: email, valid_until: +9d, override: null, basis.objections_considered: [{id: O1, covers: true}]}
  - escalate: {due_within: 1h, copy_roles: [R-DQ]}
never:
  - send: {channel: sms}
decisions:
  - {outcome: ESCALATE}
---
scenario: is told to nobody
clock: 2026-12-01T11:00:00+00:00
given: [{patient: {}}]
when:
  - appointment: {starts_at: +1d}
  - raw: {topic: objections, value_hex: null}
  - at: +1h
    receipt: {status: READ}
then: []
---
scenario: a merge, a near miss and an infection
clock: 2026-12-01T11:00:00+00:00
given: [{patient: {patient_id: P2}}, {patient: {identity: {record_status: SUPERSEDED, superseded_by: P2}}}]
when:
  - appointment: {starts_at: +10d, family_name: Other}
"""


def verdicts() -> list[Verdict]:
    return [play(scenario, STAGE) for scenario in read_string(STORIES, "s.yaml")]


def test_one_line_each_and_a_summary() -> None:
    told = verdicts()
    assert [line_of(verdict)[:4] for verdict in told] == ["pass", "FAIL", "FAIL", "FAIL"]
    assert summary(told) == "1 passed, 3 failed"


def test_a_diff_says_what_was_expected_what_was_seen_and_which_rows_spoke() -> None:
    text = "\n".join(difference(verdicts()[1]))
    assert "s.yaml:8 (document 2), clock Tue 01 Dec 2026 11:00:00 GMT" in text
    assert "missing: send {at: +30s (Tue 01 Dec 2026 11:00:30 GMT), channel: email" in text
    assert "override: null, basis.objections_considered: [{id: O1, covers: True}]}" in text
    assert "missing: escalate {copy_roles: [R-DQ], due_within: 1h}" in text
    assert "not expected: +30s (Tue 01 Dec 2026 11:00:30 GMT): send sms APPT_CONFIRM L1 to PATIENT" in text
    assert "may never appear: send {channel: sms}" in text
    assert "no such decision, in this order: decision {outcome: ESCALATE}" in text
    assert "SEND app_default by 7.1 (e2)" in text
    assert "7.1    An eligible channel" in text


def test_a_diff_of_a_story_that_cannot_be_played() -> None:
    text = "\n".join(difference(verdicts()[2]))
    assert "cannot be played: line 27: no command had been emitted that fits: last" in text
    assert "dead letter null_value (objections)" in text
    assert "task R-IG P1 objection_unreadable" in text


def test_json_has_everything() -> None:
    told = verdicts()
    coverage = Coverage()
    for verdict in told:
        coverage.add(verdict)
    answer = json.loads(json.dumps(as_json(told, coverage.never_reached)))
    assert (answer["passed"], answer["failed"]) == (1, 3)
    assert "9.6" in answer["rows_never_reached"]
    assert "7.1" not in answer["rows_never_reached"]
    first, second, _, merge = answer["scenarios"]
    assert first["passed"]
    assert first["problems"] == []
    assert (second["file"], second["document"]) == ("s.yaml", 2)
    assert len(second["problems"]) == 5
    assert {one["record"] for one in first["emitted"]} == {"decision", "send"}
    assert {one["record"] for one in merge["emitted"]} >= {"forward", "escalate", "safety"}
    assert "rows_never_reached" not in as_json(told, None)


def test_junit_names_each_story_and_its_first_problem() -> None:
    root = ElementTree.fromstring(as_junit(verdicts()))  # noqa: S314  our own text
    [suite] = root.findall("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("4", "3")
    failures = [case.find("failure") for case in suite.findall("testcase")]
    assert failures[0] is None
    assert failures[1] is not None
    assert str(failures[1].get("message")).startswith("missing: send")
    assert "decided:" in str(failures[1].text)

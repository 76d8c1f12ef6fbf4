"""The demo's day against the rules alone: what it must show, and that the sums come out."""

from copy import copy

import pytest

from streams.demo.account import add_up, requests_of
from streams.demo.checks import run_checks
from streams.demo.day import DayPlan, generate
from streams.demo.evidence import Evidence, Written
from streams.demo.honoured import honoured
from streams.demo.hours import EVE_ENDS
from streams.demo.report import Summary, new_console, show
from tests.support.hospital import Hospital

PLAN = DayPlan(patients=200, events=900)


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Hospital().play(generate(PLAN))


def test_every_check_holds(evidence: Evidence) -> None:
    assert [check for check in run_checks(evidence) if not check.holds] == []


def test_the_same_day_ends_the_same(evidence: Evidence) -> None:
    again = Hospital().play(generate(PLAN))
    assert add_up(again).fingerprint == add_up(evidence).fingerprint


def test_the_day_shows_what_it_is_for(evidence: Evidence) -> None:
    """Every outcome, and the reasons that a visitor comes to see."""
    account = add_up(evidence, since=EVE_ENDS)
    assert set(account.outcomes) == {"SEND", "ESCALATE", "SUPPRESS", "QUARANTINE", "HOLD"}
    reasons = {reason for row in account.reasons.values() for reason in row}
    assert reasons >= {
        "preferred", "app_default", "non_preferred_fallback", "exception", "override_standing",
        "override_needed", "contact_otherwise", "protected_objection", "unclear_objection", "whole_care_objection",
        "service_objection", "critical_result", "bad_news", "discuss_first", "corrected_after_told", "withdrawn_result",
        "unknown_patient", "comms_hold", "sensitive_result", "cannot_arrive_in_time", "phone_preferred",
        "duplicate", "stale_version", "superseded", "no_net_change", "immaterial", "past", "deceased", "coalesced",
        "objection_upheld", "awaiting_final", "clinician_choice", "out_of_scope_purpose", "replay_guard",
        "undecodable", "unknown_schema", "null_value", "key_mismatch", "bad_nhs_number", "field_too_long", "bad_time",
        "control_characters", "version_conflict", "clock_far_ahead", "unknown_purpose",
        "channel_window", "contact_line_closed", "awaiting_review",
    }  # fmt: skip
    assert account.outcomes["SEND"] > account.accepted / 3, "most news is told by message"


@pytest.mark.parametrize("part", ["decisions", "commands", "tasks", "records"])
@pytest.mark.parametrize("what", ["lost", "doubled"])
def test_a_broken_promise_is_found(part: str, what: str, evidence: Evidence) -> None:
    """Whatever is lost or doubled, a check goes red."""
    rows: list[Written] = getattr(evidence, part)
    one = next(row for row in rows if row.record.get("outcome", "SEND") == "SEND")
    changed = [*rows, one] if what == "doubled" else [row for row in rows if row is not one]
    broken = copy(evidence)
    setattr(broken, part, changed)
    assert not all(check.holds for check in run_checks(broken))


def test_a_hold_that_nobody_ended_is_found(evidence: Evidence) -> None:
    decided = next(
        w
        for w in evidence.decisions
        if w.record["outcome"] == "SUPPRESS" and w.record["reason"] == "superseded"
    )
    broken = copy(evidence)
    broken.decisions = [w for w in evidence.decisions if w is not decided]
    assert not run_checks(broken)[0].holds


def test_the_summary_can_be_read(evidence: Evidence, capsys: pytest.CaptureFixture[str]) -> None:
    eve, day = add_up(evidence, until=EVE_ENDS), add_up(evidence, since=EVE_ENDS)
    checks = run_checks(evidence)
    found = honoured(evidence, requests_of(evidence), EVE_ENDS)
    show(
        Summary("A day", 1, 200, 900, eve, day, found, checks, True, day.fingerprint, 1.0, "demo."),
        new_console(),
    )
    said = capsys.readouterr().out
    for words in (
        "What became of it",
        "Booking and clinics",
        "Objections",
        "Do the sums come out?",
        day.fingerprint,
    ):
        assert words in said
    assert found.requests == sum(found.met.values()) > 0
    assert "None" not in said

"""What a policy file may not say: each with its line, its key and what is allowed."""

from pathlib import Path

import pytest

from tests.support.policies import problems

ROLE = "{primary: a, deputies: [b], lead: c, on_call: d}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # unknown keys and wrong types
        ("setle_s: {}", "2: setle_s: is not a key here; did you mean settle_s?"),
        ("settle_s: {apointment: 3}", "2: settle_s.apointment: is not a key here; did you mean appointment?"),
        ("surge: 5", "2: surge: is a number; allowed: a mapping with factor, minimum"),
        ("l4_enabled: maybe", "2: l4_enabled: is text; allowed: true or false"),
        ("permission_model: implicit", "2: permission_model: is 'implicit'; did you mean explicit?"),
        ("daily_cap:", "2: daily_cap: is missing"),
        # thresholds
        ("short_notice_hours: 0", "2: short_notice_hours: is 0; allowed: a number above 0 and at most 48"),
        ("short_notice_hours: 49", "2: short_notice_hours: is 49; allowed: a number above 0 and at most 48"),
        ("settle_s: {appointment: -1}", "2: settle_s.appointment: is -1; allowed: a number from 0 to 3600"),
        ("daily_cap: 0", "2: daily_cap: is 0; allowed: a whole number from 1 to 100"),
        ("letter_lead_days: 0", "2: letter_lead_days: is 0; allowed: a whole number from 1 to 30"),
        (
            "standing_decision_months: 13",
            "2: standing_decision_months: is 13; allowed: a whole number from 1 to 12",
        ),
        ("proxy_suspend_age: 17", "2: proxy_suspend_age: is 17; allowed: a whole number from 1 to 16"),
        ("surge: {factor: 0.5}", "2: surge.factor: is 0.5; allowed: a number from 1 to 1000"),
        ("override_alert_rate: 2", "2: override_alert_rate: is 2; allowed: a number from 0 to 1"),
        # contradictions
        ("skew_reject_h: 0.01", "2: skew_reject_h: what is set aside begins before what is tolerated ends"),
        ("skew_tolerance_min: 1440", "2: skew_tolerance_min: what is set aside begins before"),
        ("short_notice_hours: 2", "2: short_notice_hours: every short-notice change would come too late"),
        (
            "min_useful_notice_min: 1440\nshort_notice_hours: 24",
            "2: min_useful_notice_min: every short-notice",
        ),
        ("proxy_review_age: 14", "2: proxy_review_age: is 14; allowed: 11 to 13 (B11)"),
        ("proxy_suspend_age: 12", "2: proxy_suspend_age: a parent's access would end before it is reviewed"),
        ("app_unread_short_h: 30", "2: app_unread_short_h: an unread app message would wait longer"),
        ("working_days: [Sat, Sun]", "2: working_days: the service is open on no working day"),
        # windows
        ("quiet_hours: {from: 21:00, to: 21:00}", "2: quiet_hours: begins and ends at the same time"),
        ("quiet_hours: {to: }", "2: quiet_hours.to: is missing"),
        ("quiet_hours: {from: 9pm}", "2: quiet_hours.from: is '9pm'; allowed: a time of day, HH:MM"),
        ("quiet_hours: {to: 01:30}", "2: quiet_hours.to: lies in the hour that the clocks skip"),
        (
            "quiet_hours: {from: 23:00}",
            "2: quiet_hours: at some times outside quiet hours urgent messages would wait",
        ),
        ("urgent_window: {to: 20:00}", "2: urgent_window: at some times outside quiet hours"),
        ("urgent_window: {from: 22:00, to: 07:00}", "2: urgent_window: at some times outside quiet hours"),
        ("service_hours: {from: 19:00}", "2: service_hours: closes before it opens"),
        ("service_hours: {days: [Funday]}", "2: service_hours.days.0: is not a day of the week"),
        ("service_hours: {days: [1]}", "2: service_hours.days.0: is not a day of the week"),
        ("working_days: []", "2: working_days: names no day"),
        ("contact_line: always", "2: contact_line: is text"),
        (
            "contact_line_min: 60\ncontact_line: {from: 09:00, to: 10:00}",
            "2: contact_line_min: the line is never open for so long",
        ),
        ("service_hours: {to: 08:30}", "2: service_hours: the line is never open for so long"),
        (
            "contact_line: {bank_holidays: sometimes}",
            "2: contact_line.bank_holidays: is neither open nor closed",
        ),
        ("bank_holidays: {region: narnia}", "2: bank_holidays.region: is not a region; allowed: england"),
        (
            "bank_holidays: {extra: [25 December]}",
            "2: bank_holidays.extra.0: is '25 December'; allowed: a date",
        ),
        # choices
        (
            "record_mode: {APPT_CANCELLED: exact}",
            "2: record_mode.APPT_CANCELLED: is 'APPT_CANCELLED'; did you mean",
        ),
        (
            "record_mode: {APPT_CANCEL: none}",
            "2: record_mode.APPT_CANCEL: is 'none'; allowed: exact, summary",
        ),
        (
            "honour_phone_preference: [calls]",
            "2: honour_phone_preference.0: is 'calls'; did you mean all?; allowed: results",
        ),
        # channels
        (
            "channels: {sms: {max_level: L4}}",
            "2: channels.sms.max_level: is above what sms may carry; allowed: L0 to L3",
        ),
        ("channels: {email: {max_level: L4}}", "2: channels.email.max_level: is above what email may carry"),
        ("channels: {im_commercial: {max_level: L1}}", "2: channels.im_commercial.max_level: is above what"),
        ("channels: {pigeon: {enabled: false}}", "2: channels.pigeon: is 'pigeon'; allowed: nhs_app, sms"),
        ("channels: {phone_human: {enabled: false}}", "2: channels.phone_human: is 'phone_human'"),
        ("channels: {sms: {residency: US}}", "2: channels.sms.residency: 'US' is not an allowed place"),
        ("channels: {sms: {approved_by: ''}}", "2: channels.sms: is enabled without approved_by; allowed"),
        ("channels: {sms: {dpia_ref: }}", "2: channels.sms: is enabled without dpia_ref"),
        ("channels: {sms: {review_due: }}", "2: channels.sms: is enabled without review_due"),
        ("channels: {sms: {review_due: soon}}", "2: channels.sms.review_due: is 'soon'; allowed: a date"),
        ("channels: {sms: {sms_nudge: off}}", "2: channels.sms.sms_nudge: only the NHS App can make"),
        (
            "channels: {sms: {window: {from: 08:00, to: 07:00}}}",
            "2: channels.sms.window: closes before it opens",
        ),
        ("channels: {sms: {latency_s: -1}}", "2: channels.sms.latency_s: is -1"),
        (
            "organisation_order: [sms, email, letter]",
            "2: organisation_order: leaves out nhs_app, which is enabled",
        ),
        (
            "organisation_order: [sms, sms, nhs_app, email, letter]",
            "2: organisation_order: names something twice",
        ),
        ("organisation_order: [phone_human]", "2: organisation_order.0: is 'phone_human'"),
        (
            "im_commercial: on",
            "2: im_commercial: im_commercial and channels.im_commercial.enabled (and approved) say different",
        ),
        (
            "channels: {im_commercial: {enabled: true, approved_by: a, dpia_ref: b, review_due: 2031-01-01}}",
            "2: channels: im_commercial and channels.im_commercial.enabled (and approved) say different things",
        ),
        (
            "l4_enabled: true\nchannels: {nhs_app: {max_level: L3}, letter: {max_level: L3}}",
            "2: l4_enabled: normal results may be told, but no channel may carry them",
        ),
        # roles
        (f"roles: {{R-BOOKING: {ROLE}}}", "2: roles.R-BOOKING: is 'R-BOOKING'; did you mean R-BOOK?"),
        ("roles: {R-BOOK: {primary: }}", "2: roles.R-BOOK.primary: is missing"),
        (
            "roles: {R-BOOK: {deputies: [booking-desk]}}",
            "2: roles.R-BOOK.deputies: name the primary as their own",
        ),
        ("roles: {R-BOOK: {absences: [{person: a}]}}", "2: roles.R-BOOK.absences.0.from: is missing"),
        (
            "roles: {R-BOOK: {absences: [{person: a, from: 2027-02-02, to: 2027-02-01}]}}",
            "2: roles.R-BOOK.absences.0: ends before it begins",
        ),
        # override policies
        ("override_policies: {G9: {}}", "2: override_policies.G9: is 'G9'"),
        (
            "override_policies: {G3: {valid_to: 2027-01-01}}",
            "2: override_policies.G3.valid_to: is '2027-01-01'",
        ),
        ("override_policies: {G3: {}}", "2: override_policies.G3.valid_to: is missing"),
        (
            "override_mode: policy",
            "2: override_mode: override_policies lists no reason that R-CG and R-IG acknowledged",
        ),
    ],
)
def test_refused(tmp_path: Path, text: str, expected: str) -> None:
    found = problems(tmp_path, text)
    assert any(expected in problem for problem in found), found


IN_DATE = "valid_to: 2027-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "reason",
    [
        "OTHER_FREE_TEXT",
        "NOT_GIVEN",
        "UNKNOWN",
        "SAFETY_DOMESTIC_ABUSE",
        "HARM_OR_DISTRESS",
        "SENSITIVE_SERVICE_PRIVACY",
    ],
)
def test_c110_no_policy_overrides_a_protected_or_unclear_reason(tmp_path: Path, reason: str) -> None:
    text = (
        f"override_policies: {{G3: {{{IN_DATE}, reasons: [COST, {reason}], acknowledged_by: [R-CG, R-IG]}}}}"
    )
    (problem,) = problems(tmp_path, text)
    assert f"2: override_policies.G3.reasons.1: {reason} is a protected or unclear reason" in problem
    assert "allowed: COST, DATA_SECURITY_WORRY" in problem


def test_reasons_need_both_acknowledgements(tmp_path: Path) -> None:
    text = f"override_policies: {{G3: {{{IN_DATE}, reasons: [COST], acknowledged_by: [R-CG]}}}}"
    assert (
        "lists reasons that nobody acknowledged; allowed: acknowledged_by: [R-CG, R-IG]"
        in problems(tmp_path, text)[0]
    )


def test_a_reason_that_does_not_exist(tmp_path: Path) -> None:
    text = f"override_policies: {{G3: {{{IN_DATE}, reasons: [COSTS], acknowledged_by: [R-CG, R-IG]}}}}"
    assert "is 'COSTS'; did you mean COST?" in problems(tmp_path, text)[0]


@pytest.mark.parametrize("ground", ["G2", "G7"])
def test_grounds_that_are_never_automatic(tmp_path: Path, ground: str) -> None:
    acknowledged = "reasons: [COST], acknowledged_by: [R-CG, R-IG]"
    assert problems(tmp_path, f"override_policies: {{{ground}: {{{IN_DATE}}}}}") == []
    for text in (
        f"override_policies: {{{ground}: {{{IN_DATE}, {acknowledged}}}}}",
        f"override_mode: policy\noverride_policies: {{{ground}: {{{IN_DATE}}}, G3: {{{IN_DATE}, {acknowledged}}}}}",
    ):
        (problem,) = problems(tmp_path, text)
        assert f"{ground} is never overridden without a person's decision" in problem


def test_policy_mode_with_what_it_needs(tmp_path: Path) -> None:
    policy = f"{IN_DATE}, reasons: [COST, TOO_MANY_MESSAGES], acknowledged_by: [R-CG, R-IG]"
    assert problems(tmp_path, f"override_mode: policy\noverride_policies: {{G3: {{{policy}}}}}") == []


def test_all_problems_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    found = problems(tmp_path, "daily_cap: none\nchanels: {}\nshort_notice_hours: 0\nroles: {R-BOOK: 5}")
    assert [problem.partition(" ")[0] for problem in found] == ["2:", "3:", "4:", "5:"]


def test_a_role_that_nobody_holds(tmp_path: Path) -> None:
    _, nobody = problems(tmp_path, "roles: []")
    assert "2: roles: has nobody for R-ADMIN, R-BOOK" in nobody
    assert "their tasks would be unowned" in nobody


@pytest.mark.parametrize(
    "text",
    [
        "bank_holidays: [2026-12-25]",
        "bank_holidays: {region: scotland, extra: [2027-06-18], not: [2026-12-28]}",
        "working_days: daily",
        "channels: {im_commercial: {residency: US}}",  # it is closed
        "honour_phone_preference: none",
        "honour_phone_preference: all",
        "channels: {nhs_app: {sms_nudge: possible}}",
        "service_hours: {from: 00:00, to: 24:00, days: daily, bank_holidays: open}",
        "contact_line: {from: 09:00, to: 17:00}",
        "contact_line: {from: 09:00, to: 09:31}",
        "contact_line: {days: daily}",
        "strict_channels: yes",
        "sensitive_services: []",
        "app_unread_h: 0.5\napp_unread_short_h: 0.25",
        "quiet_hours: {from: 22:00, to: 07:00}",
        "urgent_window: {from: 06:00, to: 24:00}",
        "urgent_window: {from: 06:00, to: 02:00}",
        (
            "im_commercial: on\n"
            "channels: {im_commercial: {enabled: true, approved_by: a, dpia_ref: b, review_due: 2031-01-01}}\n"
            "organisation_order: [nhs_app, sms, email, letter, im_commercial]"
        ),
    ],
)
def test_allowed(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text) == []

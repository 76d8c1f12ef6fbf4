"""The shipped policy: the defaults of B15, channels, windows and bank holidays."""

import pytest

from streams.domain.calendar import DailyWindow, local_date
from streams.domain.time import DAY, HOUR, MINUTE, SECOND
from streams.domain.vocabulary import ROLES, Channel, Level, Purpose
from streams.policy.keys import PLAIN, TOP_LEVEL
from streams.policy.load import default_path, load, load_policy, read
from streams.policy.model import (
    AppFirst,
    OverrideMode,
    PermissionModel,
    PhoneCover,
    RecordMode,
    SmsNudge,
)
from tests.support.times import uk


def test_the_shipped_policy_has_the_defaults_of_b15() -> None:
    p = load(default_path())
    assert p.permission_model is PermissionModel.HYBRID
    assert p.override_mode is OverrideMode.ASSESSED
    assert p.nhs_app_first is AppFirst.WHEN_NO_PREFERENCE
    assert (p.l4_enabled, p.strict_channels, p.im_commercial, p.require_verified) == (False,) * 4
    assert p.honour_phone_preference == {PhoneCover.RESULTS, PhoneCover.SHORT_NOTICE}
    assert (p.short_notice, p.min_useful_notice) == (48 * HOUR, 120 * MINUTE)
    assert (p.settle_appointment, p.settle_result, p.coalesce) == (30 * SECOND, 30 * SECOND, 15 * MINUTE)
    assert (p.state_grace, p.merge_hold) == (120 * SECOND, 60 * MINUTE)
    assert (p.skew_tolerance, p.skew_reject, p.objection_lag_max) == (5 * MINUTE, 24 * HOUR, 10 * SECOND)
    assert p.quiet_hours == DailyWindow(21 * 60, 8 * 60)
    assert p.urgent_window == DailyWindow(7 * 60, 22 * 60)
    assert p.service_hours == p.contact_line == p.calendar.service
    assert p.service_hours.days == frozenset(range(5))
    assert (p.service_hours.start, p.service_hours.end) == (480, 1110)
    assert not p.service_hours.bank_holidays
    assert (p.letter_lead_days, p.contact_line_min) == (6, 30 * MINUTE)
    assert (p.app_unread_short, p.app_unread, p.confirm_within) == (HOUR, 24 * HOUR, 24 * HOUR)
    assert (p.verify_age, p.not_seen, p.template_grace) == (365 * DAY, 365 * DAY, 30 * DAY)
    assert (p.daily_cap, p.proxy_review_age, p.proxy_suspend_age) == (4, 13, 16)
    assert (p.standing_decision_months, p.review_sla_days, p.missed_action) == (12, 1, 7 * DAY)
    assert (p.materiality, p.action_buffer) == (15 * MINUTE, 30 * MINUTE)
    assert (p.surge_factor, p.surge_minimum, p.override_alert_rate) == (5.0, 50, 0.02)
    assert p.override_policies == {}
    assert p.roles.keys() == set(ROLES)
    assert all(cover.deputies and cover.lead and cover.on_call for cover in p.roles.values())
    assert {"GUM", "HIV", "TOP", "CAMHS", "SUBSTANCE"} <= p.sensitive_services
    assert p.record_mode.keys() == set(Purpose)
    assert p.record_mode[Purpose.APPT_CANCEL] is RecordMode.EXACT
    assert p.version.startswith("2026.11+")
    assert load_policy(None) == p == load_policy(default_path())


def test_the_shipped_channels_are_open_for_years() -> None:
    p = load(default_path())
    assert p.organisation_order == (Channel.NHS_APP, Channel.SMS, Channel.EMAIL, Channel.LETTER)
    for channel in p.organisation_order:
        settings = p.channels[channel]
        assert settings.enabled
        assert settings.approved_by
        assert settings.dpia_ref
        assert settings.review_due is not None
        assert settings.review_due > uk("Wed 31 Dec 2031 23:59")
        assert settings.latency == 60 * SECOND
    assert {c: p.channels[c].max_level for c in p.channels} == {
        Channel.NHS_APP: Level.L4,
        Channel.SMS: Level.L3,
        Channel.EMAIL: Level.L3,
        Channel.LETTER: Level.L4,
        Channel.IM_COMMERCIAL: Level.L0,
    }
    assert p.channels[Channel.NHS_APP].sms_nudge is SmsNudge.OFF
    assert not p.channels[Channel.IM_COMMERCIAL].enabled
    assert p.channels[Channel.LETTER].window is None


@pytest.mark.parametrize(
    ("channel", "moment", "is_open"),
    [
        (Channel.NHS_APP, "Fri 25 Dec 2026 06:00", True),
        (Channel.NHS_APP, "Fri 25 Dec 2026 22:00", False),
        (Channel.SMS, "Tue 01 Dec 2026 17:59:59.999", True),
        (Channel.SMS, "Tue 01 Dec 2026 18:00", False),
        (Channel.EMAIL, "Sat 05 Dec 2026 12:00", False),
        (Channel.EMAIL, "Mon 28 Dec 2026 12:00", False),  # the bank holiday of a Boxing Day on a Saturday
    ],
)
def test_the_shipped_windows_are_those_of_nhs_notify(channel: Channel, moment: str, is_open: bool) -> None:
    p = load(default_path())
    window = p.channels[channel].window
    assert window is not None
    assert p.calendar.is_open(window, uk(moment)) is is_open


@pytest.mark.parametrize(
    ("moment", "holiday"),
    [
        ("Fri 25 Dec 2026 12:00", True),
        ("Mon 28 Dec 2026 12:00", True),
        ("Fri 26 Mar 2027 12:00", True),
        ("Mon 29 Mar 2027 12:00", True),
        ("Mon 03 May 2027 12:00", True),
        ("Wed 25 Dec 2030 12:00", True),
        ("Tue 01 Dec 2026 12:00", False),
        ("Mon 30 Nov 2026 12:00", False),  # St Andrew's Day is Scotland's
    ],
)
def test_bank_holidays_of_england(moment: str, holiday: bool) -> None:
    assert (local_date(uk(moment)) in load(default_path()).calendar.bank_holidays) is holiday


def test_every_key_is_in_the_shipped_file() -> None:
    data = read(default_path()).data
    assert set(TOP_LEVEL) - {"templates"} == data.keys()
    for plain in PLAIN:
        group, dot, key = plain.key.partition(".")
        assert (key in data[group]) if dot else (group in data)

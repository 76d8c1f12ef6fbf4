"""The policy as one frozen value: every threshold and choice of B14 and B15, in checked form.

Decides nothing and reads nothing: ``policy.load`` makes one from the file, rules receive it inside
a ``Case``. Durations are milliseconds; keys of the file are named beside fields that differ.
"""

from enum import StrEnum

import msgspec

from streams.domain.calendar import Calendar, DailyWindow, WeeklyWindow
from streams.domain.time import Instant, Millis
from streams.domain.vocabulary import Channel, Ground, Level, Purpose, Role

from .templates import Registry


class PermissionModel(StrEnum):
    """B14 row 1: what an unasked patient may be sent electronically."""

    HYBRID = "hybrid"
    IMPLIED = "implied"
    EXPLICIT = "explicit"


class OverrideMode(StrEnum):
    """B14 row 4: what besides a one-off human decision may override a method objection."""

    ASSESSED = "assessed"
    NEVER = "never"
    POLICY = "policy"


class AppFirst(StrEnum):
    """B14 row 5."""

    WHEN_NO_PREFERENCE = "when_no_preference"
    ALWAYS_IF_ELIGIBLE = "always_if_eligible"


class PhoneCover(StrEnum):
    """What a preference for a phone call covers (``honour_phone_preference``)."""

    RESULTS = "results"
    SHORT_NOTICE = "short_notice"
    ALL = "all"


class RecordMode(StrEnum):
    EXACT = "exact"
    SUMMARY = "summary"


class SmsNudge(StrEnum):
    POSSIBLE = "possible"
    OFF = "off"


class ChannelPolicy(msgspec.Struct, frozen=True):
    """One entry of the channel registry (B5 test E1, A0-39). ``window`` None: any time."""

    enabled: bool
    approved_by: str
    dpia_ref: str
    review_due: Instant | None  # start of that London day; from then on the channel is closed
    max_level: Level  # at most the channel's ceiling (E3), lowered by strict_channels
    window: WeeklyWindow | None
    latency: Millis  # latency_s
    residency: str
    sms_nudge: SmsNudge = SmsNudge.OFF


class Absence(msgspec.Struct, frozen=True):
    person: str
    start: Instant
    end: Instant


class RoleCover(msgspec.Struct, frozen=True):
    """Who holds a role: ids of people or rotas, never names in outputs beyond these ids."""

    primary: str
    deputies: tuple[str, ...]
    lead: str
    on_call: str
    absences: tuple[Absence, ...] = ()


class OverridePolicy(msgspec.Struct, frozen=True):
    """An organisation's in-date policy for one ground (B7 row 9.5); ``ordinary`` allows row 9.6."""

    valid_to: Instant
    acknowledged_by: tuple[Role, ...] = ()
    reasons: tuple[str, ...] = ()


class Policy(msgspec.Struct, frozen=True):
    """The whole policy. The shipped default is ``deploy/policy/default.yaml``."""

    version: str
    permission_model: PermissionModel
    override_mode: OverrideMode
    nhs_app_first: AppFirst
    l4_enabled: bool
    strict_channels: bool
    im_commercial: bool
    honour_phone_preference: frozenset[PhoneCover]
    record_mode: dict[Purpose, RecordMode]
    require_verified: bool

    short_notice: Millis  # short_notice_hours
    min_useful_notice: Millis  # min_useful_notice_min
    settle_appointment: Millis  # settle_s.appointment
    settle_result: Millis  # settle_s.result
    coalesce: Millis  # coalesce_min
    state_grace: Millis  # state_grace_s
    merge_hold: Millis  # merge_hold_min
    skew_tolerance: Millis  # skew_tolerance_min
    skew_reject: Millis  # skew_reject_h
    objection_lag_max: Millis  # objection_lag_max_s
    max_event_age: Millis  # max_event_age_days
    quiet_hours: DailyWindow
    urgent_window: DailyWindow
    service_hours: WeeklyWindow
    contact_line: WeeklyWindow
    contact_line_min: Millis
    letter_lead_days: int
    app_unread_short: Millis  # app_unread_short_h
    app_unread: Millis  # app_unread_h
    confirm_within: Millis  # confirm_within_h
    verify_age: Millis  # verify_age_days
    daily_cap: int
    proxy_review_age: int
    proxy_suspend_age: int
    not_seen: Millis  # not_seen_days
    standing_decision_months: int
    review_sla_days: int
    missed_action: Millis  # missed_action_days
    materiality: Millis  # materiality_min
    action_buffer: Millis  # action_buffer_min
    surge_factor: float  # surge.factor
    surge_minimum: int  # surge.minimum
    override_alert_rate: float
    template_grace: Millis  # template_grace_days

    organisation: str
    organisation_order: tuple[Channel, ...]
    channels: dict[Channel, ChannelPolicy]
    sensitive_services: frozenset[str]
    roles: dict[Role, RoleCover]
    override_policies: dict[Ground, OverridePolicy]
    calendar: Calendar
    templates: Registry

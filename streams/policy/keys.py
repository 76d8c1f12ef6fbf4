"""The plain settings of a policy file: each key, the field it fills, its unit and its bounds (B15).

Bounds are those within which the rules still mean what they say; the reason stands beside a narrow one.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from streams.domain.time import DAY, HOUR, MINUTE, SECOND

from .items import Item

__all__ = ["PLAIN", "STRUCTURED", "TOP_LEVEL", "Plain"]


class Plain(NamedTuple):
    """``key`` as in the file (dotted when nested); ``field`` of Policy."""

    key: str
    field: str
    read: Callable[[Item], Any]


def _duration(unit: int, low: float, high: float, *, above: bool = False) -> Callable[[Item], int]:
    return lambda item: round(item.number(low, high, above=above) * unit)


def _whole(low: int, high: int) -> Callable[[Item], int]:
    return lambda item: item.whole(low, high)


def _flag(item: Item) -> bool:
    return item.flag()


PLAIN: Final = (
    Plain("l4_enabled", "l4_enabled", _flag),
    Plain("strict_channels", "strict_channels", _flag),
    Plain("im_commercial", "im_commercial", _flag),
    Plain("require_verified", "require_verified", _flag),
    # S0 line 67: the ground is "within 48 hours"; a wider window would widen the ground
    Plain("short_notice_hours", "short_notice", _duration(HOUR, 0, 48, above=True)),
    Plain("min_useful_notice_min", "min_useful_notice", _duration(MINUTE, 0, 1440)),
    Plain("settle_s.appointment", "settle_appointment", _duration(SECOND, 0, 3600)),
    Plain("settle_s.result", "settle_result", _duration(SECOND, 0, 3600)),
    Plain("coalesce_min", "coalesce", _duration(MINUTE, 0, 1440)),
    Plain("state_grace_s", "state_grace", _duration(SECOND, 0, 3600)),
    Plain("merge_hold_min", "merge_hold", _duration(MINUTE, 0, 1440)),
    Plain("skew_tolerance_min", "skew_tolerance", _duration(MINUTE, 0, 1440)),
    Plain("skew_reject_h", "skew_reject", _duration(HOUR, 0, 168, above=True)),
    Plain("objection_lag_max_s", "objection_lag_max", _duration(SECOND, 0, 3600, above=True)),
    Plain("max_event_age_days", "max_event_age", _duration(DAY, 0, 3650, above=True)),
    Plain("contact_line_min", "contact_line_min", _duration(MINUTE, 0, 600)),
    Plain("letter_lead_days", "letter_lead_days", _whole(1, 30)),
    Plain("app_unread_short_h", "app_unread_short", _duration(HOUR, 0, 48, above=True)),
    Plain("app_unread_h", "app_unread", _duration(HOUR, 0, 336, above=True)),
    Plain("confirm_within_h", "confirm_within", _duration(HOUR, 0, 336, above=True)),
    Plain("verify_age_days", "verify_age", _duration(DAY, 0, 3650, above=True)),
    Plain("daily_cap", "daily_cap", _whole(1, 100)),
    Plain("proxy_review_age", "proxy_review_age", _whole(1, 16)),
    Plain("proxy_suspend_age", "proxy_suspend_age", _whole(1, 16)),
    Plain("not_seen_days", "not_seen", _duration(DAY, 0, 3650, above=True)),
    # B7: a standing decision of more than 12 months is refused
    Plain("standing_decision_months", "standing_decision_months", _whole(1, 12)),
    Plain("review_sla_days", "review_sla_days", _whole(1, 10)),
    Plain("missed_action_days", "missed_action", _duration(DAY, 0, 90, above=True)),
    Plain("materiality_min", "materiality", _duration(MINUTE, 0, 1440)),
    Plain("action_buffer_min", "action_buffer", _duration(MINUTE, 0, 1440)),
    Plain("surge.factor", "surge_factor", lambda item: item.number(1, 1000)),
    Plain("surge.minimum", "surge_minimum", _whole(1, 1_000_000)),
    Plain("override_alert_rate", "override_alert_rate", lambda item: item.number(0, 1)),
    Plain("template_grace_days", "template_grace", _duration(DAY, 0, 90)),
)

#: Keys that have a shape of their own, read in ``policy.check``.
STRUCTURED: Final = (
    "version", "organisation", "permission_model", "override_mode", "nhs_app_first", "honour_phone_preference",
    "record_mode", "quiet_hours", "urgent_window", "service_hours", "contact_line", "working_days",
    "bank_holidays", "organisation_order", "channels", "sensitive_services", "roles", "override_policies",
    "templates",
)  # fmt: skip

TOP_LEVEL: Final = (*STRUCTURED, *dict.fromkeys(plain.key.partition(".")[0] for plain in PLAIN))


def groups() -> Mapping[str, tuple[str, ...]]:
    """Give the nested settings: group to the keys in it, for example surge to factor and minimum."""
    found: dict[str, tuple[str, ...]] = {}
    for plain in PLAIN:
        group, dot, key = plain.key.partition(".")
        if dot:
            found[group] = (*found.get(group, ()), key)
    return found

"""From a document to a checked ``Policy``, or to everything that is wrong with it.

Each key is read by itself; then settings that are right alone and wrong together are looked for. What is
only doubtful is refused in a file; a scenario may try it, since the rules themselves stay safe.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, TypeAlias

from streams.domain.calendar import Calendar, DailyWindow
from streams.domain.time import DAY, MINUTE
from streams.domain.vocabulary import SENDABLE, Channel, Level

from . import sections, windows
from .channels import channels
from .document import Document
from .items import Item, Problem, Problems, Weight
from .keys import PLAIN, TOP_LEVEL, groups
from .model import AppFirst, OverrideMode, PermissionModel, Policy
from .templates import Registry

__all__ = ["build"]

_Note: TypeAlias = Callable[[tuple[str, ...], str, str], None]


def build(document: Document, registry: Registry) -> tuple[Policy, tuple[Problem, ...]]:
    """Make a policy of a complete document. With any problem the policy is not to be used."""
    problems = Problems(document)
    fields = problems.root().table(TOP_LEVEL, required=TOP_LEVEL_REQUIRED)
    if document.data.get("version") is None:
        problems.note(("version",), "is missing", 'text, such as "2026.11"')
    reader = _Fields(fields, problems)
    mode = reader.choice("override_mode", OverrideMode)
    policy = Policy(
        version=f"{reader.text('version')}+{_fingerprint(document, registry)}",
        permission_model=reader.choice("permission_model", PermissionModel),
        override_mode=mode,
        nhs_app_first=reader.choice("nhs_app_first", AppFirst),
        honour_phone_preference=sections.phone_cover(reader.item("honour_phone_preference")),
        record_mode=sections.record_mode(reader.item("record_mode")),
        quiet_hours=windows.daily_window(reader.item("quiet_hours")),
        urgent_window=windows.daily_window(reader.item("urgent_window")),
        service_hours=windows.weekly_window(reader.item("service_hours")),
        contact_line=windows.weekly_window(_contact_line(reader)),
        organisation=reader.text("organisation"),
        organisation_order=reader.item("organisation_order").choices(Channel, SENDABLE),
        channels=channels(reader.item("channels"), strict=reader.flag("strict_channels")),
        sensitive_services=frozenset(e.text(40) for e in reader.item("sensitive_services").entries()),
        roles=sections.roles(reader.item("roles")),
        override_policies=sections.override_policies(reader.item("override_policies"), mode),
        calendar=Calendar(
            windows.bank_holidays(reader.item("bank_holidays")),
            windows.days(reader.item("working_days")),
            windows.weekly_window(reader.item("service_hours")),
        ),
        templates=registry,
        **reader.plain(),
    )
    if not problems.found:
        _contradictions(policy, document, problems)
    return policy, tuple(problems.found)


def _contact_line(reader: _Fields) -> Item:
    """The contact line is open as the service is, but for what it says itself (B15)."""
    line, hours = reader.item("contact_line"), reader.item("service_hours").value
    if not isinstance(hours, Mapping):
        return line  # that is noted already
    if line.value == "service_hours":
        return Item(hours, line.path, line.problems)
    return (
        Item({**hours, **line.value}, line.path, line.problems) if isinstance(line.value, Mapping) else line
    )


TOP_LEVEL_REQUIRED: Final = tuple(key for key in TOP_LEVEL if key not in ("version", "templates"))


class _Fields:
    """The top level of a document; a key that is missing was noted already and reads as nothing."""

    def __init__(self, fields: Mapping[str, Item], problems: Problems) -> None:
        self._fields = fields
        self._silent = Problems(problems.document)  # notes about stand-ins for missing keys go nowhere
        self._problems = problems

    def item(self, key: str) -> Item:
        return self._fields.get(key) or Item({}, (key,), self._silent)

    def text(self, key: str) -> str:
        return self.item(key).text(80)

    def flag(self, key: str) -> bool:
        return Item(self.item(key).value, (key,), self._silent).flag()

    def choice(self, key: str, kind: type[Any]) -> Any:
        return self.item(key).choice(kind)

    def plain(self) -> dict[str, Any]:
        """Read every setting of ``keys.PLAIN`` into the field it fills."""
        nested = {group: self.item(group).table(keys, required=keys) for group, keys in groups().items()}
        found = {}
        for setting in PLAIN:
            group, dot, key = setting.key.partition(".")
            item = nested[group].get(key) if dot else self._fields.get(group)
            found[setting.field] = setting.read(item or Item(None, (setting.key,), self._silent))
        return found


def _fingerprint(document: Document, registry: Registry) -> str:
    """Eight hexadecimal digits over everything that decides: the settings and the wordings."""
    content = {key: value for key, value in document.data.items() if key != "templates"}
    content["templates"] = [(t.id, t.version, t.hash) for t in registry.templates]
    content["terms"] = [tuple(map(str, (t.word, t.kind, t.allowed_from))) for t in registry.terms.listed]
    text = json.dumps(content, sort_keys=True, default=str, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:8]


def _contradictions(policy: Policy, document: Document, problems: Problems) -> None:
    """Settings that are each allowed and do not fit together; noted at the one the file itself sets."""

    def note(keys: tuple[str, ...], what: str, allowed: str, weight: Weight = Weight.DOUBTFUL) -> None:
        own = next((key for key in keys if document.line((key,)) is not None), keys[0])
        problems.note((own,), what, allowed, weight)

    if not policy.calendar.working_days & policy.service_hours.days:
        note(
            ("working_days", "service_hours"),
            "the service is open on no working day: no deadline would ever come",
            "at least one day in both working_days and service_hours.days",
            Weight.REFUSED,
        )
    line = policy.contact_line
    if (line.end - line.start) * MINUTE <= policy.contact_line_min:
        note(
            ("contact_line_min", "contact_line", "service_hours"),
            "the line is never open for so long: no result would ever be told",
            "contact_line_min shorter than an opening of contact_line",
            Weight.REFUSED,
        )
    if policy.skew_reject <= policy.skew_tolerance:
        note(
            ("skew_reject_h", "skew_tolerance_min"),
            "what is set aside begins before what is tolerated ends",
            "skew_reject_h longer than skew_tolerance_min",
            Weight.REFUSED,
        )
    if policy.min_useful_notice >= policy.short_notice:
        note(
            ("min_useful_notice_min", "short_notice_hours"),
            "every short-notice change would come too late to be useful",
            "min_useful_notice_min shorter than short_notice_hours",
        )
    if policy.proxy_review_age > policy.proxy_suspend_age:
        note(
            ("proxy_review_age", "proxy_suspend_age"),
            "a parent's access would end before it is reviewed",
            "proxy_review_age at most proxy_suspend_age",
        )
    elif not 11 <= policy.proxy_review_age <= 13:
        note(("proxy_review_age",), f"is {policy.proxy_review_age}", "11 to 13 (B11)")
    if policy.app_unread_short > policy.app_unread:
        note(
            ("app_unread_short_h", "app_unread_h"),
            "an unread app message would wait longer at short notice than otherwise",
            "app_unread_short_h at most app_unread_h",
        )
    if not _covers_waking_hours(policy.urgent_window, policy.quiet_hours):
        note(
            ("urgent_window", "quiet_hours"),
            "at some times outside quiet hours urgent messages would wait while others go",
            "urgent_window at least all the time outside quiet_hours",
        )
    _channel_contradictions(policy, note)


def _channel_contradictions(policy: Policy, note: _Note) -> None:
    """The order, the switch for commercial apps and L4 against the channel registry."""
    for channel, settings in policy.channels.items():
        on = settings.enabled and (channel is not Channel.IM_COMMERCIAL or policy.im_commercial)
        if on and channel not in policy.organisation_order:
            note(
                ("organisation_order", "channels"),
                f"leaves out {channel}, which is enabled: it would never be used",
                "every enabled channel in organisation_order",
            )
    commercial = policy.channels.get(Channel.IM_COMMERCIAL)
    usable = commercial is not None and commercial.enabled
    if usable is not policy.im_commercial:
        note(
            ("im_commercial", "channels"),
            "im_commercial and channels.im_commercial.enabled (and approved) say different things",
            "both on, or both off",
        )
    carriers = (policy.channels.get(channel) for channel in (Channel.NHS_APP, Channel.LETTER))
    if policy.l4_enabled and not any(c is not None and c.max_level >= Level.L4 for c in carriers):
        note(
            ("l4_enabled", "channels"),
            "normal results may be told, but no channel may carry them",
            "max_level L4 for nhs_app or letter; or l4_enabled: false",
        )


@lru_cache(maxsize=64)
def _covers_waking_hours(urgent: DailyWindow, quiet: DailyWindow) -> bool:
    """Whether every minute outside quiet hours lies inside the urgent window, by the wall clock."""

    def inside(window: DailyWindow, minute: int) -> bool:
        if window.start < window.end:
            return window.start <= minute < window.end
        return minute >= window.start or minute < window.end

    return all(inside(urgent, m) or inside(quiet, m) for m in range(DAY // MINUTE))

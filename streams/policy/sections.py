"""The parts of a policy file that have a shape: windows, days, channels, roles, override policies.

Each reader notes what is wrong and goes on, so that one look finds every problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from streams.domain.calendar import DailyWindow, Day, Minutes, WeeklyWindow, day_number
from streams.domain.time import SECOND
from streams.domain.vocabulary import (
    ORDINARY_REASONS,
    SENDABLE,
    Channel,
    Ground,
    Level,
    ObjectionReason,
    Purpose,
    Role,
)

from .items import Item, Weight
from .model import (
    Absence,
    ChannelPolicy,
    OverrideMode,
    OverridePolicy,
    PhoneCover,
    RecordMode,
    RoleCover,
    SmsNudge,
)

__all__ = [
    "ALLOWED_RESIDENCY",
    "CHANNEL_CEILING",
    "bank_holidays",
    "channels",
    "daily_window",
    "days",
    "override_policies",
    "phone_cover",
    "record_mode",
    "roles",
    "weekly_window",
]

#: B5 test E3: no file may raise a channel above this.
CHANNEL_CEILING: Final = {
    Channel.NHS_APP: Level.L4,
    Channel.LETTER: Level.L4,
    Channel.SMS: Level.L3,
    Channel.EMAIL: Level.L3,
    Channel.IM_COMMERCIAL: Level.L0,
}
#: Where a provider may keep messages (A3-14, S3 line 50).
ALLOWED_RESIDENCY: Final = ("UK",)
STRICT: Final = frozenset({Channel.SMS, Channel.EMAIL})
#: Years for which bank holidays are computed: as far back as events are replayed, as far on as letters go.
HOLIDAY_YEARS: Final = range(2020, 2041)

_DAY_NAMES: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EVERY_DAY: Final = frozenset(range(7))
_REGIONS: Final = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern-ireland": "NIR"}
_REPEATED_HOUR: Final = range(60, 120)
_NEVER_AUTOMATIC: Final = frozenset({Ground.G2, Ground.G7})
_BOTH: Final = frozenset({Role.CG, Role.IG})


# --- days and windows ---


def days(item: Item) -> frozenset[int]:
    """Read weekdays: a list of names (Mon or Monday), or ``daily``."""
    if item.value == "daily":
        return _EVERY_DAY
    found = set()
    for entry in item.entries():
        name = str(entry.value).strip()[:3].title() if isinstance(entry.value, str) else ""
        if name in _DAY_NAMES:
            found.add(_DAY_NAMES.index(name))
        else:
            entry.wrong("is not a day of the week", f"daily, or a list of {', '.join(_DAY_NAMES)}")
    if not found:
        item.wrong("names no day", f"daily, or a list of {', '.join(_DAY_NAMES)}")
    return frozenset(found)


def daily_window(item: Item) -> DailyWindow:
    start, end = _from_to(item, item.table(("from", "to"), required=("from", "to")))
    if start == end:
        item.wrong("begins and ends at the same time", "two different times")
    return DailyWindow(start % 1440, end % 1440)


def weekly_window(item: Item) -> WeeklyWindow:
    """Read opening hours. Left out: ``days`` is Monday to Friday, ``bank_holidays`` is closed."""
    fields = item.table(("from", "to", "days", "bank_holidays"), required=("from", "to"))
    start, end = _from_to(item, fields)
    if start >= end:
        item.wrong("closes before it opens", "from earlier than to, within one day (24:00 is its end)")
    open_days = days(fields["days"]) if "days" in fields else frozenset(range(5))
    holidays = fields.get("bank_holidays")
    return WeeklyWindow(open_days, start, end, holidays is not None and _is_open(holidays))


def _is_open(item: Item) -> bool:
    if item.value in ("open", True):
        return True
    if item.value not in ("closed", False):
        item.wrong("is neither open nor closed", "open, closed")
    return False


def _from_to(item: Item, fields: Mapping[str, Item]) -> tuple[Minutes, Minutes]:
    times = [fields[key].time_of_day() if key in fields else 0 for key in ("from", "to")]
    for key, minutes in zip(("from", "to"), times, strict=True):
        if minutes in _REPEATED_HOUR:
            fields[key].wrong(
                "lies in the hour that the clocks skip in spring and repeat in autumn",
                "a time outside 01:00 to 01:59",
                Weight.DOUBTFUL,
            )
    return times[0], times[1]


def bank_holidays(item: Item) -> frozenset[Day]:
    """Read ``region`` with ``extra`` and ``not``, or a plain list of dates that stands for all of them."""
    if not isinstance(item.value, Mapping):
        return frozenset(entry.day() for entry in item.entries())
    fields = item.table(("region", "extra", "not"), required=("region",))
    region = fields["region"].value if "region" in fields else "england"
    if region not in _REGIONS:
        fields["region"].wrong("is not a region", ", ".join(_REGIONS))
        return frozenset()
    extra = {entry.day() for entry in fields["extra"].entries()} if "extra" in fields else set()
    working = {entry.day() for entry in fields["not"].entries()} if "not" in fields else set()
    return (_computed(region) | extra) - working


@lru_cache(maxsize=8)
def _computed(region: str) -> frozenset[Day]:
    import holidays  # half a second to load, and only a file with a region needs it

    found = holidays.country_holidays("GB", subdiv=_REGIONS[region], years=HOLIDAY_YEARS)
    return frozenset(day_number(day) for day in found)


# --- choices ---


def phone_cover(item: Item) -> frozenset[PhoneCover]:
    if item.value in (False, "none", "off"):
        return frozenset()
    return frozenset(item.choices(PhoneCover))


def record_mode(item: Item) -> dict[Purpose, RecordMode]:
    """Read a mode for every purpose; ``default`` is for those that are not named."""
    named = item.open_table()
    fallback = named.pop("default").choice(RecordMode) if "default" in named else RecordMode.EXACT
    modes = dict.fromkeys(Purpose, fallback)
    for name, entry in named.items():
        purpose = Item(name, entry.path, entry.problems).choice(Purpose)
        modes[purpose] = entry.choice(RecordMode)
    return modes


# --- channels ---

_CHANNEL_KEYS: Final = (
    "enabled", "approved_by", "dpia_ref", "review_due", "max_level", "window", "latency_s", "residency", "sms_nudge",
)  # fmt: skip


def channels(item: Item, *, strict: bool) -> dict[Channel, ChannelPolicy]:
    """Read the channel registry. A channel that lacks an approval or keeps data elsewhere is closed (E1).

    ``strict`` (strict_channels) lowers texts and emails to L1.
    """
    found = {}
    for name, entry in item.open_table().items():
        channel = Item(name, entry.path, entry.problems).choice(Channel, SENDABLE)
        found[channel] = _channel(channel, entry, strict=strict)
    return found


def _channel(channel: Channel, item: Item, *, strict: bool) -> ChannelPolicy:
    fields = item.table(_CHANNEL_KEYS, required=("enabled", "max_level", "latency_s", "residency"))
    enabled = fields["enabled"].flag() if "enabled" in fields else False
    max_level = fields["max_level"].choice(Level) if "max_level" in fields else Level.L0
    ceiling = CHANNEL_CEILING[channel]
    if max_level > ceiling:
        fields["max_level"].wrong(f"is above what {channel} may carry", f"L0 to {ceiling}")
    residency = fields["residency"].text(40) if "residency" in fields else ""
    approved = _is_approved(item, fields, enabled)
    kept_here = _is_kept_here(fields, residency, enabled)
    nudge = _sms_nudge(channel, fields)
    return ChannelPolicy(
        enabled and approved and kept_here,
        fields["approved_by"].text() if "approved_by" in fields else "",
        fields["dpia_ref"].text() if "dpia_ref" in fields else "",
        fields["review_due"].start_of_day() if "review_due" in fields else None,
        min(max_level, Level.L1) if strict and channel in STRICT else max_level,
        _window(fields),
        round(fields["latency_s"].number(0, 86_400) * SECOND) if "latency_s" in fields else 0,
        residency,
        nudge,
    )


def _is_approved(item: Item, fields: Mapping[str, Item], enabled: bool) -> bool:
    missing = [
        k for k in ("approved_by", "dpia_ref", "review_due") if k not in fields or fields[k].value == ""
    ]
    if enabled and missing:
        names = ", ".join(missing)
        item.wrong(
            f"is enabled without {names}",
            "a channel is enabled once it is approved, assessed and has a review date",
            Weight.DOUBTFUL,
        )
    return not {"approved_by", "dpia_ref"}.intersection(missing)


def _is_kept_here(fields: Mapping[str, Item], residency: str, enabled: bool) -> bool:
    if residency in ALLOWED_RESIDENCY:
        return True
    if enabled and "residency" in fields:
        fields["residency"].wrong(
            f"{residency!r} is not an allowed place for patients' messages",
            ", ".join(ALLOWED_RESIDENCY),
            Weight.DOUBTFUL,
        )
    return False


def _sms_nudge(channel: Channel, fields: Mapping[str, Item]) -> SmsNudge:
    if "sms_nudge" not in fields:
        return SmsNudge.OFF
    if channel is not Channel.NHS_APP:
        fields["sms_nudge"].wrong("only the NHS App can make a provider send a text", "leave it out")
    return fields["sms_nudge"].choice(SmsNudge, spellings={False: SmsNudge.OFF})


def _window(fields: Mapping[str, Item]) -> WeeklyWindow | None:
    if "window" not in fields or fields["window"].value == "any":
        return None
    return weekly_window(fields["window"])


# --- roles ---


def roles(item: Item) -> dict[Role, RoleCover]:
    """Read who holds each role: every role has cover, and nobody is their own deputy (C220)."""
    found = {}
    for name, entry in item.open_table().items():
        role = Item(name, entry.path, entry.problems).choice(Role)
        found[role] = _cover(entry)
    missing = [role for role in Role if role not in found]
    if missing:
        item.wrong(f"has nobody for {', '.join(missing)}: their tasks would be unowned", "every role of B13")
    return found


def _cover(item: Item) -> RoleCover:
    keys = ("primary", "deputies", "lead", "on_call")
    fields = item.table((*keys, "absences"), required=keys)
    named = {key: fields[key].text(80) for key in ("primary", "lead", "on_call") if key in fields}
    deputies = tuple(entry.text(80) for entry in fields["deputies"].entries()) if "deputies" in fields else ()
    if named.get("primary") in deputies:
        fields["deputies"].wrong("name the primary as their own deputy", "somebody else")
    absences = fields["absences"].entries() if "absences" in fields else []
    return RoleCover(
        named.get("primary", ""),
        deputies,
        named.get("lead", ""),
        named.get("on_call", ""),
        tuple(_absence(entry) for entry in absences),
    )


def _absence(item: Item) -> Absence:
    keys = ("person", "from", "to")
    fields = item.table(keys, required=keys)
    person = fields["person"].text(80) if "person" in fields else ""
    start = fields["from"].start_of_day() if "from" in fields else 0
    end = fields["to"].start_of_day() if "to" in fields else 0
    if len(fields) == len(keys) and end <= start:
        item.wrong("ends before it begins", "to is the day of return, after from")
    return Absence(person, start, end)


# --- override policies ---


def override_policies(item: Item, mode: OverrideMode) -> dict[Ground, OverridePolicy]:
    """Read the organisation's policies for the grounds of B7; what 9.5 and 9.6 may never do is refused."""
    found = {}
    for name, entry in item.open_table().items():
        ground = Item(name, entry.path, entry.problems).choice(Ground)
        found[ground] = _override_policy(ground, entry, mode)
    if mode is OverrideMode.POLICY and not any(policy.reasons for policy in found.values()):
        Item(mode, ("override_mode",), item.problems).wrong(
            "override_policies lists no reason that R-CG and R-IG acknowledged",
            "a ground with valid_to, reasons and acknowledged_by: [R-CG, R-IG]; or override_mode: assessed",
            Weight.DOUBTFUL,
        )
    return found


def _override_policy(ground: Ground, item: Item, mode: OverrideMode) -> OverridePolicy:
    fields = item.table(("valid_to", "reasons", "acknowledged_by"), required=("valid_to",))
    acknowledged = fields["acknowledged_by"].choices(Role) if "acknowledged_by" in fields else ()
    reasons = _reasons(fields["reasons"]) if "reasons" in fields else ()
    if ground in _NEVER_AUTOMATIC and (mode is OverrideMode.POLICY or reasons):
        item.wrong(
            f"{ground} is never overridden without a person's decision (B7 row 9.6)",
            "leave it out, or override_mode: assessed without reasons",
        )
    if reasons and not set(acknowledged) >= _BOTH:
        item.wrong(
            "lists reasons that nobody acknowledged",
            "acknowledged_by: [R-CG, R-IG], the Caldicott Guardian and the IG lead",
            Weight.DOUBTFUL,
        )
    return OverridePolicy(fields["valid_to"].moment() if "valid_to" in fields else 0, acknowledged, reasons)


def _reasons(item: Item) -> tuple[str, ...]:
    ordinary = sorted(ORDINARY_REASONS)
    for entry in item.entries():
        if entry.value in frozenset(ObjectionReason) - ORDINARY_REASONS:
            entry.wrong(
                f"{entry.value} is a protected or unclear reason: it is never overridden by a rule (C110)",
                ", ".join(ordinary),
            )
            return ()
    return tuple(item.choices(ObjectionReason, ordinary))

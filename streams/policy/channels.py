"""The channel registry of a policy file: what is open, how much it may carry, when, and who approved it (B5).

Each reader notes what is wrong and goes on, so that one look finds every problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streams.domain.calendar import WeeklyWindow
from streams.domain.time import SECOND
from streams.domain.vocabulary import SENDABLE, Channel, Level

from .items import Item, Weight
from .model import ChannelPolicy, SmsNudge
from .windows import weekly_window

__all__ = ["ALLOWED_RESIDENCY", "CHANNEL_CEILING", "channels"]

#: B5 test E3: no file may raise a channel above this. The rules go by ``ChannelPolicy.max_level`` alone.
CHANNEL_CEILING: Final = {
    Channel.NHS_APP: Level.L4,
    Channel.LETTER: Level.L4,
    Channel.SMS: Level.L3,
    Channel.EMAIL: Level.L3,
    Channel.IM_COMMERCIAL: Level.L0,
}
#: Where a provider may keep messages (A3-14, S3 line 50).
ALLOWED_RESIDENCY: Final = ("UK",)
_STRICT: Final = frozenset({Channel.SMS, Channel.EMAIL})

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
        min(max_level, Level.L1) if strict and channel in _STRICT else max_level,
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

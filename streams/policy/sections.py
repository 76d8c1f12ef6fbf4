"""The parts of a policy file that have a shape of their own: choices, roles, override policies.

Each reader notes what is wrong and goes on, so that one look finds every problem.
"""

from __future__ import annotations

from typing import Final

from streams.domain.vocabulary import ORDINARY_REASONS, ROLES, Ground, ObjectionReason, Purpose, Role

from .items import Item, Weight
from .model import Absence, OverrideMode, OverridePolicy, PhoneCover, RecordMode, RoleCover

__all__ = ["override_policies", "phone_cover", "record_mode", "roles"]

_NEVER_AUTOMATIC: Final = frozenset({Ground.G2, Ground.G7})
_BOTH: Final = frozenset({Role.CG, Role.IG})


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


# --- roles ---


def roles(item: Item) -> dict[Role, RoleCover]:
    """Read who holds each role: every role has cover, and nobody is their own deputy (C220)."""
    found = {}
    for name, entry in item.open_table().items():
        role = Item(name, entry.path, entry.problems).choice(Role, ROLES)
        found[role] = _cover(entry)
    missing = [role for role in ROLES if role not in found]
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
    acknowledged = fields["acknowledged_by"].choices(Role, ROLES) if "acknowledged_by" in fields else ()
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

"""An independent check: was a message sent on a channel to which its patient had objected?

Written from decisions.md B4 and the contract alone, over plain mappings as they lie on the topics. It
shares no code with the rules it checks, on purpose.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

Plain = Mapping[str, Any]

_ELECTRONIC: Final = frozenset({"nhs_app", "sms", "email", "im_commercial", "automated_voice"})
_FORTY_EIGHT_HOURS: Final = 48 * 3_600_000


def in_force(events: Iterable[Plain]) -> list[Plain]:
    """The objections left standing when these objection events have been applied, newest version each."""
    newest: dict[str, Plain] = {}
    for event in events:
        known = newest.get(event["objection_id"])
        if known is None or event["version"] > known["version"]:
            newest[event["objection_id"]] = event
    return [event for event in newest.values() if event["action"] != "WITHDRAWN"]


def covers(objection: Plain, channel: str, service: str, *, to_proxy: bool) -> bool:
    """Whether an objection forbids this channel for this service (B4). What cannot be read forbids more."""
    scope = objection["scope"]
    if scope == "RECIPIENT":
        return False
    if scope in ("WHOLE_CARE", "UNKNOWN"):
        return True
    in_service = not objection["services"] or service in objection["services"]
    if scope == "SERVICE":
        return in_service
    if to_proxy and objection["patient_only"]:
        return False
    if scope == "METHOD_GROUP":
        return channel in _ELECTRONIC if objection["channel_group"] == "ELECTRONIC" else True
    named = objection["channels"]
    in_method = not named or "UNKNOWN" in named or channel in named
    return in_method and (in_service or scope == "METHOD")


def is_excepted(objection: Plain, command: Plain, starts: Iterable[int]) -> bool:
    """Whether the patient agreed to this very use, when the objection was taken."""
    soon = any(0 < start - command["created_at"] <= _FORTY_EIGHT_HOURS for start in starts)
    return any(
        command["purpose"] in exception["purposes"]
        and command["channel"] in exception["channels"]
        and (soon or not exception["short_notice_only"])
        for exception in objection["exceptions"]
    )


def is_decided(objection: Plain, command: Plain, resolutions: Iterable[Plain]) -> bool:
    """Whether a person's decision about this version of the objection is on the topics, as the command says."""
    override = command["override"]
    if override is None or objection["scope"] in ("WHOLE_CARE", "UNKNOWN", "SERVICE"):
        return False
    if override["mode"] == "override_assessed":
        finding = objection["assessment"]
        return finding is not None and finding["acceptable"] and override["ground"] in finding["grounds"]
    kind = {"override_standing": "STANDING_DECISION", "override_one_off": "OVERRIDE_APPROVED"}.get(
        override["mode"]
    )
    return any(
        resolution["kind"] == kind
        and resolution["objection_id"] == objection["objection_id"]
        and resolution["objection_version"] == objection["version"]
        and resolution["channel"] == command["channel"]
        for resolution in resolutions
    )


def forbidden_by(
    command: Plain,
    service: str,
    starts: Iterable[int],
    objections: Iterable[Plain],
    resolutions: Iterable[Plain],
) -> list[str]:
    """The ids of objections that this command breaks; empty when it is rightful."""
    to_proxy = command["recipient_role"] == "PROXY"
    starts, resolutions = list(starts), list(resolutions)
    return [
        objection["objection_id"]
        for objection in in_force(objections)
        if covers(objection, command["channel"], service, to_proxy=to_proxy)
        and not is_excepted(objection, command, starts)
        and not is_decided(objection, command, resolutions)
    ]

"""Which channels can carry the message (B5, tests E1 to E10), and which of them is chosen.

An eligible channel has no blockers. Preferences only order (I9), permissions only cap (I10),
objections only forbid (I1).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from streams.domain.addresses import is_well_formed, same_place
from streams.domain.events import Contact, Permission
from streams.domain.patient import ObjectionEntry
from streams.domain.vocabulary import (
    SENDABLE,
    Channel,
    Level,
    NeedKind,
    PermissionState,
    Purpose,
    Reason,
    RecipientRole,
)
from streams.policy.model import AppFirst, PermissionModel, SmsNudge
from streams.policy.templates import Template

from .case import Case, Recipient
from .objections import (
    closes_unlisted,
    covering,
    excepted,
    permitted_once,
    refused,
    safe_channels,
)
from .timing import Release, release

_ELECTRONIC_MODEL: Final = frozenset({Channel.NHS_APP, Channel.SMS, Channel.EMAIL, Channel.IM_COMMERCIAL})
_NO_FORMATS: Final[frozenset[NeedKind]] = frozenset()
_STRICT: Final = frozenset({Channel.SMS, Channel.EMAIL})
_CEILING: Final = {
    Channel.NHS_APP: Level.L4,
    Channel.LETTER: Level.L4,
    Channel.SMS: Level.L3,
    Channel.EMAIL: Level.L3,
    Channel.IM_COMMERCIAL: Level.L0,
}


class Candidate(msgspec.Struct, frozen=True):
    """One channel, tested. ``covering`` are the objections that still block it after exceptions."""

    channel: Channel
    blockers: tuple[str, ...]
    contact: Contact | None = None
    level: Level = Level.L0
    lowered: bool = False
    template: Template | None = None
    release: Release | None = None
    covering: tuple[ObjectionEntry, ...] = ()
    excepted: bool = False
    refused: bool = False
    unverified: bool = False

    @property
    def eligible(self) -> bool:
        return not self.blockers


def candidates(case: Case) -> list[Candidate]:
    """Test every channel a command could name, the one that would be chosen first first."""
    recipient = _recipient(case)
    restricted = closes_unlisted(case)
    return [_test(case, recipient, channel, restricted) for channel in ranked(case, recipient)]


def first_or_all(case: Case) -> list[Candidate]:
    """Up to the first channel that is eligible without lowering: later ones could not be chosen (B5, choice).

    When there is none, every channel with what blocks it.
    """
    recipient = _recipient(case)
    restricted = closes_unlisted(case)
    found = []
    for channel in ranked(case, recipient):
        one = _test(case, recipient, channel, restricted)
        found.append(one)
        if not one.blockers and not one.lowered:
            break
    return found


def _recipient(case: Case) -> Recipient:
    assert case.recipient is not None, "stage 5 sets the recipient before stage 7"
    return case.recipient


def ranked(case: Case, recipient: Recipient) -> tuple[Channel, ...]:
    """The order of choice: preferences, then the organisation's order, a letter nobody asked for last (B5)."""
    return _ranked(recipient.preferred, case.policy.organisation_order, case.policy.nhs_app_first)


@lru_cache(maxsize=1_024)
def _ranked(
    preferred: tuple[Channel, ...], organisation: tuple[Channel, ...], app_first: AppFirst
) -> tuple[Channel, ...]:
    listed = [channel for channel in dict.fromkeys(preferred) if channel in organisation]
    others = [channel for channel in organisation if channel not in listed and channel is not Channel.LETTER]
    order = [*listed, *others]
    if Channel.LETTER in organisation and Channel.LETTER not in listed:
        order.append(Channel.LETTER)
    if app_first is AppFirst.ALWAYS_IF_ELIGIBLE and Channel.NHS_APP in order:
        order.remove(Channel.NHS_APP)
        order.insert(0, Channel.NHS_APP)
    return tuple(channel for channel in order if channel in SENDABLE)


def _test(case: Case, recipient: Recipient, channel: Channel, restricted: bool) -> Candidate:
    blockers: list[str] = []
    contact = usable_contact(recipient.contacts, channel)
    if contact is None:
        blockers.append("E2")
    if not _approved(case, channel):
        blockers.append("E1")
    unverified = contact is not None and _is_unverified(case, contact)
    if unverified and case.policy.require_verified:
        blockers.append("E2")
    used = _used(case, channel)
    blocking, lifted, refusal = _objected(case, recipient, channel, used)
    if blocking or refusal or (recipient.objected and any(one in recipient.objected for one in used)):
        blockers.append("E5")
    if restricted and not set(used).issubset(safe_channels(case.patient)):
        blockers.append("E6")
    level, template, over = _fit_level(case, recipient, channel, contact, unverified)
    blockers.extend(over)
    if channel in case.tried:
        blockers.append("E9")
    leaves = release(case, channel)
    if leaves is None:
        blockers.append("E8")
    return Candidate(
        channel,
        tuple(blockers),
        contact,
        level,
        level < case.level,
        template,
        leaves,
        tuple(blocking),
        lifted,
        refusal,
        unverified,
    )


def _approved(case: Case, channel: Channel) -> bool:
    """E1: in the registry, approved, with a DPIA, accreditation in date, circuit closed."""
    circuit = case.shard.circuits.get(channel)
    if circuit is not None and case.now < circuit.open_until:
        return False
    settings = case.policy.channels.get(channel)
    if settings is None or not settings.enabled:
        return False
    if channel is Channel.IM_COMMERCIAL and not case.policy.im_commercial:
        return False
    return settings.review_due is None or case.now < settings.review_due


def usable_contact(contacts: tuple[Contact, ...], channel: Channel) -> Contact | None:
    """E2: the first detail that is well-formed and neither bounced, unsafe nor restricted."""
    for contact in contacts:
        if (
            contact.channel is channel
            and not (contact.bounced or contact.unsafe or contact.restricted)
            and is_well_formed(channel, contact.value)
        ):
            return contact
    return None


def _is_unverified(case: Case, contact: Contact) -> bool:
    verified = contact.verified_at
    return verified is None or case.now - verified > case.policy.verify_age


def _used(case: Case, channel: Channel) -> tuple[Channel, ...]:
    """The channels that a message uses: a provider's side effect counts (B5), for E5 and E6 and no other test."""
    settings = case.policy.channels.get(channel)
    if settings is not None and settings.sms_nudge is SmsNudge.POSSIBLE:
        return channel, Channel.SMS
    return (channel,)


def _objected(
    case: Case, recipient: Recipient, channel: Channel, used: tuple[Channel, ...]
) -> tuple[list[ObjectionEntry], bool, bool]:
    """E5: the objections that still block, whether an exception lifted one, whether permission was refused."""
    if not case.patient.objections and not case.patient.permissions:
        return [], False, False
    proxy = recipient.role is RecipientRole.PROXY
    blocking: list[ObjectionEntry] = []
    lifted = False
    for one in used:
        for entry in covering(case, one, proxy=proxy):
            if excepted(case, entry.body, one):
                lifted = True
            elif not permitted_once(case, channel, entry):
                blocking.append(entry)
    refusal = not proxy and any(refused(case.patient, one) for one in used)
    return blocking, lifted, refusal


def _fit_level(
    case: Case, recipient: Recipient, channel: Channel, contact: Contact | None, unverified: bool
) -> tuple[Level, Template | None, list[str]]:
    """The level the message can have on this channel (the caps of B5), its template, and what stops it.

    A cap lowers the message where an approved template exists at the lower level; otherwise the test that
    caps is the blocker.
    """
    permission = _permission_cap(case, recipient, channel)
    ceiling = _channel_cap(case, channel)
    sharing = _sharing_cap(case, recipient, contact) if contact is not None else Level.L5
    context = min(case.cap, recipient.cap)
    wanted = case.level
    if permission is not None and not unverified and wanted <= min(permission, ceiling, sharing, context):
        level, template, needs_unmet = _template(case, channel, wanted)
        if level is wanted and template is not None:
            return wanted, template, []  # the usual answer: nothing caps, and there is a wording
    caps = [(permission, "E4"), (ceiling, "E3"), (sharing, "E10"), (context, "E3")]
    if unverified:
        caps.append((Level.L1, "E2"))
    blockers = []
    cap = wanted
    for limit, test in caps:
        if limit is None:
            blockers.append(test)
        elif limit < cap:
            cap = limit
    level, template, needs_unmet = _template(case, channel, cap)
    if template is None:
        if needs_unmet:
            blockers.append("E7")
        elif cap < wanted:
            blockers.extend(test for limit, test in caps if limit is not None and limit < wanted)
        else:
            blockers.append("4.6")
    return level, template, blockers


def _template(case: Case, channel: Channel, cap: Level) -> tuple[Level, Template | None, bool]:
    """The approved template at the highest level not above the cap that meets every need (4.6, E7)."""
    registry = case.policy.templates
    language = _language(case)
    if not case.patient.needs:
        return _highest(case, channel, cap, language)
    needs = [need for need in case.patient.needs if channel not in need.accessible_channels]
    formats = frozenset(need.kind for need in needs if need.kind is not NeedKind.INTERPRETER)
    unmet = False
    for level in registry.levels(case.purpose):
        if level > cap:
            continue
        template = registry.find(
            case.purpose, level, channel, language, formats, case.now, case.policy.template_grace
        )
        if template is None:
            continue
        spoken = [need for need in needs if need.kind is NeedKind.INTERPRETER]
        if any(need.language is None or need.language not in template.languages for need in spoken):
            unmet = True
            continue
        return level, template, False
    if formats and not unmet:
        unmet = any(
            registry.find(
                case.purpose, level, channel, language, frozenset(), case.now, case.policy.template_grace
            )
            for level in registry.levels(case.purpose)
            if level <= cap
        )
    return cap, None, unmet


def _highest(case: Case, channel: Channel, cap: Level, language: str) -> tuple[Level, Template | None, bool]:
    registry, grace = case.policy.templates, case.policy.template_grace
    for level in registry.levels(case.purpose):
        if level <= cap:
            template = registry.find(case.purpose, level, channel, language, _NO_FORMATS, case.now, grace)
            if template is not None:
                return level, template, False
    return cap, None, False


def _language(case: Case) -> str:
    for need in case.patient.needs:
        if need.kind is NeedKind.INTERPRETER and need.language:
            return need.language
    wishes = case.patient.preferences
    return wishes.language if wishes is not None and wishes.language else "en"


def language_of(case: Case, template: Template) -> str:
    """The language the message will be in: the wished one where the template has it, else English."""
    wished = _language(case)
    return wished if wished in template.languages else "en"


def _channel_cap(case: Case, channel: Channel) -> Level:
    settings = case.policy.channels.get(channel)
    limit = min(_CEILING[channel], settings.max_level) if settings is not None else Level.L0
    if case.policy.strict_channels and channel in _STRICT:
        limit = min(limit, Level.L1)
    return limit


def _permission_cap(case: Case, recipient: Recipient, channel: Channel) -> Level | None:
    """E4, the table of B9: how far a permission reaches on this channel; None when it does not permit."""
    if recipient.role is RecipientRole.PROXY:
        return recipient.cap
    permission = _permission(case, channel)
    if permission is not None and permission.state is PermissionState.OPTED_IN:
        excluded = permission.excluded_purposes
        if case.purpose in excluded or Purpose.UNKNOWN in excluded:
            return None  # a purpose we cannot read may be this one (1.2)
        return permission.max_level
    if channel not in _ELECTRONIC_MODEL:
        return Level.L4
    if permission is not None and permission.state is not PermissionState.NOT_ASKED:
        return Level.L4  # said no: counted as an objection (E5), not as a missing permission
    model = case.policy.permission_model
    if model is PermissionModel.EXPLICIT:
        return None
    clinical = case.level is Level.L4 or case.purpose is Purpose.FOLLOW_UP_CHECK
    if model is PermissionModel.HYBRID and clinical:
        return None
    return Level.L4 if clinical else Level.L3


def _permission(case: Case, channel: Channel) -> Permission | None:
    for permission in case.patient.permissions:
        if permission.channel is channel:
            return permission
    return None


def _sharing_cap(case: Case, recipient: Recipient, contact: Contact) -> Level:
    """E10: who else reads this detail? Another patient, or a parent whose proxy has ended (B11.2)."""
    shared = recipient.shared_places
    if shared and same_place(contact.channel, contact.value) in shared:
        return Level.L0
    if contact.shared_with <= 0:
        return Level.L5
    return Level.L1 if contact.relationship_recorded and case.level <= Level.L1 else Level.L0


def choose(case: Case, eligible: list[Candidate]) -> tuple[Candidate, Reason]:
    """Pick the channel (B5, choice) and say why it: the first in rank, one that needs no lowering before others."""
    preferred = _recipient(case).preferred
    best = next((one for one in eligible if not one.lowered), eligible[0])
    if best.excepted:
        return best, Reason.EXCEPTION
    if case.failed_before:
        return best, Reason.BOUNCE_FALLBACK
    if best.channel in preferred:
        return best, Reason.PREFERRED
    if best.channel is Channel.NHS_APP and case.policy.nhs_app_first is AppFirst.ALWAYS_IF_ELIGIBLE:
        return best, Reason.APP_DEFAULT
    return best, Reason.NON_PREFERRED_FALLBACK if preferred else Reason.APP_DEFAULT

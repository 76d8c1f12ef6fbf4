"""How much a message may say on a channel, and in which wording (the caps of B5: E2, E3, E4, E7, E10, and 4.6).

A cap lowers the message where an approved template exists at the lower level; otherwise the test that caps
is the blocker. A permission only ever caps (I10).
"""

from __future__ import annotations

from typing import Final

from streams.domain.addresses import same_place
from streams.domain.events import Contact, Permission
from streams.domain.patient import PatientState
from streams.domain.vocabulary import (
    Channel,
    Level,
    NeedKind,
    PermissionState,
    Purpose,
    RecipientRole,
)
from streams.policy.model import PermissionModel
from streams.policy.templates import NO_FORMATS, Template

from .case import Case, Recipient
from .purposes import LEVEL_OF

_ELECTRONIC_MODEL: Final = frozenset({Channel.NHS_APP, Channel.SMS, Channel.EMAIL, Channel.IM_COMMERCIAL})


def fit_level(
    case: Case, recipient: Recipient, channel: Channel, contact: Contact | None, unverified: bool
) -> tuple[Level, Template | None, list[str]]:
    """The level the message can have on this channel (the caps of B5), its template, and what stops it.

    A cap lowers the message where an approved template exists at the lower level; otherwise the test that
    caps is the blocker.
    """
    permission = _permission_cap(case, recipient, channel)
    ceiling = _channel_cap(case, channel)
    sharing = _sharing_cap(case, recipient, contact) if contact is not None else Level.L5
    context = case.cap if case.cap < recipient.cap else recipient.cap
    wanted = case.level
    capped = (
        permission is None or wanted > permission or wanted > ceiling or wanted > sharing or wanted > context
    )
    if not capped and not unverified:
        template = _wording(case, channel, wanted)
        if template is not None:
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
    uncapped = cap == LEVEL_OF.get(case.purpose)  # a lower level that the request asks for is a cap too
    levels = (wanted,) if uncapped else case.policy.templates.levels(case.purpose)
    level, template, needs_unmet = _template(case, channel, cap, levels)
    if template is None:
        if needs_unmet:
            blockers.append("E7")
        elif cap < wanted:
            blockers.extend(test for limit, test in caps if limit is not None and limit < wanted)
        else:
            blockers.append("4.6")
    return level, template, blockers


def _wording(case: Case, channel: Channel, level: Level) -> Template | None:
    """The approved template at exactly this level that meets every need."""
    if case.patient.needs:
        return _template(case, channel, level, (level,))[1]
    policy = case.policy
    return policy.templates.find(
        case.purpose, level, channel, _language(case), NO_FORMATS, case.now, policy.template_grace
    )


def _template(
    case: Case, channel: Channel, cap: Level, levels: tuple[Level, ...]
) -> tuple[Level, Template | None, bool]:
    """The approved template at the highest of these levels not above the cap that meets every need (4.6, E7)."""
    registry = case.policy.templates
    language = _language(case)
    if not case.patient.needs:
        return _highest(case, channel, cap, levels, language)
    needs = [need for need in case.patient.needs if channel not in need.accessible_channels]
    formats = frozenset(need.kind for need in needs if need.kind is not NeedKind.INTERPRETER)
    unmet = False
    for level in levels:
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
            for level in levels
            if level <= cap
        )
    return cap, None, unmet


def _highest(
    case: Case, channel: Channel, cap: Level, levels: tuple[Level, ...], language: str
) -> tuple[Level, Template | None, bool]:
    registry, grace = case.policy.templates, case.policy.template_grace
    for level in levels:
        if level <= cap:
            template = registry.find(case.purpose, level, channel, language, NO_FORMATS, case.now, grace)
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
    return wished if wished in template.texts else "en"


def _channel_cap(case: Case, channel: Channel) -> Level:
    """E3: what the channel may carry, which its ceiling and ``strict_channels`` bound (``policy.channels``)."""
    settings = case.policy.channels.get(channel)
    return settings.max_level if settings is not None else Level.L0


def _permission_cap(case: Case, recipient: Recipient, channel: Channel) -> Level | None:
    """E4, the table of B9: how far a permission reaches on this channel; None when it does not permit."""
    if recipient.role is RecipientRole.PROXY:
        return recipient.cap
    permission = permission_for(case.patient, channel)
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


def permission_for(patient: PatientState, channel: Channel) -> Permission | None:
    """What the patient answered when asked about this channel; None when nobody asked."""
    for permission in patient.permissions:
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

"""Which channels can carry the message (B5, tests E1 to E10), and which of them is chosen.

An eligible channel has no blockers. Preferences only order (I9), permissions only cap (I10),
objections only forbid (I1).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec

from streams.domain.addresses import is_well_formed
from streams.domain.events import Contact
from streams.domain.patient import ObjectionEntry
from streams.domain.vocabulary import (
    SENDABLE,
    Channel,
    Level,
    Reason,
    RecipientRole,
)
from streams.policy.model import AppFirst, SmsNudge
from streams.policy.templates import Template

from .caps import fit_level
from .case import Case, Recipient
from .objections import (
    closes_unlisted,
    covering,
    excepted,
    permitted_once,
    refused,
    safe_channels,
)
from .registry import is_registered
from .timing import Release, release


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """One channel, tested. ``covering`` are the objections that still block it after exceptions.

    ``beyond_override``: more is objected to than an override of this channel sets aside.
    """

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
    beyond_override: bool = False

    @property
    def eligible(self) -> bool:
        return not self.blockers


class Barred(msgspec.Struct, frozen=True, gc=False):
    """What stands against a channel whatever the message says (E1, E2, E5 and E6): found before the rest is tested."""

    blockers: tuple[str, ...]
    covering: tuple[ObjectionEntry, ...]
    excepted: bool
    refused: bool
    unverified: bool
    beyond_override: bool


_NONE_YET: Final[Mapping[Channel, Candidate]] = {}


def candidates(case: Case, known: Mapping[Channel, Candidate] = _NONE_YET) -> list[Candidate]:
    """Test every channel a command could name, the one that would be chosen first first. ``known``: tested before."""
    recipient = _recipient(case)
    restricted = closes_unlisted(case)
    found = []
    for channel in ranked(case, recipient):
        one = known.get(channel)
        if one is None:
            contact = usable_contact(recipient.contacts, channel)
            barred = _barred(case, recipient, channel, contact, restricted)
            one = _test(case, recipient, channel, contact, barred)
        found.append(one)
    return found


def first_or_all(case: Case) -> list[Candidate]:
    """The eligible ones, up to the first that needs no lowering: later ones could not be chosen (B5, choice).

    When there is none, every channel with what blocks it. One that is barred is not chosen, whatever level and
    time would be found for it: that is what half the price of a test is for.
    """
    recipient = _recipient(case)
    restricted = closes_unlisted(case)
    found = []
    tested: dict[Channel, Candidate] = {}
    for channel in ranked(case, recipient):
        contact = usable_contact(recipient.contacts, channel)
        if contact is None:
            continue
        barred = _barred(case, recipient, channel, contact, restricted)
        if barred.blockers:
            continue
        one = tested[channel] = _test(case, recipient, channel, contact, barred)
        if one.blockers:
            continue
        found.append(one)
        if not one.lowered:
            break
    return found or candidates(case, tested)


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


def _barred(
    case: Case, recipient: Recipient, channel: Channel, contact: Contact | None, restricted: bool
) -> Barred:
    blockers: list[str] = []
    if contact is None:
        blockers.append("E2")
    if not _approved(case, channel):
        blockers.append("E1")
    unverified = contact is not None and _is_unverified(case, contact)
    if unverified and case.policy.require_verified:
        blockers.append("E2")
    used = _used(case, channel)
    blocking, lifted, refusal, beyond = _objected(case, recipient, channel, used)
    if recipient.objected and _proxy_objects(recipient.objected, used):
        beyond = True  # what the patient's objection allows does not bind whoever receives it (B11.12)
    if blocking or refusal or beyond:
        blockers.append("E5")
    if restricted and not set(used).issubset(safe_channels(case.patient)):
        blockers.append("E6")
    return Barred(tuple(blockers), tuple(blocking), lifted, refusal, unverified, beyond)


def _test(
    case: Case, recipient: Recipient, channel: Channel, contact: Contact | None, barred: Barred
) -> Candidate:
    level, template, over = fit_level(case, recipient, channel, contact, barred.unverified)
    blockers = [*barred.blockers, *over]
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
        barred.covering,
        barred.excepted,
        barred.refused,
        barred.unverified,
        barred.beyond_override,
    )


def _approved(case: Case, channel: Channel) -> bool:
    """E1: in the registry, approved, with a DPIA, accreditation in date, circuit closed."""
    circuit = case.shard.circuits.get(channel)
    if circuit is not None and case.now < circuit.open_until:
        return False
    return is_registered(case.policy, channel, case.now)


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


def _proxy_objects(objected: tuple[Channel, ...], used: tuple[Channel, ...]) -> bool:
    """A proxy's own objections; to a channel that we cannot read: every channel (B4)."""
    return Channel.UNKNOWN in objected or any(one in objected for one in used)


def _objected(
    case: Case, recipient: Recipient, channel: Channel, used: tuple[Channel, ...]
) -> tuple[list[ObjectionEntry], bool, bool, bool]:
    """E5: the objections that still block, whether an exception lifted one, whether permission was refused.

    Last, whether one of them covers another channel that the message would use: people decide about the one
    that they name, and about nothing else (9.8, C226).
    """
    patient = case.patient
    if not patient.objections and not patient.permissions:
        return [], False, False, False
    proxy = recipient.role is RecipientRole.PROXY
    blocking: list[ObjectionEntry] = []
    lifted = refusal = beyond = False
    for one in used:
        refusal = refusal or refused(patient, one)
        for entry in covering(case, one, proxy=proxy) if patient.objections else ():
            if excepted(case, entry.body, one):
                lifted = True
            elif not permitted_once(case, one, entry):
                beyond = beyond or one is not channel
                if entry not in blocking:
                    blocking.append(entry)
    return blocking, lifted, refusal, beyond


def choose(case: Case, eligible: list[Candidate]) -> tuple[Candidate, Reason]:
    """Pick the channel (B5, choice) and say why it: the first in rank, one that needs no lowering before others."""
    preferred = _recipient(case).preferred
    best = eligible[0]
    for one in eligible:
        if not one.lowered:
            best = one
            break
    if best.excepted:
        return best, Reason.EXCEPTION
    if case.failed_before:
        return best, Reason.BOUNCE_FALLBACK
    if best.channel in preferred:
        return best, Reason.PREFERRED
    if best.channel is Channel.NHS_APP and case.policy.nhs_app_first is AppFirst.ALWAYS_IF_ELIGIBLE:
        return best, Reason.APP_DEFAULT
    return best, Reason.NON_PREFERRED_FALLBACK if preferred else Reason.APP_DEFAULT

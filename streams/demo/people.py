"""The patients of the made-up hospital: who they are, how they may be reached, what they wish.

Shares are chosen so that a small hospital shows everything; they are no statistics of any real one.
"""

from random import Random
from typing import Final

import msgspec

from streams.demo.hours import STATE_LOADED, TUESDAY, days_after, london
from streams.demo.names import FAMILY, GIVEN, STREETS
from streams.demo.nhs_numbers import invented_numbers
from streams.domain.events import (
    Agreement,
    CommsHold,
    Contact,
    Identity,
    Need,
    PatientSections,
    Permission,
    Preferences,
    Proxy,
    SafeContact,
)
from streams.domain.time import DAY
from streams.domain.vocabulary import (
    Channel,
    Death,
    Level,
    NeedKind,
    PermissionState,
    ProxyBasis,
    ProxyMode,
    Purpose,
    RecordStatus,
    Role,
)

_DRAMA_NUMBERS: Final = 1_000  # 07700 900000 to 900999 are kept free for invention; they repeat beyond
_WISHES: Final = (
    ((), 34),
    ((Channel.SMS, Channel.EMAIL), 24),
    ((Channel.NHS_APP, Channel.SMS), 18),
    ((Channel.EMAIL,), 9),
    ((Channel.LETTER,), 9),
    ((Channel.PHONE_HUMAN, Channel.LETTER), 3),
    ((Channel.SMS,), 3),
)


class Resident(msgspec.Struct, frozen=True):
    """One invented patient. ``traits`` name what is special, so that a story can ask for such a person."""

    patient_id: str
    identity: Identity
    sections: PatientSections
    traits: frozenset[str]

    @property
    def number(self) -> str:
        return self.identity.nhs_number


def residents(rng: Random, count: int, label: str = "") -> list[Resident]:
    """Invent ``count`` patients. The first ones are special in turn, so that small runs have all kinds."""
    return [_resident(rng, index, number, label) for index, number in enumerate(invented_numbers(rng, count))]


#: (trait, how many in a thousand). Traits exclude each other: a story gets what it asks for.
SPECIAL: Final = (
    ("unknown", 12),
    ("never_known", 6),
    ("dies", 8),
    ("dead", 3),
    ("invalid_record", 4),
    ("flagged", 3),
    ("left_area", 3),
    ("on_hold", 5),
    ("safe_contact", 5),
    ("child", 40),
    ("lacks_capacity", 8),
    ("no_contact", 6),
    ("needs", 20),
    ("declined", 15),
    ("threshold", 12),
)


def _special(rng: Random, index: int) -> str | None:
    if index < 2 * len(SPECIAL):
        return SPECIAL[index // 2][0]
    draw = rng.randrange(1000)
    for trait, share in SPECIAL:
        if draw < share:
            return trait
        draw -= share
    return None


def _resident(rng: Random, index: int, number: str, label: str) -> Resident:
    trait = _special(rng, index)
    given, family = rng.choice(GIVEN), rng.choice(FAMILY)
    born = days_after(-rng.randrange(18 * 366, 92 * 365))
    if trait == "child":
        born = days_after(-rng.randrange(365, 10 * 365))
    identity = Identity(
        nhs_number=number,
        family_name=family,
        given_name=given,
        born=born.isoformat(),
        record_status=RecordStatus.INVALID if trait == "invalid_record" else RecordStatus.VALID,
        death=rng.choice((Death.FORMAL, Death.INFORMAL)) if trait == "dead" else Death.NONE,
        sensitive_flag=trait == "flagged",
        exit_code="SCT" if trait == "left_area" else None,
        last_seen_at=london(TUESDAY, 9) - rng.randrange(5, 300) * DAY,
        lacks_capacity=trait == "lacks_capacity",
    )
    contacts = (
        ()
        if trait == "no_contact"
        else _contacts(rng, index, identity, some_electronic=trait == "safe_contact")
    )
    wish = rng.choices([channels for channels, _ in _WISHES], [share for _, share in _WISHES])[0]
    sections = PatientSections(
        identity=identity,
        contacts=contacts,
        preferences=Preferences(channels=wish) if wish else None,
        permissions=_permissions(rng, trait),
        needs=_needs(rng) if trait == "needs" else None,
        safe_contact=SafeContact(active=True, channels=(Channel.NHS_APP,), note_ref=f"plan-{index:06}")
        if trait == "safe_contact"
        else None,
        proxies=_proxies(rng, trait, index),
        hold=CommsHold(active=True, owner_role=Role.CSO, reason="review in progress")
        if trait == "on_hold"
        else None,
        agreements=(Agreement("HBA1C", "mmol/mol", london(days_after(120), 12), "clin-031"),)
        if trait == "threshold"
        else None,
    )
    return Resident(
        f"pat-{label}{index + 1:06}", identity, sections, frozenset({trait} if trait else {"anyone"})
    )


def phone(index: int) -> str:
    return f"+447700900{index % _DRAMA_NUMBERS:03}"


def _contacts(rng: Random, index: int, identity: Identity, *, some_electronic: bool) -> tuple[Contact, ...]:
    """Most people can be reached in several ways; a few details are old, wrong or shared."""
    name = (
        f"{identity.given_name}.{identity.family_name}.{index + 1}".lower().replace("'", "").replace("ë", "e")
    )
    address = f"{1 + index % 180} {STREETS[index % len(STREETS)]}, Leeds, LS1 4AP"
    offers = (
        (Channel.NHS_APP, identity.nhs_number, 62),
        (Channel.SMS, phone(index), 80),
        (Channel.EMAIL, f"{name}@example.org", 60),
        (Channel.LETTER, address, 97),
    )
    found = []
    for channel, value, share in offers:
        if not some_electronic and rng.randrange(100) >= share:
            continue
        old = channel is not Channel.NHS_APP and rng.randrange(100) < 5
        found.append(
            Contact(
                contact_id=f"{channel.value}-{index + 1}",
                channel=channel,
                value=value,
                verified_at=STATE_LOADED - (rng.randrange(400, 900) if old else rng.randrange(3, 330)) * DAY,
                bounced=channel is Channel.EMAIL and rng.randrange(100) < 2,
                unsafe=channel is Channel.SMS and rng.randrange(1000) < 4,
                shared_with=1 if channel is Channel.SMS and rng.randrange(100) < 3 else 0,
                relationship_recorded=True,
            )
        )
    return tuple(found)


def _permissions(rng: Random, trait: str | None) -> tuple[Permission, ...] | None:
    """Six in ten were asked and agreed; the others were never asked, which is not a no (B9)."""
    if trait == "declined":
        return (
            Permission(Channel.SMS, PermissionState.DECLINED),
            Permission(Channel.EMAIL, PermissionState.WITHDRAWN),
        )
    if trait == "threshold":
        return (Permission(Channel.NHS_APP, PermissionState.OPTED_IN, Level.L4, evidence_ref="form-17"),)
    if rng.randrange(100) >= 60:
        return None
    excluded = (Purpose.RESULT_AVAILABLE, Purpose.RESULT_NORMAL) if rng.randrange(100) < 6 else ()
    return tuple(
        Permission(channel, PermissionState.OPTED_IN, Level.L3, excluded, "form-12")
        for channel in (Channel.NHS_APP, Channel.SMS, Channel.EMAIL)
    )


def _needs(rng: Random) -> tuple[Need, ...]:
    return rng.choice(
        (
            (Need(NeedKind.LARGE_PRINT),),
            (Need(NeedKind.BSL, accessible_channels=(Channel.SMS, Channel.EMAIL)),),
            (Need(NeedKind.INTERPRETER, "pl", (Channel.EMAIL,)),),
            (Need(NeedKind.EASY_READ),),
            (Need(NeedKind.BRAILLE),),
        )
    )


def _proxies(rng: Random, trait: str | None, index: int) -> tuple[Proxy, ...] | None:
    if trait not in ("child", "lacks_capacity"):
        return None
    contact = Contact(f"sms-proxy-{index + 1}", Channel.SMS, phone(index + 500), STATE_LOADED - 40 * DAY)
    letter = Contact(
        f"letter-proxy-{index + 1}", Channel.LETTER, "3 Sample Lane, Leeds, LS1 4AP", STATE_LOADED - 40 * DAY
    )
    return (
        Proxy(
            proxy_id=f"proxy-{index + 1:06}",
            basis=ProxyBasis.PARENTAL
            if trait == "child"
            else rng.choice((ProxyBasis.LPA, ProxyBasis.COURT_DEPUTY)),
            mode=ProxyMode.STANDS_IN,
            verified=rng.randrange(100) < 92,
            own_organisation=True,
            primary=True,
            reviewed_at=STATE_LOADED - 60 * DAY,
            contacts=(contact, letter),
        ),
    )

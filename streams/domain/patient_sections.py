"""What a patient event says, section by section (contract 2): the person, how they are reached, what they want.

A section that is null is unchanged; one that is there replaces the whole section. All instants are
UTC milliseconds.
"""

import msgspec

from .time import Instant
from .vocabulary import (
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


class Identity(msgspec.Struct, frozen=True, array_like=True, gc=False):
    nhs_number: str
    family_name: str
    given_name: str
    aliases: tuple[str, ...] = ()
    born: str = ""
    record_status: RecordStatus = RecordStatus.VALID
    superseded_by: str | None = None
    death: Death = Death.NONE
    sensitive_flag: bool = False
    exit_code: str | None = None
    open_episode: bool = False
    last_seen_at: Instant | None = None
    lacks_capacity: bool = False
    competent_for: tuple[str, ...] = ()


class Contact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One way to reach a person, and how far it can be trusted."""

    contact_id: str
    channel: Channel
    value: str
    verified_at: Instant | None = None
    bounced: bool = False
    unsafe: bool = False
    restricted: bool = False
    shared_with: int = 0
    relationship_recorded: bool = False


class Preferences(msgspec.Struct, frozen=True, array_like=True, gc=False, rename={"from_": "from"}):
    """An ordered wish. Orders candidate channels; never blocks, never permits (vocabulary 1.2)."""

    channels: tuple[Channel, ...] = ()
    language: str | None = None
    from_: str | None = None
    to: str | None = None


class Permission(msgspec.Struct, frozen=True, array_like=True, gc=False):
    channel: Channel
    state: PermissionState
    max_level: Level = Level.L3
    excluded_purposes: tuple[Purpose, ...] = ()
    evidence_ref: str | None = None


class Need(msgspec.Struct, frozen=True, array_like=True, gc=False):
    kind: NeedKind
    language: str | None = None
    accessible_channels: tuple[Channel, ...] = ()


class SafeContact(msgspec.Struct, frozen=True, array_like=True, gc=False, rename={"from_": "from"}):
    """A safeguarding plan: the only channels and London times that may be used."""

    active: bool
    channels: tuple[Channel, ...] = ()
    from_: str | None = None
    to: str | None = None
    note_ref: str | None = None


class Proxy(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A verified stand-in for the patient. Empty purposes: all but results; empty services: all."""

    proxy_id: str
    basis: ProxyBasis = ProxyBasis.PARENTAL
    mode: ProxyMode = ProxyMode.STANDS_IN
    purposes: tuple[Purpose, ...] = ()
    services: tuple[str, ...] = ()
    max_level: Level = Level.L3
    valid_from: Instant | None = None
    valid_to: Instant | None = None
    verified: bool = False
    own_organisation: bool = False
    primary: bool = False
    excluded: bool = False
    reviewed_at: Instant | None = None
    contacts: tuple[Contact, ...] = ()
    objected_channels: tuple[Channel, ...] = ()


class CommsHold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A stop of all contact. Whose it is may be a word that we do not know: it stops all the same (1.2, 3.8)."""

    active: bool
    owner_role: Role = Role.IG
    reason: str = ""


class Agreement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A result threshold agreed beforehand with the patient (B10 row 9)."""

    test_code: str
    unit: str | None
    valid_to: Instant
    agreed_by: str


class PatientSections(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The sections of a patient event; one that is null is unchanged."""

    identity: Identity | None = None
    contacts: tuple[Contact, ...] | None = None
    preferences: Preferences | None = None
    permissions: tuple[Permission, ...] | None = None
    needs: tuple[Need, ...] | None = None
    safe_contact: SafeContact | None = None
    proxies: tuple[Proxy, ...] | None = None
    hold: CommsHold | None = None
    agreements: tuple[Agreement, ...] | None = None

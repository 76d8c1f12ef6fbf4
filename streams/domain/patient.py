"""What we know of one patient: the value behind one key of the patient table.

Holds facts and open obligations, decides nothing. Every part is immutable; a change is a new value.
Fields may be added at the end, with a default, and are never reordered: the changelog holds these as arrays
(``domain.packing``). All instants are UTC milliseconds. What is made once and never changed cannot come to refer to
itself, so these parts are none of the garbage collector's business (``gc=False``): cheaper to make and to drop.
"""

from __future__ import annotations

import msgspec

from .events import (
    Agreement,
    Appointment,
    CommsHold,
    Contact,
    Identity,
    Need,
    Objection,
    Permission,
    Preferences,
    Proxy,
    Request,
    Result,
    SafeContact,
)
from .position import Position
from .time import Instant
from .vocabulary import (
    AppointmentStatus,
    Channel,
    Ground,
    Level,
    Mode,
    Priority,
    Purpose,
    Reason,
    ReceiptStatus,
    RecipientRole,
    Role,
    StartsPrecision,
    SubjectKind,
    TaskStatus,
)


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the recipient was last told of an appointment: what a newer version is compared with (B1).

    ``withdrawn``: by a message that was taken back before anybody is known to have read it. ``carried``: under a
    number that was merged into this one (3.4).
    """

    version: int
    status: AppointmentStatus
    starts_at: Instant
    site: str
    mode: Mode
    join_link_ref: str | None
    clinician: str | None
    room: str | None
    precision: StartsPrecision | None = None  # None: told before this was kept
    withdrawn: bool = False
    carried: bool = False


class AppointmentEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The newest version of an appointment, and what was told of it.

    ``before`` is what had been told before the last message, for the case that it fails on every channel, and
    ``earlier`` what had been told before that, the latest first: several may fail.
    """

    version: int
    body: Appointment
    occurred_at: Instant
    told: Told | None = None
    before: Told | None = None
    earlier: tuple[Told, ...] = ()


class ResultEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The newest version of a result. ``told_at`` 0: not told. ``chase_at``: missed-action control (B10).

    ``told_version``: of which version. ``told_normal``: that it is normal, not only that it is there.
    ``told_by``: the result whose notice spoke for this one too. ``carried``: as in ``Told``.
    """

    version: int
    body: Result
    occurred_at: Instant
    told_at: Instant = 0
    chase_at: Instant = 0
    told_version: int = 0
    told_normal: bool = False
    told_by: str = ""
    carried: bool = False


class RequestEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    version: int
    body: Request
    occurred_at: Instant


class Forgotten(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is left of a result or request that is over: its newest version, and whether a result was told."""

    version: int
    told_at: Instant = 0
    told_normal: bool = False


class ObjectionEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An objection in its newest version; a withdrawn one stays as a tombstone.

    ``merged_from``: the merge that brought it (rule 3.4); empty for one that is the patient's own.
    """

    version: int
    body: Objection
    applied_at: Instant
    withdrawn: bool = False
    merged_from: str = ""


class Asked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An accepted request and how far it has come: one entry of B1, and the open hold if it is held.

    ``copy_to`` names the proxy of a copy (B11.7). ``ordinal`` counts the decisions made about it.
    ``waited`` holds the reasons whose waiting time is used up, so that no hold is entered twice.
    """

    kind: SubjectKind
    id: str
    version: int
    event_id: str
    position: Position
    occurred_at: Instant
    replay: bool = False
    copy_to: str | None = None
    until: Instant = 0
    reason: Reason | None = None
    rule: str = ""
    waited: tuple[Reason, ...] = ()
    ordinal: int = 0
    held_since: Instant = 0
    flags: tuple[str, ...] = ()

    def same_thing(self, other: Asked) -> bool:
        """Whether both are about the same appointment, result or request, and the same recipient."""
        return self.id == other.id and self.kind is other.kind and self.copy_to == other.copy_to

    @property
    def name(self) -> str:
        """The event that asked for it, as its decisions name it; a copy to a proxy is a request of its own."""
        return self.event_id if self.copy_to is None else f"{self.event_id}#copy:{self.copy_to}"

    @property
    def key(self) -> str:
        """The subject's key; a copy to a proxy is a request of its own."""
        subject = f"{self.kind!s}:{self.id}"  # !s: an enum's member is formatted at twice the price
        return subject if self.copy_to is None else f"{subject}:copy:{self.copy_to}"


class Sent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message that was commanded and is not yet known to have arrived (B6.2). ``overridden``: against an objection."""

    asked: Asked
    purpose: Purpose
    channel: Channel
    level: Level
    recipient: RecipientRole
    proxy_ref: str | None
    contact_id: str
    created_at: Instant
    valid_until: Instant
    confirm_by: Instant
    tried: tuple[Channel, ...] = ()
    status: ReceiptStatus | None = None
    closed: bool = False
    failed: bool = False
    overridden: bool = False


class OpenTask(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An escalation task that is not closed. ``asked`` is the request it stands for; None: a companion.

    ``stage`` 0..3 counts the reassignments at 50, 75 and 100 % of the time (B8.6).
    """

    version: int
    status: TaskStatus
    decision_id: str
    role: Role
    copy_roles: tuple[Role, ...]
    priority: Priority
    reason: Reason
    kind: SubjectKind
    id: str
    entity_version: int
    purpose: Purpose | None
    due_at: Instant
    acknowledge_by: Instant
    owner: str
    created_at: Instant
    asked: Asked | None = None
    ground: Ground | None = None
    options: tuple[str, ...] = ()
    do_not_use: tuple[Channel, ...] = ()
    safe_contact_ref: str | None = None
    claimed_by: str | None = None
    stage: int = 0
    wake_at: Instant = 0


class StandingDecision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A human decision, made beforehand, to use an objected channel for this person (B7 row 9.4).

    ``contact_hash`` and ``minor`` let it lapse when the detail changes or the patient turns 16.
    """

    objection_id: str
    objection_version: int
    ground: Ground
    channel: Channel
    purposes: tuple[Purpose, ...]
    max_level: Level
    decided_by: tuple[str, ...]
    rationale_ref: str
    valid_from: Instant
    valid_to: Instant
    contact_hash: str
    minor: bool


class StandingVersion(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The newest version of a standing decision that was heard of, and whether that was its revocation (1.5)."""

    version: int
    revoked: bool = False


class SectionVersions(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last applied version of each section of PatientEvent (contract 2)."""

    identity: int = 0
    contacts: int = 0
    preferences: int = 0
    permissions: int = 0
    needs: int = 0
    safe_contact: int = 0
    proxies: int = 0
    hold: int = 0
    agreements: int = 0


class PatientState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything a decision about one patient may depend on. Known once ``identity`` is there (3.2)."""

    version: int = 0
    identity: Identity | None = None
    contacts: tuple[Contact, ...] = ()
    preferences: Preferences | None = None
    permissions: tuple[Permission, ...] = ()
    needs: tuple[Need, ...] = ()
    safe_contact: SafeContact | None = None
    proxies: tuple[Proxy, ...] = ()
    hold: CommsHold | None = None
    agreements: tuple[Agreement, ...] = ()
    sections: SectionVersions = SectionVersions()
    objections: dict[str, ObjectionEntry] = {}
    standing: dict[str, StandingDecision] = {}
    appointments: dict[str, AppointmentEntry] = {}
    results: dict[str, ResultEntry] = {}
    requests: dict[str, RequestEntry] = {}
    asked: dict[str, Asked] = {}
    sent: dict[str, Sent] = {}
    tasks: dict[str, OpenTask] = {}
    recent: tuple[int, ...] = ()
    day: int = 0
    day_count: int = 0
    notice_until: Instant = 0
    notice_at: Instant = 0
    unreadable_objection: bool = False
    pruned_at: Instant = 0
    standing_versions: dict[str, StandingVersion] = {}
    forgotten: dict[int, Forgotten] = {}
    notice_to: str | None = None  # who got the last notice: a proxy's id, "" for the patient; None: not known
    notice_by: str = ""  # the result it was about
    told_to: str = ""  # the survivor of a merge who knows what was told here (3.4)

    @property
    def known(self) -> bool:
        return self.identity is not None

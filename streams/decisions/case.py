"""One request with everything a rule may look at: B1 as one frozen value.

A rule gets a ``Case`` and nothing else: no clock, no files, no other patient. Rows that only change
the context answer with a changed ``Case``. All instants are UTC milliseconds.
"""

from __future__ import annotations

import msgspec

from streams.domain.decision import Draft
from streams.domain.events import Appointment, Contact, Request
from streams.domain.patient import Asked, PatientState, ResultEntry, Told
from streams.domain.shard import ShardState
from streams.domain.time import Instant
from streams.domain.vocabulary import (
    AppointmentStatus,
    Channel,
    Ground,
    Level,
    Mode,
    Purpose,
    RecipientRole,
    SubjectKind,
)
from streams.policy.model import Policy

from .purposes import RESULT_PURPOSES


class Environment(msgspec.Struct, frozen=True, gc=False):
    """What is the same for every record of a turn: the policy, the clock's reading, the shard's own state."""

    policy: Policy
    now: Instant
    shard: ShardState = ShardState()


class Timing(msgspec.Struct, frozen=True, gc=False):
    """The derived times of B1. ``affected_start`` None: nothing is bound to a start (results, most requests).

    ``deadline`` is B1's delivery_deadline. ``over`` says that nothing in the future is affected (2.4);
    ``late`` that needed_by has passed. ``relevant_end``, of what is over: until when a change came before it.
    """

    affected_start: Instant | None = None
    needed_by: Instant | None = None
    deadline: Instant | None = None
    short_notice: bool = False
    late: bool = False
    over: bool = False
    relevant_start: Instant | None = None
    relevant_end: Instant | None = None


class Difference(msgspec.Struct, frozen=True, gc=False):
    """How an appointment differs from what the recipient was last told (2.3 to 2.5)."""

    any: bool = False
    material: bool = False
    moved: bool = False
    brought_forward: bool = False
    relocated: bool = False
    cancelled: bool = False


class Recipient(msgspec.Struct, frozen=True, gc=False):
    """The one person a command may address (B11), and what is known of reaching them."""

    role: RecipientRole
    proxy_ref: str | None
    contacts: tuple[Contact, ...]
    preferred: tuple[Channel, ...]
    objected: tuple[Channel, ...] = ()
    cap: Level = Level.L4
    shared_places: frozenset[tuple[Channel, str]] = frozenset()


class Permit(msgspec.Struct, frozen=True, gc=False):
    """A one-off approval: lifts E5 for one channel and nothing else (B7 row 9.8)."""

    ground: Ground
    channel: Channel
    objection_id: str
    objection_version: int
    decided_by: tuple[str, ...]
    rationale_ref: str


class Case(msgspec.Struct, frozen=True, gc=False):
    """What is decided about. The second half is context that rows of B3 may change. ``minor``: ``age.is_minor``."""

    patient_id: str
    patient: PatientState
    policy: Policy
    now: Instant
    shard: ShardState
    asked: Asked
    purpose: Purpose
    service: str
    sensitive: bool
    level: Level
    timing: Timing
    appointment: Appointment | None = None
    told: Told | None = None
    difference: Difference = Difference()
    minor: bool = False
    result: ResultEntry | None = None
    request: Request | None = None

    cap: Level = Level.L4
    recipient: Recipient | None = None
    removed_proxies: frozenset[str] = frozenset()
    no_override: bool = False
    tried: tuple[Channel, ...] = ()
    failed_before: bool = False
    permit: Permit | None = None
    companions: tuple[Draft, ...] = ()

    @property
    def is_result(self) -> bool:
        return self.asked.kind is SubjectKind.RESULT

    @property
    def is_appointment(self) -> bool:
        return self.asked.kind is SubjectKind.APPOINTMENT

    @property
    def services(self) -> tuple[str, ...]:
        """What it is about: of a reminder also its appointment's service, when the request names another."""
        body = self.appointment
        if self.request is None or body is None or body.service_code in ("", self.service):
            return (self.service,)
        return self.service, body.service_code

    @property
    def pressing(self) -> bool:
        """Short notice or a result: the P1 of B17's last rows."""
        return self.timing.short_notice or self.purpose in RESULT_PURPOSES

    @property
    def unreadable(self) -> bool:
        """The appointment's status, or where a booked one takes place, is a symbol we do not know (1.2)."""
        body = self.appointment
        if body is None or body.status is AppointmentStatus.CANCELLED:
            return False
        return body.status is AppointmentStatus.UNKNOWN or body.mode is Mode.UNKNOWN

    @property
    def state_only(self) -> bool:
        """ATTENDED and DID_NOT_ATTEND change what we know and ask for nothing (B1)."""
        return self.appointment is not None and self.appointment.status in (
            AppointmentStatus.ATTENDED,
            AppointmentStatus.DID_NOT_ATTEND,
        )

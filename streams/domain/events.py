"""The facts that arrive (contract 2): one class per input topic, an envelope and a body each.

A body is what the source says about one thing (an appointment, an objection); the envelope says
which fact this is. Two events with equal bodies and versions tell the same story twice. Values
have been decoded and typed, not yet judged: that is the work of stage 1 (``decisions.intake``).
All instants are UTC milliseconds. What a patient event says fills ``patient_sections``.
"""

from typing import Final, TypeAlias

import msgspec

from .patient_sections import (
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
from .time import Instant
from .vocabulary import (
    AppointmentStatus,
    Channel,
    ChannelGroup,
    Ground,
    InitiatedBy,
    Level,
    Mode,
    ObjectionAction,
    ObjectionReason,
    Purpose,
    ReceiptStatus,
    Release,
    ResolutionKind,
    ResultStatus,
    Role,
    Scope,
    StartsPrecision,
    Topic,
)

__all__ = [
    "BODY_OF",
    "Agreement",
    "Appointment",
    "Assessment",
    "Body",
    "CommsHold",
    "Contact",
    "Envelope",
    "Event",
    "Identity",
    "Need",
    "Objection",
    "ObjectionException",
    "PatientSections",
    "Permission",
    "Preferences",
    "Proxy",
    "Receipt",
    "Request",
    "Resolution",
    "Result",
    "SafeContact",
    "entity_id",
]


class Envelope(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What every event carries: which fact, about whom, in which version, since when."""

    event_id: str
    patient_id: str
    version: int
    occurred_at: Instant
    source: str
    recorded_by: str | None = None
    replay: bool = False


class Appointment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A snapshot of one appointment as its source knows it."""

    appointment_id: str
    status: AppointmentStatus
    starts_at: Instant
    starts_precision: StartsPrecision = StartsPrecision.INSTANT
    previous_starts_at: Instant | None = None
    service_code: str = ""
    service_sensitive: bool | None = None
    site: str = ""
    generic_site: str = ""
    mode: Mode = Mode.IN_PERSON
    clinician: str | None = None
    room: str | None = None
    join_link_ref: str | None = None
    initiated_by: InitiatedBy = InitiatedBy.UNKNOWN
    nhs_number: str | None = None
    family_name: str | None = None
    born: str | None = None


class Result(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One test result as the laboratory or the clinician's system knows it; never its value."""

    result_id: str
    status: ResultStatus
    test_code: str
    service_code: str
    sensitive_test: bool | None = None
    reviewed: bool = False
    reviewed_by: str | None = None
    release: Release = Release.UNSET
    critical: bool = False
    bad_news: bool = False
    abnormal: bool | None = None
    within_threshold: bool = False
    value_unit: str | None = None
    encounter_id: str | None = None
    responsible_clinician: str | None = None
    nhs_number: str | None = None
    family_name: str | None = None
    born: str | None = None


class ObjectionException(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the patient agreed to all the same; using it is not an override (B4)."""

    purposes: tuple[Purpose, ...] = ()
    channels: tuple[Channel, ...] = ()
    short_notice_only: bool = False


class Assessment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person's finding, made when the objection was registered (B7 row 9.5)."""

    grounds: tuple[Ground, ...]
    acceptable: bool
    assessed_by: str
    role: Role
    assessed_at: Instant
    rationale_ref: str


class Objection(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A patient asked us not to use their data in this way (S0 line 49)."""

    objection_id: str
    action: ObjectionAction
    scope: Scope
    channels: tuple[Channel, ...] = ()
    channel_group: ChannelGroup | None = None
    services: tuple[str, ...] = ()
    recipient_ref: str | None = None
    reason: ObjectionReason = ObjectionReason.NOT_GIVEN
    reason_note_ref: str | None = None
    received_at: Instant = 0
    received_via: str = ""
    patient_only: bool = False
    exceptions: tuple[ObjectionException, ...] = ()
    assessment: Assessment | None = None


class Request(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person or system asks for one message (reminder, invite, alert, ...)."""

    request_id: str
    purpose: Purpose
    service_code: str
    level: Level | None = None
    appointment_id: str | None = None
    needed_by: Instant | None = None
    authorised_by: str | None = None
    authoriser_role: Role | None = None
    campaign_ref: str | None = None
    ethics_review: bool = False
    second_approver: str | None = None
    parameters: dict[str, str] = {}


class Receipt(msgspec.Struct, frozen=True, array_like=True, gc=False):
    command_id: str
    status: ReceiptStatus
    channel: Channel
    provider_ref: str | None = None
    reason_code: str | None = None


class Resolution(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person acted: on a task, or by a decision that stands for a while."""

    task_id: str | None
    kind: ResolutionKind
    by: str
    role: Role
    second_by: str | None = None
    second_role: Role | None = None
    rationale_ref: str | None = None
    outcome_code: str | None = None
    objection_id: str | None = None
    objection_version: int | None = None
    ground: Ground | None = None
    channel: Channel | None = None
    purposes: tuple[Purpose, ...] = ()
    max_level: Level | None = None
    valid_from: Instant | None = None
    valid_to: Instant | None = None


#: Which it is the rules ask with ``type(body) is Appointment``: ``isinstance`` costs ten times that where the answer is
#: no, since structs have a metaclass of their own; none of them has subclasses.
Body: TypeAlias = Appointment | Result | Objection | PatientSections | Request | Receipt | Resolution

#: Which body each input topic carries.
BODY_OF: Final[dict[Topic, type[Body]]] = {
    Topic.APPOINTMENTS: Appointment,
    Topic.RESULTS: Result,
    Topic.OBJECTIONS: Objection,
    Topic.PATIENTS: PatientSections,
    Topic.REQUESTS: Request,
    Topic.RECEIPTS: Receipt,
    Topic.RESOLUTIONS: Resolution,
}


class Event(msgspec.Struct, frozen=True, gc=False):
    """One decoded input record: which fact, and what it says."""

    topic: Topic
    envelope: Envelope
    body: Body


def entity_id(body: Body) -> str:
    """Name the entity whose versions an event counts: the appointment, result, objection, ...

    A patient event has no entity of its own: its sections share the patient's versions.
    """
    match body:
        case Appointment():
            return body.appointment_id
        case Result():
            return body.result_id
        case Objection():
            return body.objection_id
        case Request():
            return body.request_id
        case Receipt():
            return body.command_id
        case Resolution():
            return body.task_id or body.objection_id or ""
        case _:
            return ""

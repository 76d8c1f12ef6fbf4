"""A second look at what a turn wrote, before it is committed, that shares no code with the rules.

Three things must never happen, and are looked for with the facts alone: a command on a channel that its
patient objects to, without an exception or a person's decision on file (I1, S6); a machine that sets aside
an objection whose reason is protected or unclear (9.1); and an accepted request that ends in nothing (I2).
It only counts; what it counts pages somebody (UnjustifiedObjectedSend, ProtectedOverride, ConservationGap).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from streams.domain.events import Event, Objection, entity_id
from streams.domain.patient import Asked, ObjectionEntry, PatientState
from streams.domain.records import Decision, Output, SendCommand
from streams.domain.time import HOUR, Instant
from streams.domain.vocabulary import (
    ELECTRONIC,
    ORDINARY_REASONS,
    Channel,
    ChannelGroup,
    Reason,
    RecipientRole,
    Scope,
    SubjectKind,
    Topic,
)

_REQUESTING: Final = frozenset({Topic.APPOINTMENTS, Topic.RESULTS, Topic.REQUESTS})
_NONE: Final[dict[str, Asked]] = {}
_ALL_OF_IT: Final = frozenset({Scope.WHOLE_CARE, Scope.UNKNOWN})
#: S0 line 67: what "short notice" in an exception means, whatever the policy says. Milliseconds.
_SHORT: Final = 48 * HOUR


def unjustified(patient: PatientState, command: SendCommand, before: PatientState | None = None) -> bool:
    """Whether the patient objects to this command and nobody has decided otherwise.

    ``before``: as the patient was until then, with the start that was told before this message tells another.
    """
    services = _services(patient, command)
    proxy = command.recipient_role is RecipientRole.PROXY
    return any(
        not entry.withdrawn
        and _forbids(entry.body, command.channel, services, proxy=proxy)
        and not _agreed((patient, before), entry.body, command)
        and not _decided(patient, entry, command)
        for entry in patient.objections.values()
    )


def protected_override(
    patient: PatientState, command: SendCommand, before: PatientState | None = None
) -> bool:
    """Whether a machine set aside an objection whose reason is protected or unclear: only a person may (9.1).

    The rules refuse it in two places (9.1, and the evidence of 9.4 to 9.6), the policy's check in a third.
    """
    override = command.override
    if override is None or override.mode is Reason.OVERRIDE_ONE_OFF:
        return False
    services = _services(patient, command)
    proxy = command.recipient_role is RecipientRole.PROXY
    return any(
        not entry.withdrawn
        and entry.body.reason not in ORDINARY_REASONS
        and _forbids(entry.body, command.channel, services, proxy=proxy)
        and not _agreed((patient, before), entry.body, command)
        for entry in patient.objections.values()
    )


def _forbids(
    objection: Objection, channel: Channel, services: tuple[str, ...] | None, *, proxy: bool
) -> bool:
    """B4, read so that what is not known forbids more."""
    scope = objection.scope
    if scope in _ALL_OF_IT:
        return True
    if scope is Scope.RECIPIENT or (proxy and objection.patient_only and scope is not Scope.SERVICE):
        return False
    here = not objection.services or services is None or any(one in objection.services for one in services)
    if scope is Scope.SERVICE:
        return here
    if scope is Scope.METHOD_AND_SERVICE and not here:
        return False
    if scope is Scope.METHOD_GROUP:
        return channel in ELECTRONIC or objection.channel_group is not ChannelGroup.ELECTRONIC
    named = objection.channels
    return not named or Channel.UNKNOWN in named or channel in named


def _agreed(patients: Sequence[PatientState | None], objection: Objection, command: SendCommand) -> bool:
    """Whether the patient excepted this purpose on this channel when objecting."""
    made = command.created_at
    return any(
        command.purpose in exception.purposes
        and command.channel in exception.channels
        and (not exception.short_notice_only or any(0 < at - made <= _SHORT for at in _starts(patients)))
        for exception in objection.exceptions
    )


def _starts(patients: Sequence[PatientState | None]) -> Iterator[Instant]:
    for patient in patients:
        for entry in () if patient is None else patient.appointments.values():
            yield entry.body.starts_at
            if entry.before is not None:  # what is known once the message since then did not arrive
                yield entry.before.starts_at
            if entry.told is not None:
                yield entry.told.starts_at
            elif entry.body.previous_starts_at is not None:  # what the source says it was
                yield entry.body.previous_starts_at


def _decided(patient: PatientState, entry: ObjectionEntry, command: SendCommand) -> bool:
    """Whether what the command calls a decision is on file for this objection in this version (9.4 to 9.8)."""
    override, objection = command.override, entry.body
    if override is None or objection.scope in _ALL_OF_IT or objection.scope is Scope.SERVICE:
        return False
    match override.mode:
        case Reason.OVERRIDE_ONE_OFF:
            named = override.objection_id, override.objection_version
            return bool(override.decided_by) and named == (objection.objection_id, entry.version)
        case Reason.OVERRIDE_STANDING:
            return any(
                (standing.objection_id, standing.objection_version) == (objection.objection_id, entry.version)
                and standing.channel is command.channel
                and standing.valid_from <= command.created_at < standing.valid_to
                for standing in patient.standing.values()
            )
        case Reason.OVERRIDE_ASSESSED:
            finding = objection.assessment
            return finding is not None and finding.acceptable and override.ground in finding.grounds
        case Reason.OVERRIDE_POLICY:
            return objection.reason in ORDINARY_REASONS and bool(override.decision_ref)
        case _:
            return False


def _services(patient: PatientState, command: SendCommand) -> tuple[str, ...] | None:
    """The services a command is about, its appointment's too; None when that is no longer known."""
    subject = command.subject
    match subject.kind:
        case SubjectKind.APPOINTMENT if subject.id in patient.appointments:
            return (patient.appointments[subject.id].body.service_code,)
        case SubjectKind.RESULT if subject.id in patient.results:
            return (patient.results[subject.id].body.service_code,)
        case SubjectKind.REQUEST if subject.id in patient.requests:
            body = patient.requests[subject.id].body
            booked = patient.appointments.get(body.appointment_id) if body.appointment_id else None
            return (body.service_code,) if booked is None else (body.service_code, booked.body.service_code)
        case _:
            return None


def without_outcome(
    before: PatientState | None, event: Event | None, after: PatientState | None, outputs: Sequence[Output]
) -> int:
    """How many requests ended in nothing: neither held on, nor decided. ``event`` None: the patient was woken.

    What was asked for now, and what was held before, is held still or a decision names it.
    """
    lost = 0
    held = _NONE if after is None else after.asked
    if event is not None and event.topic in _REQUESTING:
        asked_id = entity_id(event.body)
        lost += not _named(asked_id, outputs) and not any(asked.id == asked_id for asked in held.values())
    if before is not None and before.asked is not held and before.asked:
        for key, asked in before.asked.items():
            if key not in held and not _named(asked.id, outputs):
                lost += 1
    return lost


def _named(subject_id: str, outputs: Sequence[Output]) -> bool:
    subject_id = subject_id[:128]
    return any(type(output) is Decision and output.subject.id == subject_id for output in outputs)

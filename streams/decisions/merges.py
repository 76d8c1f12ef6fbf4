"""What comes of a merge (rule 3.4): who survives, which merge sent an event on, and what was told under the other number.

Told belongs to the appointment or result, not to the number (B1). A shard never looks into another's table, so what
was told travels as an event on the topic of what it is about: a snapshot of what was told, with the version that was
told. Its ``recorded_by`` says so (``Mark``); every other event of a merge is decided under the survivor.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from streams.domain.events import Appointment, Envelope, Event, Result
from streams.domain.patient import AppointmentEntry, PatientState, ResultEntry, Told
from streams.domain.time import Instant
from streams.domain.vocabulary import AppointmentStatus, RecordStatus

from .framing import tell
from .told import EARLIER, learned

#: Who sends an event on: the ``source`` of its envelope.
SENDER: Final = "heed"
_Entry = TypeVar("_Entry", AppointmentEntry, ResultEntry)


class Mark(StrEnum):
    """What an event of a merge says was told: known, sent and not known to have arrived, or told to be normal.

    ``-old``: and it is not true any more; what is, was decided under the other number.
    """

    TOLD = "#told"
    SENT = "#sent"
    OLD = "#told-old"
    OLD_SENT = "#sent-old"
    NORMAL = "#told-normal"


_OLD: Final = (Mark.OLD, Mark.OLD_SENT)
_UNSURE: Final = (Mark.SENT, Mark.OLD_SENT)


def survivor_of(patient: PatientState) -> str | None:
    """Whom a superseded record was merged into; None when it was not."""
    identity = patient.identity
    if identity is None or identity.record_status is not RecordStatus.SUPERSEDED:
        return None
    return identity.superseded_by or None


def origin(envelope: Envelope) -> str:
    """Which merge brought an event here; empty when it was filed under this patient."""
    return "" if envelope.source != SENDER else envelope.recorded_by or SENDER


def mark_of(event: Event) -> Mark | None:
    """What an event says was told under a number that was merged into this one; None when it is any other event."""
    by = event.envelope.recorded_by
    if event.envelope.source != SENDER or not by or not isinstance(event.body, (Appointment, Result)):
        return None
    return next((mark for mark in Mark if by.endswith(mark)), None)


def starts_again(patient: PatientState, event: Event) -> bool:
    """Whether the other number asks for a version to be told again, of which it had said that it was told."""
    body, envelope = event.body, event.envelope
    if envelope.source != SENDER or mark_of(event) is not None:
        return False
    if isinstance(body, Appointment):
        entry = patient.appointments.get(body.appointment_id)
        return entry is not None and any(_carried(one, envelope.version) for one in chain_of(entry))
    if isinstance(body, Result):
        result = patient.results.get(body.result_id)
        return result is not None and result.carried and result.told_version == envelope.version
    return False


def tells_the_same(patient: PatientState, event: Event) -> bool:
    """Whether the source says what is known of this version from a merge, which left out what is the other number's."""
    body, version = event.body, event.envelope.version
    if isinstance(body, Appointment):
        entry = patient.appointments[body.appointment_id]
        told = next((one for one in chain_of(entry) if _carried(one, version)), None)
        here = {"nhs_number": body.nhs_number, "previous_starts_at": body.previous_starts_at}
        return told is not None and replace(entry.body, status=told.status, **here) == body
    if isinstance(body, Result):
        result = patient.results[body.result_id]
        same = replace(result.body, nhs_number=body.nhs_number) == body
        return result.carried and result.told_version == version and same
    return False


def chain_of(entry: AppointmentEntry) -> list[Told]:
    """What was told of an appointment, the latest first."""
    return [one for one in (entry.told, entry.before, *entry.earlier) if one is not None]


def newest_version(patient: PatientState, event: Event) -> int:
    """The newest version known of what an event is about."""
    body, version = event.body, event.envelope.version
    entry: AppointmentEntry | ResultEntry | None = None
    if isinstance(body, Appointment):
        entry = patient.appointments.get(body.appointment_id)
    elif isinstance(body, Result):
        entry = patient.results.get(body.result_id)
    return version if entry is None else max(version, entry.version)


def changes(patient: PatientState, event: Event, occurred_at: Instant) -> dict[str, Any] | None:
    """The parts of the state that change by what a merge says was told, or is to be told again; None: it says neither."""
    mark, body = mark_of(event), event.body
    if mark is None and not starts_again(patient, event):
        return None
    version = event.envelope.version
    if isinstance(body, Appointment):
        # Whatever asks somebody to come to what is not true any more is for a person, until the truth is known (1.2).
        said = replace(body, status=AppointmentStatus.UNKNOWN) if mark in _OLD else body
        entry = patient.appointments.get(body.appointment_id) or AppointmentEntry(version, said, occurred_at)
        entry = _newer(entry, replace(event, body=said), occurred_at)
        told = _untold(entry, version) if mark is None else _told(entry, tell(body, version), mark)
        if told is None:
            return {}
        return {"appointments": {**patient.appointments, body.appointment_id: told}}
    if isinstance(body, Result):
        result = patient.results.get(body.result_id) or ResultEntry(version, body, occurred_at)
        if mark is not None and result.told_at:
            return {}
        result = replace(
            _newer(result, event, occurred_at),
            told_at=occurred_at if mark is not None else 0,
            chase_at=0,
            told_version=version if mark is not None else 0,
            told_normal=mark is Mark.NORMAL,
            told_by="",
            carried=mark is not None,
        )
        return {"results": {**patient.results, body.result_id: result}}
    return None


def _newer(entry: _Entry, event: Event, occurred_at: Instant) -> _Entry:
    """The entry with what an event says of it, unless something newer is known; a snapshot of what was told says less."""
    version = event.envelope.version
    if version < entry.version or (version == entry.version and mark_of(event) is not None):
        return entry
    return replace(entry, version=version, body=event.body, occurred_at=occurred_at)


def _told(entry: AppointmentEntry, told: Told, mark: Mark) -> AppointmentEntry | None:
    """It counts as told last, so that what is newer here is compared with it. None: it was known.

    A newer version that was told here was told as new, beside this one; not so one that says that it is off, nor one
    that was told as a change already: the same message would go again.
    """
    told, known = replace(told, withdrawn=mark in _UNSURE, carried=True), chain_of(entry)
    if any(_says(one) == _says(told) for one in known):
        return None
    newer = bool(known) and known[0].version > told.version
    if newer and (len(known) > 1 or known[0].status is AppointmentStatus.CANCELLED):
        return _knowing(entry, [known[0], told, *known[1:]])
    return learned(entry, told)


def _untold(entry: AppointmentEntry, version: int) -> AppointmentEntry:
    return _knowing(entry, [one for one in chain_of(entry) if not _carried(one, version)])


def _knowing(entry: AppointmentEntry, known: list[Told]) -> AppointmentEntry:
    told, before = (*known, None, None)[:2]
    return replace(entry, told=told, before=before, earlier=tuple(known[2 : 2 + EARLIER]))


def _carried(told: Told, version: int) -> bool:
    return told.carried and told.version == version


def _says(told: Told) -> Told:
    return replace(told, withdrawn=False, carried=False)

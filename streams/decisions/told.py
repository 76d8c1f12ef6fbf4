"""What the recipient knows (B1, "told"): set by a message, taken back when it failed on every channel."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from streams.domain.decision import Send
from streams.domain.events import Appointment
from streams.domain.patient import AppointmentEntry, Asked, ResultEntry
from streams.domain.time import Instant
from streams.domain.vocabulary import AppointmentStatus, Level, Mode, Purpose, SubjectKind

from .case import Case
from .desk import Desk
from .framing import tell
from .request import WAITED


def mark_told(desk: Desk, case: Case, send: Send | None = None, *, by: str = "") -> None:
    """The recipient now knows of this version; a copy to somebody else does not change that.

    ``by``: the result whose notice spoke for it (B10, coalescing).
    """
    asked, patient = case.asked, desk.patient
    if asked.copy_to is not None:
        return
    if asked.kind is SubjectKind.APPOINTMENT:
        entry = patient.appointments[asked.id]
        carried = send is None or carries_link(entry.body, case.purpose, send.level, send.parameters)
        entry = after_message(entry, asked.version, link=carried)
        desk.change(appointments={**patient.appointments, asked.id: entry})
        if owes_link(entry):
            again = for_the_link(asked, desk.now)
            desk.change(asked={**desk.patient.asked, again.key: again})
    elif asked.kind is SubjectKind.RESULT:
        chase = desk.now + desk.env.policy.missed_action if case.level is Level.L3 else 0
        result = replace(
            patient.results[asked.id],
            told_at=desk.now,
            chase_at=chase,
            told_version=asked.version,
            told_normal=case.purpose is Purpose.RESULT_NORMAL,
            told_by=by,
        )
        desk.change(results={**patient.results, asked.id: result})


def carries_link(body: Appointment, purpose: Purpose, level: Level, said: Mapping[str, str]) -> bool:
    """Whether a message with these parameters left no link to be told.

    A notice at L0 says nothing and asks for a call: whoever answers that knows the rest.
    """
    if body.mode is not Mode.VIDEO or purpose is Purpose.APPT_VIRTUAL_INVITE or level is Level.L0:
        return True
    return body.join_link_ref is None or body.join_link_ref in said.values()


def after_message(entry: AppointmentEntry, version: int, *, link: bool) -> AppointmentEntry:
    """What a recipient knows after a message about this version: of the ``link`` only if it was carried."""
    told, old = tell(entry.body, version), entry.told
    if not link:
        told = replace(told, join_link_ref=old.join_link_ref if old is not None else None)
    return replace(entry, told=told, before=old)


def owes_link(entry: AppointmentEntry) -> bool:
    """Whether the recipient knows of a video appointment and not of its link (APPT_VIRTUAL_INVITE, B1)."""
    told, body = entry.told, entry.body
    return (
        told is not None
        and body.status is AppointmentStatus.BOOKED
        and body.mode is Mode.VIDEO
        and body.join_link_ref not in (None, told.join_link_ref)
    )


def for_the_link(asked: Asked, now: Instant) -> Asked:
    """The request that follows a notice without the link: decided at once, when the notice counts as told."""
    return replace(asked, ordinal=asked.ordinal + 1, until=now, reason=None, rule="", waited=WAITED, flags=())


def untell(desk: Desk, asked: Asked) -> None:
    """The message failed on every channel tried: what was told before it is what the recipient knows.

    A copy that fails leaves what the patient was told.
    """
    patient = desk.patient
    if asked.copy_to is not None:
        return
    if asked.kind is SubjectKind.APPOINTMENT and asked.id in patient.appointments:
        entry = patient.appointments[asked.id]
        if entry.told is not None and entry.told.version == asked.version:
            entry = replace(entry, told=entry.before, before=None)
            desk.change(appointments={**patient.appointments, asked.id: entry})
    elif asked.kind is SubjectKind.RESULT and asked.id in patient.results:
        desk.change(results={**patient.results, asked.id: _untold(patient.results[asked.id])})


def untell_spoken_for(desk: Desk, result_id: str) -> list[tuple[str, int]]:
    """The results that a notice spoke for are not told either when it failed; their ids and versions."""
    results = desk.patient.results
    silent = {id_: entry for id_, entry in results.items() if entry.told_by == result_id and entry.told_at}
    if silent:
        desk.change(results={**results, **{id_: _untold(entry) for id_, entry in silent.items()}})
    return [(id_, entry.version) for id_, entry in silent.items()]


def _untold(entry: ResultEntry) -> ResultEntry:
    return replace(entry, told_at=0, chase_at=0, told_version=0, told_normal=False, told_by="")

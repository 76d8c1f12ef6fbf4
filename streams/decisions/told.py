"""What the recipient knows (B1, "told"): set by a message, taken back when it failed on every channel."""

from __future__ import annotations

from msgspec.structs import replace

from streams.domain.patient import Asked, ResultEntry
from streams.domain.vocabulary import Level, Purpose, SubjectKind

from .case import Case
from .desk import Desk
from .framing import tell


def mark_told(desk: Desk, case: Case, *, by: str = "") -> None:
    """The recipient now knows of this version; a copy to somebody else does not change that.

    ``by``: the result whose notice spoke for it (B10, coalescing).
    """
    asked, patient = case.asked, desk.patient
    if asked.copy_to is not None:
        return
    if asked.kind is SubjectKind.APPOINTMENT:
        entry = patient.appointments[asked.id]
        told = tell(entry.body, asked.version)
        entry = replace(entry, told=told, before=entry.told)
        desk.change(appointments={**patient.appointments, asked.id: entry})
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

"""What the recipient knows (B1, "told"): set by a message, taken back when it failed on every channel."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.decision import Send
from streams.domain.events import Appointment
from streams.domain.patient import AppointmentEntry, Asked, PatientState, ResultEntry, Sent, Told
from streams.domain.records import SendCommand
from streams.domain.time import Instant
from streams.domain.vocabulary import AppointmentStatus, Channel, Level, Mode, Purpose, SubjectKind

from .case import Case
from .desk import Desk
from .framing import tell
from .request import WAITED

_LINK: Final = "#link:"
#: As many messages as a day has (B14): of what failed longer ago a receipt changes nothing any more.
EARLIER: Final = 4


def mark_told(desk: Desk, case: Case, send: Send | None = None, *, by: str = "") -> None:
    """The recipient now knows of this version; ``by``: the result whose notice spoke for it (B10, coalescing)."""
    chase_at = desk.now + desk.env.policy.missed_action if case.level is Level.L3 else 0
    desk.patient = knows(desk.patient, case.asked, desk.now, case.purpose, send, chase_at=chase_at, by=by)


def knows(
    patient: PatientState,
    asked: Asked,
    at: Instant,
    purpose: Purpose | None,
    message: Send | SendCommand | None,
    *,
    chase_at: Instant,
    by: str = "",
) -> PatientState:
    """The state with this version told; a copy to somebody else does not change that.

    ``message`` None: another one spoke for it, or nobody knows any more what it said. Of a result: ``chase_at``,
    when nobody has rung by then; ``by``: see ``mark_told``.
    """
    if asked.copy_to is not None:
        return patient
    if asked.kind is SubjectKind.APPOINTMENT:
        entry = patient.appointments[asked.id]
        carried = message is None or carries_link(entry.body, purpose, message)
        entry = after_message(entry, asked.version, link=carried)
        patient = replace(patient, appointments={**patient.appointments, asked.id: entry})
        if owes_link(entry):
            assert message is not None, "one that nobody knows of is taken to have carried all"
            again = for_the_link(asked, message.channel, at)
            patient = replace(patient, asked={**patient.asked, again.key: again})
        return patient
    if asked.kind is SubjectKind.RESULT:
        result = replace(
            patient.results[asked.id],
            told_at=at,
            chase_at=chase_at,
            told_version=asked.version,
            told_normal=purpose is Purpose.RESULT_NORMAL,
            told_by=by,
            carried=False,
        )
        return replace(patient, results={**patient.results, asked.id: result})
    return patient


def carries_link(body: Appointment, purpose: Purpose | None, message: Send | SendCommand) -> bool:
    """Whether a message left no link to be told.

    A notice at L0 says nothing and asks for a call: whoever answers that knows the rest.
    """
    if body.mode is not Mode.VIDEO or purpose is Purpose.APPT_VIRTUAL_INVITE or message.level is Level.L0:
        return True
    return body.join_link_ref is None or body.join_link_ref in message.parameters.values()


def after_message(entry: AppointmentEntry, version: int, *, link: bool) -> AppointmentEntry:
    """What a recipient knows after a message about this version: of the ``link`` only if it was carried."""
    told, old = tell(entry.body, version), entry.told
    if not link:
        told = replace(told, join_link_ref=old.join_link_ref if old is not None else None)
    return learned(entry, told)


def learned(entry: AppointmentEntry, told: Told) -> AppointmentEntry:
    """The entry with what a recipient knows now, and what they knew before."""
    if entry.before is None:
        return replace(entry, told=told, before=entry.told)
    return replace(entry, told=told, before=entry.told, earlier=(entry.before, *entry.earlier[: EARLIER - 1]))


def owes_link(entry: AppointmentEntry) -> bool:
    """Whether the recipient knows of a video appointment and not of its link (APPT_VIRTUAL_INVITE, B1)."""
    told, body = entry.told, entry.body
    return (
        told is not None
        and body.status is AppointmentStatus.BOOKED
        and body.mode is Mode.VIDEO
        and body.join_link_ref not in (None, told.join_link_ref)
    )


def for_the_link(asked: Asked, channel: Channel, now: Instant) -> Asked:
    """The request that follows a notice without the link: decided at once, when the notice counts as told.

    One of its own, with an end of its own, for each channel by which a notice of that event went.
    """
    return replace(
        asked, event_id=f"{asked.event_id}{_LINK}{channel}", ordinal=asked.ordinal + 1,
        until=now, reason=None, rule="", waited=WAITED, flags=(),
    )  # fmt: skip


def is_link_after(asked: Asked, notice: Asked) -> bool:
    """Whether a request is for the link that this notice did not carry."""
    return _LINK in asked.event_id and asked.version == notice.version and asked.same_thing(notice)


def untell(desk: Desk, asked: Asked, sent_at: Instant | None = None) -> None:
    """The message failed on every channel tried: what was told before it is what the recipient knows.

    ``sent_at``: when that message left, where somebody may have told the same by other means since.
    """
    desk.patient = untold(desk.patient, asked, sent_at)


def untold(patient: PatientState, asked: Asked, sent_at: Instant | None = None) -> PatientState:
    """The state without what a message told. A copy that fails leaves what the patient was told."""
    if asked.copy_to is not None:
        return patient
    if asked.kind is SubjectKind.APPOINTMENT and asked.id in patient.appointments:
        entry = patient.appointments[asked.id]
        known = [one for one in (entry.told, entry.before, *entry.earlier) if one is not None]
        said = [n for n, one in enumerate(known) if one.version == asked.version]
        if not said:
            return patient
        # Of a version told more than once it was the last message, or an earlier one that failed after all.
        del known[said[0 if sent_at is None else -1]]
        told, before = (*known, None, None)[:2]
        entry = replace(entry, told=told, before=before, earlier=tuple(known[2:]))
        return replace(patient, appointments={**patient.appointments, asked.id: entry})
    if asked.kind is SubjectKind.RESULT and asked.id in patient.results:
        result = patient.results[asked.id]
        if result.told_version == asked.version and sent_at in (None, result.told_at):
            return replace(patient, results={**patient.results, asked.id: _untold(result)})
    return patient


def doubt(desk: Desk, asked: Asked, *, withdrawn: bool) -> None:
    """A message was ``withdrawn`` before it was known to be read, with none in its place; or it was read after all.

    Until then it may be known, and it may not: what differs from it is news, and so is the same once more (2.3).
    """
    entry = desk.patient.appointments.get(asked.id) if asked.kind is SubjectKind.APPOINTMENT else None
    told = entry.told if entry is not None and asked.copy_to is None else None
    if (
        entry is not None
        and told is not None
        and told.version == asked.version
        and told.withdrawn != withdrawn
    ):
        entry = replace(entry, told=replace(told, withdrawn=withdrawn))
        desk.change(appointments={**desk.patient.appointments, asked.id: entry})


def hand_on(desk: Desk, command_id: str, sent: Sent) -> Sent | None:
    """A notice that says nothing of its own result any more is the notice of the next one it spoke for (B10).

    Whether it arrived still matters to those; None when it spoke for no other.
    """
    results = desk.patient.results
    if sent.asked.kind is not SubjectKind.RESULT or sent.asked.copy_to is not None:
        return None
    others = [id_ for id_, entry in results.items() if entry.told_by == sent.asked.id and entry.told_at]
    if not others:
        return None
    heir = others[0]
    sent = replace(sent, asked=replace(sent.asked, id=heir, version=results[heir].told_version))
    by = {id_: replace(results[id_], told_by="" if id_ == heir else heir) for id_ in others}
    desk.change(results={**results, **by}, sent={**desk.patient.sent, command_id: sent})
    return sent


def untell_spoken_for(desk: Desk, result_id: str) -> list[tuple[str, int]]:
    """The results that a notice spoke for are not told either when it failed; their ids and versions."""
    silent = _spoken_for(desk.patient, result_id)
    if silent:
        desk.patient = unspoken(desk.patient, result_id)
    return [(id_, entry.version) for id_, entry in silent.items()]


def unspoken(patient: PatientState, result_id: str) -> PatientState:
    """The state without what a notice told of other results than its own."""
    silent = {id_: _untold(entry) for id_, entry in _spoken_for(patient, result_id).items()}
    return replace(patient, results={**patient.results, **silent})


def _spoken_for(patient: PatientState, result_id: str) -> dict[str, ResultEntry]:
    return {id_: one for id_, one in patient.results.items() if one.told_by == result_id and one.told_at}


def _untold(entry: ResultEntry) -> ResultEntry:
    return replace(entry, told_at=0, chase_at=0, told_version=0, told_normal=False, told_by="", carried=False)

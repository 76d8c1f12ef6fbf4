"""From an event to a request, and from a request that ended to one that is looked at again."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.patient import Asked
from streams.domain.vocabulary import Outcome, Reason, SubjectKind

from .desk import Desk

#: What is over once a request has been decided: it does not settle again, and is not judged by its age.
WAITED: Final = (
    Reason.SETTLE,
    Reason.STATE_GRACE,
    Reason.MERGE,
    Reason.AWAITING_APPROVAL,
    Reason.AWAITING_REVIEW,
    Reason.AUTHORISED_CALL,
    Reason.REPLAY_GUARD,
)


def asked_for_record(desk: Desk, kind: SubjectKind, id_: str, version: int) -> Asked:
    """The request that this very record makes."""
    return Asked(kind, id_, version, desk.event_id, desk.at, desk.occurred_at)


def settled(desk: Desk, asked: Asked) -> Asked:
    """A request that ended and is decided again: by a receipt or a resolution it is theirs, by a timer its own."""
    again = replace(asked, until=0, reason=None, rule="", waited=WAITED)
    if not desk.event_id or desk.event_id == asked.event_id:
        return again
    return replace(again, event_id=desk.event_id, position=desk.at, ordinal=desk.next_ordinal())


def supersede_older(desk: Desk, asked: Asked) -> None:
    """2.2: a request that still waits for the same thing, copies included, ends here."""
    waiting = desk.patient.asked.values()
    older = [one for one in waiting if one.id == asked.id and one.kind is asked.kind] if waiting else []
    if not older:
        return
    for one in older:
        desk.record_decision(one, Outcome.SUPPRESS, Reason.SUPERSEDED, "2.2", ("2.2",))
    gone = {one.key for one in older}
    desk.change(asked={key: one for key, one in desk.patient.asked.items() if key not in gone})

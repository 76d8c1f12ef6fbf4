"""The staff of the made-up hospital: they deal with many tasks in time, and some they do not get to.

Whether a task is dealt with depends on what it is about, never on chance or on how long the run takes.
"""

from typing import Final

from streams.demo.plain import Plain
from streams.demo.provider import draw
from streams.demo.schedule import Schedule
from streams.domain.events import Envelope, Event, Resolution
from streams.domain.time import MINUTE
from streams.domain.vocabulary import ResolutionKind, Role, Topic

#: In a hundred, by priority: urgent tasks are nearly always seen to, what can wait often waits.
_SEEN_TO: Final = {"P0": 96, "P1": 88, "P2": 45, "P3": 20, "P4": 5}
#: Minutes until somebody has acted. Always done before anything else happens to the same patient.
_QUICKEST: Final = 3
_SPREAD: Final = 15
#: After such tasks the patient knows; after others the matter is merely settled.
_TOLD_IN_PERSON: Final = frozenset({Role.BOOK, Role.CLIN, Role.DUTY, Role.ADMIN})


class Staff:
    """Sees escalation tasks, answers with resolutions."""

    def __init__(self) -> None:
        self._schedule = Schedule()

    def see(self, record: Plain) -> None:
        if record["version"] != 1 or record["status"] != "OPEN":
            return
        about = (record["patient_id"], record["reason"], record["subject"]["id"], str(record["purpose"]))
        chance = draw(*about)
        if chance >= _SEEN_TO[record["priority"]]:
            return
        at = record["created_at"] + (_QUICKEST + draw("when", *about) * _SPREAD // 100) * MINUTE
        role = Role(record["role"])
        told = role in _TOLD_IN_PERSON and record["subject"]["kind"] in ("appointment", "result")
        envelope = Envelope(
            event_id=f"done-{record['task_id']}", patient_id=record["patient_id"], version=1, occurred_at=at,
            source="console", recorded_by=record["owner"],
        )  # fmt: skip
        body = Resolution(
            task_id=record["task_id"],
            kind=ResolutionKind.CONTACTED if told else ResolutionKind.CLOSED,
            by=record["owner"],
            role=role,
            outcome_code="patient_told" if told else "dealt_with",
        )
        self._schedule.plan(at, Event(Topic.RESOLUTIONS, envelope, body))

    def due(self, now: int) -> list[Event]:
        return self._schedule.due(now)

"""When a rule fails: our own mistake becomes a task and a dead letter; never a skip, never a message."""

from __future__ import annotations

from streams.domain.decision import Draft
from streams.domain.patient import Asked
from streams.domain.records import DeadLetter
from streams.domain.vocabulary import Outcome, Priority, Reason, Role

from .desk import Desk


def fault(desk: Desk, asked: Asked, error: str) -> None:
    """Give a request that no rule could decide to a person (architecture 7). ``error`` names no patient."""
    draft = Draft(Role.DQ, Priority.P1, Reason.DATA_QUALITY, own_role=True)
    if asked.key in desk.patient.asked:
        desk.change(asked={k: a for k, a in desk.patient.asked.items() if k != asked.key})
    decided = desk.decision_id_for(asked)
    opened = desk.open_task(asked, draft, decided, None)
    desk.record_decision(
        asked, Outcome.ESCALATE, Reason.DATA_QUALITY, "fault", ("fault",), task_ids=(opened,)
    )
    at = asked.position
    desk.write(
        DeadLetter(None, None, Reason.RULE_FAILED, at.topic, at.partition, at.offset, None, error, desk.now)
    )

"""When what is due for a patient cannot be written: too large for a record, or by a defect of ours.

Nothing of it may be kept then, so that it stays due and the patient is woken again and again. A person is told, once a
day for as long as it lasts; that they were told is kept in the shard's own row, which can be written whatever is wrong
with the patient's.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.decision import Draft
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.time import DAY, Millis
from streams.domain.vocabulary import Priority, Reason, Role, SubjectKind, Topic

from .case import Environment
from .desk import Desk
from .response import Response

_AGAIN_AFTER: Final[Millis] = DAY
#: Patients remembered: the row is written with every turn.
_REMEMBERED: Final = 100
_TASK: Final = Draft(Role.DQ, Priority.P1, Reason.DATA_QUALITY, own_role=True)


def wake_refused(patient_id: str, patient: PatientState, env: Environment) -> Response:
    """Give to a person what is due for a patient; it stays due."""
    now = env.now
    told = env.shard.unwritable
    if now - told.get(patient_id, 0) < _AGAIN_AFTER:
        return Response(patient, (), env.shard)
    desk = Desk(patient_id, patient, env, f"wake-{now}", Position(Topic.PATIENT_TABLE, 0, 0, now), now)
    desk.companion(_TASK, (SubjectKind.RECORD, desk.event_id, 0))
    lately = [one for one in told.items() if one[0] != patient_id and now - one[1] < _AGAIN_AFTER]
    shard = replace(desk.shard, unwritable=dict([*lately[1 - _REMEMBERED :], (patient_id, now)]))
    return Response(desk.patient, tuple(desk.outputs), shard)

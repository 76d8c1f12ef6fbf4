"""What a record, or the passing of time, has led to."""

from __future__ import annotations

import msgspec

from streams.domain.patient import PatientState
from streams.domain.records import Output
from streams.domain.shard import ShardState

from .desk import Desk

NOBODY = PatientState()


class Response(msgspec.Struct, frozen=True, gc=False):
    """``patient`` None: nothing is kept of them."""

    patient: PatientState | None
    outputs: tuple[Output, ...]
    shard: ShardState


def answer(desk: Desk) -> Response:
    """What came of one input: the patient as they are now (None: still nobody we know), the outputs in order, the shard."""
    kept = None if desk.patient is NOBODY else desk.patient
    return Response(kept, tuple(desk.outputs), desk.shard)

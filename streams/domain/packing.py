"""The changelog's format of a patient: the earliest due instant, then MessagePack.

Knows nothing of what the fields mean but when something is due: a restart finds timers without unpacking anybody.
"""

import struct
from typing import Final

import msgspec

from .patient import PatientState
from .time import Instant

_DUE: Final = struct.Struct(">q")
_NO_DUE: Final = _DUE.pack(0)
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(PatientState).decode


def next_due(patient: PatientState) -> Instant:
    """The earliest instant at which something must be done for this patient; 0 when nothing waits."""
    # Most are empty: asking that first is cheaper than going through nothing.
    due = 0
    if patient.asked:
        for asked in patient.asked.values():
            if asked.until and (not due or asked.until < due):
                due = asked.until
    if patient.sent:
        for sent in patient.sent.values():
            if sent.confirm_by and not sent.closed and (not due or sent.confirm_by < due):
                due = sent.confirm_by
    if patient.tasks:
        for task in patient.tasks.values():
            if task.wake_at and (not due or task.wake_at < due):
                due = task.wake_at
    if patient.results:
        for result in patient.results.values():
            if result.chase_at and (not due or result.chase_at < due):
                due = result.chase_at
    return due


def pack(patient: PatientState) -> bytes:
    """The table's value: 8 bytes of earliest due instant (big-endian, 0: none), then MessagePack."""
    due = next_due(patient)
    return (_DUE.pack(due) if due else _NO_DUE) + _encode(patient)


def unpack(packed: bytes) -> PatientState:
    """Read what ``pack`` wrote. Raises msgspec.DecodeError on foreign bytes."""
    return _decode(packed[8:])


def due_of(packed: bytes) -> Instant:
    """The earliest due instant of a packed patient, without unpacking it; 0: none."""
    due: int = _DUE.unpack_from(packed)[0]
    return due

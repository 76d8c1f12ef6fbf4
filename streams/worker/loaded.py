"""What a turn has in hand of one patient."""

import msgspec

from streams.domain.patient import PatientState


class Loaded(msgspec.Struct):
    """One touched patient: packed and unpacked as it was in the table, and as it is now."""

    packed: bytes | None
    before: PatientState | None
    patient: PatientState | None

"""The rows of a rebuilt partition, as far as they can be written."""

from collections.abc import Iterator, Mapping

from streams.domain.packing import pack
from streams.domain.patient import PatientState
from streams.kafka.outbox import RECORD_BYTES


def changed_rows(
    touched: Mapping[bytes, PatientState], rows: Mapping[bytes, bytes]
) -> Iterator[tuple[bytes, bytes | None]]:
    """What differs from ``rows``; with None who cannot be packed or is too large for a record, and stays as they were."""
    for key, patient in touched.items():
        packed = _packed(patient)
        if packed is not None and len(key) + len(packed) > RECORD_BYTES:
            packed = None
        if packed is None or packed != rows.get(key):
            yield key, packed


def _packed(patient: PatientState) -> bytes | None:
    try:
        return pack(patient)
    except Exception:  # noqa: BLE001  # as in a turn: whatever is wrong with it, it is this patient's trouble
        return None

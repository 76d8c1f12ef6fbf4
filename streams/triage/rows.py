"""The rows of a rebuilt partition, as far as they can be written."""

from collections.abc import Mapping

from streams.domain.packing import pack
from streams.domain.patient import PatientState
from streams.errors import BadRecord
from streams.kafka.outbox import RECORD_BYTES
from streams.worker.refusals import refusal


def changed_rows(
    touched: Mapping[bytes, PatientState], rows: Mapping[bytes, bytes]
) -> tuple[dict[bytes, bytes], dict[bytes, BadRecord]]:
    """What differs from ``rows``; and who cannot be packed or is too large for a record, and why: they stay as they were."""
    changed: dict[bytes, bytes] = {}
    unwritable: dict[bytes, BadRecord] = {}
    for key, patient in touched.items():
        packed = _packed(key, patient)
        if isinstance(packed, BadRecord):
            unwritable[key] = packed
        elif packed != rows.get(key):
            changed[key] = packed
    return changed, unwritable


def _packed(key: bytes, patient: PatientState) -> bytes | BadRecord:
    try:
        packed = pack(patient)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # as in a turn: whatever is wrong with it, it is this patient's trouble
        return refusal(failed=True)
    return packed if len(key) + len(packed) <= RECORD_BYTES else refusal(failed=False)

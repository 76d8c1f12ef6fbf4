"""What is remembered of results and requests that were forgotten: a few bytes each.

A result that was told may be withdrawn or corrected months later, and somebody has to tell the patient (B10 rows
1 and 5); a request that is issued again is a duplicate however late (1.4). Only so many are remembered: the
oldest requests go first, then the oldest results that nobody was told of.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from streams.domain.patient import Forgotten, PatientState, RequestEntry, ResultEntry
from streams.domain.vocabulary import SubjectKind

#: Some 20 bytes each: 4 kB for somebody with years of weekly blood tests, nothing for most.
_REMEMBERED: Final = 200


def left_of(patient: PatientState, kind: SubjectKind, id_: str) -> Forgotten | None:
    """What is remembered of one that was forgotten."""
    return patient.forgotten.get(_key(kind, id_)) if patient.forgotten else None


def forget(
    patient: PatientState, results: Mapping[str, ResultEntry], requests: Mapping[str, RequestEntry]
) -> dict[int, Forgotten]:
    """What is remembered when only these are kept of the patient's results and requests."""
    gone = {
        _key(SubjectKind.RESULT, id_): Forgotten(entry.version, entry.told_at, entry.told_normal)
        for id_, entry in patient.results.items()
        if id_ not in results
    }
    gone |= {
        _key(SubjectKind.REQUEST, id_): Forgotten(entry.version)
        for id_, entry in patient.requests.items()
        if id_ not in requests
    }
    if not gone:
        return patient.forgotten
    kept = {key: one for key, one in patient.forgotten.items() if key not in gone} | gone
    surplus = len(kept) - _REMEMBERED
    if surplus > 0:  # sorted keeps the order of age within each half
        for key in sorted(kept, key=lambda key: kept[key].told_at > 0)[:surplus]:
            del kept[key]
    return kept


def _key(kind: SubjectKind, id_: str) -> int:
    return int.from_bytes(blake2b(f"{kind}:{id_}".encode(), digest_size=8).digest(), "big")

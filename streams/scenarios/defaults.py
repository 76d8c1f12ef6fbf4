"""What a scenario need not write: the defaults of contract 2, one table a record.

Ids (``e1``, ``P1``), rising versions and the identity of a patient's first event are counted in ``Numbering``.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec

from streams.domain.events import (
    Agreement,
    Appointment,
    Assessment,
    CommsHold,
    Contact,
    Identity,
    Objection,
    Proxy,
    Request,
    Resolution,
    Result,
    SafeContact,
)
from streams.domain.time import DAY, Instant
from streams.domain.vocabulary import (
    AppointmentStatus,
    Channel,
    InitiatedBy,
    Mode,
    ObjectionAction,
    ObjectionReason,
    ProxyBasis,
    ProxyMode,
    Release,
    ResultStatus,
    Role,
    Scope,
    Topic,
)

PATIENT_ID: Final = "P1"
NHS_NUMBER: Final = "9990548609"
ADDRESSES: Final[dict[Channel, str]] = {
    Channel.SMS: "+447700900001",
    Channel.EMAIL: "ada@example.org",
    Channel.LETTER: "1 Test Street, Leeds, LS1 4AP",
    Channel.PHONE_HUMAN: "+447700900002",
    Channel.AUTOMATED_VOICE: "+447700900002",
    Channel.IM_COMMERCIAL: "+447700900001",
}

_FIXED: Final[dict[type, dict[str, Any]]] = {
    Appointment: {
        "appointment_id": "A1",
        "status": AppointmentStatus.BOOKED,
        "service_code": "GEN",
        "site": "Main Hospital",
        "generic_site": "Main Hospital",
        "mode": Mode.IN_PERSON,
        "initiated_by": InitiatedBy.PROVIDER,
    },
    Result: {
        "result_id": "R1",
        "status": ResultStatus.FINAL,
        "test_code": "FBC",
        "service_code": "GEN",
        "reviewed": True,
        "release": Release.NOTIFY,
    },
    Objection: {
        "objection_id": "O1",
        "action": ObjectionAction.RECORDED,
        "scope": Scope.METHOD,
        "reason": ObjectionReason.PREFERS_OTHER_METHOD,
        "received_via": "phone",
    },
    Request: {"request_id": "Q1", "service_code": "GEN"},
    Resolution: {"task_id": None, "by": "staff-1"},
    SafeContact: {"active": True},
    CommsHold: {"active": True},
    Proxy: {
        "basis": ProxyBasis.PARENTAL,
        "mode": ProxyMode.STANDS_IN,
        "verified": True,
        "own_organisation": True,
    },
}


class Known(msgspec.Struct, frozen=True):
    """Facts of the event being read that a default depends on; times in UTC milliseconds."""

    clock: Instant
    sent_at: Instant
    nhs_number: str


def omitted(known: Known, record: type, given: dict[str, Any], index: int, among: int) -> dict[str, Any]:
    """The fields of ``record`` that the file may leave out, with their defaults."""
    clock = known.clock
    fixed = _FIXED.get(record, {})
    if record is Identity:
        return default_identity(clock)
    if record is Contact:
        channel = given.get("channel", Channel.UNKNOWN)
        value = known.nhs_number if channel is Channel.NHS_APP else ADDRESSES.get(channel, "")
        return {"contact_id": str(channel), "value": value, "verified_at": clock - 10 * DAY}
    if record is Proxy:
        return {**fixed, "proxy_id": f"X{index + 1}", "primary": among == 1}
    if record is Objection:
        return {**fixed, "received_at": known.sent_at}
    if record is Assessment:
        about = {"assessed_by": "assessor-1", "role": Role.IG, "rationale_ref": "rationale-1"}
        return {**about, "acceptable": True, "assessed_at": known.sent_at}
    if record is Agreement:
        return {"test_code": "FBC", "unit": None, "valid_to": clock + 365 * DAY, "agreed_by": "clinician-1"}
    return fixed


def default_identity(clock: Instant) -> dict[str, Any]:
    """The identity that a patient event may leave out: Ada Test, seen 30 days ago."""
    return {
        "nhs_number": NHS_NUMBER,
        "family_name": "Test",
        "given_name": "Ada",
        "born": "1980-01-01",
        "last_seen_at": clock - 30 * DAY,
    }


class Numbering:
    """Counts through one scenario: event ids, versions of each entity, who has had a first patient event."""

    def __init__(self) -> None:
        self._events = 0
        self._versions: Counter[tuple[str, Topic, str]] = Counter()
        self._nhs_numbers: dict[str, str] = {}

    def event_id(self) -> str:
        self._events += 1
        return f"e{self._events}"

    def version(self, patient_id: str, topic: Topic, entity: str, written: int | None) -> int:
        """The version written, or one more than the entity's last; never takes a number back."""
        key = (patient_id, topic, entity)
        version = self._versions[key] + 1 if written is None else written
        self._versions[key] = max(version, self._versions[key])
        return version

    def is_first(self, patient_id: str) -> bool:
        return patient_id not in self._nhs_numbers

    def nhs_number(self, patient_id: str) -> str:
        return self._nhs_numbers.get(patient_id, NHS_NUMBER)

    def met(self, patient_id: str, nhs_number: str) -> None:
        self._nhs_numbers[patient_id] = nhs_number

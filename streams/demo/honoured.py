"""What objections changed: of the requests they bear on, how each was met."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from streams.demo.account import Request
from streams.demo.evidence import Evidence, Given
from streams.demo.objection_check import covers, in_force
from streams.demo.plain import Plain

_ALWAYS: Final = 1 << 62
_CHANNELS: Final = ("nhs_app", "sms", "email", "letter")
_BY_DECISION: Final = frozenset(
    {"override_standing", "override_assessed", "override_policy", "override_one_off"}
)


class Honoured(msgspec.Struct):
    """Patients who object, and how the requests that their objections bear on were met."""

    patients_before: int = 0
    patients_after: int = 0
    requests: int = 0
    met: dict[str, int] = {}


def honoured(evidence: Evidence, requests: Sequence[Request], since: int) -> Honoured:
    """Count over the requests that were decided after the simulated moment ``since``."""
    objections = evidence.objections_of()
    services = _services(evidence)
    met: Counter[str] = Counter()
    for request in requests:
        decided = request.decisions[-1]
        if decided.record["decided_at"] <= since:
            continue
        known = in_force(_before(objections.get(decided.record["patient_id"], ()), decided.timestamp))
        service = services.get((decided.record["patient_id"], decided.record["subject"]["id"]), "")
        if any(covers(one, channel, service, to_proxy=False) for one in known for channel in _CHANNELS):
            met[_how(request.last)] += 1
    before = sum(bool(_in_force_at(given, since)) for given in objections.values())
    after = sum(bool(_in_force_at(given, _ALWAYS)) for given in objections.values())
    return Honoured(before, after, sum(met.values()), dict(met.most_common()))


def _in_force_at(given: Sequence[Given], moment: int) -> list[Plain]:
    """The objections of one patient in force at a simulated moment."""
    return in_force(
        one.event for one in given if one.event is not None and one.event["occurred_at"] <= moment
    )


def _before(given: Sequence[Given], timestamp: int) -> list[Plain]:
    return [one.event for one in given if one.event is not None and one.timestamp < timestamp]


def _services(evidence: Evidence) -> dict[tuple[str, str], str]:
    """The service of every appointment, result and request, by patient and id."""
    found = {}
    for given in evidence.given.values():
        event = given.event or {}
        for field in ("appointment_id", "result_id", "request_id"):
            if event.get(field) and "service_code" in event:
                found[given.key, event[field]] = event["service_code"]
    return found


def _how(decision: Plain) -> str:
    if decision["outcome"] == "SEND":
        if decision["reason"] == "exception":
            return "sent as the patient had agreed to beforehand"
        if decision["reason"] in _BY_DECISION:
            return "sent because people had decided so for this patient"
        return "told on a channel that the patient does not object to"
    return {
        "ESCALATE": "given to staff",
        "SUPPRESS": "no message",
        "HOLD": "still waiting",
    }.get(decision["outcome"], "set aside")

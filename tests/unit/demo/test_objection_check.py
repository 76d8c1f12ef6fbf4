"""The demo's own reading of B4, which shares no code with the rules it checks."""

from typing import Any

import pytest

from streams.demo.objection_check import covers, forbidden_by, in_force

HOUR = 3_600_000


def objection(**fields: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "objection_id": "O1", "version": 1, "action": "RECORDED", "scope": "METHOD", "channels": ["sms"],
        "channel_group": None, "services": [], "patient_only": False, "exceptions": [], "assessment": None,
    }  # fmt: skip
    return plain | fields


def command(**fields: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "channel": "sms", "purpose": "APPT_CANCEL", "recipient_role": "PATIENT", "created_at": 0, "override": None,
    }  # fmt: skip
    return plain | fields


@pytest.mark.parametrize(
    ("fields", "channel", "service", "forbidden"),
    [
        ({}, "sms", "GEN", True),
        ({}, "email", "GEN", False),
        ({"channels": []}, "letter", "GEN", True),
        ({"channels": ["UNKNOWN"]}, "letter", "GEN", True),
        ({"scope": "WHOLE_CARE"}, "letter", "GEN", True),
        ({"scope": "UNKNOWN"}, "letter", "GEN", True),
        ({"scope": "RECIPIENT"}, "sms", "GEN", False),
        ({"scope": "SERVICE", "services": ["CARD"]}, "letter", "CARD", True),
        ({"scope": "SERVICE", "services": ["CARD"]}, "letter", "GEN", False),
        ({"scope": "METHOD_GROUP", "channel_group": "ELECTRONIC"}, "nhs_app", "GEN", True),
        ({"scope": "METHOD_GROUP", "channel_group": "ELECTRONIC"}, "letter", "GEN", False),
        ({"scope": "METHOD_GROUP", "channel_group": "UNKNOWN"}, "letter", "GEN", True),
        ({"scope": "METHOD_AND_SERVICE", "services": ["DERM"]}, "sms", "DERM", True),
        ({"scope": "METHOD_AND_SERVICE", "services": ["DERM"]}, "sms", "GEN", False),
    ],
)
def test_what_an_objection_covers(
    fields: dict[str, Any], channel: str, service: str, forbidden: bool
) -> None:
    assert covers(objection(**fields), channel, service, to_proxy=False) is forbidden


def test_a_patients_objection_binds_the_proxy_unless_it_says_otherwise() -> None:
    assert covers(objection(), "sms", "GEN", to_proxy=True)
    assert not covers(objection(patient_only=True), "sms", "GEN", to_proxy=True)


def test_the_newest_version_counts_and_a_withdrawal_ends_it() -> None:
    wider = objection(version=2, scope="METHOD_GROUP", channel_group="ELECTRONIC")
    assert in_force([wider, objection()]) == [wider]
    assert in_force([objection(), objection(version=2, action="WITHDRAWN")]) == []


def test_an_agreed_exception_lifts_it_only_as_agreed() -> None:
    agreed = {"purposes": ["APPT_CANCEL"], "channels": ["sms"], "short_notice_only": True}
    known = [objection(exceptions=[agreed])]
    assert forbidden_by(command(), "GEN", [48 * HOUR], known, []) == []
    assert forbidden_by(command(), "GEN", [48 * HOUR + 1], known, []) == ["O1"]
    assert forbidden_by(command(purpose="APPT_CHANGE"), "GEN", [HOUR], known, []) == ["O1"]


def test_an_override_needs_the_decision_it_names() -> None:
    override = {"mode": "override_standing", "ground": "G3"}
    decided = {"kind": "STANDING_DECISION", "objection_id": "O1", "objection_version": 1, "channel": "sms"}
    assert forbidden_by(command(override=override), "GEN", [], [objection()], [decided]) == []
    assert forbidden_by(command(override=override), "GEN", [], [objection()], []) == ["O1"]
    assert forbidden_by(command(override=override), "GEN", [], [objection(version=2)], [decided]) == ["O1"]
    assert forbidden_by(command(), "GEN", [], [objection()], [decided]) == ["O1"]


def test_an_assessment_covers_its_own_grounds_only() -> None:
    override = {"mode": "override_assessed", "ground": "G3"}
    finding = {"acceptable": True, "grounds": ["G3"]}
    assert forbidden_by(command(override=override), "GEN", [], [objection(assessment=finding)], []) == []
    other = objection(assessment=finding | {"grounds": ["G6"]})
    assert forbidden_by(command(override=override), "GEN", [], [other], []) == ["O1"]

"""Stage 1 on records (rows 1.1 to 1.6), and records that are set aside."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions import refuse
from streams.decisions.facts import apply
from streams.decisions.intake import fingerprint
from streams.domain.events import Body, Preferences, Resolution, entity_id
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import DeadLetter, Decision, EscalationTask, SafetyEntry
from streams.domain.time import DAY, HOUR, MINUTE
from streams.domain.vocabulary import Channel, ObjectionAction, Purpose, ResolutionKind, Role, Topic
from streams.errors import KeyMismatch, Undecodable
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    PATIENT,
    Chart,
    appointment,
    cancelled,
    contact,
    identity,
    known,
    objection,
    of,
    proxy,
    reasons,
    request,
    result,
    sections,
)

SMS: Final = Channel.SMS
CLOSED: Final = Resolution("t1", ResolutionKind.CLOSED, "staff-1", Role.BOOK)


@pytest.mark.parametrize(
    ("body", "again"),
    [
        (appointment(IN_TWO_WEEKS), appointment(IN_TWO_WEEKS, room="B2")),
        (result(), result(reviewed_by="dr-2")),
        (request(Purpose.ADMIN_REPLY), request(Purpose.ADMIN_REPLY, service_code="X")),
        (objection(SMS), objection(Channel.EMAIL)),
        (sections(SMS), sections(Channel.EMAIL)),
    ],
)
def test_versions_of_a_thing_only_rise(body: Body, again: Body) -> None:
    chart = Chart(known(SMS))
    chart.hear(body, version=2)
    assert reasons(chart.hear(body, version=2)) == ["SUPPRESS duplicate"]
    assert reasons(chart.hear(again, version=2)) == ["QUARANTINE version_conflict"]
    assert reasons(chart.hear(again, version=1)) == ["SUPPRESS stale_version"]


def test_an_objection_reissued_with_another_time_of_receipt_is_the_same() -> None:
    chart = Chart(known(SMS))
    chart.hear(objection(SMS), version=1)
    assert reasons(chart.hear(objection(SMS, received_at=NOW + 5), version=1)) == ["SUPPRESS duplicate"]


def test_sections_have_versions_of_their_own() -> None:
    chart = Chart()
    chart.hear(sections(SMS), version=2)
    wishes = replace(sections(), identity=None, contacts=None, preferences=Preferences((SMS,)))
    assert reasons(chart.hear(wishes, version=1)) == []
    assert chart.patient is not None
    assert (chart.patient.sections.identity, chart.patient.sections.preferences) == (2, 1)
    # a late event whose sections are all known, one of them in a newer version
    late = replace(sections(SMS), preferences=Preferences((SMS,)))
    assert reasons(chart.hear(late, version=1)) == ["SUPPRESS stale_version"]
    nothing = replace(sections(), identity=None, contacts=None)
    assert reasons(chart.hear(nothing, version=1)) == ["SUPPRESS duplicate"]


def test_what_receipts_taught_us_is_no_conflict() -> None:
    people = (proxy(contacts=(contact(SMS),)),)
    first = replace(sections(SMS), proxies=people)
    chart = Chart()
    chart.hear(first, version=1)
    assert chart.patient is not None
    bounced = replace(contact(SMS), bounced=True)
    chart.patient = replace(
        chart.patient, contacts=(bounced,), proxies=(replace(people[0], contacts=(bounced,)),)
    )
    assert reasons(chart.hear(first, version=1)) == ["SUPPRESS duplicate"]
    other = replace(first, contacts=(replace(contact(SMS), value="07700900009"),))
    assert reasons(chart.hear(other, version=1)) == ["QUARANTINE version_conflict"]


@pytest.mark.parametrize(
    ("ahead", "decided", "flagged"),
    [
        (5 * MINUTE, "SEND app_default", False),
        (5 * MINUTE + 1, "SEND app_default", True),
        (24 * HOUR, "SEND app_default", True),
        (24 * HOUR + 1, "QUARANTINE clock_far_ahead", True),
    ],
)
def test_a_clock_that_runs_ahead(ahead: int, decided: str, flagged: bool) -> None:
    chart = Chart(known(SMS))
    written = chart.hear(appointment(IN_TWO_WEEKS), occurred_at=NOW + ahead)
    assert reasons(written) == [decided]
    (decision,) = of(Decision, written)
    assert ("1.6" in decision.rule_path) is flagged
    assert decision.occurred_at == NOW


def test_an_objection_applies_however_far_ahead_its_clock_is() -> None:
    chart = Chart(known(SMS))
    chart.hear(objection(SMS), occurred_at=NOW + 30 * DAY)
    assert chart.patient is not None
    assert "O1" in chart.patient.objections


def test_an_event_that_came_before_is_not_decided_again() -> None:
    chart = Chart(known(SMS))
    chart.hear(appointment(IN_TWO_WEEKS), event_id="same")
    assert reasons(chart.hear(result(), event_id="same")) == ["SUPPRESS duplicate"]
    assert fingerprint("same") != fingerprint("other")


@pytest.mark.parametrize(
    ("body", "priority", "roles"),
    [
        (appointment(IN_TWO_WEEKS, nhs_number="9990548600"), "P2", ["R-DQ"]),
        (cancelled(nhs_number="9990548600"), "P1", ["R-BOOK"]),
        (result(nhs_number="123"), "P2", ["R-DQ"]),
        (result(nhs_number="123", critical=True), "P0", ["R-DQ", "R-DUTY"]),
        (sections(identity=identity(nhs_number="9990548600")), "P2", ["R-DQ"]),
    ],
)
def test_a_number_that_cannot_be_right(body: Body, priority: str, roles: list[str]) -> None:
    written = Chart(known(SMS)).hear(body)
    tasks = of(EscalationTask, written)
    assert [one.role for one in tasks] == roles
    assert min(one.priority for one in tasks) == priority
    letter = next(one for one in written if isinstance(one, DeadLetter))
    assert "9990548600" not in letter.error


@pytest.mark.parametrize(
    "changes", [{"reason_note_ref": "x" * 501}, {"reason_note_ref": "a\u202eb"}, {"patient": "P2"}]
)
def test_an_objection_that_is_set_aside_holds_all_contact(changes: dict[str, Any]) -> None:
    other = changes.pop("patient", None)
    chart = Chart(known(SMS))
    envelope = {} if other is None else {"patient_id": other}
    written = chart.hear(objection(SMS, **changes), **envelope)
    assert {one.role for one in of(EscalationTask, written)} >= {"R-IG"}
    assert reasons(chart.hear(appointment(IN_TWO_WEEKS))) == ["ESCALATE comms_hold"]


def test_a_conflicting_objection_leaves_the_one_before_it_in_force() -> None:
    chart = Chart(known(SMS, Channel.EMAIL))
    chart.hear(objection(SMS), version=1)
    chart.hear(objection(Channel.EMAIL), version=1)
    assert reasons(chart.hear(appointment(IN_TWO_WEEKS))) == ["SEND app_default"]
    assert chart.patient is not None
    assert chart.patient.objections["O1"].body.channels == (SMS,)


def unreadable(topic: Topic, patient_id: str | None, error: Exception | None = None) -> tuple[Any, ...]:
    chart = Chart(known(SMS) if patient_id is not None else None)
    bad = error if isinstance(error, KeyMismatch) else Undecodable("the value is not a record")
    at = Position(topic, 3, 7, NOW)
    response = refuse(patient_id, chart.patient, bad, b"k", b"v", at, chart.env())
    return response.patient, response.outputs, response.shard


@pytest.mark.parametrize(
    ("topic", "role", "held"),
    [(Topic.OBJECTIONS, "R-IG", True), (Topic.APPOINTMENTS, "R-DQ", False), (Topic.PATIENTS, "R-DQ", False)],
)
def test_bytes_that_nobody_can_read(topic: Topic, role: str, held: bool) -> None:
    patient, outputs, shard = unreadable(topic, PATIENT)
    assert isinstance(patient, PatientState)
    assert patient.unreadable_objection is held
    assert of(EscalationTask, outputs)[0].role == role
    letter = next(one for one in outputs if isinstance(one, DeadLetter))
    assert (letter.key, letter.value, letter.partition, letter.offset) == (b"k", b"v", 3, 7)
    assert not shard.paused


@pytest.mark.parametrize("topic", [Topic.OBJECTIONS, Topic.RESULTS])
def test_bytes_that_are_nobodys(topic: Topic) -> None:
    """C201: an objection may be anybody's, so the partition stops sending."""
    patient, outputs, shard = unreadable(topic, None)
    assert patient is None
    assert shard.paused is (topic is Topic.OBJECTIONS)
    tasks = of(EscalationTask, outputs)
    assert [(one.role, one.priority) for one in tasks] == ([("R-SRE", "P0")] if shard.paused else [])


def test_a_pause_keeps_when_it_began() -> None:
    chart = Chart()
    bad = Undecodable("the value is not a record")
    first = refuse(None, None, bad, None, None, Position(Topic.OBJECTIONS, 0, 1, NOW), chart.env())
    later = replace(chart.env(), now=NOW + HOUR, shard=first.shard)
    second = refuse(None, None, bad, None, None, Position(Topic.OBJECTIONS, 0, 2, NOW), later)
    assert second.shard.paused_at == NOW


def test_a_critical_result_under_the_wrong_key_still_reaches_a_clinician() -> None:
    chart = Chart(known(SMS))
    bad = KeyMismatch("key and payload differ", event=chart.event(result(critical=True)))
    _, outputs, _ = unreadable(Topic.RESULTS, PATIENT, bad)
    assert [one.role for one in of(EscalationTask, outputs)] == ["R-DQ", "R-DUTY"]


def test_an_objection_under_the_wrong_key_holds_the_keys_patient() -> None:
    bad = KeyMismatch("key and payload differ", event=None)
    patient, outputs, _ = unreadable(Topic.OBJECTIONS, PATIENT, bad)
    assert isinstance(patient, PatientState)
    assert patient.unreadable_objection
    assert "R-IG" in {one.role for one in of(EscalationTask, outputs)}


@pytest.mark.parametrize(
    "body", [appointment(), result(), request(Purpose.ADMIN_REPLY), objection(SMS), sections(SMS), CLOSED]
)
def test_applying_an_older_fact_changes_nothing(body: Body) -> None:
    chart = Chart()
    newer = apply(PatientState(), chart.event(body, version=2), NOW, NOW)
    assert apply(newer, chart.event(body, version=2), NOW, NOW) is newer
    assert apply(newer, chart.event(body, version=1), NOW, NOW) is newer


def test_a_withdrawn_objection_stays_as_a_tombstone() -> None:
    chart = Chart()
    gone = apply(PatientState(), chart.event(objection(SMS, action=ObjectionAction.WITHDRAWN)), NOW, NOW)
    assert gone.objections["O1"].withdrawn


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (CLOSED, "t1"),
        (replace(CLOSED, task_id=None), ""),
        (replace(CLOSED, task_id=None, objection_id="O1"), "O1"),
    ],
)
def test_what_a_resolution_is_about(body: Resolution, name: str) -> None:
    assert entity_id(body) == name
    assert not any(isinstance(one, SafetyEntry) and PATIENT in one.kind for one in Chart().hear(body))


@pytest.mark.parametrize("starts_at", [2**63 - 1, 253_402_300_800_000, NOW + 6 * 365 * DAY])
def test_a_start_that_no_calendar_has_is_refused_and_stops_nobody(starts_at: int) -> None:
    """It was refused for its time, and then looked up in the calendar all the same, for the task's priority."""
    chart = Chart(known(SMS))
    assert reasons(chart.hear(appointment(starts_at)))[0] == "QUARANTINE bad_time"

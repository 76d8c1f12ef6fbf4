"""Stage 9: never automatic without everything that B7 demands, whatever an earlier row let through."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions import selection
from streams.decisions.grounds import GROUND_TASKS, ground_for, rank_of
from streams.decisions.overrides import (
    ask_the_owner,
    by_assessment,
    by_policy,
    by_standing_decision,
    courtesy,
    never_automatic,
    no_ground,
    overrides_off,
)
from streams.decisions.selection import overridable
from streams.decisions.standing import contact_hash, valid_for
from streams.domain.decision import Escalate, Send
from streams.domain.events import Appointment, Assessment, Objection, Permission, SafeContact
from streams.domain.patient import ObjectionEntry, PatientState, StandingDecision
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import (
    Channel,
    Ground,
    InitiatedBy,
    Level,
    Mode,
    ObjectionReason,
    PermissionState,
    Priority,
    Purpose,
    Role,
)
from streams.policy.model import OverridePolicy
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    TOMORROW,
    appointment,
    cancelled,
    case,
    contact,
    identity,
    known,
    objection,
    proxy,
    request,
    result,
)

SMS: Final = Channel.SMS
ASSESSED: Final = Assessment((Ground.G3,), True, "assessor-1", Role.IG, NOW, "rationale-1")


def objecting(*bodies: Objection, **changes: Any) -> PatientState:
    entries = {body.objection_id: ObjectionEntry(1, body, NOW) for body in bodies}
    return replace(known(SMS, objections=entries), **changes)


IN_DATE: Final = {Ground.G3: OverridePolicy(NOW + DAY, (Role.CG, Role.IG), ("COST",))}


def tomorrow(
    patient: PatientState, policies: dict[Ground, OverridePolicy] = IN_DATE, **settings: Any
) -> selection.Tested:
    """Tomorrow's appointment is cancelled, and its channels are tested."""
    framed = case(patient, cancelled(), told=appointment(), **settings)
    return selection.test(replace(framed, policy=replace(framed.policy, override_policies=policies)))


ASSESSED_OBJECTION: Final = objection(SMS, assessment=ASSESSED)


def test_an_assessed_objection_is_overridden_with_everything_on_record() -> None:
    send = by_assessment(tomorrow(objecting(ASSESSED_OBJECTION)))
    assert isinstance(send, Send)
    assert send.override is not None
    assert (send.level, send.override.ground, send.override.decided_by) == (
        Level.L1,
        Ground.G3,
        ("assessor-1",),
    )
    assert send.override.time_left_ms == TOMORROW - NOW
    assert send.override.alternatives == ("nhs_app:E2", "email:E2", "letter:E2+E8")


@pytest.mark.parametrize(
    ("body", "policies"),
    [
        (replace(ASSESSED_OBJECTION, reason=ObjectionReason.HARM_OR_DISTRESS), None),
        (replace(ASSESSED_OBJECTION, reason=ObjectionReason.NOT_GIVEN), None),
        (replace(ASSESSED_OBJECTION, reason=ObjectionReason.UNKNOWN), None),
        (replace(ASSESSED_OBJECTION, assessment=replace(ASSESSED, acceptable=False)), None),
        (replace(ASSESSED_OBJECTION, assessment=replace(ASSESSED, grounds=(Ground.G5,))), None),
        (replace(ASSESSED_OBJECTION, assessment=None), None),
        (ASSESSED_OBJECTION, {}),
        (ASSESSED_OBJECTION, {Ground.G5: OverridePolicy(NOW + DAY)}),
        (ASSESSED_OBJECTION, {Ground.G3: OverridePolicy(NOW)}),
    ],
)
def test_one_thing_missing_and_nothing_is_executed(
    body: Objection, policies: dict[Ground, OverridePolicy] | None
) -> None:
    """The rows check for themselves what row 9.1 has seen before them."""
    tested = tomorrow(objecting(body), IN_DATE if policies is None else policies)
    assert by_assessment(tested) is None


def test_what_an_assessment_lifts_the_patients_refusal_does_not_let_go() -> None:
    """Who said no when asked for permission has objected without a reason (B9): no machine sets that aside."""
    refusal = (Permission(SMS, PermissionState.DECLINED),)
    tested = tomorrow(objecting(ASSESSED_OBJECTION, permissions=refusal))
    (one,) = [candidate for candidate in tested.candidates if candidate.channel is SMS]
    assert (one.blockers, one.refused) == (("E5",), True)
    assert by_assessment(tested) is None


@pytest.mark.parametrize(
    ("mode", "assessed", "by_reason"),
    [("assessed", True, False), ("policy", True, True), ("never", False, False)],
)
def test_what_each_mode_executes(mode: str, assessed: bool, by_reason: bool) -> None:
    tested = tomorrow(objecting(ASSESSED_OBJECTION), override_mode=mode)
    assert isinstance(by_assessment(tested), Send) is assessed
    assert isinstance(by_policy(tested), Send) is by_reason
    assert isinstance(overrides_off(tested), Escalate) is (mode == "never")


@pytest.mark.parametrize(
    ("reason", "executed"),
    [(ObjectionReason.COST, True), (ObjectionReason.DIGITAL_EXCLUSION, False)],
)
def test_a_policy_names_the_reasons_it_covers(reason: ObjectionReason, executed: bool) -> None:
    tested = tomorrow(objecting(objection(SMS, reason=reason)), override_mode="policy")
    assert isinstance(by_policy(tested), Send) is executed


def standing(**changes: Any) -> StandingDecision:
    made = StandingDecision(
        "O1", 1, Ground.G3, SMS, (Purpose.APPT_CANCEL,), Level.L1, ("a", "b"), "r1", NOW - DAY, NOW + DAY,
        contact_hash(known(SMS), SMS), False,
    )  # fmt: skip
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("changes", "valid"),
    [
        ({}, True),
        ({"valid_from": NOW}, True),
        ({"valid_from": NOW + 1}, False),
        ({"valid_to": NOW + 1}, True),
        ({"valid_to": NOW}, False),
        ({"objection_id": "O2"}, False),
        ({"objection_version": 2}, False),
        ({"ground": Ground.G5}, False),
        ({"channel": Channel.EMAIL}, False),
        ({"purposes": (Purpose.APPT_CHANGE,)}, False),
        ({"max_level": Level.L0}, False),
        ({"contact_hash": "another"}, False),
        ({"minor": True}, False),
    ],
)
def test_a_standing_decision_fits_exactly_or_not_at_all(changes: dict[str, Any], valid: bool) -> None:
    patient = objecting(objection(SMS), standing={"s1": standing(**changes)})
    assert isinstance(by_standing_decision(tomorrow(patient)), Send) is valid


def test_it_lapses_with_a_plan_another_objection_and_a_detail() -> None:
    patient = objecting(objection(SMS), standing={"s1": standing()})
    tested = tomorrow(patient)
    (one,) = [c for c in tested.candidates if c.channel is SMS]
    entry = patient.objections["O1"]
    assert valid_for(tested.case, entry, Ground.G3, one) is not None
    planned = replace(tested.case, patient=replace(patient, safe_contact=SafeContact(True, (SMS,))))
    assert valid_for(planned, entry, Ground.G3, one) is None
    assert valid_for(tested.case, entry, Ground.G3, replace(one, covering=(entry, entry))) is None
    people = (proxy(contacts=(contact(SMS, value="07700 900002"),)),)
    assert contact_hash(patient, SMS) != contact_hash(replace(patient, proxies=people), SMS)
    assert contact_hash(patient, SMS) != contact_hash(patient, Channel.EMAIL)


@pytest.mark.parametrize(
    ("body", "ground"),
    [
        (cancelled(), Ground.G3),
        (appointment(IN_TWO_WEEKS), Ground.G3),
        (appointment(TOMORROW, site="Other Hospital"), Ground.G3),
        (appointment(TOMORROW - HOUR), None),  # brought forward
        (cancelled(initiated_by=InitiatedBy.PATIENT), None),
        (appointment(TOMORROW, mode=Mode.VIDEO, join_link_ref=None), Ground.G3),
    ],
)
def test_which_change_is_ground_g3(body: Appointment, ground: Ground | None) -> None:
    framed = case(known(SMS), body, told=appointment())
    own = body.initiated_by is InitiatedBy.PATIENT
    assert ground_for(replace(framed, no_override=own)) is ground


def test_a_link_that_is_taken_away_is_no_ground() -> None:
    video = appointment(mode=Mode.VIDEO, join_link_ref="https://video.example.org/a")
    framed = case(known(SMS), appointment(mode=Mode.VIDEO), told=video)
    assert framed.purpose is Purpose.APPT_CHANGE
    assert ground_for(framed) is None


@pytest.mark.parametrize(
    ("known_ahead", "ground"),
    [
        (48 * HOUR, Ground.G3),
        (48 * HOUR + 1, None),
        (-HOUR, Ground.G3),  # a clock that runs ahead: it counts from arrival
    ],
)
def test_what_was_known_longer_is_no_ground_however_late_it_is_decided(
    known_ahead: int, ground: Ground | None
) -> None:
    framed = case(known(SMS), cancelled(TOMORROW), told=appointment(TOMORROW))
    asked = replace(framed.asked, occurred_at=TOMORROW - known_ahead)
    assert ground_for(replace(framed, asked=asked)) is ground


def test_g5_needs_a_message_that_failed() -> None:
    framed = case(known(SMS), appointment(IN_TWO_WEEKS))
    assert ground_for(framed) is None
    assert ground_for(replace(framed, failed_before=True)) is Ground.G5


@pytest.mark.parametrize(
    ("ground", "left", "priority"),
    [
        (Ground.G3, 4 * HOUR, Priority.P1),
        (Ground.G3, 4 * HOUR - 1, Priority.P0),
        (Ground.G5, 24 * HOUR, Priority.P1),
        (Ground.G5, 72 * HOUR, Priority.P3),
        (Ground.G6, 24 * HOUR, Priority.P1),
        (Ground.G6, 72 * HOUR, Priority.P2),
        (Ground.G1, 24 * HOUR, Priority.P0),
        (Ground.G2, 24 * HOUR, Priority.P4),
        (None, 24 * HOUR, Priority.P1),
        (None, 72 * HOUR, Priority.P3),
    ],
)
def test_how_urgent_a_ground_is(ground: Ground | None, left: int, priority: Priority) -> None:
    framed = case(known(SMS), cancelled(NOW + left), told=appointment(NOW + left))
    assert rank_of(framed, GROUND_TASKS[ground] if ground is not None else None) is priority


def test_rows_of_stage_9_are_silent_where_nothing_is_objected_to() -> None:
    tested = tomorrow(known(SMS))
    assert overridable(tested) == []
    for row in (courtesy, never_automatic, no_ground, ask_the_owner, by_assessment, by_standing_decision):
        assert row(tested) is None


@pytest.mark.parametrize("purpose", [Purpose.WAITLIST_VALIDATION, Purpose.THREAT_CONTACT])
def test_some_grounds_are_never_executed(purpose: Purpose) -> None:
    patient = objecting(replace(ASSESSED_OBJECTION, assessment=replace(ASSESSED, grounds=tuple(Ground))))
    framed = case(patient, request(purpose))
    every = {ground: OverridePolicy(NOW + DAY) for ground in Ground}
    tested = selection.test(replace(framed, policy=replace(framed.policy, override_policies=every)))
    assert by_assessment(tested) is None


def test_g5_is_executed_for_appointments_only() -> None:
    patient = objecting(replace(ASSESSED_OBJECTION, assessment=replace(ASSESSED, grounds=(Ground.G5,))))
    every = {Ground.G5: OverridePolicy(NOW + DAY)}
    for body, executed in ((appointment(IN_TWO_WEEKS), True), (result(), False)):
        framed = replace(case(patient, body), failed_before=True)
        tested = selection.test(replace(framed, policy=replace(framed.policy, override_policies=every)))
        assert isinstance(by_assessment(tested), Send) is executed


def test_a_childs_age_ends_a_decision() -> None:
    child = identity(born="2016-01-01")
    patient = objecting(objection(SMS), standing={"s1": standing(minor=True)}, identity=child)
    framed = case(patient, cancelled(), told=appointment())
    assert framed.minor
    assert isinstance(by_standing_decision(selection.test(framed)), Send)
    assert by_standing_decision(selection.test(replace(framed, minor=False))) is None

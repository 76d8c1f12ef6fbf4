"""Stage 3: may this patient be messaged at all?"""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions.status import fail_closed, identity_mismatch, unknown_patient, wake_before
from streams.domain.decision import Escalate, Hold
from streams.domain.events import Appointment, Result
from streams.domain.patient import PatientState
from streams.domain.shard import ShardState
from streams.domain.time import DAY, HOUR, MINUTE
from streams.domain.vocabulary import Channel, Priority, Role, SubjectKind
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    TOMORROW,
    Chart,
    appointment,
    cancelled,
    case,
    identity,
    known,
    reasons,
    result,
)

SMS: Final = Channel.SMS


@pytest.mark.parametrize(
    ("body", "held", "answer"),
    [
        # needed by 07:30 tomorrow, less the buffer and the hour that a person needs
        (cancelled(TOMORROW), NOW, 10 * MINUTE),
        (cancelled(NOW + 3 * HOUR + 31 * MINUTE), NOW, MINUTE),
        (cancelled(NOW + 3 * HOUR + 30 * MINUTE), NOW, (Role.BOOK, Priority.P1)),
        (cancelled(NOW + HOUR), NOW, (Role.BOOK, Priority.P1)),
        # results have no needed_by: an hour
        (result(), NOW, 10 * MINUTE),
        (result(), NOW - 55 * MINUTE, 5 * MINUTE),
        (result(), NOW - HOUR, (Role.CLIN, Priority.P2)),
        (result(), 0, 10 * MINUTE),
    ],
)
@pytest.mark.parametrize("shard", [ShardState(recovering=True), ShardState(paused=True)])
def test_nothing_is_sent_while_the_state_is_not_to_be_trusted(
    body: Appointment | Result, held: int, answer: int | tuple[Role, Priority], shard: ShardState
) -> None:
    framed = replace(case(known(SMS), body, asked={"held_since": held}), shard=shard)
    found = fail_closed(framed)
    if isinstance(found, Hold):
        assert found.until - NOW == answer
    else:
        assert isinstance(found, Escalate)
        assert (found.draft.role, found.draft.priority) == answer


def test_a_result_that_is_held_again_and_again_goes_to_a_clinician_after_an_hour() -> None:
    """Each hold begins anew; how long it has been waiting does not."""
    chart = Chart(known(SMS))
    chart.shard = ShardState(paused=True)
    assert reasons(chart.hear(result())) == ["HOLD fail_closed"]
    assert reasons(chart.wait(NOW + HOUR - 1)) == []
    assert reasons(chart.wait(NOW + HOUR)) == ["ESCALATE fail_closed"]


def test_a_trusted_state_holds_nothing() -> None:
    assert fail_closed(case(known(SMS))) is None


@pytest.mark.parametrize(
    ("left", "until"),
    [
        (2 * HOUR + MINUTE, MINUTE),
        (2 * HOUR + 2 * MINUTE, 2 * MINUTE),
        (2 * HOUR, 2 * MINUTE),
        (14 * DAY, 2 * MINUTE),
    ],
)
def test_the_grace_ends_when_it_is_needed(left: int, until: int) -> None:
    framed = case(PatientState(), cancelled(NOW + left))
    hold = unknown_patient(framed)
    assert isinstance(hold, Hold)
    assert hold.until - NOW == until
    assert wake_before(framed, NOW + 1) == NOW + 1


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"nhs_number": "999 054 8609"}, True),
        ({"nhs_number": "9434765919"}, False),
        ({"family_name": "TEST "}, True),
        ({"family_name": "Tést"}, False),
        ({"family_name": "Former"}, True),
        ({"family_name": "Other"}, False),
        ({"born": "1980-01-01"}, True),
        ({"born": "1980-01-02"}, False),
        ({"nhs_number": "9990548609", "family_name": "Other"}, False),
    ],
)
def test_second_identifiers_agree_or_a_person_looks(changes: dict[str, Any], same: bool) -> None:
    patient = known(SMS, identity=identity(aliases=("Former",)))
    for body in (appointment(IN_TWO_WEEKS, **changes), result(**changes)):
        assert (identity_mismatch(case(patient, body)) is None) is same


def test_a_name_with_a_combining_accent_is_the_same_name() -> None:
    patient = known(SMS, identity=identity(family_name="Zoë"))
    assert identity_mismatch(case(patient, result(family_name="Zoe\u0308"))) is None


@pytest.mark.parametrize(
    ("family", "given", "placeholder"),
    [
        ("Test", "Ada", False),
        ("Test", "Baby", True),
        ("Test", "BABY OF Ada", True),
        ("Test", "Baby boy", True),
        ("Test", "Babette", False),
        ("Test", " ", True),
        ("", "Ada", True),
    ],
)
def test_a_newborn_without_a_name(family: str, given: str, placeholder: bool) -> None:
    patient = known(SMS, identity=identity(family_name=family, given_name=given))
    for kind in (SubjectKind.APPOINTMENT, SubjectKind.RESULT, SubjectKind.REQUEST):
        assert (identity_mismatch(case(patient, kind)) is not None) is placeholder


def test_a_date_of_birth_we_do_not_have_contradicts_nothing() -> None:
    patient = known(SMS, identity=identity(born=""))
    assert identity_mismatch(case(patient, result(born="1990-01-01"))) is None

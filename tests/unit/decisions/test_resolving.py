"""What people do with tasks, what they may decide beforehand, and what is refused."""

from typing import Final

import pytest

from streams.decisions import refuse
from streams.decisions.surges import SLOT
from streams.domain.events import Receipt, Resolution
from streams.domain.position import Position
from streams.domain.records import EscalationTask, SendCommand
from streams.domain.shard import ShardState, Surge
from streams.domain.time import HOUR
from streams.domain.vocabulary import (
    Channel,
    Priority,
    ProxyBasis,
    ProxyMode,
    Purpose,
    ReceiptStatus,
    Release,
    ResolutionKind,
    Role,
    TaskStatus,
    Topic,
)
from streams.errors import BadRecord
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    PATIENT,
    TOMORROW,
    Chart,
    act,
    appointment,
    cancelled,
    known,
    objection,
    proxy,
    reasons,
    request,
    result,
    task,
)
from tests.support.policies import policy

OUTCOME: Final = {"outcome_code": "done"}


def open_tasks(chart: Chart) -> list[str]:
    assert chart.patient is not None
    return sorted(one.reason for one in chart.patient.tasks.values())


def without_contact() -> Chart:
    """A patient nobody can reach, and a task about tomorrow."""
    chart = Chart(known())
    chart.hear(appointment())
    chart.hear(cancelled())
    return chart


def test_accepted_not_contacted_closes_the_task() -> None:
    chart = without_contact()
    assert act(chart, ResolutionKind.ACCEPTED_NOT_CONTACTED, "no_contact_detail") == []
    assert open_tasks(chart) == []
    assert task(chart, "no_contact_detail").status is TaskStatus.CLOSED


@pytest.mark.parametrize("kind", [ResolutionKind.UNKNOWN])
def test_a_kind_that_nobody_knows_is_refused_and_the_task_stays(kind: ResolutionKind) -> None:
    chart = without_contact()
    assert act(chart, kind, "no_contact_detail") == ["resolution_not_understood"]
    assert open_tasks(chart) == ["no_contact_detail"]


def test_a_resolution_without_its_task_is_refused() -> None:
    chart = without_contact()
    assert act(chart, ResolutionKind.CONTACTED) == ["resolution_without_task"]
    assert act(chart, ResolutionKind.CLAIMED, task_id="nobody's") == ["resolution_without_task"]


def test_a_claimed_task_goes_back_to_its_role() -> None:
    chart = without_contact()
    act(chart, ResolutionKind.CLAIMED, "no_contact_detail")
    assert task(chart, "no_contact_detail").owner == "staff-1"
    act(chart, ResolutionKind.RELEASED, "no_contact_detail")
    assert task(chart, "no_contact_detail").owner == "booking-desk"


def test_the_last_unreadable_objection_lifts_the_hold() -> None:
    chart = Chart(known(Channel.SMS))
    for number in (1, 2):
        chart.hear(objection(Channel.SMS, objection_id=f"O{number}", reason_note_ref="x" * 501))
    ids = [one.task_id for one in chart.all(EscalationTask) if one.reason == "objection_unreadable"]
    assert len(set(ids)) == 2
    for number, held in ((0, True), (1, False)):
        act(chart, ResolutionKind.CLOSED, task_id=ids[number], **OUTCOME)
        assert chart.patient is not None
        assert chart.patient.unreadable_objection is held


@pytest.mark.parametrize(
    ("service", "outcome", "confirmed"),
    [("GEN", "confirmed", True), ("A:B", "confirmed", True), ("GEN", "rejected", False)],
)
def test_who_confirms_a_surge_closes_the_guard_for_an_hour(
    service: str, outcome: str, confirmed: bool
) -> None:
    chart = Chart(known(Channel.SMS))
    chart.shard = ShardState(surges={service: Surge(NOW // SLOT, 60, 0.0, NOW)})
    assert reasons(chart.hear(appointment(IN_TWO_WEEKS, service_code=service))) == ["HOLD surge"]
    act(chart, ResolutionKind.CLOSED, "surge", outcome_code=outcome)
    guard = chart.shard.surges[service]
    assert (guard.open_since == 0) is confirmed
    assert guard.confirmed_until == (NOW + HOUR if confirmed else 0)


@pytest.mark.parametrize("kind", ["CONTACTED", "LETTER_SENT", "ACCEPTED_NOT_CONTACTED"])
def test_only_an_outcome_ends_the_task_for_a_surge(kind: str) -> None:
    chart = Chart(known(Channel.SMS))
    chart.shard = ShardState(surges={"GEN": Surge(NOW // SLOT, 60, 0.0, NOW)})
    chart.hear(appointment(IN_TWO_WEEKS))
    assert act(chart, ResolutionKind(kind), "surge") == ["closed_without_outcome"]
    assert task(chart, "surge").status is TaskStatus.OPEN


def test_the_task_for_one_appointment_in_a_surge_ends_like_any_other() -> None:
    chart = Chart(known(Channel.SMS))
    chart.shard = ShardState(surges={"GEN": Surge(NOW // SLOT, 60, 0.0, NOW)})
    chart.hear(appointment(TOMORROW))
    assert reasons(chart.wait(TOMORROW - 2 * HOUR)) == ["ESCALATE surge"]
    assert task(chart, "surge").subject.id == "A1"
    assert act(chart, ResolutionKind.CONTACTED, "surge") == []
    assert task(chart, "surge").status is TaskStatus.CLOSED
    assert chart.shard.surges["GEN"].open_since, "the surge itself has still to be confirmed"


def test_a_rejected_surge_keeps_an_owner_until_it_is_confirmed() -> None:
    """Its changes stay held: whoever is asked next can let them go."""
    chart = Chart(known(Channel.SMS))
    chart.shard = ShardState(surges={"GEN": Surge(NOW // SLOT, 60, 0.0, NOW)})
    chart.hear(appointment(IN_TWO_WEEKS))
    first = task(chart, "surge")
    act(chart, ResolutionKind.CLOSED, "surge", outcome_code="rejected")
    again = task(chart, "surge")
    assert (again.status, again.role, again.priority) == (TaskStatus.OPEN, Role.BOOK, Priority.P2)
    assert again.task_id != first.task_id
    act(chart, ResolutionKind.CLOSED, "surge", outcome_code="feed_mended")
    assert task(chart, "surge").status is TaskStatus.CLOSED
    assert reasons(chart.wait(NOW + 2 * HOUR)) == ["SEND app_default"]


def unreadable(chart: Chart) -> None:
    at = Position(Topic.OBJECTIONS, 0, len(chart.outputs), chart.now)
    bad = BadRecord("undecodable", "bad")
    chart.keep(refuse(PATIENT, chart.patient, bad, b"P1", b"", at, chart.env()))


def test_each_unreadable_objection_has_its_task_and_the_last_lifts_the_hold() -> None:
    chart = Chart(known(Channel.SMS))
    unreadable(chart)
    unreadable(chart)
    act(chart, ResolutionKind.CLOSED, "objection_unreadable", **OUTCOME)
    assert chart.patient is not None
    assert chart.patient.unreadable_objection
    (left,) = chart.patient.tasks
    chart.hear(Resolution(left, ResolutionKind.CLOSED, "staff-1", Role.IG, outcome_code="done"))
    assert not chart.patient.unreadable_objection


@pytest.mark.parametrize("kind", ["CONTACTED", "LETTER_SENT", "ACCEPTED_NOT_CONTACTED"])
def test_only_an_outcome_ends_the_task_for_an_unreadable_objection(kind: str) -> None:
    chart = Chart(known(Channel.SMS))
    unreadable(chart)
    assert act(chart, ResolutionKind(kind), "objection_unreadable") == ["closed_without_outcome"]
    assert task(chart, "objection_unreadable").status is TaskStatus.OPEN


def test_a_flood_of_unreadable_objections_does_not_make_a_flood_of_tasks() -> None:
    chart = Chart(known(Channel.SMS))
    for _ in range(30):
        unreadable(chart)
    assert chart.patient is not None
    assert len(chart.patient.tasks) == 21


def test_a_surge_that_is_over_needs_no_confirmation() -> None:
    chart = Chart(known(Channel.SMS))
    chart.shard = ShardState(surges={"GEN": Surge(NOW // SLOT, 60, 0.0, NOW)})
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.shard = ShardState()
    act(chart, ResolutionKind.CLOSED, "surge", **OUTCOME)
    assert chart.shard == ShardState()


def test_who_is_reached_is_not_chased_and_knows_of_the_result() -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(result())
    chart.hear(result(result_id="R2", release=Release.DISCUSS_FIRST))
    act(chart, ResolutionKind.CONTACTED, "discuss_first")
    assert chart.patient is not None
    assert [one.chase_at for one in chart.patient.results.values()] == [0, 0]
    assert chart.patient.results["R2"].told_version == 1


def test_who_is_written_to_may_still_be_chased() -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(result())
    chart.hear(result(result_id="R2", release=Release.DISCUSS_FIRST))
    act(chart, ResolutionKind.LETTER_SENT, "discuss_first")
    assert chart.patient is not None
    assert chart.patient.results["R1"].chase_at > 0


def test_who_was_reached_about_an_older_version_does_not_know_of_the_newer() -> None:
    chart = Chart(known(), policy=policy(settle_s__appointment=60, settle_s__result=60))
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.hear(result())
    chart.wait(NOW + 61_000)
    chart.hear(cancelled(IN_TWO_WEEKS))
    chart.hear(result(critical=True))
    ids = [one.task_id for one in chart.all(EscalationTask) if one.reason == "no_contact_detail"]
    for task_id in ids[:2]:
        act(chart, ResolutionKind.CONTACTED, task_id=task_id)
    assert chart.patient is not None
    assert chart.patient.appointments["A1"].told is None
    assert chart.patient.results["R1"].told_at == 0
    assert list(chart.patient.asked) == ["appointment:A1"], "the newer one is still to be told"
    assert reasons(chart.wait(NOW + 122_000)) == ["ESCALATE no_contact_detail"]


def test_what_waits_for_the_morning_ends_when_somebody_was_told_of_it() -> None:
    """C225: the opening shift calls before the text goes out."""
    chart = Chart(known(Channel.SMS), now=NOW + 12 * HOUR)
    chart.hear(appointment(NOW + 46 * HOUR))
    chart.hear(cancelled(NOW + 46 * HOUR))
    answer = chart.hear(
        Resolution(task(chart, "opening_watch").task_id, ResolutionKind.CONTACTED, "staff-1", Role.BOOK)
    )
    assert reasons(answer) == ["SUPPRESS superseded"]
    assert reasons(chart.wait(NOW + 30 * HOUR)) == []


def test_who_was_called_beside_a_message_needs_no_receipt() -> None:
    start = NOW + 90 * 60_000
    chart = Chart(known(Channel.SMS))
    chart.hear(appointment(start))
    chart.hear(cancelled(start))
    act(chart, ResolutionKind.CONTACTED, "call_in_parallel")
    assert reasons(chart.wait(NOW + 80 * 60_000)) == []


def test_who_is_reached_as_a_copy_leaves_the_patient_to_be_told() -> None:
    person = proxy(basis=ProxyBasis.NOMINATED, mode=ProxyMode.COPY, contacts=())
    chart = Chart(known(Channel.SMS, proxies=(person,)))
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.wait(NOW)
    (sent,) = chart.all(SendCommand)
    chart.hear(Receipt(sent.command_id, ReceiptStatus.PERMANENT_FAILURE, Channel.SMS))
    assert open_tasks(chart) == ["data_quality", "no_contact_detail", "uncontactable"]
    for reason, told in (("no_contact_detail", False), ("uncontactable", True)):
        act(chart, ResolutionKind.CONTACTED, reason)
        assert chart.patient is not None
        assert (chart.patient.appointments["A1"].told is not None) is told


def test_who_is_reached_about_a_request_or_as_a_copy_changes_nothing_the_patient_was_told() -> None:
    person = proxy(basis=ProxyBasis.NOMINATED, mode=ProxyMode.COPY, contacts=())
    chart = Chart(known(Channel.SMS, proxies=(person,)))
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.wait(NOW)
    assert chart.patient is not None
    told = chart.patient.appointments["A1"].told
    act(chart, ResolutionKind.CONTACTED, "no_contact_detail")
    assert chart.patient.appointments["A1"].told == told
    assert [one.closed for one in chart.patient.sent.values()] == [False], (
        "the patient's own is still awaited"
    )
    bare = Chart(known())
    bare.hear(request(Purpose.PRESCRIPTION_READY))
    act(bare, ResolutionKind.CONTACTED, "no_contact_detail")
    assert open_tasks(bare) == []

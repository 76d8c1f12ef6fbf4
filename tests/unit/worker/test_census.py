"""Open tasks by role and age, deadlines met and missed, holds and objections: counted as patients change."""

from collections import Counter

import msgspec
import pytest

from streams.domain.events import Appointment, Contact, Identity, Objection
from streams.domain.packing import pack
from streams.domain.patient import AppointmentEntry, Asked, ObjectionEntry, OpenTask, PatientState
from streams.domain.position import Position
from streams.domain.time import DAY, HOUR, MINUTE
from streams.domain.vocabulary import (
    AppointmentStatus,
    Channel,
    Mode,
    ObjectionAction,
    ObjectionReason,
    Priority,
    Purpose,
    Reason,
    Role,
    Scope,
    SubjectKind,
    TaskStatus,
    Topic,
)
from streams.ops.metrics import value
from streams.worker.census import Census
from streams.worker.open_work import OpenWork
from streams.worker.table import PatientTable

NOW = 1_790_000_000_000
KEY = b"P1"
TASK = OpenTask(
    1, TaskStatus.OPEN, "d1", Role.BOOK, (), Priority.P1, Reason.OVERRIDE_NEEDED, SubjectKind.APPOINTMENT, "A1", 1,
    Purpose.APPT_CANCEL, NOW + HOUR, NOW + 30 * MINUTE, "booking-rota", NOW,
)  # fmt: skip


def census() -> Census:
    return Census(min_notice=2 * HOUR, short_notice=48 * HOUR)


def looked_at(censuses: list[Census], now: int) -> OpenWork:
    work = OpenWork()
    for _ in work.take_in(censuses, now):
        pass
    return work


def with_task(task: OpenTask = TASK, starts_in: int = 5 * HOUR) -> PatientState:
    body = Appointment(
        "A1", AppointmentStatus.CANCELLED, NOW + starts_in, service_code="GEN", mode=Mode.IN_PERSON
    )
    entry = AppointmentEntry(1, body, NOW)
    return PatientState(tasks={"t1": task}, appointments={"A1": entry})


def test_a_task_is_counted_until_it_is_closed() -> None:
    counted = census()
    counted.turn([(KEY, None, with_task())], NOW)
    work = looked_at([counted], NOW + 60_000)
    assert work.open == Counter({(Role.BOOK, Priority.P1): 1})
    assert work.oldest == {Role.BOOK: 60.0}
    counted.turn([(KEY, with_task(), PatientState())], NOW + 120_000)
    assert not looked_at([counted], NOW + 180_000).open


def test_a_task_closed_without_a_claim_was_acknowledged_then() -> None:
    counted = census()
    counted.turn([(KEY, None, with_task())], NOW)
    counted.turn([(KEY, with_task(), PatientState())], NOW + 5 * MINUTE)
    assert counted.met == {
        ("urgent_acknowledged", "in_time"): 1,
        ("urgent_completed", "in_time"): 1,
        ("short_notice", "in_time"): 1,
    }
    assert counted.waited == {"urgent": (1, 300.0)}


def test_open_tasks_are_judged_by_the_policy_in_force_now() -> None:
    counted = census()
    counted.turn([(KEY, None, with_task())], NOW)  # the patient must know in 3 h
    assert looked_at([counted], NOW).at_risk == 0
    counted.under(min_notice=4 * HOUR, short_notice=48 * HOUR)  # in 1 h
    assert looked_at([counted], NOW).at_risk == 1
    counted.under(min_notice=4 * HOUR, short_notice=HOUR // 2)  # no longer short notice
    assert looked_at([counted], NOW).at_risk == 0
    counted.turn([(KEY, with_task(), PatientState())], NOW + MINUTE)
    assert ("short_notice", "in_time") not in counted.met


def test_a_deadline_nobody_touches_is_missed_once() -> None:
    counted = census()
    counted.turn([(KEY, None, with_task())], NOW)
    for minutes in (31, 32, 61, 62, 181, 182):
        list(counted.open(NOW + minutes * MINUTE, portion=1))
    counted.turn([(KEY, with_task(), PatientState())], NOW + 200 * MINUTE)
    assert counted.met == {
        ("urgent_acknowledged", "late"): 1,
        ("urgent_completed", "late"): 1,
        ("short_notice", "late"): 1,
    }


def test_between_two_portions_tasks_may_come_and_go() -> None:
    counted = census()
    tasks = {f"t{number}": TASK for number in range(4)}
    patient = PatientState(tasks=tasks)
    counted.turn([(KEY, None, patient)], NOW)
    portions = counted.open(NOW + DAY, portion=2)
    assert len(next(portions)) == 2
    after = PatientState(tasks={"t0": TASK, "t1": TASK, "t3": TASK, "t4": TASK})
    counted.turn([(KEY, patient, after)], NOW + 5 * MINUTE)
    assert [len(portion) for portion in portions] == [1], "t2 is closed, and t4 belongs to the next look"
    assert counted.met["urgent_completed", "in_time"] == 1, "what was closed in time is never counted as late"
    assert counted.met["urgent_completed", "late"] == 3


def test_claiming_acknowledges() -> None:
    counted = census()
    claimed = msgspec.structs.replace(TASK, status=TaskStatus.CLAIMED, version=2, claimed_by="someone")
    counted.turn([(KEY, None, with_task())], NOW)
    counted.turn([(KEY, with_task(), with_task(claimed))], NOW + MINUTE)
    assert counted.met == {("urgent_acknowledged", "in_time"): 1}
    assert looked_at([counted], NOW + 45 * MINUTE).unacknowledged["urgent"] == 0


def test_deadlines_missed_before_a_restart_are_not_counted_again() -> None:
    counted = census()
    table = PatientTable({KEY: pack(with_task())})
    counted.restored([KEY])
    assert looked_at([counted], NOW).incomplete
    counted.count_some(table, NOW + 10 * HOUR)
    assert counted.complete
    work = looked_at([counted], NOW + 10 * HOUR)
    assert work.open[Role.BOOK, Priority.P1] == 1
    assert work.overdue["urgent"] == 1
    assert not counted.met


def test_a_patient_that_changes_before_being_counted_is_counted_once() -> None:
    counted = census()
    table = PatientTable({KEY: pack(with_task())})
    counted.restored([KEY])
    counted.turn([(KEY, with_task(), PatientState(version=1))], NOW)
    table.put_many({KEY: pack(PatientState(version=1))})
    counted.count_some(table, NOW)
    assert not counted.tasks


def test_short_notice_is_at_risk_when_nobody_has_acknowledged_it_with_two_hours_left() -> None:
    counted = census()
    counted.turn([(KEY, None, with_task(starts_in=5 * HOUR))], NOW)  # must know in 3 h
    assert looked_at([counted], NOW + 59 * MINUTE).at_risk == 0
    assert looked_at([counted], NOW + 61 * MINUTE).at_risk == 1


def test_holds_and_objections_come_and_go() -> None:
    counted = census()
    asked = Asked(
        SubjectKind.APPOINTMENT,
        "A1",
        1,
        "e1",
        Position(Topic.APPOINTMENTS, 0, 0, NOW),
        NOW,
        reason=Reason.SETTLE,
    )
    body = Objection("O1", ObjectionAction.RECORDED, Scope.METHOD, reason=ObjectionReason.SAFETY_STALKING)
    held = PatientState(asked={asked.key: asked}, objections={"O1": ObjectionEntry(1, body, NOW)})
    counted.turn([(KEY, None, held)], NOW)
    work = looked_at([counted], NOW)
    assert work.holds == {"settle": 1}
    assert work.objections == {"protected": 1}  # the class, never the reason
    withdrawn = PatientState(objections={"O1": ObjectionEntry(2, body, NOW, withdrawn=True)})
    counted.turn([(KEY, held, withdrawn)], NOW)
    work = looked_at([counted], NOW)
    assert (work.holds["settle"], work.objections["protected"]) == (0, 0)


def test_contact_details_are_counted_by_how_far_they_can_be_trusted() -> None:
    counted = census()
    who = Identity("9990548609", "Test", "Ada", born="1980-01-01")
    good = PatientState(
        identity=who,
        contacts=(
            Contact("a", Channel.SMS, "+447700900001", NOW),
            Contact("b", Channel.SMS, "+447700900002", shared_with=1),
            Contact("c", Channel.EMAIL, "ada@example.org", NOW, bounced=True),
        ),
    )
    counted.turn([(KEY, None, good), (b"P2", None, PatientState(identity=who))], NOW)
    assert (counted.details, counted.unverified) == ({"sms": 2, "email": 1}, {"sms": 1, "email": 0})
    assert (counted.shared, counted.unregistered, counted.bounced) == (1, 1, {"email": 1})
    mended = msgspec.structs.replace(good, contacts=good.contacts[:1])
    counted.turn([(KEY, good, mended)], NOW)
    assert (counted.details["sms"], counted.unverified["sms"], counted.shared) == (1, 0, 0)
    assert counted.details["email"] == 0
    looked_at([counted], NOW).show()
    assert value("heed_contacts_unverified_ratio", {"channel": "sms"}) == 0
    assert value("heed_registration_incomplete") == 1


def test_what_bounced_before_a_restore_is_not_counted_again() -> None:
    table = PatientTable(
        {KEY: pack(PatientState(contacts=(Contact("c", Channel.EMAIL, "a@example.org", bounced=True),)))}
    )
    counted = census()
    counted.restored([KEY])
    assert not counted.count_some(table, NOW)
    assert counted.details == {"email": 1}
    assert not counted.bounced


def test_how_long_tasks_took_is_added_up_when_they_are_closed() -> None:
    counted = census()
    counted.turn([(KEY, None, with_task())], NOW)
    counted.turn([(KEY, with_task(), PatientState())], NOW + 5 * MINUTE)
    assert counted.took == {"urgent": (1, 300.0)}
    before = value("heed_task_complete_seconds_total", {"urgency": "urgent"})
    closed = value("heed_tasks_completed_total", {"urgency": "urgent"})
    for _ in range(2):  # a second look counts nothing again
        looked_at([counted], NOW + 6 * MINUTE)
    assert value("heed_task_complete_seconds_total", {"urgency": "urgent"}) - before == 300
    assert value("heed_tasks_completed_total", {"urgency": "urgent"}) - closed == 1


def moved(stage: int, owner: str = TASK.owner) -> PatientState:
    return with_task(msgspec.structs.replace(TASK, version=TASK.version + 1, stage=stage, owner=owner))


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        (moved(0), moved(1, "deputy-rota"), {"deputy": 1}),
        (moved(1, "deputy-rota"), moved(2, "lead-rota"), {"lead": 1}),
        (moved(2, "lead-rota"), moved(3, "lead-rota"), {"incident": 1}),
        (moved(0), moved(1), {}),  # claimed, or nobody else is there: it stays where it is
        (moved(1, "deputy-rota"), moved(1, "other-rota"), {}),  # somebody handed it on
        (None, moved(2, "lead-rota"), {}),  # restored: whoever saw it move has counted it
    ],
)
def test_a_task_that_moves_on_by_itself_is_counted(
    before: PatientState | None, after: PatientState, counts: dict[str, int]
) -> None:
    counted = census()
    counted.turn([(KEY, before, after)], NOW)
    assert counted.moved == counts
    looked_at([counted], NOW)
    assert not counted.moved, "shown once"


@pytest.mark.parametrize(
    ("reason", "missing"),
    [
        (ObjectionReason.NOT_GIVEN, 1),
        (ObjectionReason.UNKNOWN, 1),
        (ObjectionReason.OTHER_FREE_TEXT, 0),
        (ObjectionReason.COST, 0),
    ],
)
def test_an_objection_without_a_reason_is_unclear_and_counted(reason: ObjectionReason, missing: int) -> None:
    counted = census()
    body = Objection("O1", ObjectionAction.RECORDED, Scope.METHOD, reason=reason)
    objecting = PatientState(objections={"O1": ObjectionEntry(1, body, NOW)})
    counted.turn([(KEY, None, objecting)], NOW)
    work = looked_at([counted], NOW)
    assert work.reason_missing == missing
    assert sum(work.objections.values()) == 1
    assert work.objections["unclear"] == (0 if reason is ObjectionReason.COST else 1)
    counted.turn([(KEY, objecting, PatientState())], NOW)
    assert looked_at([counted], NOW).reason_missing == 0


def test_a_result_nobody_rang_about_is_counted_while_its_task_is_open() -> None:
    counted = census()
    chased = with_task(msgspec.structs.replace(TASK, reason=Reason.MISSED_ACTION, priority=Priority.P3))
    counted.turn([(KEY, None, chased)], NOW)
    assert looked_at([counted], NOW).no_contact == 1
    counted.turn([(KEY, chased, PatientState())], NOW)
    assert looked_at([counted], NOW).no_contact == 0


def test_what_a_shard_showed_goes_with_it() -> None:
    """Holds and details of a shard that has moved are its new worker's to tell: added up, they would count twice."""
    with_holds = census()
    with_holds.holds = {Reason.FAIL_CLOSED: 40}
    with_holds.details[Channel.SMS] = with_holds.unverified[Channel.SMS] = 3
    looked_at([with_holds], NOW).show()
    assert value("heed_holds_open", {"reason": "fail_closed"}) == 40
    assert value("heed_contacts_unverified_ratio", {"channel": "sms"}) == 1
    looked_at([census()], NOW).show()
    assert value("heed_holds_open", {"reason": "fail_closed"}) == 0
    assert value("heed_contacts_unverified_ratio", {"channel": "sms"}) == 0

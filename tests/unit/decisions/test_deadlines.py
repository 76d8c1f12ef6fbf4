"""Priorities, deadlines and owners of tasks (B13)."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions.case import Timing
from streams.decisions.cover import owner_of
from streams.decisions.deadlines import deadline, owner_role, stage_times
from streams.domain.decision import Draft
from streams.domain.time import DAY, HOUR, MINUTE
from streams.domain.vocabulary import Priority, Reason, Role
from streams.policy.model import Absence
from tests.support.policies import policy
from tests.support.times import uk

POLICY: Final = policy()
TUESDAY: Final = uk("Tue 01 Dec 2026 11:00")


def draft(priority: Priority = Priority.P3, role: Role = Role.DQ, **fields: Any) -> Draft:
    return replace(Draft(role, priority, Reason.DATA_QUALITY), **fields)


def bound(now: int, left: int) -> Timing:
    """The times of a start so far ahead, two hours to travel."""
    start, needed_by = now + left, now + left - 2 * HOUR
    late = left <= 2 * HOUR
    return Timing(start, needed_by, start if late else needed_by, left <= 48 * HOUR, late)


@pytest.mark.parametrize(
    ("priority", "now", "acknowledge_by", "due_at"),
    [
        (Priority.P0, "Sat 05 Dec 2026 23:00", "Sat 05 Dec 2026 23:15", "Sun 06 Dec 2026 00:00"),
        # P1 outside a window runs on service hours, Monday to Friday 08:00 to 18:30
        (Priority.P1, "Tue 01 Dec 2026 11:00", "Tue 01 Dec 2026 11:30", "Tue 01 Dec 2026 12:00"),
        (Priority.P1, "Fri 04 Dec 2026 18:10", "Mon 07 Dec 2026 08:10", "Mon 07 Dec 2026 08:40"),
        (Priority.P1, "Sat 05 Dec 2026 11:00", "Mon 07 Dec 2026 08:30", "Mon 07 Dec 2026 09:00"),
        (Priority.P2, "Tue 01 Dec 2026 11:00", "Tue 01 Dec 2026 18:30", "Wed 02 Dec 2026 11:00"),
        (Priority.P2, "Tue 01 Dec 2026 19:00", "Wed 02 Dec 2026 18:30", "Wed 02 Dec 2026 18:30"),
        (Priority.P2, "Fri 04 Dec 2026 17:00", "Fri 04 Dec 2026 18:30", "Mon 07 Dec 2026 17:00"),
        (Priority.P3, "Fri 04 Dec 2026 17:00", "Mon 07 Dec 2026 17:00", "Tue 08 Dec 2026 17:00"),
        (Priority.P4, "Fri 04 Dec 2026 17:00", "Tue 08 Dec 2026 17:00", "Fri 11 Dec 2026 17:00"),
        # Christmas Day is a Friday, Boxing Day's substitute the Monday (C043)
        (Priority.P3, "Thu 24 Dec 2026 17:00", "Tue 29 Dec 2026 17:00", "Wed 30 Dec 2026 17:00"),
        (Priority.P0, "Fri 25 Dec 2026 11:00", "Fri 25 Dec 2026 11:15", "Fri 25 Dec 2026 12:00"),
    ],
)
def test_what_nothing_hurries(priority: Priority, now: str, acknowledge_by: str, due_at: str) -> None:
    by = deadline(draft(priority), Timing(), POLICY, uk(now))
    assert (by.priority, by.acknowledge_by, by.due_at) == (priority, uk(acknowledge_by), uk(due_at))


@pytest.mark.parametrize(
    ("left", "priority", "due_after"),
    [
        # in-window a P1 has an hour, at any time of day
        (24 * HOUR, Priority.P1, HOUR),
        # needed_by minus the buffer cuts it short
        (3 * HOUR + 20 * MINUTE, Priority.P1, 50 * MINUTE),
        (2 * HOUR + 45 * MINUTE, Priority.P1, 15 * MINUTE),
        # under a quarter of an hour is P0
        (2 * HOUR + 45 * MINUTE - 1, Priority.P0, 15 * MINUTE),
        (2 * HOUR + 5 * MINUTE, Priority.P0, 5 * MINUTE),
        # needed_by has passed: until the start
        (2 * HOUR, Priority.P0, 15 * MINUTE),
        (10 * MINUTE, Priority.P0, 10 * MINUTE),
    ],
)
def test_what_is_needed_by_a_time(left: int, priority: Priority, due_after: int) -> None:
    by = deadline(draft(Priority.P1), bound(TUESDAY, left), POLICY, TUESDAY)
    assert (by.priority, by.due_at - TUESDAY) == (priority, due_after)


def test_a_companion_that_has_nothing_to_do_with_the_request_keeps_its_time() -> None:
    by = deadline(draft(unbound=True), bound(TUESDAY, HOUR), POLICY, TUESDAY)
    assert (by.priority, by.due_at) == (Priority.P3, uk("Thu 03 Dec 2026 11:00"))


@pytest.mark.parametrize(
    ("now", "start", "priority", "due_at"),
    [
        # C042: at a P3's pace it would be Tuesday; a person now, not on Monday
        ("Fri 04 Dec 2026 18:01", "Mon 07 Dec 2026 09:00", Priority.P1, "Fri 04 Dec 2026 19:01"),
        ("Tue 01 Dec 2026 11:00", "Thu 17 Dec 2026 09:00", Priority.P3, "Thu 03 Dec 2026 11:00"),
        # two working days end exactly at needed_by less the buffer
        ("Tue 01 Dec 2026 11:00", "Thu 03 Dec 2026 13:30", Priority.P3, "Thu 03 Dec 2026 11:00"),
        ("Tue 01 Dec 2026 11:00", "Thu 03 Dec 2026 13:29:59.999", Priority.P1, "Tue 01 Dec 2026 12:00"),
    ],
)
def test_no_task_is_slower_than_needed_by(now: str, start: str, priority: Priority, due_at: str) -> None:
    times = bound(uk(now), uk(start) - uk(now))
    by = deadline(draft(at_least_needed_by=True), times, POLICY, uk(now))
    assert (by.priority, by.due_at) == (priority, uk(due_at))


@pytest.mark.parametrize(
    ("priority", "within", "due_after"),
    [
        (Priority.P0, 15 * MINUTE, 15 * MINUTE),
        (Priority.P0, 2 * HOUR, HOUR),
        (Priority.P1, 2 * HOUR, 2 * HOUR),
        (Priority.P1, HOUR, HOUR),
    ],
)
def test_a_grounds_own_time_runs_at_any_hour(priority: Priority, within: int, due_after: int) -> None:
    night = uk("Sat 05 Dec 2026 23:00")
    by = deadline(draft(priority, within=within), Timing(), POLICY, night)
    assert by.due_at - night == due_after


@pytest.mark.parametrize(
    ("due", "due_after"), [(3 * DAY, 3 * DAY), (MINUTE, 15 * MINUTE), (-DAY, 15 * MINUTE)]
)
def test_an_absolute_deadline_leaves_at_least_a_quarter_of_an_hour(due: int, due_after: int) -> None:
    by = deadline(draft(due_at=TUESDAY + due), Timing(), POLICY, TUESDAY)
    assert by.due_at - TUESDAY == due_after


@pytest.mark.parametrize("deadline_of", [None, TUESDAY, TUESDAY - HOUR])
def test_what_is_too_late_for_any_help_still_has_a_quarter_of_an_hour(deadline_of: int | None) -> None:
    times = Timing(None, TUESDAY - HOUR, deadline_of, False, True)
    by = deadline(draft(), times, POLICY, TUESDAY)
    assert (by.priority, by.due_at - TUESDAY) == (Priority.P0, 15 * MINUTE)


@pytest.mark.parametrize(
    ("made", "owner", "copies"),
    [
        (draft(role=Role.ADMIN), Role.BOOK, (Role.ADMIN,)),
        (draft(role=Role.IG, copy_roles=(Role.BOOK, Role.CLIN)), Role.BOOK, (Role.IG, Role.CLIN)),
        (draft(role=Role.BOOK, copy_roles=(Role.IG,)), Role.BOOK, (Role.IG,)),
        (draft(role=Role.CLIN), Role.CLIN, ()),
        (draft(role=Role.SAFE, copy_roles=(Role.CG,)), Role.SAFE, (Role.CG,)),
        (draft(role=Role.IG, own_role=True), Role.IG, ()),
        (draft(role=Role.DQ, companion=True), Role.DQ, ()),
    ],
)
def test_in_window_the_clinic_owns_it(made: Draft, owner: Role, copies: tuple[Role, ...]) -> None:
    assert owner_role(made, bound(TUESDAY, 24 * HOUR)) == (owner, copies)
    assert owner_role(made, bound(TUESDAY, 72 * HOUR)) == (made.role, made.copy_roles)


def test_a_task_moves_on_at_half_three_quarters_and_the_whole_of_its_time() -> None:
    assert stage_times(0, HOUR) == (30 * MINUTE, 45 * MINUTE, HOUR)
    assert stage_times(TUESDAY, TUESDAY)[2] >= TUESDAY


@pytest.mark.parametrize(
    ("now", "priority", "stage", "owner"),
    [
        ("Tue 01 Dec 2026 11:00", Priority.P1, 0, "booking-desk"),
        ("Tue 01 Dec 2026 11:00", Priority.P1, 1, "booking-deputy"),
        ("Tue 01 Dec 2026 11:00", Priority.P1, 2, "booking-lead"),
        ("Tue 01 Dec 2026 11:00", Priority.P1, 3, "booking-lead"),
        ("Tue 01 Dec 2026 18:29:59.999", Priority.P0, 0, "booking-desk"),
        ("Tue 01 Dec 2026 18:30", Priority.P0, 0, "site-manager"),
        ("Tue 01 Dec 2026 18:30", Priority.P1, 0, "site-manager"),
        ("Tue 01 Dec 2026 18:30", Priority.P2, 0, "booking-desk"),
        ("Tue 01 Dec 2026 18:30", Priority.P1, 1, "booking-deputy"),
        ("Fri 25 Dec 2026 11:00", Priority.P1, 0, "site-manager"),
    ],
)
def test_who_owns_it(now: str, priority: Priority, stage: int, owner: str) -> None:
    assert owner_of(POLICY, Role.BOOK, priority, uk(now), stage) == owner


@pytest.mark.parametrize(
    ("away", "owner"),
    [
        ([], "booking-desk"),
        (["booking-desk"], "booking-deputy"),
        (["booking-desk", "booking-deputy"], "booking-lead"),
        (["booking-desk", "booking-deputy", "booking-lead"], "site-manager"),
        (["booking-desk", "booking-deputy", "booking-lead", "site-manager"], "site-manager"),
    ],
)
def test_a_task_is_never_nobodys(away: list[str], owner: str) -> None:
    """C220."""
    absences = tuple(Absence(person, TUESDAY, TUESDAY + DAY) for person in away)
    cover = replace(POLICY.roles[Role.BOOK], absences=absences)
    changed = replace(POLICY, roles={**POLICY.roles, Role.BOOK: cover})
    assert owner_of(changed, Role.BOOK, Priority.P3, TUESDAY) == owner
    assert owner_of(changed, Role.BOOK, Priority.P3, TUESDAY + DAY) == "booking-desk"

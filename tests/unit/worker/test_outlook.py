"""Which roles nobody covers, now or soon."""

import pytest

from streams.domain.time import DAY, HOUR
from streams.policy.model import Absence, RoleCover
from streams.worker.outlook import uncovered

NOW = 1_790_000_000_000


def cover(*absences: Absence) -> RoleCover:
    return RoleCover("ann", ("bob",), "cat", "", absences)


def away(person: str, start: int, end: int) -> Absence:
    return Absence(person, NOW + start, NOW + end)


@pytest.mark.parametrize(
    ("absences", "now", "within_a_day"),
    [
        ((), False, False),
        ((away("ann", -HOUR, HOUR), away("bob", -HOUR, HOUR)), False, False),  # the lead is there
        ((away("ann", -HOUR, HOUR), away("bob", -HOUR, HOUR), away("cat", -HOUR, HOUR)), True, True),
        (
            (away("ann", HOUR, 5 * HOUR), away("bob", 0, 3 * HOUR), away("cat", 2 * HOUR, 4 * HOUR)),
            False,
            True,
        ),
        ((away("ann", 2 * DAY, 3 * DAY), away("bob", 0, 3 * DAY), away("cat", 0, 3 * DAY)), False, False),
        ((away("ann", -HOUR, 0), away("bob", -HOUR, 0), away("cat", -HOUR, 0)), False, False),  # just back
    ],
)
def test_a_role_is_covered_while_one_of_its_chain_is_there(
    absences: tuple[Absence, ...], now: bool, within_a_day: bool
) -> None:
    assert uncovered(cover(*absences), NOW, 0) is now
    assert uncovered(cover(*absences), NOW, DAY) is within_a_day

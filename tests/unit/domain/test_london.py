"""London's days, months and birthdays as timetables."""

import pytest

from streams.domain.london import (
    add_months,
    age_on,
    at,
    date_of,
    day_number,
    is_younger,
    local_date,
    local_day,
    parse_hhmm,
    turns,
    weekday,
)
from streams.domain.time import HOUR
from tests.support.times import show, uk


@pytest.mark.parametrize(
    ("instant", "date"),
    [
        ("Tue 01 Dec 2026 00:00", "2026-12-01"),
        ("Tue 01 Dec 2026 23:59:59.999", "2026-12-01"),
        ("Mon 01 Jun 2026 00:00", "2026-06-01"),  # 23:00 UTC of the day before
        ("Sun 31 May 2026 23:59:59.999", "2026-05-31"),
    ],
)
def test_local_date(instant: str, date: str) -> None:
    day = local_date(uk(instant))
    assert date_of(day).isoformat() == date
    assert day_number(date_of(day)) == day


def test_weekday_counts_from_monday() -> None:
    assert weekday(local_date(uk("Mon 30 Nov 2026 12:00"))) == 0
    assert weekday(local_date(uk("Sun 29 Nov 2026 12:00"))) == 6


@pytest.mark.parametrize(
    ("inside", "start", "end", "hours"),
    [
        ("Tue 01 Dec 2026 12:00", "Tue 01 Dec 2026 00:00", "Wed 02 Dec 2026 00:00", 24),
        ("Sun 28 Mar 2027 00:00", "Sun 28 Mar 2027 00:00", "Mon 29 Mar 2027 00:00", 23),
        ("Sun 25 Oct 2026 23:59:59.999", "Sun 25 Oct 2026 00:00", "Mon 26 Oct 2026 00:00", 25),
    ],
)
def test_local_day(inside: str, start: str, end: str, hours: int) -> None:
    assert local_day(uk(inside)) == (uk(start), uk(end))
    assert uk(end) - uk(start) == hours * HOUR


def test_a_skipped_wall_time_is_the_moment_of_change() -> None:
    sunday = local_date(uk("Sun 28 Mar 2027 12:00"))
    change = uk("Sun 28 Mar 2027 02:00")
    assert [at(sunday, parse_hhmm(t)) for t in ("01:00", "01:30", "01:59")] == [change] * 3
    assert at(sunday, parse_hhmm("00:59")) == change - 60_000
    assert at(sunday, parse_hhmm("01:30"), later=True) == change


def test_a_repeated_wall_time_is_the_first_unless_the_later_is_asked_for() -> None:
    sunday = local_date(uk("Sun 25 Oct 2026 12:00"))
    assert at(sunday, 90) == uk("Sun 25 Oct 2026 01:30 BST")
    assert at(sunday, 90, later=True) == uk("Sun 25 Oct 2026 01:30 GMT")


@pytest.mark.parametrize(
    ("start", "months", "goal"),
    [
        ("Tue 01 Dec 2026 09:15:07.250", 1, "Fri 01 Jan 2027 09:15:07.250"),
        ("Sun 31 Jan 2027 10:00", 1, "Sun 28 Feb 2027 10:00"),
        ("Mon 31 Jan 2028 10:00", 1, "Tue 29 Feb 2028 10:00"),
        ("Mon 29 Mar 2027 09:00", -1, "Mon 01 Mar 2027 09:00"),
        ("Fri 25 Sep 2026 12:00", 2, "Wed 25 Nov 2026 12:00"),  # BST to GMT: the same wall time
        ("Fri 28 Feb 2025 12:00", 12, "Sat 28 Feb 2026 12:00"),
    ],
)
def test_add_months(start: str, months: int, goal: str) -> None:
    if months > 0:
        assert show(add_months(uk(start), months)) == show(uk(goal))
    else:
        assert show(add_months(uk(goal), -months)) == show(uk("Thu 01 Apr 2027 09:00"))


@pytest.mark.parametrize(
    ("born", "instant", "age"),
    [
        ("2010-12-01", "Mon 30 Nov 2026 23:59:59.999", 15),
        ("2010-12-01", "Tue 01 Dec 2026 00:00", 16),
        # midnight in London, though it is 23:00 UTC of the day before
        ("2010-06-01", "Sun 31 May 2026 23:59:59.999", 15),
        ("2010-06-01", "Mon 01 Jun 2026 00:00", 16),
        # C050: a leap-day birth in a common year
        ("2012-02-29", "Tue 29 Feb 2028 00:00", 16),
        ("2011-02-28", "Sun 28 Feb 2027 00:00", 16),
        ("2008-02-29", "Fri 28 Feb 2025 23:59:59.999", 16),
        ("2008-02-29", "Sat 01 Mar 2025 00:00", 17),
        ("2026-12-01", "Tue 01 Dec 2026 09:00", 0),
    ],
)
def test_age(born: str, instant: str, age: int) -> None:
    assert age_on(born, uk(instant)) == age


@pytest.mark.parametrize(
    ("born", "age", "instant"),
    [
        ("2010-12-01", 16, "Tue 01 Dec 2026 00:00"),
        ("2010-06-01", 16, "Mon 01 Jun 2026 00:00"),
        ("2008-02-29", 16, "Thu 29 Feb 2024 00:00"),
        ("2008-02-29", 17, "Sat 01 Mar 2025 00:00"),
    ],
)
def test_the_birthday_is_the_first_instant_of_that_age(born: str, age: int, instant: str) -> None:
    turning = turns(born, age)
    assert turning == uk(instant)
    assert age_on(born, turning) == age
    assert age_on(born, turning - 1) == age - 1
    assert is_younger(born, age, turning - 1)
    assert not is_younger(born, age, turning)


@pytest.mark.parametrize("born", ["", "1980", "01/02/1980", "1980-02-30"])
def test_an_unreadable_birth_date_is_refused_without_repeating_it(born: str) -> None:
    with pytest.raises(ValueError, match="a date of birth is written YYYY-MM-DD"):
        age_on(born, 0)
    with pytest.raises(ValueError, match="a date of birth is written YYYY-MM-DD"):
        is_younger(born, 16, 0)


@pytest.mark.parametrize(
    ("text", "minutes"), [("00:00", 0), ("08:00", 480), ("23:59", 1439), ("24:00", 1440)]
)
def test_parse_hhmm(text: str, minutes: int) -> None:
    assert parse_hhmm(text) == minutes


@pytest.mark.parametrize("text", ["", "8:00", "24:01", "12:60", "12.00", " 08:00", "08:00\n", "٠٨:٠٠"])
def test_parse_hhmm_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="HH:MM"):
        parse_hhmm(text)

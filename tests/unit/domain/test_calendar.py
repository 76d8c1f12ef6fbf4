"""Opening hours, working time and letters as timetables (B6, B13, B15)."""

from datetime import date

import pytest

from streams.domain.calendar import Calendar, DailyWindow, WeeklyWindow, day_number, local_date, parse_hhmm
from streams.domain.time import HOUR, MINUTE, Instant
from tests.support.times import show, uk


def hhmm(start: str, end: str) -> tuple[int, int]:
    return parse_hhmm(start), parse_hhmm(end)


WEEKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
QUIET = DailyWindow(*hhmm("21:00", "08:00"))
URGENT = DailyWindow(*hhmm("07:00", "22:00"))
SERVICE = WeeklyWindow(WEEKDAYS, *hhmm("08:00", "18:30"))
TEXTS = WeeklyWindow(WEEKDAYS, *hhmm("08:00", "18:00"))
APP = WeeklyWindow(EVERY_DAY, *hhmm("06:00", "22:00"), bank_holidays=True)
ALWAYS = WeeklyWindow(EVERY_DAY, *hhmm("00:00", "24:00"), bank_holidays=True)
HOLIDAYS = frozenset(
    day_number(date.fromisoformat(d))
    for d in ("2026-12-25", "2026-12-28", "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03")
)
CALENDAR = Calendar(HOLIDAYS, WEEKDAYS, SERVICE)


@pytest.mark.parametrize(
    ("window", "instant", "inside"),
    [
        (QUIET, "Tue 01 Dec 2026 20:59:59.999", False),
        (QUIET, "Tue 01 Dec 2026 21:00", True),
        (QUIET, "Wed 02 Dec 2026 00:00", True),
        (QUIET, "Wed 02 Dec 2026 07:59:59.999", True),
        (QUIET, "Wed 02 Dec 2026 08:00", False),
        (QUIET, "Mon 01 Jun 2026 20:59:59.999", False),  # in summer, on London's wall
        (QUIET, "Mon 01 Jun 2026 21:00", True),
        (QUIET, "Sun 28 Mar 2027 07:59:59.999", True),
        (QUIET, "Sun 28 Mar 2027 08:00", False),
        (URGENT, "Tue 01 Dec 2026 06:59:59.999", False),
        (URGENT, "Tue 01 Dec 2026 07:00", True),
        (URGENT, "Tue 01 Dec 2026 22:00", False),
        (DailyWindow(540, 540), "Tue 01 Dec 2026 03:00", True),  # no bounds given
    ],
)
def test_daily_window(window: DailyWindow, instant: str, inside: bool) -> None:
    assert window.contains(uk(instant)) is inside


@pytest.mark.parametrize(
    ("instant", "end"),
    [
        ("Tue 01 Dec 2026 23:00", "Wed 02 Dec 2026 08:00"),
        ("Wed 02 Dec 2026 02:00", "Wed 02 Dec 2026 08:00"),
        ("Wed 02 Dec 2026 08:00", "Thu 03 Dec 2026 08:00"),  # over: the end of the next
        ("Sat 27 Mar 2027 23:00", "Sun 28 Mar 2027 08:00"),  # 8 hours later
        ("Sat 24 Oct 2026 23:00", "Sun 25 Oct 2026 08:00"),  # 10 hours later
    ],
)
def test_quiet_hours_end(instant: str, end: str) -> None:
    assert show(QUIET.next_end(uk(instant))) == show(uk(end))


@pytest.mark.parametrize(
    ("instant", "start"),
    [
        ("Tue 01 Dec 2026 23:00", "Wed 02 Dec 2026 07:00"),
        ("Wed 02 Dec 2026 02:00", "Wed 02 Dec 2026 07:00"),
        ("Wed 02 Dec 2026 07:00", "Wed 02 Dec 2026 07:00"),
        ("Wed 02 Dec 2026 07:00:00.001", "Thu 03 Dec 2026 07:00"),
    ],
)
def test_urgent_window_starts(instant: str, start: str) -> None:
    assert show(URGENT.next_start(uk(instant))) == show(uk(start))


@pytest.mark.parametrize(
    ("window", "instant", "opens"),
    [
        (TEXTS, "Tue 01 Dec 2026 08:00", "Tue 01 Dec 2026 08:00"),
        (TEXTS, "Tue 01 Dec 2026 07:59:59.999", "Tue 01 Dec 2026 08:00"),
        (TEXTS, "Tue 01 Dec 2026 17:59:59.999", "Tue 01 Dec 2026 17:59:59.999"),
        (TEXTS, "Tue 01 Dec 2026 18:00", "Wed 02 Dec 2026 08:00"),
        (TEXTS, "Fri 04 Dec 2026 18:01", "Mon 07 Dec 2026 08:00"),  # C042
        # C043: Christmas 2026; Boxing Day falls on a Saturday, so Monday 28 is the holiday
        (TEXTS, "Thu 24 Dec 2026 18:00", "Tue 29 Dec 2026 08:00"),
        (APP, "Fri 25 Dec 2026 09:00", "Fri 25 Dec 2026 09:00"),
        (APP, "Fri 25 Dec 2026 22:00", "Sat 26 Dec 2026 06:00"),
        # Easter 2027: Good Friday 26 March, Monday 29 March, and the clocks change on the 28th
        (TEXTS, "Thu 25 Mar 2027 18:00", "Tue 30 Mar 2027 08:00"),
        (ALWAYS, "Fri 25 Dec 2026 03:00", "Fri 25 Dec 2026 03:00"),
    ],
)
def test_next_open(window: WeeklyWindow, instant: str, opens: str) -> None:
    assert show(CALENDAR.next_open(window, uk(instant))) == show(uk(opens))
    assert CALENDAR.is_open(window, uk(instant)) is (instant == opens)


@pytest.mark.parametrize(
    ("window", "instant", "closes"),
    [
        (SERVICE, "Tue 01 Dec 2026 09:00", "Tue 01 Dec 2026 18:30"),
        (SERVICE, "Tue 01 Dec 2026 18:29:59.999", "Tue 01 Dec 2026 18:30"),
        (SERVICE, "Tue 01 Dec 2026 18:30", "Wed 02 Dec 2026 18:30"),
        (SERVICE, "Sat 05 Dec 2026 12:00", "Mon 07 Dec 2026 18:30"),
        (ALWAYS, "Tue 01 Dec 2026 23:45", "Wed 09 Dec 2026 00:00"),  # midnight does not close it
        (
            WeeklyWindow(frozenset({0, 1}), 0, 1440),
            "Mon 30 Nov 2026 23:45",
            "Wed 02 Dec 2026 00:00",
        ),
    ],
)
def test_closes_at(window: WeeklyWindow, instant: str, closes: str) -> None:
    assert show(CALENDAR.closes_at(window, uk(instant))) == show(uk(closes))


@pytest.mark.parametrize(
    ("instant", "days", "due"),
    [
        ("Mon 30 Nov 2026 09:00", 1, "Tue 01 Dec 2026 09:00"),
        ("Mon 30 Nov 2026 08:00", 1, "Mon 30 Nov 2026 18:30"),
        ("Fri 04 Dec 2026 18:00", 1, "Mon 07 Dec 2026 18:00"),
        ("Sat 05 Dec 2026 12:00", 1, "Mon 07 Dec 2026 18:30"),
        ("Mon 30 Nov 2026 09:00", 5, "Mon 07 Dec 2026 09:00"),
        ("Mon 30 Nov 2026 03:00", 2, "Tue 01 Dec 2026 18:30"),
        ("Mon 30 Nov 2026 19:00", 2, "Wed 02 Dec 2026 18:30"),
        ("Thu 24 Dec 2026 09:00", 1, "Tue 29 Dec 2026 09:00"),  # C043
        ("Thu 24 Dec 2026 09:00", 2, "Wed 30 Dec 2026 09:00"),
        ("Thu 25 Mar 2027 16:30", 1, "Tue 30 Mar 2027 16:30"),
        ("Mon 30 Nov 2026 09:00:00.001", 1, "Tue 01 Dec 2026 09:00:00.001"),
        ("Sat 05 Dec 2026 12:00", 0, "Sat 05 Dec 2026 12:00"),
    ],
)
def test_working_days(instant: str, days: int, due: str) -> None:
    assert show(CALENDAR.add_working_days(uk(instant), days)) == show(uk(due))


def working(minute: Instant) -> bool:
    """Whether the service is open in this minute of a working day."""
    return CALENDAR.is_open(SERVICE, minute) and CALENDAR.is_working_day(local_date(minute))


def test_working_time_is_what_was_added() -> None:
    start = uk("Thu 24 Dec 2026 17:00")
    assert show(CALENDAR.add_working_time(start, 2 * HOUR)) == show(uk("Tue 29 Dec 2026 08:30"))
    for instant in ("Thu 24 Dec 2026 17:00", "Sat 26 Dec 2026 12:00", "Tue 29 Dec 2026 20:00"):
        for duration in (MINUTE, 11 * HOUR, 21 * HOUR):
            end = CALENDAR.add_working_time(uk(instant), duration)
            minutes = range(uk(instant), end, MINUTE)
            assert sum(map(working, minutes)) * MINUTE == duration


@pytest.mark.parametrize(
    ("instant", "closes"),
    [
        ("Tue 01 Dec 2026 03:00", "Tue 01 Dec 2026 18:30"),
        ("Tue 01 Dec 2026 18:29:59.999", "Tue 01 Dec 2026 18:30"),
        ("Tue 01 Dec 2026 18:30", "Wed 02 Dec 2026 18:30"),
        ("Fri 04 Dec 2026 19:00", "Mon 07 Dec 2026 18:30"),
        ("Fri 25 Dec 2026 10:00", "Tue 29 Dec 2026 18:30"),
    ],
)
def test_end_of_working_day(instant: str, closes: str) -> None:
    assert show(CALENDAR.end_of_working_day(uk(instant))) == show(uk(closes))


@pytest.mark.parametrize(
    ("now", "lead", "arrives"),
    [
        ("Tue 01 Dec 2026 09:00", 6, "Wed 09 Dec 2026 18:00"),
        ("Tue 01 Dec 2026 23:59", 6, "Wed 09 Dec 2026 18:00"),
        ("Wed 02 Dec 2026 00:00", 6, "Thu 10 Dec 2026 18:00"),
        ("Sat 05 Dec 2026 09:00", 1, "Mon 07 Dec 2026 18:00"),
        ("Fri 18 Dec 2026 09:00", 6, "Wed 30 Dec 2026 18:00"),  # 21 22 23 24, 29, 30
        ("Thu 25 Mar 2027 09:00", 1, "Tue 30 Mar 2027 18:00"),
    ],
)
def test_letter_arrival(now: str, lead: int, arrives: str) -> None:
    assert show(CALENDAR.letter_arrival(uk(now), lead)) == show(uk(arrives))


def test_working_days_are_weekdays_that_are_no_bank_holiday() -> None:
    def works(moment: str) -> bool:
        return CALENDAR.is_working_day(local_date(uk(moment)))

    assert works("Thu 24 Dec 2026 12:00")
    assert not works("Fri 25 Dec 2026 12:00")
    assert not works("Sat 26 Dec 2026 12:00")


def test_hours_that_never_open_are_refused() -> None:
    never = WeeklyWindow(frozenset(), 480, 1080)
    with pytest.raises(ValueError, match="never open"):
        CALENDAR.next_open(never, uk("Tue 01 Dec 2026 09:00"))
    idle = Calendar(frozenset(), frozenset(), SERVICE)
    with pytest.raises(ValueError, match="no working day"):
        idle.add_working_days(uk("Tue 01 Dec 2026 09:00"), 1)
    with pytest.raises(ValueError, match="too few working days"):
        idle.letter_arrival(uk("Tue 01 Dec 2026 09:00"), 6)


def test_a_window_over_a_repeated_hour_starts_the_first_time_and_ends_the_second() -> None:
    night = DailyWindow(*hhmm("01:15", "01:45"))
    for moment, inside in (
        ("Sun 25 Oct 2026 01:14 BST", False),
        ("Sun 25 Oct 2026 01:15 BST", True),
        ("Sun 25 Oct 2026 01:00 GMT", True),
        ("Sun 25 Oct 2026 01:45 GMT", False),
    ):
        assert night.contains(uk(moment)) is inside, moment

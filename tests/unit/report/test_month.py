"""Months are London's: in summer they begin an hour before UTC's, and two of them have 23 or 25 hours more or less."""

import pytest

from streams.domain.time import DAY, HOUR
from streams.errors import BadUsage
from streams.report.month import Month, month_of, read_month
from tests.support.times import uk


@pytest.mark.parametrize(
    ("at", "month"),
    [
        ("Sat 31 Oct 2026 23:59:59.999", "2026-10"),
        ("Sun 01 Nov 2026 00:00", "2026-11"),
        ("Tue 30 Jun 2026 23:59:59.999", "2026-06"),  # 22:59:59.999 UTC
        ("Wed 01 Jul 2026 00:00", "2026-07"),  # 30 June 23:00 UTC
        ("Fri 01 Jan 2027 00:00", "2027-01"),
    ],
)
def test_which_month(at: str, month: str) -> None:
    assert str(month_of(uk(at))) == month


@pytest.mark.parametrize(
    ("month", "length"),
    [
        ("2026-10", 31 * DAY + HOUR),
        ("2027-03", 31 * DAY - HOUR),
        ("2026-11", 30 * DAY),
        ("2028-02", 29 * DAY),
    ],
)
def test_how_long_a_month_is(month: str, length: int) -> None:
    found = read_month(month)
    assert found.end - found.start == length
    assert month_of(found.start) == month_of(found.end - 1) == found


def test_months_before_and_after() -> None:
    assert Month(2026, 1).earlier(1) == Month(2025, 12)
    assert Month(2026, 12).earlier(-1) == Month(2027, 1)
    assert Month(2026, 11).earlier(12) == Month(2025, 11)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "1999-12", "November", "2026-11-01", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(BadUsage, match="YYYY-MM"):
        read_month(text)

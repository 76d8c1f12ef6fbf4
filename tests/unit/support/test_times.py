"""The timetable reader refuses what a reader would get wrong."""

import pytest

from tests.support.times import show, uk


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Mon 01 Dec 2026 09:00", "that day is a Tuesday"),
        ("Sun 25 Oct 2026 01:30", "say which"),
        ("Tue 01 Dec 2026 09:00 BST", "say which"),
        ("Sun 28 Mar 2027 01:30", "the clocks skip this time"),
        ("2026-12-01 09:00", "write it as"),
    ],
)
def test_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        uk(text)


def test_read() -> None:
    assert uk("Tue 01 Dec 2026 09:00") == 1_796_115_600_000
    assert uk("Sun 25 Oct 2026 01:30 GMT") - uk("Sun 25 Oct 2026 01:30 BST") == 3_600_000
    assert show(uk("Mon 01 Jun 2026 09:00:01.002")) == "Mon 01 Jun 2026 09:00:01.002 BST"

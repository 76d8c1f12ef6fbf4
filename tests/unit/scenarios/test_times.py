"""Times and durations as people write them, and back again."""

import pytest

from streams.scenarios.times import duration, instant, london, spoken, written

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
CLOCK = 1_796_122_800_000  # Tue 01 Dec 2026 11:00 GMT


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", 90 * SECOND),
        ("60m", HOUR),
        ("4h", 4 * HOUR),
        ("2d", 48 * HOUR),
        ("1h30m", 90 * MINUTE),
        ("29s999ms", 29_999),
        ("0s", 0),
    ],
)
def test_durations(text: str, length: int) -> None:
    assert duration(text) == length


@pytest.mark.parametrize("text", ["", "5", "1.5h", "-5m", "5 m", "1h 30m", "h", "5w"])
def test_not_a_duration(text: str) -> None:
    with pytest.raises(ValueError, match="a duration is 90s"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-01T11:00:00+00:00", CLOCK),
        ("2026-12-01T11:00:00Z", CLOCK),
        ("2026-12-01T12:00:00.001+01:00", CLOCK + 1),
        ("+30s", CLOCK + 30 * SECOND),
        ("-2d", CLOCK - 48 * HOUR),
    ],
)
def test_instants(text: str, moment: int) -> None:
    assert instant(text, CLOCK) == moment


@pytest.mark.parametrize("text", ["2026-12-01T11:00:00", "2026-12-01", "tomorrow", "+tomorrow", "+", ""])
def test_a_time_says_its_offset(text: str) -> None:
    """C034: which half past one on the night the clocks go back?"""
    with pytest.raises(ValueError, match="a duration is|a time with offset"):
        instant(text, CLOCK)


def test_without_a_clock_nothing_is_counted_from_it() -> None:
    with pytest.raises(ValueError, match="a time with offset"):
        instant("+30s")


@pytest.mark.parametrize(
    ("length", "words"),
    [(0, "0s"), (1, "1ms"), (90 * SECOND, "1m30s"), (49 * HOUR, "2d1h"), (-HOUR, "-1h")],
)
def test_spoken(length: int, words: str) -> None:
    assert spoken(length) == words


def test_london_names_the_weekday_and_the_season() -> None:
    assert london(CLOCK) == "Tue 01 Dec 2026 11:00:00 GMT"
    assert london(1_782_900_000_001) == "Wed 01 Jul 2026 11:00:00.001 BST"


def test_written_is_read_back() -> None:
    for moment in (CLOCK, CLOCK + 1, 1_792_893_600_000, 0):
        assert instant(written(moment)) == moment
    assert written(10**17) == str(10**17)  # beyond any calendar

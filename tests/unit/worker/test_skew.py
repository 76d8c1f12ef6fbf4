"""When this machine's clock is too far from the broker's to send by it."""

import time

import pytest

from streams.domain.time import MINUTE, SECOND, Millis
from streams.worker.skew import Skew

TOLERANCE = 5 * MINUTE
BROKER = 1_796_122_800_000


class Moved:
    """A clock that goes with the steady counter, and can be moved."""

    def __init__(self, ahead: Millis = 0) -> None:
        self.ahead = ahead
        self._begun = time.monotonic()

    def now(self) -> int:
        return BROKER + self.ahead + round((time.monotonic() - self._begun) * SECOND)

    def real_seconds(self, duration: Millis) -> float:
        return duration / SECOND


def test_nothing_is_held_before_the_broker_was_asked() -> None:
    assert not Skew(Moved(99 * MINUTE)).too_much(TOLERANCE)


@pytest.mark.parametrize(
    ("ahead", "too_much"),
    [(0, False), (4 * MINUTE, False), (-4 * MINUTE, False), (6 * MINUTE, True), (-6 * MINUTE, True)],
)
def test_what_the_broker_tells(ahead: Millis, too_much: bool) -> None:
    skew = Skew(Moved(ahead))
    skew.told(BROKER, took=0.0)
    assert skew.too_much(TOLERANCE) is too_much


def test_a_long_commit_is_no_skew_and_a_policy_without_tolerance_is_not_taken_at_its_word() -> None:
    skew = Skew(Moved(6 * MINUTE))
    skew.told(BROKER, took=300.0)
    assert not skew.too_much(TOLERANCE)
    skew = Skew(Moved(2 * SECOND))
    skew.told(BROKER, took=0.0)
    assert not skew.too_much(0)


def test_a_clock_that_jumps_is_noticed_before_the_broker_says_so() -> None:
    clock = Moved()
    skew = Skew(clock)
    skew.told(BROKER, took=0.0)
    clock.ahead = 6 * MINUTE
    assert skew.too_much(TOLERANCE)
    assert str(skew) == "360 s ahead of the broker's"
    clock.ahead = -6 * MINUTE
    assert str(skew) == "360 s behind the broker's"
    clock.ahead = 0
    assert not skew.too_much(TOLERANCE)

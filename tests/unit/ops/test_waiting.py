"""How long something has waited, from ends and positions seen over time."""

from streams.ops.waiting import Waiting


def test_what_has_been_reached_does_not_wait() -> None:
    seen = Waiting[str]()
    seen.look("p0", 10, 100.0)
    assert seen.seconds("p0", 10, 160.0) == 0


def test_waiting_is_counted_from_the_first_look_that_saw_it() -> None:
    seen = Waiting[str]()
    for at, end in ((100.0, 10), (102.0, 10), (104.0, 15), (106.0, 20)):
        seen.look("p0", end, at)
    assert seen.seconds("p0", 12, 110.0) == 6  # 12 was first below an end at 104
    assert seen.seconds("p0", 15, 110.0) == 4


def test_an_idle_partition_that_gets_something_starts_anew() -> None:
    seen = Waiting[str]()
    seen.look("p0", 10, 100.0)
    assert seen.seconds("p0", 10, 500.0) == 0
    seen.look("p0", 11, 900.0)
    assert seen.seconds("p0", 10, 903.0) == 3


def test_a_long_lag_keeps_its_beginning() -> None:
    seen = Waiting[str]()
    for second in range(2_000):
        seen.look("p0", second + 1, float(second))
    assert seen.seconds("p0", 0, 2_000.0) == 2_000


def test_a_partition_that_went_elsewhere_is_forgotten() -> None:
    seen = Waiting[str]()
    seen.look("p0", 5, 0.0)
    seen.forget(frozenset({"p1"}))
    assert seen.seconds("p0", 0, 100.0) == 0

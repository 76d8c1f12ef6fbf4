"""Who is due: the longest overdue first, and only at their newest instant."""

from streams.worker.timers import Timers


def test_the_longest_overdue_comes_first_and_the_future_waits() -> None:
    timers = Timers([(30, b"c"), (10, b"a"), (20, b"b"), (99, b"z")])
    assert timers.take(now=30, limit=2) == [b"a", b"b"]
    assert timers.take(now=30, limit=2) == [b"c"]
    assert timers.take(now=30, limit=2) == []
    assert timers.next() == 99


def test_only_the_newest_instant_of_a_patient_counts() -> None:
    timers = Timers([(10, b"a")])
    timers.set(b"a", 50)
    assert timers.take(now=20, limit=9) == []
    timers.set(b"a", 15)
    assert timers.take(now=20, limit=9) == [b"a"]
    assert len(timers) == 0


def test_a_patient_with_nothing_due_any_more_is_left_alone() -> None:
    timers = Timers([(10, b"a")])
    timers.set(b"a", 0)
    assert not timers.overdue(99)
    assert timers.next() is None


def test_a_patient_may_be_due_again_at_the_same_instant() -> None:
    timers = Timers()
    timers.set(b"a", 10)
    assert timers.take(now=10, limit=1) == [b"a"]
    timers.set(b"a", 10)
    assert timers.take(now=10, limit=1) == [b"a"]


def test_how_many_are_overdue_since_an_instant() -> None:
    timers = Timers([(10, b"a"), (20, b"b"), (30, b"c")])
    assert [timers.overdue_since(at) for at in (9, 10, 20, 99)] == [0, 1, 2, 3]
    timers.set(b"a", 40)  # what it was due at before stays in the heap until it surfaces
    assert [timers.overdue_since(at) for at in (10, 20, 40)] == [0, 1, 3]


def test_a_patient_put_off_again_and_again_does_not_fill_the_memory() -> None:
    timers = Timers([(10, b"z")])
    for instant in range(50_000):
        timers.set(b"a", 1_000_000 - instant)
    assert len(timers._heap) < 2_000
    assert timers.take(now=2_000_000, limit=9) == [b"z", b"a"]

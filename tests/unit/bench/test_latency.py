"""How fast what waits grows, and which rate counts as sustained. No broker."""

import math
from bisect import bisect_right
from collections.abc import Callable
from random import Random

import pytest

from bench import latency, plots, report
from bench.openloop import Timed, growth, lag_slope
from bench.session import BRIEF, FULL, Found
from bench.targets import targets
from bench.workload import Row

_SECOND = 1_000_000_000


def _window(rate: int, seconds: int, capacity: float, turn_s: float = 0.1) -> tuple[list[int], list[int]]:
    """Records leave evenly; four partitions decide them in turns of about ``turn_s``, all together no faster than ``capacity``."""
    rng, sent, visible = Random(7), [], []
    partitions: list[list[int]] = [[] for _ in range(4)]
    for number in range(rate * seconds):
        at = number * _SECOND // rate
        sent.append(at)
        partitions[number % 4].append(at)
    for queue in partitions:
        now, done = 0.0, 0
        while done < len(queue):
            length = turn_s * rng.uniform(0.5, 1.5)
            now += length
            waiting = bisect_right(queue, (now - length) * _SECOND) - done
            took = min(waiting, int(capacity / 4 * length) + rng.randrange(2))
            visible += [int(now * _SECOND)] * took
            done += took
    return sent, sorted(visible)


@pytest.mark.parametrize("seconds", [16, 40])
def test_turns_that_come_and_go_are_no_growth(seconds: int) -> None:
    sent, visible = _window(2_000, seconds, capacity=3_000)
    found = growth(sent, visible, 5 * _SECOND, seconds * _SECOND)
    assert found is not None
    assert abs(found) < 0.005


@pytest.mark.parametrize(("capacity", "expected"), [(1_940, 0.03), (1_600, 0.2)])
def test_a_rate_a_little_too_high_is_seen(capacity: float, expected: float) -> None:
    sent, visible = _window(2_000, 16, capacity)
    found = growth(sent, visible, 5 * _SECOND, 16 * _SECOND)
    assert found is not None
    assert found == pytest.approx(expected, abs=0.01)


def test_a_pause_at_the_end_of_a_window_is_no_trend() -> None:
    sent, visible = _window(2_000, 16, capacity=3_000)
    late = sorted(at if at < 15.3 * _SECOND else max(at, 16 * _SECOND) for at in visible)
    found = growth(sent, late, 5 * _SECOND, 16 * _SECOND)
    assert found is not None
    assert abs(found) < 0.01


def test_a_window_of_a_few_seconds_tells_no_growth() -> None:
    sent, visible = _window(500, 9, capacity=3_000)
    assert growth(sent, visible, 2 * _SECOND, 9 * _SECOND) is None


_INTENDED = {f"e{n}": n * _SECOND // 100 for n in range(1_600)}
_RECORDS = [Timed(e, Row("appointments", n % 4, b"P1", b"")) for n, e in enumerate(_INTENDED)]


def test_what_has_no_decision_of_its_own_does_not_make_the_lag_grow() -> None:
    decided = {e: at + _SECOND // 50 for e, at in _INTENDED.items() if not e.endswith("7")}
    assert lag_slope(_RECORDS, _INTENDED, decided, 0, 16.0) == pytest.approx(0, abs=0.005)


def test_what_is_decided_late_or_not_before_the_watching_ends_makes_it_grow() -> None:
    late = {e: 2 * at for e, at in _INTENDED.items()}
    watched = {e: at for e, at in late.items() if at < 20 * _SECOND}
    for seen in (late, watched):
        assert lag_slope(_RECORDS, _INTENDED, seen, 0, 16.0) == pytest.approx(0.5, abs=0.05)
    assert lag_slope(_RECORDS, _INTENDED, {}, 0, 16.0) == pytest.approx(1, abs=0.05)


def _up_to(limit: float, asked: list[float]) -> Callable[[float], bool]:
    def sustains(rate: float) -> bool:
        asked.append(rate)
        return rate <= limit

    return sustains


@pytest.mark.parametrize("limit", [1_100, 2_700, 4_000, 5_500])
def test_the_search_comes_within_a_sixth_of_what_is_sustained(limit: float) -> None:
    asked: list[float] = []
    found = latency.search(_up_to(limit, asked), 6_500, BRIEF.search_tries)
    assert found is not None
    assert limit / 1.16 < found <= limit
    assert len(asked) == BRIEF.search_tries
    closer = latency.search(_up_to(limit, asked), 6_500, FULL.search_tries)
    assert closer is not None
    assert limit / 1.04 < closer <= limit


def test_the_search_ends_where_nothing_is_sustained_or_no_events_are_left() -> None:
    asked: list[float] = []
    assert latency.search(_up_to(100, asked), 6_500, BRIEF.search_tries) is None
    assert len(asked) == BRIEF.search_tries
    answers = iter([True, None])
    assert latency.search(lambda _: next(answers), 1_000, 6) == pytest.approx(300)


@pytest.mark.parametrize("limit", [0.2, 0.4, 0.6, 0.9])
def test_a_day_has_events_for_the_search_and_both_windows(limit: float) -> None:
    """What is made up for a backlog rate of 6 500 suffices for whatever a worker sustains of it."""
    asked: list[float] = []
    sustained = latency.search(_up_to(limit * 6_500, asked), 6_500, BRIEF.search_tries)
    assert sustained is not None
    taken = sum(asked) * BRIEF.search_s + 1.3 * sustained * BRIEF.open_loop_s
    assert taken < latency.events_needed(BRIEF, 6_500)
    assert math.isclose(latency.events_needed(BRIEF, 1e9), BRIEF.latency_events)


def _found(sustainable: int | None) -> Found:
    at: Found = {
        "rate": 1_312, "seconds": 15.0, "p50": 10.0, "p90": 20.0, "p99": 30.0, "p999": 40.0, "largest": 50.0, "cpu_share": 0.5,
        "lag_slope": 0.001, "counted": 15_000, "undecided": 400, "waiting": 3,
        "curve": [],
    }  # fmt: skip
    tried = [{"rate": 2_624, "lag_slope": 0.0448}, {"rate": 800, "lag_slope": None}]
    return {"latency": {"tried": tried, "sustainable": sustainable, "at_50": at, "at_80": at}}


@pytest.mark.parametrize("none", [0, None])
def test_half_of_a_rate_that_was_not_sustained_is_not_half_load(none: int | None) -> None:
    lines = [one for one in targets(_found(none)) if one.name.startswith("latency")]
    assert [(one.value, one.met) for one in lines] == [(None, False)] * 3
    assert "not measured" in lines[0].line()
    section = report._latency(_found(none)["latency"])
    assert section.endswith("Tried: 2,624/s (lag grows by 4.5%), 800/s (lag grows by -).")
    assert "No rate was sustained, so latency at half of it was not measured." in section
    assert not plots._curves(_found(none))


def test_half_of_the_sustained_rate_is_judged() -> None:
    lines = [one for one in targets(_found(2_624)) if one.name.startswith("latency")]
    assert [(one.value, one.met) for one in lines] == [(10.0, True), (30.0, True), (40.0, True)]
    assert "| 50 % of it | 1,312 | 15.0 | 10.0 | 20.0 | 30.0 | 40.0 | 50.0 | 50% | 0.1% |" in report._latency(
        _found(2_624)["latency"]
    )
    assert len(plots._curves(_found(2_624))) == 2

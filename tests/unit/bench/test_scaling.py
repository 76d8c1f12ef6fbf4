"""What is compared with the first of its round, and how the page and the targets tell it. No broker."""

import pytest

from bench import report
from bench.following import Run
from bench.openloop import Latency
from bench.recovery import figures
from bench.scaling import rows
from bench.session import BRIEF, FULL, Found, scaled
from bench.targets import Target, targets


def _run(rate: float, cpu_us: float = 30.0, problems: tuple[str, ...] = ()) -> Run:
    return Run("Heed", 1_000, rate, rate, cpu_us, cpu_us, 100.0, 1.0, problems)


def _target(found: Found, name: str) -> Target:
    return next(one for one in targets(found) if one.name.startswith(name))


#: The machine is half as fast in the second round: the medians say 0.95, the rounds 0.6 and 0.8.
_ROUNDS = {
    1_000: [_run(40_000), _run(20_000, 60.0), _run(21_000)],
    1_000_000: [_run(24_000, 45.0), _run(16_000), _run(19_000, problems=("dropped one",))],
}


def test_the_table_is_compared_round_by_round() -> None:
    small, large = rows("patients", _ROUNDS)
    assert small["rate_is"] == {"median": 1.0, "least": 1.0, "most": 1.0, "runs": 3}
    assert large["rate_is"] == {"median": 0.7, "least": 0.6, "most": 0.8, "runs": 2}
    assert large["cpu_is"] == {"median": 1.0, "least": 0.5, "most": 1.5, "runs": 2}
    assert large["problems"] == ["dropped one"]
    found = {"tables": {"rows": [small, large]}}
    assert _target(found, "rate with 1,000,000 patients").value == 0.7


def test_a_round_that_went_wrong_everywhere_is_not_measured() -> None:
    made = rows("patients", {1_000: [_run(40_000)], 1_000_000: [_run(0, problems=("stuck",))]})
    target = _target({"tables": {"rows": made}}, "rate with 1,000,000 patients")
    assert (target.value, target.met) == (None, False)


def test_two_processes_are_reported_against_one() -> None:
    made = rows("processes", {1: [_run(30_000)] * 2, 2: [_run(45_000)] * 2, 4: [_run(40_000)] * 2})
    assert _target({"processes": {"rows": made}}, "two processes").value == 1.5
    earlier = [{"processes": 1, "rate": 30_000}, {"processes": 2, "rate": 45_000}]
    assert _target({"processes": {"rows": earlier}}, "two processes").value == 1.5


def test_the_page_shows_backlogs_with_their_range() -> None:
    made = rows(
        "waiting", {20_000: [_run(30_000), _run(32_000)], 150_000: [_run(33_000, 33.0), _run(32_000)]}
    )
    section = report._SECTIONS["backlogs"]({"rows": made})
    assert "### Workload 1 and what waits when the worker starts" in section
    assert "| 20,000 | 31,000 (30,000 - 32,000) | 30.0 (30.0 - 30.0) |" in section
    assert "| 1.05 (1.0 - 1.1) | 1.05 (1.0 - 1.1) |" in section


def _window(largest: float, undecided: int) -> Latency:
    return Latency(1_000, 26.0, 0, undecided, 0, 0, 0, 0, largest, 0.0, [(6.0, largest)], 0.5, 100, [])


def test_failover_tells_its_range() -> None:
    found = figures([_window(9_100, 0), _window(10_300, 1), _window(9_800, 0)])
    assert found["longest_s"] == {"median": 9.8, "least": 9.1, "most": 10.3, "runs": 3}
    assert found["undecided"] == 1
    assert len(found["stalls"]) == 3


def test_the_full_bench_repeats_everything_that_is_compared() -> None:
    assert (
        min(FULL.rounds, FULL.day_rounds, FULL.table_rounds, FULL.partition_rounds, FULL.process_rounds) >= 5
    )
    assert FULL.failover_rounds >= 3
    assert FULL.backlogs == (20_000, 100_000, 400_000)
    assert BRIEF.table_rounds >= 2


@pytest.mark.parametrize("share", [1.0, 0.1])
def test_a_share_of_the_events_is_a_share_of_the_backlogs(share: float) -> None:
    assert scaled(BRIEF, share).backlogs == tuple(int(count * share) for count in BRIEF.backlogs)

"""The surge guard (rule 3.10): when it opens, what is normal, and which services it forgets."""

from typing import Final

import pytest

from streams.decisions.surges import SLOT, count, task_raised
from streams.domain.shard import ShardState, Surge
from tests.support.charts import NOW
from tests.support.policies import policy

POLICY: Final = policy()
NO_SURGE: Final = ShardState()


def counted(events: int, shard: ShardState = NO_SURGE, now: int = NOW) -> Surge:
    for _ in range(events):
        shard = count(shard, "GEN", POLICY, now)
    return shard.surges["GEN"]


@pytest.mark.parametrize(("events", "opened"), [(49, False), (50, True), (51, True)])
def test_without_history_the_guard_opens_at_fifty(events: int, opened: bool) -> None:
    assert bool(counted(events).open_since) is opened


@pytest.mark.parametrize(("events", "opened"), [(99, False), (100, True)])
def test_with_history_it_opens_at_five_times_the_normal_rate(events: int, opened: bool) -> None:
    normal = ShardState(surges={"GEN": Surge(NOW // SLOT, 0, 20.0)})
    assert bool(counted(events, normal).open_since) is opened


def test_the_normal_rate_follows_and_outlasts_the_night() -> None:
    busy = ShardState(surges={"GEN": Surge(NOW // SLOT, 40, 20.0)})
    assert counted(1, busy, NOW + SLOT).normal == pytest.approx(24.0)
    assert counted(1, busy, NOW + 400 * SLOT).normal == pytest.approx(24.0)
    surge = ShardState(surges={"GEN": Surge(NOW // SLOT, 4_000, 20.0, NOW)})
    assert counted(1, surge, NOW + SLOT).normal == 20.0, "a surge teaches nothing about normal"


@pytest.mark.parametrize(("events", "opened"), [(299, False), (300, True)])
def test_a_steady_day_is_normal_the_next_morning(events: int, opened: bool) -> None:
    """Sixty changes in each slot of the day, then a night without any (3.10, B15)."""
    shard = ShardState(surges={"GEN": Surge(NOW // SLOT - 1, 60, 60.0)})
    for slot in range(60):
        shard = ShardState(surges={"GEN": counted(60, shard, NOW + slot * SLOT)})
    assert shard.surges["GEN"].open_since == 0
    assert bool(counted(events, shard, NOW + 144 * SLOT).open_since) is opened


def test_a_confirmed_guard_stays_closed_for_its_time() -> None:
    confirmed = ShardState(surges={"GEN": Surge(NOW // SLOT, 60, 0.0, confirmed_until=NOW + 1)})
    assert counted(1, confirmed).open_since == 0
    assert counted(1, confirmed, NOW + 1).open_since == NOW + 1


def test_services_are_forgotten_before_they_fill_the_memory() -> None:
    """C194: a feed with a random service code in every event."""
    shard = ShardState(
        surges={
            **{f"S{n}": Surge(NOW // SLOT - 7) for n in range(498)},
            "open": Surge(NOW // SLOT - 100, open_since=NOW),
            "recent": Surge(NOW // SLOT - 6),
        }
    )
    assert sorted(count(shard, "GEN", POLICY, NOW).surges) == ["GEN", "open", "recent"]


def test_a_task_for_a_guard_that_is_gone_changes_nothing() -> None:
    assert task_raised(ShardState(), "GEN") == ShardState()

"""The surge guard's counters (rule 3.10, C021): changes of one service in ten-minute slots, by shard."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.shard import ShardState, Surge
from streams.domain.time import MINUTE, Instant
from streams.policy.model import Policy

SLOT: Final = 10 * MINUTE
_WEIGHT: Final = 0.2  # of the newest slot in the moving average: about the last five slots with changes count

_QUIET: Final = Surge()
_MANY_SERVICES: Final = 500
_REMEMBERED_SLOTS: Final = 6


def count(shard: ShardState, service: str, policy: Policy, now: Instant) -> ShardState:
    """Count one change; open the guard at ``factor`` times the normal rate and at least ``minimum``.

    With no history the normal rate is 0, so the guard opens at the minimum (B15). Once open it stays so
    until a person confirms: a faulty feed does not get better by waiting.
    """
    guard = shard.surges.get(service, _QUIET)
    slot = now // SLOT
    if slot == guard.slot:
        guard = replace(guard, count=guard.count + 1)
    else:
        guard = replace(guard, slot=slot, count=1, normal=_usual(guard))
    limit = max(policy.surge_minimum, policy.surge_factor * guard.normal)
    if not guard.open_since and guard.count >= limit and now >= guard.confirmed_until:
        guard = replace(guard, open_since=now, task_raised=False)
    return replace(shard, surges={**_kept(shard.surges, slot), service: guard})


def task_raised(shard: ShardState, service: str) -> ShardState:
    """One person is asked about a surge, however many patients it touches (C021)."""
    guard = shard.surges.get(service)
    if guard is None:
        return shard
    return replace(shard, surges={**shard.surges, service: replace(guard, task_raised=True)})


def _kept(surges: dict[str, Surge], slot: int) -> dict[str, Surge]:
    """Services are an open list: forget the quiet ones before a random feed fills the memory (C194)."""
    if len(surges) < _MANY_SERVICES:
        return surges
    return {
        name: one for name, one in surges.items() if one.open_since or slot - one.slot <= _REMEMBERED_SLOTS
    }


def _usual(guard: Surge) -> float:
    """The average after the guard's last slot; one in which it was open taught us nothing about normal.

    Slots without changes count for nothing: a service that rests at night is no other one in the morning.
    """
    if not guard.slot or guard.open_since:
        return guard.normal
    return guard.normal + _WEIGHT * (guard.count - guard.normal)

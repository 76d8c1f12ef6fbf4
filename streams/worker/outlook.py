"""What will run out or is missing, told from the policy and the shards' own state: gauges for the planning alerts."""

from collections.abc import Iterable, Sequence
from typing import Final

from streams.domain.shard import ShardState
from streams.domain.time import DAY, SECOND, Instant, Millis
from streams.ops.metrics import show_only
from streams.policy.model import Policy, RoleCover

from . import metrics

#: "Now" pages, "a day ahead" is a ticket (D4, RoleUncovered).
HORIZONS: Final[dict[str, Millis]] = {"now": 0, "day": DAY}


def show(policy: Policy, shards: Sequence[ShardState], now: Instant) -> None:
    """Set the gauges."""
    ends = [one.valid_to for one in policy.override_policies.values()]
    metrics.POLICY_EXPIRES.set(min(ends) / SECOND if ends else 0)
    reviews = {
        str(channel): registered.review_due / SECOND
        for channel, registered in policy.channels.items()
        if registered.enabled and registered.review_due is not None
    }
    show_only(metrics.CHANNEL_REVIEW, reviews)
    metrics.TEMPLATES_OVERDUE.set(
        sum(t.review_due is None or t.review_due <= now for t in policy.templates.templates)
    )
    metrics.OVERRIDE_LIMIT.set(policy.override_alert_rate)
    for name, horizon in HORIZONS.items():
        metrics.UNCOVERED.labels(name).set(sum(uncovered(c, now, horizon) for c in policy.roles.values()))
    show_only(metrics.CIRCUIT_OPEN, {str(one): _is_open(one, shards, now) for one in _known_circuits(shards)})


def uncovered(cover: RoleCover, now: Instant, horizon: Millis) -> bool:
    """Whether nobody of a role's chain is present at some moment from ``now`` to ``horizon`` later.

    Cover can only be lost at the moment when an absence begins, so those moments are enough.
    """
    moments = [now, *(a.start for a in cover.absences if now < a.start <= now + horizon)]
    chain = {cover.primary, *cover.deputies, cover.lead, cover.on_call} - {""}
    return any(
        not chain - {away.person for away in cover.absences if away.start <= at < away.end} for at in moments
    )


def _known_circuits(shards: Iterable[ShardState]) -> set[str]:
    return {channel for shard in shards for channel in shard.circuits}


def _is_open(channel: str, shards: Iterable[ShardState], now: Instant) -> bool:
    return any(channel in shard.circuits and shard.circuits[channel].open_until > now for shard in shards)

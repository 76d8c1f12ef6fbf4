"""Which channels the organisation has: the channel registry of the policy (B5, test E1)."""

from __future__ import annotations

from streams.domain.time import Instant
from streams.domain.vocabulary import Channel
from streams.policy.model import Policy


def is_registered(policy: Policy, channel: Channel, now: Instant) -> bool:
    """Whether the organisation may use this channel at all: in the registry, switched on, accreditation in date."""
    settings = policy.channels.get(channel)
    if settings is None or not settings.enabled:
        return False
    if channel is Channel.IM_COMMERCIAL and not policy.im_commercial:
        return False
    return settings.review_due is None or now < settings.review_due

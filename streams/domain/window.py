"""The 48-hour window. Decides whether a change leaves little warning; knows no clock and no calendar."""

from .time import Instant, Millis

__all__ = ["is_short_notice"]


def is_short_notice(affected_start: Instant, now: Instant, window: Millis) -> bool:
    """Tell whether a change leaves the patient at most ``window`` of warning.

    Elapsed time between UTC instants: a clock change in between neither adds nor removes an hour.
    Open at zero, closed at ``window``: exactly 48 h is short notice, 1 ms more is not.

    Args: ``affected_start`` (B1) and the injected ``now`` in UTC milliseconds; ``window`` is the
        policy's ``short_notice_hours`` in milliseconds.
    Errors: none; a window of zero or less was refused as BadPolicy when the policy was read.
    Source: S0 line 67 (ground 3); boundary pinned by C030 and C032.

    >>> hour = 3_600_000
    >>> is_short_notice(affected_start=48 * hour, now=0, window=48 * hour)
    True
    """
    return 0 < affected_start - now <= window

"""What one shard knows that belongs to no single patient: the pause flag and the surge counters."""

import msgspec

from .time import Instant


class Surge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Appointment changes of one service: this ten-minute slot, and the usual rate before it.

    ``normal`` is a moving average over past slots; with no history it is 0 (B15), so the guard
    opens at the minimum alone. ``open_since`` is 0 while the guard is closed.
    """

    slot: int = 0
    count: int = 0
    normal: float = 0.0
    open_since: Instant = 0
    confirmed_until: Instant = 0
    task_raised: bool = False


class Circuit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Recent technical failures of one channel (B6.2): five in two minutes open it for one minute."""

    failures: tuple[Instant, ...] = ()
    open_until: Instant = 0


class ShardState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``paused``: an objection could not be read and its patient is not known, so that no message may
    leave this partition until a person resumes it (rule 1.1, C201). ``recovering``: rule 3.1.
    ``let_through``: up to which offset of a topic a person lets unreadable records be set aside without end
    (``resume``). ``unwritable``: when a person was last told that what is due for a patient cannot be written."""

    paused: bool = False
    paused_at: Instant = 0
    recovering: bool = False
    surges: dict[str, Surge] = {}
    circuits: dict[str, Circuit] = {}
    let_through: dict[str, int] = {}
    unwritable: dict[str, Instant] = {}

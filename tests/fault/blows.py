"""What can be done to the processes, the brokers and what lies between them."""

from enum import StrEnum
from typing import Final

import msgspec


class Blow(StrEnum):
    KILL = "kill"  # -9, at any moment
    KILL_BEFORE_COMMIT = "kill_before_commit"  # -9, everything produced, nothing committed
    KILL_AFTER_COMMIT = "kill_after_commit"  # -9, committed, and the process does not know
    KILL_RECORDER = "kill_recorder"
    KILL_ALL = "kill_all"
    TERM = "term"
    FREEZE = "freeze"  # SIGSTOP for longer than the session time-out, then on
    BROKER = "broker"  # kill -9 of a broker, and back
    SCALE = "scale"  # one worker more, or one less
    SWING = "swing"  # from one worker to four and back, again and again
    COORDINATOR = (
        "coordinator"  # the broker that coordinates the group, or a transactional id, is stopped and started
    )
    CUT = "cut"  # the network between some workers and the brokers, or between all and one broker
    JITTER = "jitter"  # the same links are slow and irregular
    DISK_FULL = "disk_full"  # of one broker, until it is repaired
    CLOCK = "clock"  # one worker's clock is wrong by five minutes
    REGISTRY = "registry"  # the schema registry is away


KILLS: Final = (
    Blow.KILL, Blow.KILL_BEFORE_COMMIT, Blow.KILL_AFTER_COMMIT, Blow.KILL_RECORDER, Blow.KILL_ALL,
)  # fmt: skip
#: After these every replica has to be there again before the next broker may be hit: two of three are needed.
BROKERS: Final = (Blow.BROKER, Blow.COORDINATOR, Blow.DISK_FULL)


class Dealt(msgspec.Struct):
    """One blow: its time (UTC, ISO), the second of the run, whom it hit and how, and how long it lasted.

    ``partitions``: how many it hit. ``seconds``: what it cost, the longest time without a decision on a partition that it hit, until each has
    one again; None where no partition was hit, or none came in time.
    """

    blow: Blow
    time: str
    at: float
    target: str
    lasted: float = 0.0
    partitions: int = 0
    seconds: float | None = None

"""What every part of a bench run shares: the broker, how large the parts are, and where progress is told."""

import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from .cluster import Cluster

#: What a part found: figures for the results file, ready for JSON.
Found = dict[str, Any]


class Plan(msgspec.Struct, frozen=True):
    """How large the parts are. The two that are used are below; tests use smaller ones."""

    name: str
    rounds: int  # interleaved: A B A B
    join_events: int
    jvm_rounds: int
    jvm_events: int  # the first four fifths are the whole run, the rest is warm
    day_events: int
    day_patients: int
    day_rounds: int
    search_s: float
    search_tries: int
    open_loop_s: float
    latency_events: int  # a larger day would take minutes to make up; the search then ends earlier
    low_rate_s: float
    low_rate_rounds: int
    stall_s: float
    table_events: int
    table_rounds: int  # of tables and backlogs
    backlogs: tuple[int, ...]
    partition_rounds: int
    process_rounds: int
    failover_rounds: int
    restore_patients: int


BRIEF: Final = Plan(
    name="make bench",
    rounds=5,
    join_events=100_000,
    jvm_rounds=1,
    jvm_events=1_250_000,
    day_events=50_000,
    day_patients=20_000,
    day_rounds=5,
    search_s=16,
    search_tries=4,
    open_loop_s=15,
    latency_events=500_000,
    low_rate_s=20,
    low_rate_rounds=3,
    stall_s=60,
    table_events=150_000,
    table_rounds=2,
    backlogs=(20_000, 60_000, 150_000),
    partition_rounds=1,
    process_rounds=2,
    failover_rounds=1,
    restore_patients=300_000,
)
FULL: Final = msgspec.structs.replace(
    BRIEF,
    name="make bench-full",
    rounds=5,
    join_events=300_000,
    jvm_rounds=5,
    jvm_events=1_250_000,
    day_rounds=5,
    day_events=200_000,
    search_s=40,
    search_tries=6,
    open_loop_s=60,
    latency_events=1_200_000,
    low_rate_s=60,
    low_rate_rounds=5,
    stall_s=600,
    table_events=400_000,
    table_rounds=5,
    backlogs=(20_000, 100_000, 400_000),
    partition_rounds=5,
    process_rounds=5,
    failover_rounds=3,
    restore_patients=1_000_000,
)


def scaled(plan: Plan, share: float) -> Plan:
    """The plan with fewer events, for a machine that has much else to do; rounds and windows stay."""
    if share == 1:
        return plan
    fewer = {
        name: max(10_000, int(getattr(plan, name) * share))
        for name in (
            "join_events",
            "jvm_events",
            "day_events",
            "day_patients",
            "table_events",
            "restore_patients",
        )
    }
    waiting = tuple(max(1_000, int(count * share)) for count in plan.backlogs)
    name = f'{plan.name} ARGS="--share {share:g}"'
    return msgspec.structs.replace(plan, name=name, backlogs=waiting, **fewer)


class Session(msgspec.Struct, frozen=True):
    cluster: Cluster
    plan: Plan
    partitions: int = 4

    def say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def spread(values: Sequence[float], digits: int = 1) -> Found:
    """Median, least and most of several runs."""
    if not values:
        return {"median": None, "least": None, "most": None, "runs": 0}
    of = statistics.median(values), min(values), max(values)
    median, least, most = (round(value, digits) if digits else round(value) for value in of)
    return {"median": median, "least": least, "most": most, "runs": len(values)}


def middle(found: Any) -> float | None:
    """The median of a spread; a figure of one run is its own."""
    value: float | None = found["median"] if isinstance(found, dict) else found
    return value


def median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def ratio(above: float | None, below: float | None, digits: int = 2) -> float | None:
    """None when either is missing: a part that failed meets no target."""
    return round(above / below, digits) if above and below else None

"""What ``make overload`` leaves behind: its line among the runs, and the row that docs/reliability.md makes of it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

TIER: Final = "overload"
_HEAD: Final = (
    "| Run | Fed | Sustainable, events/s | Behind at the end, drained after | Memory at its highest, growth beyond the table |"
    " In hand at most | Rebalances | Overdue | Against an objection | Oldest objection not applied |"
    " Critical results: half within, worst | All held |"
)


class Flooded(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Seconds, megabytes and counts as ``overload.play`` gives them; None where an older run did not tell.

    ``objected``: commands against an objection, of ``objections`` made; ``assignments``: 1 without a rebalance.
    ``missed``: what did not hold, in words. ``remark``: written by hand.
    """

    tier: str = TIER
    at: str
    sustainable: int
    times: float
    seconds: float
    events: int | None = None
    behind_at_the_end: int
    drained_s: int
    rss_mb: int
    table_mb: int | None = None
    growth_mb: float
    most_in_hand: int
    assignments: int
    objections: int
    objected: int
    objection_lag_s: float
    critical_results: int | None = None
    results_unheard: int | None = None
    result_p50_s: float | None = None
    result_worst_s: float | None = None
    overdue: int
    missed: tuple[str, ...] = ()
    remark: str = ""


def flooded(figures: Mapping[str, Any], missed: Iterable[str], at: str) -> Flooded:
    """The line of a run that has just ended."""
    return msgspec.convert({**figures, "at": at, "missed": tuple(missed)}, Flooded)


def table(lines: Iterable[Flooded]) -> str:
    """Every run, newest last, as Markdown."""
    return "\n".join((_HEAD, "|---" * _HEAD.count(" | ") + "|---|", *map(_row, lines))) + "\n"


def _row(one: Flooded) -> str:
    results = "not noted"
    if one.result_p50_s is not None:
        results = f"{one.result_p50_s:.1f} s, {one.result_worst_s:.1f} s of {one.critical_results}"
    cells = (
        f"{one.at[:16]}{', ' * bool(one.remark)}{one.remark}", f"{one.times:g} times that for {one.seconds:g} s",
        f"{one.sustainable:,}", f"{one.behind_at_the_end:,}, {one.drained_s} s",
        f"{one.rss_mb} MB, {one.growth_mb:g} MB", f"{one.most_in_hand:,}", str(one.assignments - 1), str(one.overdue),
        f"{one.objected} of {one.objections}", f"{one.objection_lag_s:.1f} s", results,
        f"no: {', '.join(one.missed)}" if one.missed else "yes",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"

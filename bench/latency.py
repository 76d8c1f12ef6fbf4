"""Latency of the hospital day at a half and four fifths of the rate that a worker sustains."""

import math
from collections.abc import Callable
from typing import Final

import msgspec

from .days import Day, fail_closed, prepared, worker
from .openloop import Latency, Timed, run
from .session import Found, Plan, Session

#: Between these shares of the rate at which a backlog is worked off lies the sustainable one: full turns cost less an
#: event than the small ones of a worker that keeps up.
_LEAST: Final = 0.1
_MOST: Final = 0.9
_WINDOWS: Final = (("at_50", 0.5), ("at_80", 0.8))
_WARM: Final = 2_000


class _Part:
    """The day's records in order, a stretch at a time: no record is sent twice."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._next = 0

    def take(self, count: int) -> list[Timed]:
        taken = self._day.during[self._next : self._next + count]
        self._next += len(taken)
        return taken

    def left(self) -> int:
        return len(self._day.during) - self._next


def measure(session: Session, day: Day, backlog_rate: float) -> Found:
    """Find the sustainable rate, then time decisions at 50 % and 80 % of it; nothing where no rate is sustained.

    Raises RuntimeError when something was decided fail-closed in the windows that are timed.
    """
    place, part, plan = prepared(session, day), _Part(day), session.plan
    found: Found = {"tried": [], "sustainable": None}
    with worker(place) as (pid, url):

        def sustains(rate: float) -> bool | None:
            count = int(rate * plan.search_s)
            if part.left() < count + _reserved(rate, plan):
                return None
            tried = run(place, pid, part.take(count), rate)
            _tell(session, "search", tried)
            found["tried"].append({"rate": tried.rate, "lag_slope": tried.lag_slope})
            return tried.sustainable

        run(place, pid, part.take(_WARM), 500)
        sustained = search(sustains, backlog_rate, plan.search_tries)
        closed = fail_closed(url)  # a search goes where a worker cannot keep up
        if sustained is None:
            session.say("latency: no rate was sustained, so nothing is timed")
        else:
            found["sustainable"] = round(sustained)
            for name, share in _WINDOWS:
                # There are enough: the search leaves what both windows take at every rate that it tries.
                shown = run(place, pid, part.take(_window(share * sustained, plan)), share * sustained)
                _tell(session, name, shown)
                found[name] = msgspec.to_builtins(shown)
        if now := fail_closed(url) - closed:
            raise RuntimeError(f"{now:,} records were decided fail-closed while they were timed")
    session.cluster.forget(place)
    return found


def search(sustains: Callable[[float], bool | None], backlog_rate: float, tries: int) -> float | None:
    """The highest rate that was tried and is sustained; None when none was.

    Bisects by ratio, so many tries at most; ends early when ``sustains`` says None: it has no events left to tell by.
    """
    low, high, sustained = _LEAST * backlog_rate, _MOST * backlog_rate, None
    for _ in range(tries):
        rate = math.sqrt(low * high)
        answer = sustains(rate)
        if answer is None:
            break
        if answer:
            low = sustained = rate
        else:
            high = rate
    return sustained


def _tell(session: Session, name: str, shown: Latency) -> None:
    slope = "unknown" if shown.lag_slope is None else f"{shown.lag_slope:.1%} of the rate"
    session.say(
        f"latency {name}, {shown.rate:,.0f}/s: p50 {shown.p50}, p99 {shown.p99}, p99.9 {shown.p999}, largest "
        f"{shown.largest} ms; lag grows by {slope}, {len(shown.stalls)} stalls"
    )


def events_needed(plan: Plan, backlog_rate: float) -> int:
    """How many events the windows take when every rate that is tried is sustained, at most as many as a day may have."""
    tried: list[float] = []

    def sustains(rate: float) -> bool:
        tried.append(rate)
        return True

    search(sustains, backlog_rate, plan.search_tries)
    searched = sum(int(rate * plan.search_s) for rate in tried)
    return min(plan.latency_events, _WARM + searched + _reserved(tried[-1], plan))


def _reserved(sustained: float, plan: Plan) -> int:
    """What the windows that are timed take."""
    return sum(_window(share * sustained, plan) for _, share in _WINDOWS)


def _window(rate: float, plan: Plan) -> int:
    return int(rate * plan.open_loop_s)

"""Latency of the hospital day at a half and four fifths of the rate that a worker sustains."""

from typing import Final

import msgspec

from .days import Day, prepared, worker
from .openloop import Latency, Timed, run
from .session import Found, Session

#: Tried in turn, as shares of the rate at which a backlog is worked off: the first that is sustained counts.
_SHARES: Final = (0.8, 0.6, 0.4)
_SEARCH_S: Final = 12.0
#: A larger day would take minutes to make up; the windows become shorter instead.
_MOST_EVENTS: Final = 400_000


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
    """Find the sustainable rate, then time decisions at 50 % and 80 % of it."""
    place, part = prepared(session, day), _Part(day)
    found: Found = {"tried": []}
    with worker(place) as (pid, url):
        _ = url
        run(place, pid, part.take(2_000), 500)  # warm
        sustained = 0.0
        for share in _SHARES:
            tried = run(place, pid, part.take(int(share * backlog_rate * _SEARCH_S)), share * backlog_rate)
            _tell(session, "search", tried)
            found["tried"].append({"rate": tried.rate, "lag_slope": tried.lag_slope})
            if tried.sustainable:
                sustained = tried.rate
                break
        found["sustainable"] = round(sustained)
        for name, share in (("at_50", 0.5), ("at_80", 0.8)):
            rate = share * (sustained or _SHARES[-1] * backlog_rate)
            timed = part.take(min(int(rate * session.plan.open_loop_s), int(part.left() * share)))
            shown = run(place, pid, timed, rate)
            _tell(session, name, shown)
            found[name] = msgspec.to_builtins(shown)
    session.cluster.forget(place)
    return found


def _tell(session: Session, name: str, shown: Latency) -> None:
    session.say(
        f"latency {name}, {shown.rate:,.0f}/s: p50 {shown.p50}, p99 {shown.p99}, p99.9 {shown.p999}, largest "
        f"{shown.largest} ms; lag grows by {shown.lag_slope:.1%} of the rate, {len(shown.stalls)} stalls"
    )


def events_needed(session: Session, backlog_rate: float) -> int:
    """How many events of a day the windows take at most."""
    search = sum(_SHARES) * _SEARCH_S
    return min(_MOST_EVENTS, int(backlog_rate * (search + 0.8 * 1.3 * session.plan.open_loop_s)) + 3_000)

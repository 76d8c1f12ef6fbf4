"""How long it takes to come back: restoring a table, taking over from a worker that is killed or stopped."""

import subprocess
import threading
from collections.abc import Sequence

from .engines import HEED
from .following import stop
from .low_rate import timed
from .openloop import Latency, run
from .restoring import measure
from .scaling import until_ready
from .session import Found, Session, spread
from .workload import Join, join

_RATE = 1_000
_WINDOW_S = 26.0
_KILLED_AFTER_S = 6.0


def restore(session: Session) -> Found:
    """Records of the changelog read back in a second, by one worker: real states, four partitions."""
    place = session.cluster.new_place(session.partitions)
    found: Found = dict(measure(place.settings(), session.plan.restore_patients, 1.0))
    session.cluster.forget(place)
    session.say(f"restore: {found['records_per_second']:,} records/s")
    return found


def failover(session: Session) -> Found:
    """Two workers under load, one of them goes: how late the latest decision was."""
    work = join(int(_RATE * _WINDOW_S), session.partitions)
    found: dict[bool, list[Latency]] = {True: [], False: []}
    for _ in range(session.plan.failover_rounds):
        for killed, shown in found.items():
            shown.append(_lost(session, work, killed=killed))
    return {"killed": figures(found[True]), "stopped": figures(found[False])}


def figures(shown: Sequence[Latency]) -> Found:
    """How long the latest decision of each round took, and how many never came in all of them."""
    return {
        "longest_s": spread([one.largest / 1e3 for one in shown]),
        "undecided": sum(one.undecided for one in shown),
        "stalls": [stall for one in shown for stall in one.stalls],
    }


def _lost(session: Session, work: Join, *, killed: bool) -> Latency:
    place = session.cluster.new_place(session.partitions)
    workers: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(2):
            workers.append(HEED.start(place))
            until_ready(place, len(workers))
        leave = workers[0].kill if killed else workers[0].terminate
        timer = threading.Timer(_KILLED_AFTER_S, leave)
        timer.start()
        shown = run(place, workers[1].pid, timed(work), _RATE)
    finally:
        for worker in workers:
            stop(worker)
    session.cluster.forget(place)
    session.say(
        f"failover, {'killed' if killed else 'stopped'}: {shown.largest / 1e3:.1f} s, {shown.undecided} undecided"
    )
    return shown

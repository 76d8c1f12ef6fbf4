"""Try as much as the time allows; print how much it was, and each finding with what repeats it (exit code 1).

python -m tests.fuzz --seconds 600 --seed 7
python -m tests.fuzz --seed 7 --only codec:123456        one case again, with its traceback
"""

import argparse
import resource
import secrets
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import FrameType
from typing import Final

from . import targets

TARGETS: Final[dict[str, Callable[[Random], str]]] = {
    "codec": targets.read_mutated,
    "rules": targets.live_absurdly,
}
#: Cases of each target in turn: of the quick one more.
_ROUND: Final = {"codec": 200, "rules": 10}
#: No record of 2 MB takes longer, also on a machine with other work. Seconds.
PATIENCE: Final = 10.0
#: Address space beyond what the process has at its start: a length of 2 GB that is believed does not fit. Bytes.
ROOM: Final = 1 << 30
_FINDINGS: Final = 20


class TookTooLong(BaseException):
    """Not an Exception: the codec takes any of those for damage of the record."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    parser.add_argument("--only", metavar="TARGET:NUMBER")
    given = parser.parse_args(arguments)
    if given.only:
        name, _, number = given.only.partition(":")
        print(TARGETS[name](_case(given.seed, name, int(number))))
        return 0
    targets.prepare()  # before the time and the room are counted
    _limit_room()
    signal.signal(signal.SIGALRM, _too_long)
    return Run(given.seed).until(time.monotonic() + given.seconds)


def _case(seed: int, target: str, number: int) -> Random:
    return Random(f"{seed}:{target}:{number}")  # text seeds are hashed alike on every machine


class Run:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._done = dict.fromkeys(TARGETS, 0)
        self._became: Counter[tuple[str, str]] = Counter()
        self._slowest = (0.0, "")
        self._found: dict[str, str] = {}  # by kind and place, the first case

    def until(self, end: float) -> int:
        """Cases in turn until the time is up; the exit code."""
        begun = time.monotonic()
        while time.monotonic() < end and len(self._found) < _FINDINGS:
            for name, count in _ROUND.items():
                for _ in range(count):
                    self._one(name)
        return self._tell(time.monotonic() - begun)

    def _one(self, name: str) -> None:
        number = self._done[name]
        self._done[name] += 1
        case = f"{name}:{number}"
        begun = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        try:
            self._became[name, TARGETS[name](_case(self._seed, name, number))] += 1
        except (Exception, TookTooLong) as error:  # noqa: BLE001  # that is what is looked for
            self._note(case, error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        took = time.perf_counter() - begun
        if took > self._slowest[0]:
            self._slowest = (took, case)

    def _note(self, case: str, error: BaseException) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
        what = f"{type(error).__name__} at {place}"
        if what not in self._found:
            self._found[what] = case
            print(f"FOUND {what}: {str(error)[:200]!r}, case {case}", flush=True)

    def _tell(self, seconds: float) -> int:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"seed {self._seed}, {seconds:.0f} s, {sum(self._done.values()):,} executions, {peak:.0f} MB at most"
        )
        for (name, became), count in sorted(self._became.items()):
            print(f"  {name}: {count:,} {became}")
        print(f"  slowest: {1e3 * self._slowest[0]:.0f} ms, case {self._slowest[1]}")
        print(f"{len(self._found)} findings")
        for what, case in self._found.items():
            print(f"  {what}: python -m tests.fuzz --seed {self._seed} --only {case}")
        return 1 if self._found else 0


def _limit_room() -> None:
    """Where the system tells how much there is; elsewhere only the time is bounded."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, resource.RLIM_INFINITY))


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TookTooLong(f"more than {PATIENCE:.0f} s")


if __name__ == "__main__":
    sys.exit(main())

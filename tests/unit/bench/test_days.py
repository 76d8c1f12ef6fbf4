"""Where workloads 2 and 3 begin. No broker: what is started is only asked which policy it finds."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import days
from bench.cluster import Place
from bench.days import POLICY, Day, DayRun, run
from bench.verifying import Written
from bench.workload import Row


class Broker:
    """Keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new_place(self, partitions: int, policy: str) -> Place:
        file = self._folder / "policy.yaml"
        file.write_text(policy)
        return Place("nowhere:9092", "bench-", partitions, self._folder, file)

    def fill(self, place: Place, rows: Iterable[Row]) -> None: ...

    def forget(self, place: Place) -> None: ...


def test_the_day_before_has_settled_when_a_day_with_holds_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    @contextmanager
    def worker(place: Place, speed: float = 1.0) -> Iterator[tuple[int, str]]:
        assert place.policy is not None
        found.append(place.policy.read_text())
        yield 0, ""

    monkeypatch.setattr(days, "worker", worker)
    monkeypatch.setattr(days, "until_taken", lambda *_: None)
    monkeypatch.setattr(days, "fail_closed", lambda *_: 0)
    monkeypatch.setattr(days, "read", lambda *_: Written({}, {}))
    monkeypatch.setattr(days, "_watch", lambda *_: DayRun(1.0, 1.0, 1.0, 0, 0))
    session: Any = SimpleNamespace(cluster=Broker(tmp_path), partitions=1)

    run(session, Day([], []), "with holds")

    assert found == [POLICY, "with holds"]

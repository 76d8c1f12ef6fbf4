"""What a worker shows to be waiting: nothing without partitions, and nothing that is stopped, which has its own alert."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from streams.domain.vocabulary import Topic
from streams.ops.metrics import value
from streams.worker import metrics
from streams.worker.measuring import Measuring
from tests.unit.worker.test_deciding import Deciding
from tests.unit.worker.test_shard import flowing


class _Offsets:
    """Each topic ends here, begins at 0, and nobody has committed anything."""

    def __init__(self, **ends: int) -> None:
        self._ends = ends

    async def ends(self, asked: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        return {at: self._ends.get(at[0], 0) for at in asked}

    async def beginnings(self, asked: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        return dict.fromkeys(asked, 0)

    async def committed(self, group: str, asked: list[tuple[str, int]]) -> dict[tuple[str, int], None]:
        return dict.fromkeys(asked)


def test_a_worker_whose_partitions_have_moved_lags_behind_nothing() -> None:
    metrics.UNRECORDED_SECONDS.set(400)  # RecordMissing would page for ever
    metrics.LAG.labels(Topic.RESULTS).set(7)
    parts: Any = SimpleNamespace(names=SimpleNamespace(topic=str))
    kafka: Any = SimpleNamespace(offsets=_Offsets())
    measuring = Measuring(parts, kafka, cast(Any, None), "heed-recorder")
    measuring.unrecorded = 400.0
    asyncio.run(measuring._look_at_ends(cast(Any, SimpleNamespace(shards={}))))
    assert measuring.unrecorded == 0
    assert value("heed_unrecorded_seconds") == 0
    assert value("heed_consumer_lag", {"topic": "results"}) == 0


def test_what_is_stopped_does_not_count_as_behind(tmp_path: Path) -> None:
    """A supervisor that replaced the worker for it would find the same again."""
    parts = Deciding(tmp_path).parts
    shard = flowing(parts)
    shard.intake.inbox.stopped.add(Topic.RESULTS)
    kafka: Any = SimpleNamespace(offsets=_Offsets(results=7, appointments=3), connect={})
    measuring = Measuring(parts, kafka, cast(Any, None), "heed-recorder")
    asyncio.run(measuring._look_at_ends(cast(Any, SimpleNamespace(shards={0: shard}))))
    assert measuring.behind == {0: 3}
    assert value("heed_consumer_lag", {"topic": "results"}) == 7

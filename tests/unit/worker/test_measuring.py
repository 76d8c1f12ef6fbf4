"""What a worker without partitions shows: nothing that waits, whatever it showed when it had some."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from streams.domain.vocabulary import Topic
from streams.ops.metrics import value
from streams.worker import metrics
from streams.worker.measuring import Measuring


class _Offsets:
    async def ends(self, asked: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
        return dict.fromkeys(asked, 0)


def test_a_worker_whose_partitions_have_moved_lags_behind_nothing() -> None:
    metrics.UNRECORDED_SECONDS.set(400)  # RecordMissing would page for ever
    metrics.LAG.labels(Topic.RESULTS).set(7)
    parts: Any = SimpleNamespace(names=SimpleNamespace(of=str))
    kafka: Any = SimpleNamespace(offsets=_Offsets())
    measuring = Measuring(parts, kafka, cast(Any, None), "heed-recorder")
    measuring.unrecorded = 400.0
    asyncio.run(measuring._look_at_ends(cast(Any, SimpleNamespace(shards={}))))
    assert measuring.unrecorded == 0
    assert value("heed_unrecorded_seconds") == 0
    assert value("heed_consumer_lag", {"topic": "results"}) == 0

"""What counts as standing still: records that wait, in a partition that may decide them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streams.domain.vocabulary import Topic
from streams.kafka.batch import Stretch
from streams.worker.measuring import Measuring
from streams.worker.watch import Watch
from tests.unit.worker.test_deciding import Deciding
from tests.unit.worker.test_shard import flowing
from tests.unit.worker.test_turn import appointment


@pytest.mark.parametrize(
    ("waits", "in_rebalance", "stalled"),
    [(True, False, True), (True, True, False), (False, False, False)],
)
async def test_only_a_partition_that_flows_can_stand_still(
    tmp_path: Path, waits: bool, in_rebalance: bool, stalled: bool
) -> None:
    parts = Deciding(tmp_path).parts
    unused: Any = None
    shard = flowing(parts)
    if waits:
        shard.receive(Topic.APPOINTMENTS, Stretch(0, 1, [appointment(0)], 0.0, 1))
    if in_rebalance:
        await shard.quiesce()
    shard.progress = float("-inf")
    host: Any = SimpleNamespace(shards={0: shard})
    watch = Watch(unused, parts, Measuring(parts, unused, unused, "heed-recorder"))
    assert bool(watch.alive(host)) is stalled

"""Where a comparison begins: two policy files, and scenarios or the input topics of a period."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.kafka.client import check_reachable, connection
from streams.kafka.codec import Codec
from streams.kafka.reading import Stored, partition_count, read_and_learn
from streams.kafka.registry import codec_for
from streams.policy.load import load, read
from streams.scenarios import read_files
from streams.scenarios.times import london
from streams.settings import Settings

from .comparison import Comparison
from .history import Period, compare_partition
from .report import Report
from .settings import settings, wordings
from .stories import compare_scenarios

__all__ = ["on_scenarios", "on_topics"]


def on_scenarios(old: Path, new: Path, scenarios: Iterable[Path], examples: int) -> Report:
    """Compare two valid policy files on scenarios. Raises BadPolicy, BadScenario."""
    policies = load(old), load(new)
    documents = read(old), read(new)
    comparison = Comparison(examples)
    played, left_out = compare_scenarios(read_files(scenarios), *documents, comparison)
    return Report(
        (policies[0].version, policies[1].version),
        settings(*documents),
        wordings(*policies),
        f"{played} scenarios under both",
        comparison,
        left_out,
    )


async def on_topics(old: Path, new: Path, period: Period, where: Settings, examples: int) -> Report:
    """Compare two valid policy files on the input topics; partition by partition, so that one fits into memory.

    Raises BadPolicy, BrokerUnreachable, UnsafeTopic, KafkaError.
    """
    policies = load(old), load(new)
    await check_reachable(where)
    codec = await codec_for(where)
    connect = connection(where)
    partitions = await partition_count(connect, where.topic(Topic.APPOINTMENTS))
    comparison = Comparison(examples)
    records = 0
    for partition in range(partitions):
        stored = await _read(where, partition, codec)
        records += compare_partition(stored, partitions, codec, period, policies, comparison)
    return Report(
        (policies[0].version, policies[1].version),
        settings(read(old), read(new)),
        wordings(*policies),
        f"{records} records from {london(period.start)} to {london(period.end)}, under both",
        comparison,
    )


async def _read(where: Settings, partition: int, codec: Codec) -> dict[Topic, list[Stored]]:
    """One partition of every input topic. Schemas that are new here are looked up where a registry is configured."""
    names = {where.topic(topic): topic for topic in INPUT_TOPICS}
    stored: dict[Topic, list[Stored]] = {topic: [] for topic in INPUT_TOPICS}
    async for record in read_and_learn(connection(where), codec, list(names), partition=partition):
        stored[names[record.topic]].append(record)
    return stored

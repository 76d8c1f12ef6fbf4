"""The whole report: read, count, hide what is small, write."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from streams.domain.time import Instant
from streams.kafka.client import check_reachable
from streams.policy.load import default_path, load
from streams.settings import Settings

from .content import pack_of
from .counts import months_before
from .month import Month
from .publishing import Facts
from .reading import Reading, read
from .writing import write


class Wanted(msgspec.Struct, frozen=True):
    """``month``, compared with those before it: ``months`` together, at least 2. ``now``: UTC ms."""

    month: Month
    months: int
    folder: Path
    now: Instant


async def report(
    wanted: Wanted, settings: Settings, say: Callable[[str], None] = lambda _: None
) -> tuple[Reading, list[Path]]:
    """Write the pack; gives what was read and the files. Raises RefuseToStart, KafkaError, OSError."""
    policy = load(settings.policy or default_path())
    await check_reachable(settings)
    reading = await read(settings, months_before(wanted.month, wanted.months), wanted.now, say)
    facts = Facts(reading.counts, wanted.month, wanted.months, policy, wanted.now, reading.kept_since)
    return reading, write(pack_of(facts), wanted.folder)

"""Did what a foreign partitioner put into the wrong partition arrive in its own one?

It is passed on as it is, so that its copy cannot be told from a record that was fed there with the same bytes: there must be
at least as many. A second copy would need a second turn that took the original, which is found as such.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from streams.domain.time import Instant
from streams.domain.vocabulary import Topic
from streams.kafka.reading import Stored, read_to_end
from streams.settings import Settings

from .findings import Findings, Kind, Place
from .written import Digest, digest


class Passed(msgspec.Struct, frozen=True):
    """A record of another partition, ``to``, that a turn has taken; ``stamp``: when it was logged."""

    place: Place
    to: int
    content: Digest
    stamp: Instant


def passed(place: Place, to: int, stored: Stored) -> Passed:
    return Passed(place, to, digest(stored.key, stored.value), stored.timestamp)


async def check_arrivals(
    connect: Mapping[str, Any],
    settings: Settings,
    sent: Iterable[Passed],
    removed: Mapping[tuple[Topic, int], Instant],
    findings: Findings,
) -> None:
    """Reads once more what something was passed on to. ``removed``: before this retention may have removed it there.

    Raises KafkaError.
    """
    by_target: dict[tuple[Topic, int], list[Passed]] = defaultdict(list)
    for one in sent:
        by_target[Topic(one.place.topic), one.to].append(one)
    for (topic, partition), wanted in by_target.items():
        contents, there = {one.content for one in wanted}, Counter[Digest]()
        async for stored in read_to_end(connect, [settings.topic(topic)], partition=partition):
            content = digest(stored.key, stored.value)
            if content in contents:
                there[content] += 1
        missing(wanted, there, removed.get((topic, partition), 0), findings)


def missing(wanted: Iterable[Passed], there: Counter[Digest], removed: Instant, findings: Findings) -> None:
    """Each that was passed on must be there; ``there`` is counted down, the newest first."""
    for one in sorted(wanted, key=lambda one: one.stamp, reverse=True):
        there[one.content] -= 1
        if there[one.content] < 0 and one.stamp >= removed:
            findings.add(Kind.LOST, one.place, "passed on to its own partition, and did not arrive there")

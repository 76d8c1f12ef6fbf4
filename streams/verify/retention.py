"""What retention has left of each topic: a difference that it alone can have made is none.

Topics are kept for different times, so that what one names may be gone from another: commands after 7 days, tasks after 90,
while decisions stay 400 and the record for ever.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from streams.domain.time import MINUTE, SECOND, Instant, Millis
from streams.domain.vocabulary import Topic
from streams.kafka.offsets import OffsetsClient
from streams.kafka.reading import Stored
from streams.settings import Settings

#: So much apart may be the stamps of records of one turn: some are the broker's, some a worker's, and a commit takes time.
MARGIN: Final[Millis] = 10 * MINUTE


def removed_before(first: Instant | None, kept: Millis | None, now: Instant) -> Instant:
    """What was written since this moment must be there, in a topic of which something has been removed.

    ``first``: the stamp of the first record that is left; ``kept``: for how long the topic keeps records, None where something
    else than their age can remove them. What is missing and younger than that was lost, also when it is the topic's first.
    """
    oldest = now if first is None else first
    return (oldest if kept is None else min(oldest, now - kept)) + MARGIN


async def removed(
    offsets: OffsetsClient,
    settings: Settings,
    partition: int,
    records: Mapping[Topic, list[Stored]],
    kept: Mapping[Topic, Millis | None],
    now: Instant,
) -> dict[Topic, Instant]:
    """``removed_before`` of those topics of which something has been removed. Raises KafkaError."""
    places = {topic: (settings.topic(topic), partition) for topic in records}
    begins = await offsets.beginnings(list(places.values()))
    return {
        topic: removed_before(records[topic][0].timestamp if records[topic] else None, kept.get(topic), now)
        for topic, place in places.items()
        if begins[place] > 0
    }


def note(removed_of: Iterable[tuple[Topic, Instant]]) -> str | None:
    """One sentence: from when on each topic was looked at; None when nothing has been removed."""
    since: dict[Topic, Instant] = {}
    for topic, moment in removed_of:
        since[topic] = max(moment, since.get(topic, 0))
    if not since:
        return None
    of_each = ", ".join(f"{topic} {_words(moment)}" for topic, moment in sorted(since.items()))
    return f"retention has removed what is older than this (UTC), and what only that can have made was left out: {of_each}"


def _words(moment: Instant) -> str:
    return datetime.fromtimestamp(moment / SECOND, UTC).strftime("%Y-%m-%d %H:%M")

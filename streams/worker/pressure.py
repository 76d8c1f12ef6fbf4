"""Bounds what waits in memory: a topic partition with too much in hand is fetched no further until half is done.

Deciding records that wait for the barrier, a partition stopped for poison, and a consumer that is simply
faster than the decisions all end here. Nothing that has been fetched is dropped.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from streams.domain.vocabulary import INPUT_TOPICS, Topic

from .shard import Shard

#: Records and bytes of one topic partition in hand.
RECORDS: Final = 8_000
BYTES: Final = 16 << 20

Act: TypeAlias = Callable[[Topic, int], None]


class Pressure:
    """Pauses and resumes topic partitions through ``pause`` and ``resume``."""

    def __init__(self, pause: Act, resume: Act) -> None:
        self._pause = pause
        self._resume = resume
        self._paused: dict[int, set[Topic]] = {}

    def reset(self, shard: Shard) -> None:
        """Everything of the shard is being fetched again; stop at once what is to stay stopped."""
        self._paused[shard.partition] = set()
        self.note(shard)

    def note(self, shard: Shard) -> None:
        """Look at what the shard has in hand.

        Resolutions are fetched on while they are stopped, as far as there is room: one of them may say that the
        topic goes on.
        """
        inbox = shard.intake.inbox
        paused = self._paused.setdefault(shard.partition, set())
        for topic in INPUT_TOPICS:
            records, size = inbox.records[topic], inbox.size[topic]
            if topic in paused:
                if records < RECORDS // 2 and size < BYTES // 2 and topic not in inbox.stopped:
                    paused.discard(topic)
                    self._resume(topic, shard.partition)
            elif records > RECORDS or size > BYTES or topic in inbox.stopped - {Topic.RESOLUTIONS}:
                paused.add(topic)
                self._pause(topic, shard.partition)

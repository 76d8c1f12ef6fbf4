"""Events that somebody in the made-up hospital will cause later on, in order of time."""

import heapq
from itertools import count
from typing import Protocol

from streams.demo.plain import Plain
from streams.domain.events import Event
from streams.domain.time import Instant


class Actor(Protocol):
    """Somebody who reads what Heed writes and answers some time later: the message provider, the staff."""

    def see(self, record: Plain) -> None:
        """Take notice of an output record; may schedule answers."""

    def due(self, now: Instant) -> list[Event]:
        """The answers that are due by now, each given once."""


class Schedule:
    """A queue by simulated time; equal times in the order of being planned."""

    def __init__(self) -> None:
        self._heap: list[tuple[Instant, int, Event]] = []
        self._order = count()

    def plan(self, at: Instant, event: Event) -> None:
        heapq.heappush(self._heap, (at, next(self._order), event))

    def due(self, now: Instant) -> list[Event]:
        found = []
        while self._heap and self._heap[0][0] <= now:
            found.append(heapq.heappop(self._heap)[2])
        return found

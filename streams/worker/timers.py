"""When which patient of a shard has something due: a heap that is right about the earliest.

Every patient has at most one due instant, the one in its packed state. A newer instant simply joins the
heap; an entry that is no longer the patient's own is passed over when it surfaces. A far one may never do so: a heap
that is mostly such entries is made anew.
"""

import heapq
from collections.abc import Iterable
from typing import Final

from streams.domain.time import Instant

#: Entries that are nobody's own any more, beyond as many as there are patients: then the heap is made anew.
_SURPLUS: Final = 1_000


class Timers:
    """Due instants (UTC ms) by patient key."""

    def __init__(self, due: Iterable[tuple[Instant, bytes]] = ()) -> None:
        self._heap = list(due)
        self._due = {key: instant for instant, key in self._heap}
        heapq.heapify(self._heap)

    def set(self, key: bytes, due: Instant) -> None:
        """This patient's next due instant; 0 when nothing waits."""
        if self._due.get(key, 0) == due:
            return
        if due:
            self._due[key] = due
            heapq.heappush(self._heap, (due, key))
            if len(self._heap) > 2 * len(self._due) + _SURPLUS:
                self._heap = [(instant, whose) for whose, instant in self._due.items()]
                heapq.heapify(self._heap)
        else:
            self._due.pop(key, None)

    def take(self, now: Instant, limit: int) -> list[bytes]:
        """At most ``limit`` patients due at ``now`` or before, the longest overdue first.

        They are taken out: ``set`` puts a patient in again, also with the same instant.
        """
        taken: list[bytes] = []
        while self._heap and self._heap[0][0] <= now and len(taken) < limit:
            due, key = heapq.heappop(self._heap)
            if self._due.get(key) == due:
                del self._due[key]
                taken.append(key)
        return taken

    def next(self) -> Instant | None:
        """The earliest due instant, or None."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def overdue(self, now: Instant) -> bool:
        due = self.next()
        return due is not None and due <= now

    def overdue_since(self, before: Instant) -> int:
        """How many patients were due at ``before`` or earlier and have not been taken.

        Asked every other second on the worker's loop: of a million patients going through all takes 0.1 s, and nobody is overdue.
        """
        if not self.overdue(before):
            return 0
        return sum(due <= before for due in self._due.values())

    def __len__(self) -> int:
        return len(self._due)

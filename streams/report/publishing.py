"""Publishes counts as tables with small numbers hidden, and keeps what was published for the CSV file."""

from collections.abc import Iterable, Mapping

import msgspec

from streams.domain.time import Instant
from streams.domain.vocabulary import Topic
from streams.policy.model import Policy

from .counts import Counts
from .hiding import Published, publish_cross, publish_list
from .month import Month
from .pack import Figure


class Facts(msgspec.Struct, frozen=True):
    """What a pack is made from. ``kept_since``: topics whose beginning is gone; ``now``: when it is made."""

    counts: Counts
    month: Month
    months: int
    policy: Policy
    now: Instant
    kept_since: Mapping[Topic, Instant] = {}


class Writer:
    """Publishes tables, and keeps every number that was published for the CSV file."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.figures: list[Figure] = []
        self.month = facts.month
        self.before = facts.month.earlier(1)

    def cross(self, table: str, order: Iterable[str] = (), month: Month | None = None) -> Published:
        """A cross table; the month before is published in the figures too, for comparison."""
        month = month or self.month
        found = publish_cross(self.facts.counts.cross_of(month, table), order)
        for (row, column), value in found.counts.items():
            self.figures.append(Figure(str(month), table, row, column, value))
        self.figures += [Figure(str(month), table, row, "total", n) for row, n in found.row_totals.items()]
        self.figures += [Figure(str(month), table, "total", c, n) for c, n in found.column_totals.items()]
        self.figures.append(Figure(str(month), table, "total", "total", found.total))
        return found

    def pair(self, table: str, always: Iterable[str] = ()) -> tuple[Published, Published]:
        """A list in this month and the one before, with the same rows, largest first."""
        now = self.facts.counts.list_of(self.month, table)
        return self.pair_of(table, now, self.facts.counts.list_of(self.before, table), always)

    def pair_of(
        self, table: str, now: Mapping[str, int], before: Mapping[str, int], always: Iterable[str] = ()
    ) -> tuple[Published, Published]:
        names = [name for name in now.keys() | before.keys() if name not in set(always)]
        ordered = [*always, *sorted(names, key=lambda name: (-now.get(name, 0), name))]
        published = []
        for month, counts in ((self.month, now), (self.before, before)):
            one = publish_list({name: counts.get(name, 0) for name in ordered})
            published.append(one)
            self.figures += [Figure(str(month), table, row, "", n) for row, n in one.row_totals.items()]
            self.figures.append(Figure(str(month), table, "total", "", one.total))
        return published[0], published[1]

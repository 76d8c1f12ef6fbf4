"""What is counted, month by month, while the topics go by: additions to a counter, nothing of a patient is kept.

Counted once: a request by its terminal decision, a message by its entry in the record, a task by its first
version. All times are those of the records (UTC ms), months, days and hours London's.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from streams.domain.events import Event, Objection, Receipt
from streams.domain.london import local_date, wall
from streams.domain.records import Decision, RecordEntry, SafetyEntry
from streams.domain.time import DAY, HOUR, Instant
from streams.domain.vocabulary import Outcome
from streams.recorder.entries import basis_of

from .month import Month, month_of
from .tasks import Task

NONE = "none"
#: Which table, then its labels: ("requests", purpose, outcome).
Key = tuple[str, ...]


class Counts:
    """Counts of the wanted months."""

    def __init__(self, months: Iterable[Month]) -> None:
        self._months: dict[Month, Counter[Key]] = {month: Counter() for month in months}

    def of(self, month: Month, table: str) -> dict[tuple[str, ...], int]:
        """One table of one month: its labels and counts."""
        return {key[1:]: count for key, count in self._months[month].items() if key[0] == table}

    def list_of(self, month: Month, table: str) -> dict[str, int]:
        return {labels[0]: count for labels, count in self.of(month, table).items()}

    def cross_of(self, month: Month, table: str) -> dict[tuple[str, str], int]:
        return {(labels[0], labels[1]): count for labels, count in self.of(month, table).items()}

    def _add(self, at: Instant, *keys: Key) -> None:
        counter = self._months.get(month_of(at))
        if counter is not None:
            for key in keys:
                counter[key] += 1

    def decision(self, decision: Decision) -> None:
        """A terminal decision; what is held comes again when it is decided."""
        if decision.outcome is Outcome.HOLD:
            return
        request = ("requests", decision.purpose or NONE, str(decision.outcome))
        keys: list[Key] = [request]
        if decision.outcome is not Outcome.SEND:
            keys.append((f"why {decision.outcome}", str(decision.reason)))
        self._add(decision.decided_at, *keys)

    def entry(self, entry: RecordEntry) -> None:
        """A message on record: what it was about and how it went, as its basis says."""
        if entry.kind != "MESSAGE":
            return
        basis = basis_of(entry)
        keys: list[Key] = [
            ("messages", basis.purpose or NONE, basis.channel or NONE),
            ("messages on", str(local_date(entry.emitted_at))),
        ]
        if basis.ground is not None:
            keys.append(("overrides", basis.ground))
        self._add(entry.emitted_at, *keys)

    def incident(self, entry: SafetyEntry) -> None:
        self._add(entry.at, ("incidents", entry.kind))

    def event(self, event: Event, appended_at: Instant) -> None:
        """A receipt or an objection. ``appended_at`` stands in for a time the source put into the future."""
        at = min(event.envelope.occurred_at, appended_at)
        if isinstance(event.body, Receipt):
            self._add(at, ("receipts", str(event.body.channel), str(event.body.status)))
        elif isinstance(event.body, Objection):
            self._add(at, ("objections", str(event.body.action)))

    def task(self, task: Task, now: Instant) -> None:
        """A task with all that became of it by ``now``."""
        hour = wall(task.created_at) % DAY // HOUR
        self._add(
            task.created_at,
            ("tasks", str(task.role), str(task.priority)),
            ("task reasons", str(task.reason)),
            ("task hours", f"{hour:02}"),
            ("acknowledged", str(task.role), task.acknowledged(now)),
            ("done", str(task.role), task.done(now)),
        )


def months_before(month: Month, number: int) -> list[Month]:
    """``number`` months ending with this one, oldest first."""
    return [month.earlier(back) for back in range(number - 1, -1, -1)]


def summed(counts: dict[tuple[str, str], int], side: int) -> dict[str, int]:
    """The totals of a cross table's rows (side 0) or columns (side 1)."""
    found: dict[str, int] = defaultdict(int)
    for cell, count in counts.items():
        found[cell[side]] += count
    return dict(found)

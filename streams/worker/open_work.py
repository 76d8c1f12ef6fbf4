"""What people have open now, over all shards of a worker: the gauges of tasks, holds and objections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from streams.domain.time import HOUR, SECOND, Instant
from streams.domain.vocabulary import Reason
from streams.ops.metrics import show_only

from . import metrics
from .census import MISSING, Census, Watched
from .classes import urgency

#: A change nobody has acknowledged is at risk from so long before the patient must know (D4).
AT_RISK: Final = 2 * HOUR
#: Duties to patients whose tasks have alerts of their own (D2).
DUTIES: Final = {
    Reason.IMPLICATIONS_NOTICE: "implications_notice",
    Reason.ANSWER_OBJECTION: "objection_answer",
    Reason.MISSED_ACTION: "missed_action",
}
URGENCIES: Final = ("urgent", "routine")
#: Tasks looked at a time: some 2 ms, as with what is counted after a restore.
PORTION: Final = 500


class OpenWork:
    """One look at every open task, hold and objection. Ages in seconds."""

    def __init__(self) -> None:
        self.open: Counter[tuple[str, str]] = Counter()  # role, priority
        self.oldest: dict[str, float] = {}  # by role
        self.unacknowledged: Counter[str] = Counter()  # by urgency, past their time
        self.overdue: Counter[str] = Counter()  # by urgency
        self.duties: Counter[str] = Counter()
        self.unowned = 0
        self.at_risk = 0
        self.critical = 0.0
        self.unreviewed = 0.0
        self.holds: Counter[str] = Counter()
        self.objections: Counter[str] = Counter()  # by class of reason
        self.reason_missing = 0
        self.no_contact = 0
        self.expiring = 0
        self.incomplete = False
        self.details: Counter[str] = Counter()  # contact details by channel
        self.unverified: Counter[str] = Counter()
        self.shared = 0
        self.unregistered = 0

    def take_in(self, censuses: Iterable[Census], now: Instant) -> Iterator[None]:
        """Look at these a portion at a time, so that other work is done between two of them.

        What became of deadlines and what has been moved, closed or returned since the last look is counted.
        """
        for census in censuses:
            for tasks in census.open(now, PORTION):
                for task in tasks:
                    self._task(task, now)
                yield
            self._totals(census, now)
            _count_met(census)

    def _totals(self, census: Census, now: Instant) -> None:
        self.holds.update({str(reason): count for reason, count in census.holds.items()})
        for (_scope, reason_class), count in census.objections.items():
            if reason_class == MISSING:
                self.reason_missing += count
                reason_class = "unclear"
            self.objections[reason_class] += count
        self.expiring += census.expiring(now)
        self.incomplete |= not census.complete
        self.details.update(census.details)
        self.unverified.update(census.unverified)
        self.shared += census.shared
        self.unregistered += census.unregistered

    def _task(self, task: Watched, now: Instant) -> None:
        age = (now - task.created_at) / SECOND
        which = urgency(task.priority)
        self.open[task.role, task.priority] += 1
        self.oldest[task.role] = max(age, self.oldest.get(task.role, 0.0))
        self.unowned += not task.owned
        late = task.due_at < now
        self.overdue[which] += late
        if late and task.reason in DUTIES:
            self.duties[DUTIES[task.reason]] += 1
        if task.reason is Reason.UNREVIEWED_RESULT:
            self.unreviewed = max(self.unreviewed, age)
        elif task.reason is Reason.MISSED_ACTION:
            self.no_contact += 1
        if task.acknowledged:
            return
        self.unacknowledged[which] += task.acknowledge_by < now
        self.at_risk += 0 < task.needed_by - now < AT_RISK
        if task.reason is Reason.CRITICAL_RESULT:
            self.critical = max(self.critical, age)

    def show(self) -> None:
        """Set the gauges. A role that has had tasks keeps its series, at 0."""
        for (role, priority), count in self.open.items():
            _seen_tasks.add((role, priority))
            metrics.TASKS_OPEN.labels(role, priority).set(count)
        for role, priority in _seen_tasks - self.open.keys():
            metrics.TASKS_OPEN.labels(role, priority).set(0)
        for role in {role for role, _priority in _seen_tasks}:
            metrics.TASK_OLDEST.labels(role).set(self.oldest.get(role, 0.0))
        for which in URGENCIES:
            metrics.TASKS_UNACKNOWLEDGED.labels(which).set(self.unacknowledged[which])
            metrics.TASKS_OVERDUE.labels(which).set(self.overdue[which])
        for duty in DUTIES.values():
            metrics.TASKS_ABOUT_LATE.labels(duty).set(self.duties[duty])
        metrics.TASKS_UNOWNED.set(self.unowned)
        metrics.AT_RISK.set(self.at_risk)
        metrics.CRITICAL_SECONDS.set(self.critical)
        metrics.UNREVIEWED_SECONDS.set(self.unreviewed)
        show_only(metrics.HOLDS, self.holds)
        for reason_class in ("ordinary", "unclear", "protected"):
            metrics.OBJECTIONS.labels(reason_class).set(self.objections[reason_class])
        metrics.REASON_MISSING.set(self.reason_missing)
        metrics.NO_CONTACT.set(self.no_contact)
        metrics.EXPIRING.set(self.expiring)
        ratios = {
            channel: self.unverified[channel] / count for channel, count in self.details.items() if count
        }
        show_only(metrics.UNVERIFIED, ratios)
        metrics.SHARED.set(self.shared)
        metrics.INCOMPLETE.set(self.unregistered)
        metrics.CENSUS_LEFT.set(self.incomplete)


_seen_tasks: set[tuple[str, str]] = set()


def _count_met(census: Census) -> None:
    for (deadline, result), count in census.met.items():
        metrics.DEADLINES.labels(deadline, result).inc(count)
    for which, (count, seconds) in census.waited.items():
        metrics.ACKNOWLEDGED.labels(which).inc(count)
        metrics.ACKNOWLEDGE_SECONDS.labels(which).inc(seconds)
    for which, (count, seconds) in census.took.items():
        metrics.COMPLETED.labels(which).inc(count)
        metrics.COMPLETE_SECONDS.labels(which).inc(seconds)
    for stage, count in census.moved.items():
        metrics.REASSIGNED.labels(stage).inc(count)
    metrics.SHORT_NOTICE_OUTCOME.labels("missed").inc(census.met["short_notice", "late"])
    for channel, count in census.bounced.items():
        metrics.BOUNCED.labels(channel).inc(count)
    census.bounced.clear()
    census.met.clear()
    census.waited.clear()
    census.took.clear()
    census.moved.clear()

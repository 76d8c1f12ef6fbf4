"""What is open in one shard: tasks by role and age, holds, objections. Counted as patients change, never by a scan.

A turn tells what its patients were and are; parts that are the same value cost nothing. After a restore the
patients of the table are counted in small portions beside the work, so that opening a shard takes no longer;
until then ``complete`` is False. Nothing here names a patient: tasks are kept under their ids, which leave
this module in no label and no line.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

import msgspec

from streams.domain.packing import unpack
from streams.domain.patient import Asked, OpenTask, PatientState
from streams.domain.time import DAY, Instant, Millis
from streams.domain.vocabulary import (
    ObjectionReason,
    Priority,
    Reason,
    Role,
    SubjectKind,
    TaskStatus,
)

from .classes import reason_class, urgency
from .table import PatientTable

#: Patients counted at a time after a restore: some 2 ms, so that nothing waits for it.
PORTION: Final = 200
#: A standing decision this close to its end should be renewed or left to lapse on purpose.
EXPIRING: Final[Millis] = 30 * DAY

#: The class of an objection whose reason nobody knows; unclear, and somebody should ask (C089).
MISSING: Final = "missing"
_NOT_KNOWN: Final = frozenset({ObjectionReason.NOT_GIVEN, ObjectionReason.UNKNOWN})
#: Where a task goes that nobody has taken: at 50, 75 and 100 % of its time (B8.6).
STAGES: Final = {1: "deputy", 2: "lead", 3: "incident"}

#: What became of a deadline: (which, "in_time" or "late"). Which: acknowledged or completed, urgent (P0, P1) or
#: routine (P2 to P4), and short_notice.
Met: TypeAlias = tuple[str, str]
#: One patient in one turn: key, as it was, as it is.
Change: TypeAlias = tuple[bytes, PatientState | None, PatientState | None]

_NOBODY: Final = PatientState()


class Watched(msgspec.Struct):
    """An open task, as far as its deadlines are concerned.

    ``starts_at``: of the appointment it is about, else 0; ``needed_by``: when its patient must know (S2), else 0.
    """

    role: Role
    priority: Priority
    reason: Reason
    created_at: Instant
    acknowledge_by: Instant
    due_at: Instant
    starts_at: Instant
    needed_by: Instant
    acknowledged: bool
    owned: bool
    late_acknowledged: bool = False
    late_done: bool = False
    late_needed: bool = False


class Census:
    """The running totals of one shard. ``min_notice``: how long before a start its patient must know (B1);
    ``short_notice``: from how long before it a change is short notice."""

    def __init__(self, min_notice: Millis, short_notice: Millis) -> None:
        self._min_notice = min_notice
        self._short_notice = short_notice
        self.tasks: dict[str, Watched] = {}
        self.holds: dict[Reason, int] = {}
        self.objections: Counter[tuple[str, str]] = Counter()
        self.standing: dict[tuple[bytes, str], Instant] = {}
        self.met: Counter[Met] = Counter()  # since the last look, like waited
        self.waited: dict[str, tuple[int, float]] = {}  # by urgency: tasks acknowledged, their seconds
        self.took: dict[str, tuple[int, float]] = {}  # by urgency: tasks closed, their seconds
        self.moved: Counter[str] = Counter()  # tasks moved on since the last look, by STAGES
        self.details: Counter[str] = Counter()  # contact details by channel
        self.unverified: Counter[str] = Counter()
        self.bounced: Counter[str] = Counter()  # have begun to bounce since the last look
        self.shared = 0
        self.unregistered = 0  # patients whose registration is not complete
        self._uncounted: set[bytes] = set()

    @property
    def complete(self) -> bool:
        """Whether everyone in the table has been counted."""
        return not self._uncounted

    # After a restore.

    def restored(self, keys: Iterable[bytes]) -> None:
        self._uncounted = set(keys)

    def count_some(self, table: PatientTable, now: Instant) -> bool:
        """Count the next few restored patients; False when none are left.

        A deadline that passed while nobody was counting was counted by whoever had the shard before.
        """
        bounced = self.bounced.copy()
        for _ in range(min(PORTION, len(self._uncounted))):
            key = self._uncounted.pop()
            packed = table.get(key)
            if packed is not None:
                self._change(key, _NOBODY, unpack(packed), now)
        self.bounced = bounced  # what bounced before the restore was counted by whoever saw it
        return bool(self._uncounted)

    # A committed turn.

    def turn(self, changes: Iterable[Change], now: Instant) -> None:
        """Take over what a turn has changed."""
        uncounted, change = self._uncounted, self._change
        for key, before, after in changes:
            if not uncounted or key not in uncounted:
                change(key, before or _NOBODY, after or _NOBODY, now)

    def _change(self, key: bytes, before: PatientState, after: PatientState, now: Instant) -> None:
        was, held = before.asked, after.asked
        if was is not held:
            if was:
                self._hold(was, held, -1)
            if held:
                self._hold(held, was, 1)
        if before.contacts is not after.contacts or before.identity is not after.identity:
            self._details(before, -1)
            self._details(after, 1)
            had = {contact.contact_id for contact in before.contacts if contact.bounced}
            self.bounced.update(c.channel for c in after.contacts if c.bounced and c.contact_id not in had)
        if before.tasks is not after.tasks and (before.tasks or after.tasks):
            self._tasks(before, after, now)
        if before.objections is not after.objections and (before.objections or after.objections):
            self.objections.subtract(_objections(before))
            self.objections.update(_objections(after))
        if before.standing is not after.standing and (before.standing or after.standing):
            for name in before.standing:
                self.standing.pop((key, name), None)
            self.standing |= {(key, name): one.valid_to for name, one in after.standing.items()}

    def _details(self, patient: PatientState, count: int) -> None:
        for contact in patient.contacts:
            self.details[contact.channel] += count
            self.unverified[contact.channel] += count * (contact.verified_at is None)
            self.shared += count * (contact.shared_with > 0)
        self.unregistered += count * _unregistered(patient)

    def _hold(self, these: dict[str, Asked], unless: dict[str, Asked], count: int) -> None:
        for key, asked in these.items():
            if asked.reason is not None and unless.get(key) is not asked:
                self.holds[asked.reason] = self.holds.get(asked.reason, 0) + count

    def _tasks(self, before: PatientState, after: PatientState, now: Instant) -> None:
        for task_id, task in after.tasks.items():
            was = before.tasks.get(task_id)
            if was is not task:
                self._open(task_id, task, after, now)
                if was is not None and task.stage > was.stage:
                    self._move(was, task)
        for task_id in before.tasks:
            if task_id not in after.tasks:
                self._close(task_id, now)

    def _move(self, was: OpenTask, task: OpenTask) -> None:
        """A claimed task, or one whose deputy is away, stays where it is."""
        stage = STAGES[task.stage]
        if task.owner != was.owner or stage == "incident":
            self.moved[stage] += 1

    def _open(self, task_id: str, task: OpenTask, patient: PatientState, now: Instant) -> None:
        watched = self.tasks.get(task_id)
        if watched is None:
            self.tasks[task_id] = self._watch(task, patient, now)
            return
        claimed = task.status is TaskStatus.CLAIMED
        if claimed and not watched.acknowledged:
            self._acknowledge(watched, now)
        watched.acknowledged = claimed
        watched.role, watched.priority = task.role, task.priority
        watched.acknowledge_by, watched.due_at = task.acknowledge_by, task.due_at
        watched.owned = bool(task.owner or task.claimed_by)

    def _watch(self, task: OpenTask, patient: PatientState, now: Instant) -> Watched:
        starts_at = _starts_at(task, patient)
        needed_by = self._needed_by(starts_at, task.created_at)
        older = task.created_at < now
        return Watched(
            task.role, task.priority, task.reason, task.created_at, task.acknowledge_by, task.due_at, starts_at,
            needed_by,
            acknowledged=task.status is TaskStatus.CLAIMED,
            owned=bool(task.owner or task.claimed_by),
            # Overdue when first seen, by more than the turn that made it: counted before a restart.
            late_acknowledged=older and task.acknowledge_by < now,
            late_done=older and task.due_at < now,
            late_needed=0 < needed_by < now,
        )  # fmt: skip

    def _close(self, task_id: str, now: Instant) -> None:
        watched = self.tasks.pop(task_id, None)
        if watched is None:
            return
        which = urgency(watched.priority)
        count, seconds = self.took.get(which, (0, 0.0))
        self.took[which] = count + 1, seconds + max(0, now - watched.created_at) / 1_000
        if not watched.acknowledged:
            self._acknowledge(watched, now)
        if not watched.late_done:
            self._met(f"{which}_completed", now <= watched.due_at)
        if watched.needed_by and not watched.late_needed:
            self._met("short_notice", now <= watched.needed_by)

    def _acknowledge(self, watched: Watched, now: Instant) -> None:
        which = urgency(watched.priority)
        count, seconds = self.waited.get(which, (0, 0.0))
        self.waited[which] = count + 1, seconds + max(0, now - watched.created_at) / 1_000
        if not watched.late_acknowledged:
            self._met(f"{which}_acknowledged", now <= watched.acknowledge_by)

    def _met(self, deadline: str, in_time: bool) -> None:
        self.met[deadline, "in_time" if in_time else "late"] += 1

    def _needed_by(self, starts_at: Instant, created_at: Instant) -> Instant:
        """When the patient must know of a change at short notice (S2); 0 for every other task."""
        needed_by = starts_at - self._min_notice
        return needed_by if 0 < needed_by - created_at <= self._short_notice else 0

    # Looking.

    def under(self, min_notice: Millis, short_notice: Millis) -> None:
        """Go by these from now on (a policy file may change): open tasks are judged by them too.

        A deadline that was counted as missed stays counted.
        """
        if (min_notice, short_notice) == (self._min_notice, self._short_notice):
            return
        self._min_notice, self._short_notice = min_notice, short_notice
        for task in self.tasks.values():
            task.needed_by = self._needed_by(task.starts_at, task.created_at)

    def open(self, now: Instant, portion: int) -> Iterator[list[Watched]]:
        """Every open task, at most so many at a time; one that is closed meanwhile is left out.

        Deadlines that have just passed with nobody having acted are counted: a task nobody touches is late too.
        """
        ids = list(self.tasks)
        for start in range(0, len(ids), portion):
            tasks = [self.tasks[task_id] for task_id in ids[start : start + portion] if task_id in self.tasks]
            for task in tasks:
                self._pass_deadlines(task, now)
            yield tasks

    def _pass_deadlines(self, task: Watched, now: Instant) -> None:
        if not task.acknowledged and not task.late_acknowledged and task.acknowledge_by < now:
            task.late_acknowledged = True
            self._met(f"{urgency(task.priority)}_acknowledged", False)
        if not task.late_done and task.due_at < now:
            task.late_done = True
            self._met(f"{urgency(task.priority)}_completed", False)
        if task.needed_by and not task.late_needed and task.needed_by < now:
            task.late_needed = True
            self._met("short_notice", False)

    def expiring(self, now: Instant) -> int:
        """Standing decisions that end within the month."""
        return sum(now < valid_to <= now + EXPIRING for valid_to in self.standing.values())


def _starts_at(task: OpenTask, patient: PatientState) -> Instant:
    """When the appointment of a task begins, or began for the patient who was told so; 0 for other tasks."""
    if task.kind is not SubjectKind.APPOINTMENT or task.purpose is None:
        return 0
    entry = patient.appointments.get(task.id)
    if entry is None:
        return 0
    starts = entry.body.starts_at
    return starts if entry.told is None else min(starts, entry.told.starts_at)


def _unregistered(patient: PatientState) -> bool:
    """Known, and without what everybody can be found or reached by (A1-11)."""
    who = patient.identity
    if who is None:
        return False
    return not (who.nhs_number and who.family_name and who.given_name and who.born and patient.contacts)


def _objections(patient: PatientState) -> Iterator[tuple[str, str]]:
    for entry in patient.objections.values():
        if not entry.withdrawn:
            reason = entry.body.reason
            yield entry.body.scope, MISSING if reason in _NOT_KNOWN else reason_class(reason)

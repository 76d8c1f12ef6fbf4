"""What one turn did, counted while it is decided and told to the metrics once it is committed.

One addition to a dict an event: labels are looked up once a turn, not once an event
(architecture.md section 8).
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from streams.domain.events import Event, Receipt
from streams.domain.patient import PatientState
from streams.domain.records import DeadLetter, Decision, EscalationTask, Output, SafetyEntry, SendCommand
from streams.domain.time import MINUTE, Instant
from streams.domain.vocabulary import Purpose, Reason, ReceiptStatus, TaskStatus
from streams.policy.model import Policy

from .second_look import unjustified, without_outcome

#: Every counter of the worker that a turn can move, with its labels; "decisions" have purpose, outcome, reason.
Key = tuple[str, ...]

NONE: Final = "none"
#: S3 and S4: a releasable result is commanded, and a critical one given to a person, within this.
RESULT_WITHIN: Final = MINUTE
_RESULTS: Final = (Purpose.RESULT_AVAILABLE, Purpose.RESULT_NORMAL)
_ARRIVED: Final = (ReceiptStatus.ACCEPTED, ReceiptStatus.DELIVERED, ReceiptStatus.READ)


class Tally:
    """Counts by (counter, label values). Labels come from closed lists only (C194).

    ``wall`` is the machine's clock, whatever clock decisions are made with: what a record's age is told from.
    """

    __slots__ = ("_policy", "_wall", "counts", "gap")

    def __init__(self, wall: Instant, policy: Policy) -> None:
        self.counts: dict[Key, int] = {}
        self.gap = 0
        self._wall = wall
        self._policy = policy

    def add(self, *key: str, count: int = 1) -> None:
        self.counts[key] = self.counts.get(key, 0) + count

    def output(self, output: Output) -> None:
        """Count what a response wrote. One look-up by type: this runs for every record written."""
        kind = type(output)
        if kind is Decision:
            key: Key = ("decisions", output.purpose or NONE, output.outcome, output.reason)  # type: ignore[union-attr]
            self.counts[key] = self.counts.get(key, 0) + 1
        elif (count := _COUNT.get(kind)) is not None:
            count(self, output)

    def look(
        self,
        before: PatientState | None,
        event: Event | None,
        after: PatientState | None,
        outputs: Sequence[Output],
        appended_at: Instant = 0,
    ) -> None:
        """A second look at one response; ``event`` None: the patient was woken."""
        if event is None and not outputs and (before is None or not before.asked):
            return  # a task was looked at, nothing more
        if not _plainly_decided(before, event, after, outputs):
            self.gap += without_outcome(before, event, after, outputs)
        for output in outputs:
            if type(output) is SendCommand:
                patient = after if after is not None else before
                if patient is not None and patient.objections and unjustified(patient, output):
                    self.add("unjustified")
                if output.purpose in _RESULTS:
                    self._result_message(output)
            elif type(output) is EscalationTask and appended_at and _is_new_critical(output):
                self._deadline("critical_task", self._wall - appended_at <= RESULT_WITHIN)
        if event is not None and type(event.body) is Receipt:
            arrived = event.body.status in _ARRIVED
            self.add("delivery", event.body.channel, "arrived" if arrived else "failed")

    def _result_message(self, command: SendCommand) -> None:
        """S3 speaks of results that could be released during service hours."""
        released = command.basis.occurred_at
        if self._policy.calendar.is_open(self._policy.service_hours, released):
            self._deadline("result_message", command.created_at - released <= RESULT_WITHIN)

    def _deadline(self, deadline: str, in_time: bool) -> None:
        self.add("deadlines", deadline, "in_time" if in_time else "late")


def _is_new_critical(task: EscalationTask) -> bool:
    return task.reason is Reason.CRITICAL_RESULT and task.version == 1


def _plainly_decided(
    before: PatientState | None, event: Event | None, after: PatientState | None, outputs: Sequence[Output]
) -> bool:
    """The usual case, at a glance: the first thing written is this event's decision, and nothing held has gone."""
    if event is None or not outputs:
        return False
    first = outputs[0]
    if type(first) is not Decision or first.event_id != event.envelope.event_id:
        return False
    return before is None or not before.asked or (after is not None and after.asked is before.asked)


def _count_send(tally: Tally, command: SendCommand) -> None:
    tally.add("sends", command.channel, command.level)
    if command.override is not None:
        tally.add("overrides", command.override.ground, command.override.mode)


def _count_task(tally: Tally, task: EscalationTask) -> None:
    if task.version == 1 and task.status is TaskStatus.OPEN:
        tally.add("escalations", task.role)


def _count_letter(tally: Tally, letter: DeadLetter) -> None:
    tally.add("dead_letters", letter.topic, letter.reason)


def _count_incident(tally: Tally, entry: SafetyEntry) -> None:
    tally.add("incidents", entry.kind)


_COUNT: Final[dict[type, Callable[[Tally, Any], None]]] = {
    SendCommand: _count_send,
    EscalationTask: _count_task,
    DeadLetter: _count_letter,
    SafetyEntry: _count_incident,
}

"""What one turn did, counted while it is decided and told to the metrics once it is committed.

An event costs a look at what it led to and an addition to a dict for each thing written; labels are looked up once
in the life of the process (architecture.md section 8).
`python -m bench.metrics_cost` says what it costs.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from streams.domain.events import Event, Receipt
from streams.domain.patient import PatientState
from streams.domain.records import DeadLetter, Decision, EscalationTask, Output, SafetyEntry, SendCommand
from streams.domain.time import MINUTE, Instant
from streams.domain.vocabulary import Purpose, Reason, ReceiptStatus, TaskStatus, Topic
from streams.policy.model import Policy

from .second_look import unjustified, without_outcome

#: A counter of the worker that a turn can move, with its labels.
Key = tuple[str, ...]

#: S3 and S4: a releasable result is commanded, and a critical one given to a person, within this.
RESULT_WITHIN: Final = MINUTE
_RESULTS: Final = (Purpose.RESULT_AVAILABLE, Purpose.RESULT_NORMAL)
_ARRIVED: Final = (ReceiptStatus.ACCEPTED, ReceiptStatus.DELIVERED, ReceiptStatus.READ)
# A member of an enumeration is looked up by Python code in 3.11: once here, not once an event.
_RECEIPTS: Final = Topic.RECEIPTS
_CRITICAL: Final = Reason.CRITICAL_RESULT
_OPEN: Final = TaskStatus.OPEN
_DECIDED: Final = attrgetter("purpose", "outcome", "reason")
_SENT: Final = attrgetter("channel", "level")


class Tally:
    """Counts by (counter, label values). Labels come from closed lists only (C194).

    ``wall`` is the machine's clock, whatever clock decisions are made with: what a record's age is told from.
    """

    __slots__ = ("_policy", "_wall", "counts", "decided", "gap", "sent")

    def __init__(self, wall: Instant, policy: Policy) -> None:
        self.gap = 0
        self.counts: dict[Key, int] = {}
        self.decided: dict[Any, int] = {}  # by purpose, outcome, reason
        self.sent: dict[Any, int] = {}  # by channel, level
        self._wall = wall
        self._policy = policy

    def add(self, *key: str, count: int = 1) -> None:
        self.counts[key] = self.counts.get(key, 0) + count

    def look(
        self,
        before: PatientState | None,
        event: Event | None,
        after: PatientState | None,
        outputs: Sequence[Output],
        appended_at: Instant = 0,
    ) -> None:
        """Count what a response wrote, and take a second look at it; ``event`` None: the patient was woken.

        The usual case is told at a glance: the last thing written is this event's decision, and nothing held has gone.
        """
        labels: Any
        plainly = False
        if event is None:
            if not outputs and (before is None or not before.asked):
                return  # a task was looked at, nothing more
        else:
            if event.topic is _RECEIPTS and type(event.body) is Receipt:
                arrived = event.body.status in _ARRIVED
                self.add("delivery", event.body.channel, "arrived" if arrived else "failed")
            if outputs and type(last := outputs[-1]) is Decision and last.event_id == event.envelope.event_id:
                plainly = (
                    before is None or not before.asked or (after is not None and after.asked is before.asked)
                )
        if not plainly:
            self.gap += without_outcome(before, event, after, outputs)
        for output in outputs:
            if type(output) is Decision:
                labels = _DECIDED(output)
                self.decided[labels] = self.decided.get(labels, 0) + 1
            elif type(output) is SendCommand:
                labels = _SENT(output)
                self.sent[labels] = self.sent.get(labels, 0) + 1
                patient = after or before
                if patient is not None and patient.objections and unjustified(patient, output, before):
                    self.add("unjustified")
                if output.override is not None:
                    self.add("overrides", output.override.ground, output.override.mode)
                if output.purpose in _RESULTS:
                    self._result_message(output)
            elif type(output) is EscalationTask:
                if output.version == 1:
                    self._new_task(output, appended_at)
            else:
                self.write(output)

    def write(self, output: Output) -> None:
        """Count what was written without a look at it."""
        if type(output) is DeadLetter:
            self.add("dead_letters", output.topic, output.reason)
        elif type(output) is SafetyEntry:
            self.add("incidents", output.kind)
        elif type(output) is Decision:
            labels = _DECIDED(output)
            self.decided[labels] = self.decided.get(labels, 0) + 1
        elif type(output) is EscalationTask and output.version == 1:
            self._new_task(output, 0)

    def _new_task(self, task: EscalationTask, appended_at: Instant) -> None:
        if task.status is _OPEN:
            self.add("escalations", task.role)
        if appended_at and task.reason is _CRITICAL:
            self._deadline("critical_task", self._wall - appended_at <= RESULT_WITHIN)

    def _result_message(self, command: SendCommand) -> None:
        """S3 speaks of results that could be released during service hours."""
        released = command.basis.occurred_at
        if self._policy.calendar.is_open(self._policy.service_hours, released):
            self._deadline("result_message", command.created_at - released <= RESULT_WITHIN)

    def _deadline(self, deadline: str, in_time: bool) -> None:
        self.add("deadlines", deadline, "in_time" if in_time else "late")

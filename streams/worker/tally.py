"""What one turn did, counted while it is decided and told to the metrics once it is committed.

An event costs a look at what it led to and an addition to a dict for each thing written; labels are looked up once
in the life of the process (architecture.md section 8).
`python -m bench.metrics_cost` says what it costs.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec

from streams.domain.events import Event, Receipt
from streams.domain.patient import PatientState
from streams.domain.records import DeadLetter, Decision, EscalationTask, Output, SafetyEntry, SendCommand
from streams.domain.time import MINUTE, Instant
from streams.domain.vocabulary import Purpose, Reason, ReceiptStatus, TaskStatus, Topic
from streams.kafka.batch import Record
from streams.ops.tracing import Passage, trace_id, traceparent_of
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


class Note(msgspec.Struct, frozen=True):
    """One line of the log to be: its event, the patient it is about, and facts that name nobody."""

    event: str
    patient: str | bytes | None
    facts: dict[str, object]


class Tally:
    """Counts by (counter, label values). Labels come from closed lists only (C194).

    ``wall`` is the machine's clock, whatever clock decisions are made with: what a record's age is told from.
    """

    __slots__ = ("_policy", "_wall", "counts", "decided", "gap", "notes", "passages", "sent")

    def __init__(self, wall: Instant, policy: Policy) -> None:
        self.gap = 0
        self.notes: list[Note] = []
        self.passages: list[Passage] = []  # of traced records
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
        record: Record | None = None,
    ) -> None:
        """Count what a response wrote, and take a second look at it; ``event`` None: the patient was woken;
        ``record``: what the event was read from.

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
            lost = without_outcome(before, event, after, outputs)
            if lost:
                self.gap += lost
                self.note("request_without_outcome", event, record, requests=lost)
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
                    self.note(
                        "unjustified_objected_send", event, record, patient=output.patient_id,
                        command_id=output.command_id, decision_id=output.decision_id,
                    )  # fmt: skip
                if output.override is not None:
                    self.add("overrides", output.override.ground, output.override.mode)
                if output.purpose in _RESULTS:
                    self._result_message(output)
            elif type(output) is EscalationTask:
                if output.version == 1:
                    self._new_task(output, record)
            else:
                self.write(output, record)

    def note(
        self,
        name: str,
        event: Event | None,
        record: Record | None,
        patient: str | bytes | None = None,
        **facts: object,
    ) -> None:
        """Something that people should be able to find again; for the log, once the turn is committed."""
        if event is not None:
            patient = event.envelope.patient_id
            facts["topic"] = event.topic
        if record is not None:
            facts["offset"] = record.offset
            trace = traceparent_of(record.headers)
            if trace is not None:
                facts["trace_id"] = trace_id(trace)
        self.notes.append(Note(name, patient, facts))

    def write(self, output: Output, record: Record | None) -> None:
        """Count what was written without a look at it."""
        if type(output) is DeadLetter:
            self.add("dead_letters", output.topic, output.reason)
            facts = {"topic": output.topic, "reason": output.reason, "error": output.error}
            self.note("set_aside", None, record, None if record is None else record.key, **facts)
        elif type(output) is SafetyEntry:
            self.add("incidents", output.kind)
        elif type(output) is Decision:
            labels = _DECIDED(output)
            self.decided[labels] = self.decided.get(labels, 0) + 1
        elif type(output) is EscalationTask and output.version == 1:
            self._new_task(output, None)

    def _new_task(self, task: EscalationTask, record: Record | None) -> None:
        if task.status is _OPEN:
            self.add("escalations", task.role)
        if record is not None and task.reason is _CRITICAL:
            self._deadline("critical_task", self._wall - record.timestamp <= RESULT_WITHIN)

    def _result_message(self, command: SendCommand) -> None:
        """S3 speaks of results that could be released during service hours."""
        released = command.basis.occurred_at
        if self._policy.calendar.is_open(self._policy.service_hours, released):
            self._deadline("result_message", command.created_at - released <= RESULT_WITHIN)

    def _deadline(self, deadline: str, in_time: bool) -> None:
        self.add("deadlines", deadline, "in_time" if in_time else "late")

"""What one turn did, counted while it is decided and told to the metrics once it is committed.

An event costs a look at what it led to and an addition to a dict for each thing written; labels are looked up once
in the life of the process (architecture.md section 8).
`python -m bench.metrics_cost` says what it costs.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec

from streams.domain.events import Event, Receipt, Resolution
from streams.domain.patient import PatientState, Sent
from streams.domain.records import DeadLetter, Decision, EscalationTask, Output, SafetyEntry, SendCommand
from streams.domain.time import MINUTE, SECOND, Instant, Millis
from streams.domain.vocabulary import (
    Outcome,
    Purpose,
    Reason,
    ReceiptStatus,
    ResolutionKind,
    TaskStatus,
    Topic,
)
from streams.kafka.batch import Record
from streams.ops.tracing import Passage, trace_id, traceparent_of
from streams.policy.model import Policy

from .second_look import protected_override, unjustified, without_outcome

#: A counter of the worker that a turn can move, with its labels.
Key = tuple[str, ...]

#: S3 and S4: a releasable result is commanded, and a critical one given to a person, within this.
RESULT_WITHIN: Final = MINUTE
_RESULTS: Final = (Purpose.RESULT_AVAILABLE, Purpose.RESULT_NORMAL)
#: What S2 is about: without it the patient goes to the wrong place, or for nothing.
CHANGES: Final = frozenset(
    {Purpose.APPT_CHANGE, Purpose.APPT_CANCEL, Purpose.APPT_REINSTATE, Purpose.APPT_VIRTUAL_INVITE}
)
_DELIVERED: Final = (ReceiptStatus.DELIVERED, ReceiptStatus.READ)
# A member of an enumeration is looked up by Python code in 3.11: once here, not once an event.
_ACCEPTED: Final = ReceiptStatus.ACCEPTED
_RECEIPTS: Final = Topic.RECEIPTS
_RESOLUTIONS: Final = Topic.RESOLUTIONS
_CONTACTED: Final = ResolutionKind.CONTACTED
_SEND: Final = Outcome.SEND
_ESCALATE: Final = Outcome.ESCALATE
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

    __slots__ = (
        "_in_hours",
        "_policy",
        "_wall",
        "counts",
        "decided",
        "gap",
        "notes",
        "passages",
        "receipts",
        "sent",
        "time_left",
    )

    def __init__(self, wall: Instant, policy: Policy) -> None:
        self.gap = 0
        self.time_left: list[float] = []  # seconds to the start, of each change at short notice
        self.receipts: list[tuple[str, float]] = []  # channel, and seconds from command to delivery
        self.notes: list[Note] = []
        self.passages: list[Passage] = []  # of traced records
        self.counts: dict[Key, int] = {}
        self.decided: dict[Any, int] = {}  # by purpose, outcome, reason
        self.sent: dict[Any, int] = {}  # by channel, level
        self._in_hours: dict[int, bool] = {}  # by minute
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

        The usual case is told at a glance: the last thing written is this event's decision, and nothing held has gone;
        or it decides what the patient was woken for, and nothing else was held.
        """
        labels: Any
        plainly = False
        if event is None:
            if not outputs and (before is None or not before.asked):
                return  # a task was looked at, nothing more
            plainly = before is not None and _hold_decided(before, outputs)
        else:
            if event.topic is _RECEIPTS and type(event.body) is Receipt:
                self._receipt(event, event.body, before)
            elif event.topic is _RESOLUTIONS and type(event.body) is Resolution and before is not None:
                self._resolution(event, event.body, before)
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
                if output.purpose in CHANGES and (output.outcome is _SEND or output.outcome is _ESCALATE):
                    self._change(output, after)
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
                    if patient is not None and protected_override(patient, output, before):
                        self.add("protected_overrides")
                        self.note(
                            "protected_override", event, record, patient=output.patient_id,
                            command_id=output.command_id, decision_id=output.decision_id,
                        )  # fmt: skip
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

    def _change(self, decision: Decision, patient: PatientState | None) -> None:
        left = _left(patient, decision.subject.id, decision.decided_at)
        if 0 < left <= self._policy.short_notice:
            self.add("short_notice", decision.purpose or "")
            self.time_left.append(left / SECOND)

    def _receipt(self, event: Event, receipt: Receipt, before: PatientState | None) -> None:
        """A message is counted once as arrived: that a provider took it over says nothing yet, and that it was read
        after it was delivered nothing new."""
        sent = None if before is None else before.sent.get(receipt.command_id)
        arrived = receipt.status in _DELIVERED
        if receipt.status is _ACCEPTED or (arrived and sent is not None and sent.status in _DELIVERED):
            self.add("delivery", receipt.channel, "accepted")
            return
        self.add("delivery", receipt.channel, "arrived" if arrived else "failed")
        if sent is None or not arrived:
            return
        at = event.envelope.occurred_at
        self.receipts.append((receipt.channel, max(0, at - sent.created_at) / SECOND))
        if sent.purpose in CHANGES:
            self._told(before, sent, at)

    def _told(self, patient: PatientState | None, sent: Sent, at: Instant) -> None:
        """A message about a change has arrived: at short notice it is closed, in time or late (S2). What was too late
        when it was commanded is counted by nobody's deadline: it could not have been kept."""
        if 0 < _left(patient, sent.asked.id, sent.created_at) <= self._policy.short_notice:
            self.add("short_notice_outcome", "delivered")
        needed_by = _first_start(patient, sent.asked.id, sent.created_at) - self._policy.min_useful_notice
        if 0 < needed_by - sent.created_at <= self._policy.short_notice:
            self._deadline("short_notice", at <= needed_by)

    def _resolution(self, event: Event, resolution: Resolution, before: PatientState) -> None:
        task = before.tasks.get(resolution.task_id or "")
        if task is None or task.purpose not in CHANGES or resolution.kind is not _CONTACTED:
            return
        if 0 < _left(before, task.id, event.envelope.occurred_at) <= self._policy.short_notice:
            self.add("short_notice_outcome", "human_contacted")

    def _new_task(self, task: EscalationTask, record: Record | None) -> None:
        if task.status is _OPEN:
            self.add("escalations", task.role)
        if record is not None and task.reason is _CRITICAL:
            self._deadline("critical_task", self._wall - record.timestamp <= RESULT_WITHIN)

    def _result_message(self, command: SendCommand) -> None:
        """S3 speaks of results that could be released during service hours."""
        released = command.basis.occurred_at
        minute = released // MINUTE  # service hours begin and end on one
        in_hours = self._in_hours.get(minute)
        if in_hours is None:
            in_hours = self._policy.calendar.is_open(self._policy.service_hours, released)
            self._in_hours[minute] = in_hours
        if in_hours:
            self._deadline("result_message", command.created_at - released <= RESULT_WITHIN)

    def _deadline(self, deadline: str, in_time: bool) -> None:
        self.add("deadlines", deadline, "in_time" if in_time else "late")


def _hold_decided(before: PatientState, outputs: Sequence[Output]) -> bool:
    """Whether just one thing was held, and the last thing written decides it."""
    if len(before.asked) != 1 or not outputs:
        return False
    (asked,) = before.asked.values()
    last = outputs[-1]
    return type(last) is Decision and last.subject.id == asked.id


def _first_start(patient: PatientState | None, appointment_id: str, after: Instant) -> Instant:
    """The earliest start that a change is about, of those that lay ahead: as it is now, as the message told it, or as
    the patient knew it before. 0: there is none."""
    entry = None if patient is None else patient.appointments.get(appointment_id)
    if entry is None:
        return 0
    known = (entry.body, entry.told, entry.before)
    return min((one.starts_at for one in known if one is not None and one.starts_at > after), default=0)


def _left(patient: PatientState | None, appointment_id: str, now: Instant) -> Millis:
    """How long until the start that a change is about: the earlier of what the patient was told and what holds now."""
    entry = None if patient is None else patient.appointments.get(appointment_id)
    if entry is None:
        return 0
    left = entry.body.starts_at - now
    if entry.told is not None:
        told = entry.told.starts_at - now
        if told > 0 and not 0 < left < told:
            return told
    return left

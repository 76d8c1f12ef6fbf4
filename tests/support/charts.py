"""A patient's chart for unit tests: facts go in, what the rules wrote comes out. No Kafka, a clock that is set.

``Chart`` drives ``streams.decisions`` as the worker does. The small makers below give values with everything in
order unless a test says otherwise; times are UTC milliseconds, written with ``uk``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from streams.decisions import Environment, Response, respond, wake
from streams.decisions.case import Case
from streams.decisions.framing import frame, tell
from streams.decisions.recipients import patient_themselves
from streams.domain.events import (
    Appointment,
    Body,
    Contact,
    Envelope,
    Event,
    Identity,
    Objection,
    PatientSections,
    Proxy,
    Receipt,
    Request,
    Resolution,
    Result,
    entity_id,
)
from streams.domain.packing import next_due, pack, unpack
from streams.domain.patient import AppointmentEntry, Asked, PatientState, RequestEntry, ResultEntry
from streams.domain.position import Position
from streams.domain.records import Decision, EscalationTask, Output, SafetyEntry, SendCommand
from streams.domain.shard import ShardState
from streams.domain.time import DAY, HOUR, Instant
from streams.domain.vocabulary import (
    AppointmentStatus,
    Channel,
    InitiatedBy,
    ObjectionAction,
    ObjectionReason,
    Purpose,
    Release,
    ResolutionKind,
    ResultStatus,
    Role,
    Scope,
    SubjectKind,
    Topic,
)
from streams.policy.model import Policy
from tests.support.policies import policy as policy_of
from tests.support.times import uk

PATIENT: Final = "P1"
NOW: Final = uk("Tue 01 Dec 2026 11:00")
TOMORROW: Final = NOW + 22 * HOUR + 30 * 60_000
IN_TWO_WEEKS: Final = NOW + 14 * DAY
VALUES: Final = {
    Channel.NHS_APP: "9990548609",
    Channel.SMS: "+447700900001",
    Channel.EMAIL: "ada@example.org",
    Channel.LETTER: "1 Test Street, Leeds, LS1 4AP",
}
TOPIC_OF: Final[dict[type, Topic]] = {
    Appointment: Topic.APPOINTMENTS,
    Result: Topic.RESULTS,
    Request: Topic.REQUESTS,
    Receipt: Topic.RECEIPTS,
    Objection: Topic.OBJECTIONS,
    PatientSections: Topic.PATIENTS,
    Resolution: Topic.RESOLUTIONS,
}
SETTLED: Final[dict[str, Any]] = {"settle_s__appointment": 0, "settle_s__result": 0}
Record = TypeVar("Record", Decision, SendCommand, EscalationTask)


def contact(channel: Channel, **changes: Any) -> Contact:
    return replace(Contact(str(channel), channel, VALUES[channel], NOW - 10 * DAY), **changes)


def identity(**changes: Any) -> Identity:
    made = Identity("9990548609", "Test", "Ada", born="1980-01-01", last_seen_at=NOW - 30 * DAY)
    return replace(made, **changes)


def sections(*channels: Channel, **changes: Any) -> PatientSections:
    """A first patient event: an adult with these contacts."""
    made = PatientSections(identity(), tuple(contact(channel) for channel in channels))
    return replace(made, **changes)


def known(*channels: Channel, **changes: Any) -> PatientState:
    """The state of an adult with these contacts."""
    made = PatientState(identity=identity(), contacts=tuple(contact(channel) for channel in channels))
    return replace(made, **changes)


def proxy(proxy_id: str = "X1", **changes: Any) -> Proxy:
    return replace(Proxy(proxy_id, verified=True, own_organisation=True, primary=True), **changes)


def appointment(starts_at: Instant = TOMORROW, **changes: Any) -> Appointment:
    made = Appointment(
        "A1",
        AppointmentStatus.BOOKED,
        starts_at,
        service_code="GEN",
        site="Main Hospital",
        generic_site="Main Hospital",
        initiated_by=InitiatedBy.PROVIDER,
    )
    return replace(made, **changes)


def cancelled(starts_at: Instant = TOMORROW, **changes: Any) -> Appointment:
    return appointment(starts_at, status=AppointmentStatus.CANCELLED, **changes)


def result(**changes: Any) -> Result:
    made = Result("R1", ResultStatus.FINAL, "FBC", "GEN", reviewed=True, release=Release.NOTIFY)
    return replace(made, **changes)


def request(purpose: Purpose, **changes: Any) -> Request:
    return replace(Request("Q1", purpose, "GEN"), **changes)


def objection(*channels: Channel, **changes: Any) -> Objection:
    made = Objection(
        "O1",
        ObjectionAction.RECORDED,
        Scope.METHOD,
        channels,
        reason=ObjectionReason.COST,
        received_at=NOW,
        received_via="phone",
    )
    return replace(made, **changes)


class Chart:
    """One patient of one shard. Every response is kept; states go through ``pack`` as in the patient table."""

    def __init__(
        self, patient: PatientState | None = None, *, policy: Policy | None = None, now: Instant = NOW
    ) -> None:
        self.patient = patient
        self.policy = policy if policy is not None else policy_of(**SETTLED)
        self.now = now
        self.shard = ShardState()
        self.outputs: list[Output] = []
        self._versions: dict[tuple[Topic, str], int] = {}
        self._offset = 0

    def env(self) -> Environment:
        return Environment(self.policy, self.now, self.shard)

    def event(self, body: Body, version: int | None = None, **envelope: Any) -> Event:
        """An event about this patient; versions of an entity rise by themselves."""
        topic = TOPIC_OF[type(body)]
        entity = (topic, entity_id(body))
        if version is None:
            version = self._versions.get(entity, 0) + 1
        self._versions[entity] = max(version, self._versions.get(entity, 0))
        self._offset += 1
        made = Envelope(f"e{self._offset}", PATIENT, version, self.now, "test")
        return Event(topic, replace(made, **envelope), body)

    def hear(self, body: Body, version: int | None = None, **envelope: Any) -> tuple[Output, ...]:
        """Take one fact; gives what was written about it."""
        return self.hear_event(self.event(body, version, **envelope))

    def hear_event(self, event: Event) -> tuple[Output, ...]:
        at = Position(event.topic, 0, self._offset, self.now)
        return self.keep(respond(PATIENT, self.patient, event, at, self.env()))

    def wait(self, until: Instant) -> tuple[Output, ...]:
        """Let time pass; gives what the timers wrote."""
        written: list[Output] = []
        while self.patient is not None and 0 < (due := next_due(self.patient)) <= until:
            self.now = max(self.now, due)
            written += self.keep(wake(PATIENT, self.patient, self.env()))
        self.now = until
        return tuple(written)

    def keep(self, response: Response) -> tuple[Output, ...]:
        self.patient = None if response.patient is None else unpack(pack(response.patient))
        self.shard = response.shard
        self.outputs += response.outputs
        return response.outputs

    def all(self, kind: type[Record]) -> list[Record]:
        return of(kind, self.outputs)


def of(kind: type[Record], outputs: Sequence[Output]) -> list[Record]:
    """The records of one kind, in order."""
    return [one for one in outputs if isinstance(one, kind)]


def reasons(outputs: Sequence[Output]) -> list[str]:
    """What was decided, in order: ``SEND app_default`` and so on."""
    return [f"{one.outcome} {one.reason}" for one in of(Decision, outputs)]


def case(
    patient: PatientState,
    about: Appointment | Result | Request | SubjectKind = SubjectKind.APPOINTMENT,
    *,
    told: Appointment | None = None,
    now: Instant = NOW,
    asked: dict[str, Any] | None = None,
    **settings: Any,
) -> Case:
    """What the rules look at: this fact about the patient, who is its recipient unless a row says otherwise.

    A kind alone means an appointment in two weeks, a result, or a prescription that is ready. ``told`` is what
    the patient was told of the appointment before.
    """
    usual: dict[SubjectKind, Appointment | Result | Request] = {
        SubjectKind.APPOINTMENT: appointment(IN_TWO_WEEKS),
        SubjectKind.RESULT: result(),
        SubjectKind.REQUEST: request(Purpose.PRESCRIPTION_READY),
    }
    body = usual[about] if isinstance(about, SubjectKind) else about
    known_of = None if told is None else tell(told, 1)
    if isinstance(body, Appointment):
        entry = AppointmentEntry(2, body, now, known_of)
        kind, made = SubjectKind.APPOINTMENT, replace(patient, appointments={body.appointment_id: entry})
    elif isinstance(body, Result):
        kind = SubjectKind.RESULT
        made = replace(patient, results={body.result_id: ResultEntry(2, body, now)})
    else:
        kind = SubjectKind.REQUEST
        made = replace(patient, requests={body.request_id: RequestEntry(2, body, now)})
    made_of = Asked(kind, entity_id(body), 2, "e2", Position(TOPIC_OF[type(body)], 0, 1, now), now)
    env = Environment(policy_of(**{**SETTLED, **settings}), now)
    framed = frame(PATIENT, made, replace(made_of, **(asked or {})), env)
    addressed = patient_themselves(framed)
    return addressed if isinstance(addressed, Case) else framed


def task(chart: Chart, reason: str) -> EscalationTask:
    return next(one for one in reversed(chart.all(EscalationTask)) if one.reason == reason)


def act(chart: Chart, kind: ResolutionKind, reason: str | None = None, **fields: Any) -> list[str]:
    """A person acts on the task of this reason; gives what the safety log says about it."""
    task_id = task(chart, reason).task_id if reason is not None else None
    made = Resolution(task_id, kind, "staff-1", Role.BOOK)
    written = chart.hear(replace(made, **fields))
    return [one.kind for one in written if isinstance(one, SafetyEntry)]

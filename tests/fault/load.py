"""What is fed while things break: generated hospital days, and patients who object a moment before they are written to."""

from collections.abc import Iterator
from operator import attrgetter
from random import Random
from typing import Final

import msgspec

from streams.demo.day import DayPlan, generate
from streams.demo.lines import Line, bytes_of
from streams.demo.scene import TimedRecord
from streams.domain.events import Appointment, Contact, Envelope, Event, Identity, Objection, PatientSections
from streams.domain.time import DAY, MINUTE, Instant
from streams.domain.vocabulary import (
    STATE_TOPICS,
    AppointmentStatus,
    Channel,
    ObjectionAction,
    ObjectionReason,
    Scope,
    Topic,
)
from streams.kafka.codec import Codec

#: Policy of these runs: decided at once, so that an objection really races the appointment behind it.
POLICY: Final = 'version: "fault"\nsettle_s: {appointment: 0, result: 0}\n'
_PATIENTS: Final = 3_000
_A_DAY: Final = 12_000
_STEP: Final = 5 * MINUTE
#: Races on each step.
_RACES: Final = 4


class Step(msgspec.Struct, frozen=True):
    """One moment: what is known goes in first, and is acknowledged; then the clock moves on; then the rest."""

    now: Instant
    state: list[Line]
    deciding: list[Line]

    def __len__(self) -> int:
        return len(self.state) + len(self.deciding)


class Racing:
    """Patients who object, and get an appointment in the moment in which the objection is acknowledged."""

    def __init__(self, codec: Codec, seed: int) -> None:
        self._codec = codec
        self._rng = Random(f"race-{seed}")
        self._number = 0

    def lines(self, now: Instant) -> tuple[list[Line], list[Line]]:
        state: list[Line] = []
        deciding: list[Line] = []
        for _ in range(_RACES):
            self._number += 1
            patient = f"race-{self._number:06}"
            contact = Contact("sms", Channel.SMS, "+447700900001", verified_at=now - DAY)
            identity = Identity("9990548609", "Test", "Ada", born="1980-01-01", last_seen_at=now - DAY)
            sections = PatientSections(identity=identity, contacts=(contact,))
            state.append(self._line(Topic.PATIENTS, patient, now, sections))
            if self._rng.random() < 0.8:
                objection = Objection(
                    f"obj-{patient}", ObjectionAction.RECORDED, Scope.METHOD, (Channel.SMS,),
                    reason=ObjectionReason.PREFERS_OTHER_METHOD, received_at=now, received_via="phone",
                )  # fmt: skip
                state.append(self._line(Topic.OBJECTIONS, patient, now, objection))
            appointment = Appointment(
                f"appt-{patient}", AppointmentStatus.BOOKED, now + 9 * DAY, service_code="GEN",
                site="Main Hospital", generic_site="Main Hospital",
            )  # fmt: skip
            deciding.append(self._line(Topic.APPOINTMENTS, patient, now, appointment))
        return state, deciding

    def _line(
        self, topic: Topic, patient: str, now: Instant, body: PatientSections | Objection | Appointment
    ) -> Line:
        envelope = Envelope(f"{topic}-{patient}", patient, 1, now, "test")
        return Line(topic, patient.encode(), self._codec.encode_event(Event(topic, envelope, body)))


def steps(events: int, seed: int, codec: Codec) -> Iterator[Step]:
    """So many events or a few more, as steps of rising time."""
    racing = Racing(codec, seed)
    fed = 0
    for now, records in _by_time(_records(events, seed)):
        state, deciding = racing.lines(now)
        for record in records:
            line = Line(record.topic, record.key, bytes_of(record, codec))
            (state if record.topic in STATE_TOPICS else deciding).append(line)
        fed += len(state) + len(deciding)
        yield Step(now, state, deciding)
        if fed >= events:
            return


def first_moment(seed: int) -> Instant:
    """When the first step's clock may start."""
    return generate(DayPlan(50, 1, seed)).before[0].at


def _records(events: int, seed: int) -> list[TimedRecord]:
    """The Monday and Tuesday of as many hospitals as are needed, in order of time."""
    found: list[TimedRecord] = []
    number = 0
    while len(found) < events:
        # What was there before the day is fed too: more than half as much as happens on it.
        size = min(_A_DAY, max(300, (events - len(found)) * 6 // 10))
        people = min(_PATIENTS, max(100, events // 5))
        day = generate(DayPlan(people, size, seed + number, f"h{number}-"))
        found += [*day.before, *day.during]
        number += 1
    return sorted(found, key=attrgetter("at"))


def _by_time(records: list[TimedRecord]) -> Iterator[tuple[Instant, list[TimedRecord]]]:
    """At most five minutes, and at most 500 records, at a time."""
    begin = 0
    while begin < len(records):
        now = records[begin].at
        end = begin
        while end < len(records) and records[end].at <= now + _STEP and end - begin < 500:
            end += 1
        yield records[end - 1].at, records[begin:end]
        begin = end

"""What is fed while things break: generated hospital days, patients who object a moment before they are written to,
and here and there something that nobody can read."""

from collections.abc import Callable, Iterator
from operator import attrgetter
from random import Random
from typing import Final

import msgspec

from streams.demo.day import DayPlan, generate
from streams.demo.lines import bytes_of
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
from streams.feed.lines import Line
from streams.kafka.codec import Codec
from streams.kafka.partitioner import partition_for

#: Policy of these runs: decided at once, so that an objection really races the appointment behind it.
POLICY: Final = 'version: "fault"\nsettle_s: {appointment: 0, result: 0}\n'
_PATIENTS: Final = 3_000
_A_DAY: Final = 12_000
_STEP: Final = 5 * MINUTE
_MOST: Final = 500
#: Races for so many events.
_A_RACE: Final = 125
#: Races of a step that holds nothing else.
_RACES: Final = 4
#: No objections: one that nobody can read stops its partition (rule 1.1), which has tests of its own.
_POISONED: Final = (Topic.APPOINTMENTS, Topic.RESULTS, Topic.PATIENTS, Topic.REQUESTS, Topic.RECEIPTS)
_UNKNOWN_SCHEMA: Final = b"\x00" + (999_999).to_bytes(4, "big")


class Timed(msgspec.Struct, frozen=True):
    at: Instant
    line: Line


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

    def lines(self, now: Instant, races: int) -> tuple[list[Line], list[Line]]:
        """So many races: what is known first, and what is decided behind it."""
        return self._lines(now, [self._next() for _ in range(races)])

    def one_each(self, now: Instant, partitions: int) -> Step:
        """A race on every partition."""
        chosen: dict[int, str] = {}
        while len(chosen) < partitions:
            patient = self._next()
            chosen.setdefault(partition_for(patient.encode(), partitions), patient)
        return Step(now, *self._lines(now, list(chosen.values())))

    def _next(self) -> str:
        self._number += 1
        return f"race-{self._number:06}"

    def _lines(self, now: Instant, patients: list[str]) -> tuple[list[Line], list[Line]]:
        state: list[Line] = []
        deciding: list[Line] = []
        for patient in patients:
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


class Poison:
    """Values that nobody can read, one in so many lines. ``fed``: each of them, to be found as a dead letter.

    ``schemas_known``: whether a schema id that the registry does not know may be among them. Workers ask the
    registry for it, and wait for as long as it is away.
    """

    def __init__(self, seed: int, share: float, schemas_known: Callable[[], bool] = lambda: False) -> None:
        self._rng = Random(f"poison-{seed}")
        self._share = share
        self._schemas_known = schemas_known
        self.fed: set[bytes] = set()

    def among(self, lines: list[Line]) -> list[Line]:
        """The lines, with poison between them."""
        mixed: list[Line] = []
        for line in lines:
            mixed.append(line)
            if self._rng.random() < self._share:
                mixed.append(self._poison(line))
        return mixed

    def _poison(self, line: Line) -> Line:
        rubbish = b"%d-%d" % (len(self.fed), self._rng.getrandbits(64))
        kind = self._rng.random()
        if kind < 0.4 and line.value is not None:
            value = (
                line.value[:5] + b"\xff\xff\xff\xff" + rubbish
            )  # a schema we know, and a body that is none
        elif kind < 0.5 and self._schemas_known():
            value = _UNKNOWN_SCHEMA + rubbish
        else:
            value = rubbish
        self.fed.add(value)
        return Line(self._rng.choice(_POISONED), line.key, value)


class Load:
    """So many events or a few more, generated beforehand and kept as bytes."""

    def __init__(self, events: int, seed: int, codec: Codec) -> None:
        self._events = events
        self._racing = Racing(codec, seed)
        self._lines = _lines(events, seed, codec)
        #: So many lines are about what is known, before the first that is decided.
        self.standing = next(n for n, timed in enumerate(self._lines) if timed.line.topic not in STATE_TOPICS)

    def steps(self, most: int = _MOST) -> Iterator[Step]:
        """Steps of rising time, of at most so many events of the hospitals; what is known beforehand faster."""
        yield from self._steps(self._lines[: self.standing], 0, _MOST)
        yield from self._steps(self._lines[self.standing :], self.standing, most)

    def races(self, now: Instant) -> Step:
        """Something to decide on every partition, when nothing else is due."""
        return Step(now, *self._racing.lines(now, _RACES))

    def _steps(self, timed: list[Timed], fed: int, most: int) -> Iterator[Step]:
        races = 0.0
        for now, lines in _by_time(timed, most):
            races += max(most, len(lines)) / _A_RACE
            state, deciding = self._racing.lines(now, int(races))
            races -= int(races)
            for line in lines:
                (state if line.topic in STATE_TOPICS else deciding).append(line)
            fed += len(state) + len(deciding)
            yield Step(now, state, deciding)
            if fed >= self._events:
                return


def steps(events: int, seed: int, codec: Codec) -> Iterator[Step]:
    """See ``Load``."""
    return Load(events, seed, codec).steps()


def first_moment(seed: int) -> Instant:
    """When the first step's clock may start."""
    return generate(DayPlan(50, 1, seed)).before[0].at


def _lines(events: int, seed: int, codec: Codec) -> list[Timed]:
    """The Monday and Tuesday of as many hospitals as are needed, in order of time."""
    found: list[Timed] = []
    number = 0
    while len(found) < events:
        # What was there before the day is fed too: more than half as much as happens on it.
        size = min(_A_DAY, max(300, (events - len(found)) * 6 // 10))
        people = min(_PATIENTS, max(100, events // 5))
        day = generate(DayPlan(people, size, seed + number, f"h{number}-"))
        found += [
            Timed(record.at, Line(record.topic, record.key, bytes_of(record, codec)))
            for record in (*day.before, *day.during)
        ]
        number += 1
    return sorted(found, key=attrgetter("at"))


def _by_time(lines: list[Timed], most: int) -> Iterator[tuple[Instant, list[Line]]]:
    """At most five minutes, and at most so many, at a time."""
    begin = 0
    while begin < len(lines):
        now = lines[begin].at
        end = begin
        while end < len(lines) and lines[end].at <= now + _STEP and end - begin < most:
            end += 1
        yield lines[end - 1].at, [timed.line for timed in lines[begin:end]]
        begin = end

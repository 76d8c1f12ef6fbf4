"""What a story is written with: patients to choose from, moments to use, and the source systems' pens.

A story asks for a patient and for moments and writes events; the scene numbers them, keeps the versions
of every appointment, result and objection, and sees to it that no two things crowd one patient.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random
from typing import Final, TypeVar

import msgspec

from streams.demo.hours import (
    APART,
    APART_ON_MONDAY,
    BOOKING_FROM,
    BOOKING_TO,
    FIRST_EVENT,
    LAST_EVENT,
    STATE_LOADED,
    is_calm,
    is_clear_of,
)
from streams.demo.people import Resident
from streams.domain.events import Body, Envelope, Event, entity_id
from streams.domain.time import MINUTE, SECOND, Instant, Millis
from streams.domain.vocabulary import Topic

T = TypeVar("T")
EVERYONE: Final = "everyone"
#: These have a story of their own; nobody else's story may use them.
RESERVED: Final = frozenset({"unknown", "never_known", "dies"})
_TRIES: Final = 25
_SOURCE: Final = {
    Topic.APPOINTMENTS: "pas",
    Topic.RESULTS: "lims",
    Topic.OBJECTIONS: "epr",
    Topic.PATIENTS: "mpi",
    Topic.REQUESTS: "epr",
    Topic.RECEIPTS: "gateway",
    Topic.RESOLUTIONS: "epr",
}


class TimedRecord(msgspec.Struct, frozen=True):
    """One record to be produced at a simulated moment. ``story`` says which story it comes from; it is never
    sent. ``malformed``: it is wrong on purpose, and its value may be bytes or null instead of an event."""

    at: Instant
    topic: Topic
    key: bytes | None
    value: Event | bytes | None
    story: str
    malformed: bool = False


class NoMoment(Exception):
    """This patient has no free moment that fits; the story is told of somebody else."""


class Scene:
    """The stage of one generated day. Everything drawn comes from one seeded source."""

    def __init__(self, rng: Random, people: list[Resident], label: str = "") -> None:
        self.rng = rng
        self._label = label
        self.before: list[TimedRecord] = []
        self.during: list[TimedRecord] = []
        self._pools: dict[str, list[Resident]] = defaultdict(list)
        self._moments: dict[str, list[tuple[Instant, Instant]]] = defaultdict(list)
        self._mondays: dict[str, list[Instant]] = defaultdict(list)
        self._load: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()
        self._versions: Counter[tuple[str, str]] = Counter()
        self.story = "state"
        for person in people:
            for trait in person.traits:
                self.join(trait, person)
            if not person.traits & RESERVED:
                self.join(EVERYONE, person)

    # --- who ----------------------------------------------------------------------------------

    def join(self, pool: str, person: Resident) -> None:
        self._pools[pool].append(person)

    def pool(self, name: str) -> list[Resident]:
        return self._pools[name]

    def someone(self, pool: str = EVERYONE) -> Resident:
        """A patient of the pool, rather one of whom little was told so far. Raises NoMoment when it is empty."""
        people = self._pools[pool]
        if not people:
            raise NoMoment(pool)
        drawn = [people[self.rng.randrange(len(people))] for _ in range(6)]
        return min(drawn, key=lambda person: self._load[person.patient_id])

    # --- when ---------------------------------------------------------------------------------

    def moment(
        self,
        person: Resident,
        starts_at: Instant | None = None,
        *,
        first: Instant = FIRST_EVENT,
        last: Instant = LAST_EVENT,
        room: Millis = 0,
    ) -> Instant:
        """A free moment of the day for this patient, clear of thresholds. ``room`` is kept free after it."""
        first, last = max(first, FIRST_EVENT), min(last, LAST_EVENT)
        for _ in range(_TRIES):
            if last <= first:
                break
            at = first + self.rng.randrange(0, (last - first) // SECOND) * SECOND
            if not is_calm(at) or (starts_at is not None and not is_clear_of(at, starts_at)):
                continue
            if all(
                at + room + APART <= begin or end + APART <= at
                for begin, end in self._moments[person.patient_id]
            ):
                self._moments[person.patient_id].append((at, at + room))
                return at
        raise NoMoment(person.patient_id)

    def later(self, person: Resident, after: Instant, starts_at: Instant | None = None) -> Instant:
        """A free moment later in the day, at least half an hour after the given one."""
        return self.moment(person, starts_at, first=after + 30 * MINUTE)

    def on_monday(self, person: Resident) -> Instant:
        """A free moment of the day before, during the hours in which bookings came in."""
        taken = self._mondays[person.patient_id]
        for _ in range(_TRIES):
            at = BOOKING_FROM + self.rng.randrange(0, (BOOKING_TO - BOOKING_FROM) // SECOND) * SECOND
            if all(abs(at - other) >= APART_ON_MONDAY for other in taken):
                taken.append(at)
                return at
        raise NoMoment(person.patient_id)

    # --- what ---------------------------------------------------------------------------------

    def name(self, kind: str) -> str:
        """The next id of a kind: ``appt-000001``. Counts up, so that equal seeds give equal ids."""
        self._counted[kind] += 1
        return f"{kind}-{self._label}{self._counted[kind]:06}"

    def choose(self, *choices: T) -> T:
        return choices[self.rng.randrange(len(choices))]

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def event(
        self, topic: Topic, person: Resident, at: Instant, body: Body, *, replay: bool = False
    ) -> Event:
        """Put a body into an envelope with the next version of what it is about."""
        about = (person.patient_id, f"{topic}:{entity_id(body)}")
        self._versions[about] += 1
        envelope = Envelope(
            event_id=self.name("evt"),
            patient_id=person.patient_id,
            version=self._versions[about],
            occurred_at=at,
            source=_SOURCE[topic],
            recorded_by=f"staff-{self.rng.randrange(1, 200):03}",
            replay=replay,
        )
        return Event(topic, envelope, body)

    def tell(
        self, topic: Topic, person: Resident, at: Instant, body: Body, *, fed_at: Instant | None = None
    ) -> Event:
        """Something happens on the day. ``fed_at`` when the news comes later than the fact."""
        event = self.event(topic, person, at, body)
        self.feed(fed_at if fed_at is not None else at, event)
        return event

    def feed(self, at: Instant, event: Event) -> None:
        """Bring an event in at this moment of the day: for the first time, again, or late."""
        key = event.envelope.patient_id.encode()
        self.during.append(TimedRecord(at, event.topic, key, event, self.story))
        self._load[event.envelope.patient_id] += 1

    def feed_raw(self, at: Instant, topic: Topic, key: bytes | None, value: Event | bytes | None) -> None:
        """Bring in a record that is wrong on purpose."""
        self.during.append(TimedRecord(at, topic, key, value, self.story, malformed=True))

    def tell_monday(self, topic: Topic, person: Resident, body: Body) -> Event:
        """Something happened on the Monday, and was decided then."""
        at = self.on_monday(person)
        event = self.event(topic, person, at, body)
        self.before.append(TimedRecord(at, topic, person.patient_id.encode(), event, self.story))
        return event

    def load(self, topic: Topic, person: Resident, at: Instant, body: Body) -> None:
        """State that was there before Heed was switched on: it is set, and nobody is asked to act on it."""
        event = self.event(topic, person, at, body, replay=True)
        self.before.append(TimedRecord(STATE_LOADED, topic, person.patient_id.encode(), event, self.story))

    # --- going back ---------------------------------------------------------------------------

    def mark(self) -> tuple[int, int]:
        return len(self.before), len(self.during)

    def back_to(self, mark: tuple[int, int]) -> None:
        """Forget the records of a story that could not be finished (its ids stay used)."""
        del self.before[mark[0] :]
        del self.during[mark[1] :]

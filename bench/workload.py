"""The events of workload 1, seeded: the same number of events and patients gives the same bytes for every engine."""

from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec

from streams.domain.events import Appointment, Envelope, Event
from streams.domain.time import HOUR, Instant
from streams.domain.vocabulary import AppointmentStatus, InitiatedBy, Topic
from streams.kafka.codec import Codec
from streams.kafka.partitioner import partition_for

PATIENTS: Final = 10_000
SEED: Final = 20_261_121
_START: Final[Instant] = 1_796_122_800_000  # Tuesday 1 December 2026, 11:00 in London
_STATUSES: Final = (
    AppointmentStatus.BOOKED,
    AppointmentStatus.CANCELLED,
    AppointmentStatus.ATTENDED,
    AppointmentStatus.DID_NOT_ATTEND,
)


class Row(msgspec.Struct, frozen=True):
    """One record to append: to which topic (without prefix) and partition, its key and its bytes."""

    topic: str
    partition: int
    key: bytes
    value: bytes


class Expected(msgspec.Struct, frozen=True):
    """What the join must write for one event, times of deciding aside."""

    event_id: str
    patient_id: str
    send: bool
    seen: int
    starts_at_before: Instant | None

    def text(self) -> str:
        """In the form that is summed up: compare ``verifying.text_of``."""
        return f"{self.patient_id}|{self.event_id}|{self.send}|{self.seen}|{self.starts_at_before}"


class Join(msgspec.Struct, frozen=True):
    """Workload 1 ready to append, and what must come of it."""

    partitions: int
    rows: list[Row]
    expected: list[Expected]

    def first(self, events: int) -> "Join":
        return Join(self.partitions, self.rows[:events], self.expected[:events])


def events(count: int, patients: int = PATIENTS, seed: int = SEED) -> Iterator[Event]:
    """Make up appointment events for patients at random; a quarter of them says BOOKED."""
    rng = Random(seed)
    for number in range(count):
        patient = f"P{rng.randrange(patients):09d}"
        body = Appointment(
            f"A-2026-{number:08d}",
            _STATUSES[rng.randrange(4)],
            _START + rng.randrange(1, 2_000) * HOUR,
            service_code="GEN",
            site="Main Hospital, Outpatients 3",
            generic_site="Main Hospital",
            clinician="Dr A. Example",
            initiated_by=InitiatedBy.PROVIDER,
            nhs_number="9990548609",
            family_name="Test",
        )
        envelope = Envelope(f"{rng.getrandbits(64):016x}-{number:010d}", patient, number + 1, _START, "pas")
        yield Event(Topic.APPOINTMENTS, envelope, body)


def join(count: int, partitions: int, patients: int = PATIENTS) -> Join:
    """Encode the events, and work out what must come of them."""
    codec = Codec.local()
    homes: dict[str, int] = {}
    table: dict[str, tuple[int, Instant]] = {}
    rows, expected = [], []
    for event in events(count, patients):
        patient_id = event.envelope.patient_id
        key = patient_id.encode()
        home = homes.get(patient_id)
        if home is None:
            home = homes[patient_id] = partition_for(key, partitions)
        rows.append(Row(event.topic, home, key, codec.encode_event(event)))
        body = event.body
        assert isinstance(body, Appointment)
        seen, before = table.get(patient_id, (0, None))
        send = body.status is AppointmentStatus.BOOKED
        expected.append(Expected(event.envelope.event_id, patient_id, send, seen + 1, before))
        table[patient_id] = (seen + 1, body.starts_at)
    return Join(partitions, rows, expected)

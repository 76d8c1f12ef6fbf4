"""The hospital's clinics and its appointment book: how a booking looks, and when clinics are held."""

from typing import Any, Final

from msgspec.structs import replace

from streams.demo.hours import days_after, london
from streams.demo.people import Resident
from streams.demo.scene import Scene
from streams.domain.events import Appointment
from streams.domain.time import Instant
from streams.domain.vocabulary import AppointmentStatus, InitiatedBy, Mode, Topic

SERVICES: Final = (
    "CARD", "DERM", "ENT", "GAST", "GEN", "NEUR", "OPHT", "ORTH", "PHYS", "RESP", "RHEU", "UROL", "DIAB", "AUDI",
)  # fmt: skip
SENSITIVE_SERVICE: Final = "GUM"
SITES: Final = ("Main Hospital", "North Wing", "Riverside Health Centre")
_WEEKDAYS: Final = 5


def slot(scene: Scene, first_day: int, last_day: int, *, first_hour: int = 9, last_hour: int = 16) -> Instant:
    """A clinic slot on a weekday, so many days after the Tuesday; every ten minutes."""
    day = days_after(scene.rng.randrange(first_day, last_day + 1))
    while day.weekday() >= _WEEKDAYS:
        first_day += 1
        day = days_after(first_day)
    return london(day, scene.rng.randrange(first_hour, last_hour + 1), 10 * scene.rng.randrange(6))


def tomorrow(scene: Scene) -> Instant:
    """A slot within 48 hours, whatever the time of day of the change."""
    return slot(scene, 1, 1)


def soon(scene: Scene) -> Instant:
    """A slot from the end of the short-notice window on to three weeks ahead."""
    return slot(scene, 3, 21)


def far(scene: Scene) -> Instant:
    """A slot so far ahead that even a letter arrives in time; some lie after the clocks go back."""
    return slot(scene, 14, 70)


def booking(scene: Scene, person: Resident, starts_at: Instant, **fields: Any) -> Appointment:
    """A new appointment as the booking system writes it, with the patient's second identifiers."""
    site = scene.choose(*SITES)
    plain = Appointment(
        appointment_id=scene.name("appt"),
        status=AppointmentStatus.BOOKED,
        starts_at=starts_at,
        service_code=scene.choose(*SERVICES),
        site=site,
        generic_site=site,
        mode=Mode.IN_PERSON,
        clinician=f"clin-{scene.rng.randrange(1, 60):03}",
        room=f"Room {scene.rng.randrange(1, 30)}",
        initiated_by=InitiatedBy.PROVIDER,
        nhs_number=person.number,
        family_name=person.identity.family_name,
        born=person.identity.born,
    )
    return replace(plain, **fields)


def booked(scene: Scene, person: Resident, starts_at: Instant, **fields: Any) -> Appointment:
    """An appointment that was booked on the Monday, and of which the patient was told then."""
    body = booking(scene, person, starts_at, **fields)
    scene.tell_monday(Topic.APPOINTMENTS, person, body)
    return body


def moved(body: Appointment, starts_at: Instant, **fields: Any) -> Appointment:
    """The same appointment at another time, as the booking system writes it."""
    return replace(body, starts_at=starts_at, previous_starts_at=body.starts_at, **fields)


def cancelled(body: Appointment, **fields: Any) -> Appointment:
    """The same appointment, called off."""
    return replace(body, status=AppointmentStatus.CANCELLED, **fields)

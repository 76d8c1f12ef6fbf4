"""What goes wrong between systems: repeats, stale copies, and records that cannot be what they say."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from streams.demo.nhs_numbers import mistyped
from streams.demo.people import Resident
from streams.demo.scene import Scene
from streams.demo.stories.clinics import booked, booking, cancelled, far, moved, soon
from streams.domain.events import Event
from streams.domain.time import DAY, HOUR, MINUTE, Instant
from streams.domain.vocabulary import Topic

Story = Callable[[Scene], None]
_UNREGISTERED_SCHEMA: Final = 987_654_321
_TOO_LONG: Final = 60_000
_FIVE_YEARS: Final = 5 * 366 * DAY


def _a_booking(scene: Scene) -> tuple[Resident, Instant, Event]:
    """Somebody, a moment, and a new booking that has not been fed."""
    person, starts = scene.someone("anyone"), far(scene)
    at = scene.moment(person)
    return person, at, scene.event(Topic.APPOINTMENTS, person, at, booking(scene, person, starts))


def _key(person: Resident) -> bytes:
    return person.patient_id.encode()


def delivered_twice(scene: Scene) -> None:
    """The very same record again, later (C006)."""
    person, at, event = _a_booking(scene)
    scene.feed(at, event)
    scene.feed(scene.later(person, at), event)


def issued_again(scene: Scene) -> None:
    """The same version under a new event id (C007)."""
    person, at, event = _a_booking(scene)
    scene.feed(at, event)
    again = Event(event.topic, replace(event.envelope, event_id=scene.name("evt")), event.body)
    scene.feed(scene.later(person, at), again)


def stale_copy(scene: Scene) -> None:
    """Version 3 first, then version 2 (C009)."""
    person, old = scene.someone("anyone"), soon(scene)
    body = booked(scene, person, old)
    at = scene.moment(person, old)
    older = scene.event(Topic.APPOINTMENTS, person, at - 10 * MINUTE, moved(body, far(scene)))
    newer = scene.event(Topic.APPOINTMENTS, person, at, moved(body, far(scene)))
    scene.feed(at, newer)
    scene.feed(scene.later(person, at), older)


def two_truths(scene: Scene) -> None:
    """The same version with other content (C008)."""
    person, at, event = _a_booking(scene)
    scene.feed(at, event)
    envelope = replace(event.envelope, event_id=scene.name("evt"))
    later = scene.later(person, at)
    other = booking(scene, person, far(scene))
    scene.feed(later, Event(event.topic, envelope, replace(other, appointment_id=_id_of(event))))


def _id_of(event: Event) -> str:
    return str(getattr(event.body, "appointment_id", ""))


def garbage(scene: Scene) -> None:
    person = scene.someone("anyone")
    topic = scene.choose(Topic.APPOINTMENTS, Topic.RESULTS)
    scene.feed_raw(scene.moment(person), topic, _key(person), scene.rng.randbytes(40))


def unknown_schema(scene: Scene) -> None:
    person = scene.someone("anyone")
    value = b"\0" + _UNREGISTERED_SCHEMA.to_bytes(4, "big") + b"\x02"
    scene.feed_raw(scene.moment(person), Topic.APPOINTMENTS, _key(person), value)


def objection_deleted(scene: Scene) -> None:
    """A null on the objection topic is never a withdrawal (C023); later an appointment is called off."""
    person, starts = scene.someone("anyone"), soon(scene)
    body = booked(scene, person, starts)
    at = scene.moment(person, last=starts)
    scene.feed_raw(at, Topic.OBJECTIONS, _key(person), None)
    scene.tell(Topic.APPOINTMENTS, person, scene.later(person, at, starts), cancelled(body))


def somebody_elses_key(scene: Scene) -> None:
    _, at, event = _a_booking(scene)
    other = scene.someone("anyone")
    scene.feed_raw(at, Topic.APPOINTMENTS, _key(other), event)


def field_too_long(scene: Scene) -> None:
    person, at = (other := scene.someone("anyone")), scene.moment(other)
    body = booking(scene, person, far(scene), site="x" * _TOO_LONG)
    scene.feed_raw(at, Topic.APPOINTMENTS, _key(person), scene.event(Topic.APPOINTMENTS, person, at, body))


def control_characters(scene: Scene) -> None:
    person, at = (other := scene.someone("anyone")), scene.moment(other)
    body = booking(scene, person, far(scene), room="Room\x00 4")
    scene.feed_raw(at, Topic.APPOINTMENTS, _key(person), scene.event(Topic.APPOINTMENTS, person, at, body))


def mistyped_number(scene: Scene) -> None:
    person, at = (other := scene.someone("anyone")), scene.moment(other)
    body = booking(scene, person, far(scene), nhs_number=mistyped(person.number))
    scene.feed_raw(at, Topic.APPOINTMENTS, _key(person), scene.event(Topic.APPOINTMENTS, person, at, body))


def impossible_time(scene: Scene) -> None:
    person, at = (other := scene.someone("anyone")), scene.moment(other)
    body = booking(scene, person, at + _FIVE_YEARS + 30 * DAY)
    scene.feed_raw(at, Topic.APPOINTMENTS, _key(person), scene.event(Topic.APPOINTMENTS, person, at, body))


def clock_a_little_ahead(scene: Scene) -> None:
    """The source's clock is ten minutes fast: its time is not believed, the event is (C047)."""
    person, starts = scene.someone("anyone"), far(scene)
    at = scene.moment(person)
    scene.tell(Topic.APPOINTMENTS, person, at + 10 * MINUTE, booking(scene, person, starts), fed_at=at)


def clock_far_ahead(scene: Scene) -> None:
    person, starts = scene.someone("anyone"), far(scene)
    at = scene.moment(person)
    event = scene.event(Topic.APPOINTMENTS, person, at + 30 * HOUR, booking(scene, person, starts))
    scene.feed_raw(at, Topic.APPOINTMENTS, _key(person), event)


#: Each story and its share. Unreadable records stay far below one in a hundred: above that a
#: worker rightly stops reading the topic.
STORIES: Final[tuple[tuple[Story, int], ...]] = (
    (delivered_twice, 25),
    (issued_again, 12),
    (stale_copy, 12),
    (two_truths, 2),
    (garbage, 1),
    (unknown_schema, 1),
    (objection_deleted, 1),
    (somebody_elses_key, 1),
    (field_too_long, 1),
    (control_characters, 1),
    (mistyped_number, 1),
    (impossible_time, 1),
    (clock_a_little_ahead, 4),
    (clock_far_ahead, 1),
)

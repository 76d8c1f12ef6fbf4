"""What happens to appointments on the day: booked, moved, called off, restored, attended."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from streams.demo.hours import FIRST_EVENT, TUESDAY, days_after, london
from streams.demo.scene import Scene
from streams.demo.stories.clinics import (
    SENSITIVE_SERVICE,
    SITES,
    booked,
    booking,
    cancelled,
    far,
    moved,
    slot,
    soon,
    tomorrow,
)
from streams.domain.time import MINUTE
from streams.domain.vocabulary import AppointmentStatus, InitiatedBy, Mode, StartsPrecision, Topic

Story = Callable[[Scene], None]
_APPOINTMENTS: Final = Topic.APPOINTMENTS


def new_booking(scene: Scene) -> None:
    person, starts = scene.someone(), far(scene)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), booking(scene, person, starts))


def new_booking_soon(scene: Scene) -> None:
    person, starts = scene.someone(), tomorrow(scene)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), booking(scene, person, starts))


def new_virtual_booking(scene: Scene) -> None:
    person, starts = scene.someone(), soon(scene)
    body = booking(scene, person, starts, mode=Mode.VIDEO, join_link_ref=scene.name("link"))
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), body)


def moved_well_ahead(scene: Scene) -> None:
    person, old = scene.someone(), soon(scene)
    body = booked(scene, person, old)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, old), moved(body, far(scene)))


def moved_within_48h(scene: Scene) -> None:
    person, old = scene.someone(), tomorrow(scene)
    body = booked(scene, person, old)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, old), moved(body, soon(scene)))


def moved_same_day(scene: Scene) -> None:
    person, old = scene.someone(), slot(scene, 0, 0, first_hour=13)
    body = booked(scene, person, old)
    at = scene.moment(person, old, last=old - 170 * MINUTE)
    scene.tell(_APPOINTMENTS, person, at, moved(body, soon(scene)))


def brought_forward(scene: Scene) -> None:
    person, old, new = scene.someone(), far(scene), tomorrow(scene)
    body = booked(scene, person, old)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, new), moved(body, new))


def cancelled_well_ahead(scene: Scene) -> None:
    person, starts = scene.someone(), soon(scene)
    body = booked(scene, person, starts)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), cancelled(body))


def cancelled_within_48h(scene: Scene) -> None:
    person, starts = scene.someone(), tomorrow(scene)
    body = booked(scene, person, starts)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), cancelled(body))


def cancelled_last_minute(scene: Scene) -> None:
    """Less than two hours before: a message and a call (C045)."""
    person, starts = scene.someone(), slot(scene, 0, 0, first_hour=11)
    body = booked(scene, person, starts)
    at = scene.moment(person, starts, first=starts - 80 * MINUTE, last=starts - 30 * MINUTE)
    scene.tell(_APPOINTMENTS, person, at, cancelled(body))


def cancelled_but_never_told_of(scene: Scene) -> None:
    """Booked before Heed was there; the source says when it was."""
    person, starts = scene.someone(), soon(scene)
    body = cancelled(booking(scene, person, starts), previous_starts_at=starts)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), body)


def cancelled_then_reinstated(scene: Scene) -> None:
    person, starts = scene.someone(), soon(scene)
    body = booked(scene, person, starts)
    at = scene.moment(person, starts, last=london(TUESDAY, 15))
    scene.tell(_APPOINTMENTS, person, at, cancelled(body))
    scene.tell(_APPOINTMENTS, person, scene.later(person, at, starts), body)


def rescheduled_twice_at_once(scene: Scene) -> None:
    """The clerk corrects herself within seconds: one message, with the final time (C011)."""
    person, old = scene.someone(), soon(scene)
    body = booked(scene, person, old)
    at = scene.moment(person, old)
    scene.tell(_APPOINTMENTS, person, at, moved(body, far(scene)))
    scene.tell(_APPOINTMENTS, person, at, moved(body, far(scene)))


def booked_and_cancelled_at_once(scene: Scene) -> None:
    """Nobody had been told of it, so nobody needs to hear (C013)."""
    person, starts = scene.someone(), far(scene)
    body, at = booking(scene, person, starts), scene.moment(person, starts)
    scene.tell(_APPOINTMENTS, person, at, body)
    scene.tell(_APPOINTMENTS, person, at, cancelled(body))


def other_site(scene: Scene) -> None:
    person, starts = scene.someone(), scene.choose(tomorrow, soon)(scene)
    body = booked(scene, person, starts, site=SITES[0], generic_site=SITES[0])
    site = scene.choose(*SITES[1:])
    scene.tell(
        _APPOINTMENTS, person, scene.moment(person, starts), replace(body, site=site, generic_site=site)
    )


def other_room(scene: Scene) -> None:
    person, starts = scene.someone(), soon(scene)
    body = booked(scene, person, starts)
    scene.tell(
        _APPOINTMENTS,
        person,
        scene.moment(person, starts),
        replace(body, room="Room 31", clinician="clin-077"),
    )


def a_few_minutes_later(scene: Scene) -> None:
    person, starts = scene.someone(), soon(scene)
    body = booked(scene, person, starts)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), moved(body, starts + 10 * MINUTE))


def a_quarter_of_an_hour_later(scene: Scene) -> None:
    """Exactly the threshold of what matters."""
    person, starts = scene.someone(), soon(scene)
    body = booked(scene, person, starts)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), moved(body, starts + 15 * MINUTE))


def turned_into_video(scene: Scene) -> None:
    person, starts = scene.someone(), soon(scene)
    body = booked(scene, person, starts)
    changed = replace(body, mode=Mode.VIDEO, join_link_ref=scene.name("link"))
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), changed)


def new_video_link(scene: Scene) -> None:
    person, starts = scene.someone(), soon(scene)
    body = booked(scene, person, starts, mode=Mode.VIDEO, join_link_ref=scene.name("link"))
    scene.tell(
        _APPOINTMENTS, person, scene.moment(person, starts), replace(body, join_link_ref=scene.name("link"))
    )


def moved_by_the_patient(scene: Scene) -> None:
    person, old = scene.someone(), scene.choose(tomorrow, soon)(scene)
    body = booked(scene, person, old)
    changed = moved(body, far(scene), initiated_by=InitiatedBy.PATIENT)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, old), changed)


def cancelled_by_the_patient(scene: Scene) -> None:
    person, starts = scene.someone(), scene.choose(tomorrow, soon)(scene)
    body = booked(scene, person, starts)
    changed = cancelled(body, initiated_by=InitiatedBy.PATIENT)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), changed)


def attended(scene: Scene) -> None:
    person, starts = scene.someone(), slot(scene, 0, 0, first_hour=8, last_hour=15)
    body = booked(scene, person, starts)
    at = scene.moment(person, first=starts + 15 * MINUTE)
    scene.tell(_APPOINTMENTS, person, at, replace(body, status=AppointmentStatus.ATTENDED))


def did_not_attend(scene: Scene) -> None:
    person, starts = scene.someone(), slot(scene, 0, 0, first_hour=8, last_hour=15)
    body = booked(scene, person, starts)
    at = scene.moment(person, first=starts + 30 * MINUTE)
    scene.tell(_APPOINTMENTS, person, at, replace(body, status=AppointmentStatus.DID_NOT_ATTEND))


def news_came_too_late(scene: Scene) -> None:
    """Called off in time, but the message reaches Heed when the appointment has begun (C036)."""
    person, starts = scene.someone(), slot(scene, 0, 0, first_hour=10, last_hour=15)
    body = booked(scene, person, starts)
    at = scene.moment(person, first=starts + 15 * MINUTE, last=starts + 90 * MINUTE)
    scene.tell(_APPOINTMENTS, person, starts - 40 * MINUTE, cancelled(body), fed_at=at)


def unchanged_snapshot(scene: Scene) -> None:
    person, starts = scene.someone(), soon(scene)
    body = booked(scene, person, starts)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), body)


def sometime_that_morning(scene: Scene) -> None:
    """The clinic has a day and no time yet (C046)."""
    person, starts = scene.someone(), london(days_after(scene.choose(6, 8, 9, 10)), 0)
    body = booked(scene, person, starts, starts_precision=StartsPrecision.DAY)
    scene.tell(_APPOINTMENTS, person, scene.moment(person, starts), cancelled(body))


def sensitive_clinic(scene: Scene) -> None:
    person, old = scene.someone(), scene.choose(tomorrow, soon)(scene)
    body = booked(
        scene, person, old, service_code=SENSITIVE_SERVICE, service_sensitive=True, site="Rosewood Clinic"
    )
    scene.tell(_APPOINTMENTS, person, scene.moment(person, old), moved(body, far(scene)))


def early_bird(scene: Scene) -> None:
    """A change before eight, while quiet hours last."""
    person, starts = scene.someone(), soon(scene)
    body = booked(scene, person, starts)
    at = scene.moment(person, starts, first=FIRST_EVENT, last=london(TUESDAY, 7, 50))
    scene.tell(_APPOINTMENTS, person, at, cancelled(body))


def after_hours(scene: Scene) -> None:
    """A change after six, when text messages are no longer handed over."""
    person, starts = scene.someone(), scene.choose(tomorrow, soon)(scene)
    body = booked(scene, person, starts)
    at = scene.moment(person, starts, first=london(TUESDAY, 18, 10))
    scene.tell(_APPOINTMENTS, person, at, moved(body, far(scene)))


#: Each story and its share.
STORIES: Final[tuple[tuple[Story, int], ...]] = (
    (new_booking, 150),
    (new_booking_soon, 20),
    (new_virtual_booking, 20),
    (moved_well_ahead, 110),
    (moved_within_48h, 70),
    (moved_same_day, 15),
    (brought_forward, 12),
    (cancelled_well_ahead, 60),
    (cancelled_within_48h, 80),
    (cancelled_last_minute, 8),
    (cancelled_but_never_told_of, 15),
    (cancelled_then_reinstated, 25),
    (rescheduled_twice_at_once, 25),
    (booked_and_cancelled_at_once, 8),
    (other_site, 30),
    (other_room, 20),
    (a_few_minutes_later, 10),
    (a_quarter_of_an_hour_later, 8),
    (turned_into_video, 15),
    (new_video_link, 8),
    (moved_by_the_patient, 30),
    (cancelled_by_the_patient, 20),
    (attended, 160),
    (did_not_attend, 25),
    (news_came_too_late, 8),
    (unchanged_snapshot, 60),
    (sometime_that_morning, 8),
    (sensitive_clinic, 12),
    (early_bird, 10),
    (after_hours, 12),
)

"""Changes to what is known of a patient: a wish, a number, a death, a hold, a record that comes late."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from streams.demo.hours import TUESDAY, london
from streams.demo.people import phone
from streams.demo.scene import Scene
from streams.demo.stories.clinics import booked, booking, cancelled, far, moved, soon, tomorrow
from streams.domain.events import CommsHold, Contact, PatientSections, Preferences, Result, SafeContact
from streams.domain.time import DAY, MINUTE
from streams.domain.vocabulary import Channel, Death, RecordStatus, Release, ResultStatus, Role, Topic

Story = Callable[[Scene], None]
_NOON: Final = london(TUESDAY, 12)
_LATE_BY: Final = 1 * MINUTE  # half of the 2 min that Heed waits for an unknown patient's state (B15)


def another_wish(scene: Scene) -> None:
    person = scene.someone("anyone")
    wish = Preferences(
        channels=scene.choose((Channel.SMS,), (Channel.EMAIL, Channel.NHS_APP), (Channel.LETTER,))
    )
    scene.tell(Topic.PATIENTS, person, scene.moment(person), PatientSections(preferences=wish))


def another_number(scene: Scene) -> None:
    """A new mobile, checked at the desk; then a change is told."""
    person, old = scene.someone("anyone"), soon(scene)
    body = booked(scene, person, old)
    at = scene.moment(person, last=_NOON)
    known = tuple(c for c in person.sections.contacts or () if c.channel is not Channel.SMS)
    mobile = Contact(scene.name("sms"), Channel.SMS, phone(scene.rng.randrange(1000)), verified_at=at)
    scene.tell(Topic.PATIENTS, person, at, PatientSections(contacts=(*known, mobile)))
    scene.tell(Topic.APPOINTMENTS, person, scene.later(person, at, old), moved(body, far(scene)))


def death(scene: Scene) -> None:
    """A death is recorded, by the registry or by word of the family; nothing is sent afterwards."""
    person, starts = scene.someone("dies"), tomorrow(scene)
    body = booked(scene, person, starts)
    at = scene.moment(person, last=_NOON)
    dead = replace(person.identity, death=scene.choose(Death.FORMAL, Death.INFORMAL))
    scene.tell(Topic.PATIENTS, person, at, PatientSections(identity=dead))
    scene.tell(Topic.APPOINTMENTS, person, scene.later(person, at, starts), cancelled(body))


def hold_placed(scene: Scene) -> None:
    person, old = scene.someone("anyone"), soon(scene)
    body = booked(scene, person, old)
    at = scene.moment(person, last=_NOON)
    hold = CommsHold(active=True, owner_role=Role.SAFE, reason="concern raised")
    scene.tell(Topic.PATIENTS, person, at, PatientSections(hold=hold))
    scene.tell(Topic.APPOINTMENTS, person, scene.later(person, at, old), moved(body, far(scene)))


def safe_contact_plan(scene: Scene) -> None:
    person, starts = scene.someone("anyone"), tomorrow(scene)
    body = booked(scene, person, starts)
    at = scene.moment(person, last=_NOON)
    plan = SafeContact(active=True, channels=(Channel.EMAIL,), note_ref=scene.name("plan"))
    scene.tell(Topic.PATIENTS, person, at, PatientSections(safe_contact=plan))
    scene.tell(Topic.APPOINTMENTS, person, scene.later(person, at, starts), cancelled(body))


def record_found_invalid(scene: Scene) -> None:
    person, old = scene.someone("anyone"), soon(scene)
    body = booked(scene, person, old)
    at = scene.moment(person, last=_NOON)
    invalid = replace(person.identity, record_status=RecordStatus.INVALID)
    scene.tell(Topic.PATIENTS, person, at, PatientSections(identity=invalid))
    scene.tell(Topic.APPOINTMENTS, person, scene.later(person, at, old), moved(body, far(scene)))


def another_family_name(scene: Scene) -> None:
    """The booking system has a name that the record does not know."""
    person, starts = scene.someone("anyone"), soon(scene)
    body = booking(scene, person, starts, family_name="Fotheringham")
    scene.tell(Topic.APPOINTMENTS, person, scene.moment(person, starts), body)


def patient_known_a_minute_late(scene: Scene) -> None:
    """A new patient: the appointment is there before the patient is (C060). Told of each only once."""
    pool = scene.pool("unknown")
    if not pool:
        return
    person, starts = pool.pop(), scene.choose(tomorrow, far)(scene)
    at = scene.moment(person, starts)
    scene.tell(Topic.APPOINTMENTS, person, at, booking(scene, person, starts))
    scene.tell(Topic.PATIENTS, person, at, person.sections, fed_at=at + _LATE_BY)


def patient_never_known(scene: Scene) -> None:
    """The appointment names somebody of whom nothing ever arrives (C061)."""
    person, starts = scene.someone("never_known"), scene.choose(tomorrow, far)(scene)
    scene.tell(Topic.APPOINTMENTS, person, scene.moment(person, starts), booking(scene, person, starts))


def old_news(scene: Scene) -> None:
    """A laboratory sends again what it knew last year: nobody is told of it now (2.7)."""
    person = scene.someone("anyone")
    at = scene.moment(person)
    body = Result(
        result_id=scene.name("res"), status=ResultStatus.FINAL, test_code="FBC", service_code="PATH", reviewed=True,
        reviewed_by="clin-009", release=Release.NOTIFY, abnormal=False, nhs_number=person.number,
        family_name=person.identity.family_name, born=person.identity.born,
    )  # fmt: skip
    scene.feed(at, scene.event(Topic.RESULTS, person, at - 310 * DAY, body, replay=True))


#: Each story and its share.
STORIES: Final[tuple[tuple[Story, int], ...]] = (
    (another_wish, 20),
    (another_number, 10),
    (death, 5),
    (hold_placed, 4),
    (safe_contact_plan, 3),
    (record_found_invalid, 3),
    (another_family_name, 4),
    (patient_known_a_minute_late, 8),
    (patient_never_known, 6),
    (old_news, 6),
)

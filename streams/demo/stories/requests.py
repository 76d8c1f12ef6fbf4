"""What staff and systems ask for on the day: reminders, invitations, and things no message may carry."""

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from streams.demo.hours import TUESDAY, london
from streams.demo.scene import Scene
from streams.demo.stories.clinics import booked, tomorrow
from streams.domain.events import Receipt, Request
from streams.domain.time import HOUR
from streams.domain.vocabulary import Channel, Purpose, ReceiptStatus, Role, Topic

Story = Callable[[Scene], None]


def _request(scene: Scene, purpose: Purpose, **fields: Any) -> None:
    person = scene.someone()
    body = Request(scene.name("req"), purpose, "GEN", authorised_by="staff-021", authoriser_role=Role.ADMIN)
    scene.tell(Topic.REQUESTS, person, scene.moment(person), replace(body, **fields))


def reminder(scene: Scene) -> None:
    person, starts = scene.someone(), tomorrow(scene)
    body = booked(scene, person, starts)
    request = Request(
        scene.name("req"), Purpose.APPT_REMINDER, body.service_code, appointment_id=body.appointment_id,
        needed_by=starts - 2 * HOUR,
    )  # fmt: skip
    at = scene.moment(person, starts, first=london(TUESDAY, 8, 30), last=london(TUESDAY, 16))
    scene.tell(Topic.REQUESTS, person, at, request)


def prescription_ready(scene: Scene) -> None:
    _request(scene, Purpose.PRESCRIPTION_READY, service_code="PHARM")


def vaccination_invite(scene: Scene) -> None:
    _request(
        scene,
        Purpose.VACCINATION_INVITE,
        service_code="VACC",
        campaign_ref="autumn-2026",
        second_approver="staff-030",
    )


def screening_invite(scene: Scene) -> None:
    """To anybody, people who object to screening among them (C091)."""
    person = scene.someone(scene.choose("everyone", "everyone", "objects_service"))
    body = Request(
        scene.name("req"), Purpose.SCREENING_INVITE, "SCREEN", authorised_by="staff-021", authoriser_role=Role.ADMIN,
        campaign_ref="screening-2026", second_approver="staff-030",
    )  # fmt: skip
    scene.tell(Topic.REQUESTS, person, scene.moment(person), body)


def reply_to_a_question(scene: Scene) -> None:
    _request(scene, Purpose.ADMIN_REPLY)


def marketing(scene: Scene) -> None:
    _request(scene, scene.choose(Purpose.DIRECT_MARKETING, Purpose.RESEARCH))


def never_by_message(scene: Scene) -> None:
    purpose = scene.choose(Purpose.EMERGENCY_TRIAGE, Purpose.BAD_NEWS, Purpose.COMPLEX_CLINICAL)
    _request(scene, purpose, authoriser_role=Role.CLIN)


def medication_error(scene: Scene) -> None:
    _request(
        scene,
        Purpose.MEDICATION_ERROR,
        service_code="PHARM",
        authorised_by="pharm-003",
        authoriser_role=Role.PHARM,
    )


def purpose_nobody_knows(scene: Scene) -> None:
    _request(scene, Purpose.UNKNOWN)


def threat_without_authority(scene: Scene) -> None:
    """A purpose that only a safeguarding lead may raise (1.10)."""
    _request(scene, Purpose.THREAT_CONTACT, authorised_by=None, authoriser_role=None)


def receipt_for_an_unknown_message(scene: Scene) -> None:
    """A provider reports on something Heed never asked for (C147)."""
    person = scene.someone("anyone")
    body = Receipt(f"no-such-command-{scene.name('rcpt')}", ReceiptStatus.DELIVERED, Channel.SMS)
    scene.tell(Topic.RECEIPTS, person, scene.moment(person), body)


#: Each story and its share.
STORIES: Final[tuple[tuple[Story, int], ...]] = (
    (reminder, 40),
    (prescription_ready, 15),
    (vaccination_invite, 10),
    (screening_invite, 8),
    (reply_to_a_question, 8),
    (marketing, 6),
    (never_by_message, 6),
    (medication_error, 2),
    (purpose_nobody_knows, 2),
    (threat_without_authority, 1),
    (receipt_for_an_unknown_message, 2),
)

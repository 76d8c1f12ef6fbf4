"""What was on file before the day: the patients themselves, their objections, and decisions about those."""

from collections.abc import Callable
from typing import Final

from streams.demo.hours import STATE_LOADED, days_after, london
from streams.demo.people import Resident
from streams.demo.scene import Scene
from streams.domain.events import Assessment, Objection, ObjectionException, Resolution
from streams.domain.time import DAY, Instant
from streams.domain.vocabulary import (
    Channel,
    ChannelGroup,
    Ground,
    Level,
    ObjectionAction,
    ObjectionReason,
    Purpose,
    ResolutionKind,
    Role,
    Scope,
    Topic,
)

_CHANGES: Final = (Purpose.APPT_CANCEL, Purpose.APPT_CHANGE, Purpose.APPT_REINSTATE)
_ORDINARY: Final = (
    ObjectionReason.PREFERS_OTHER_METHOD,
    ObjectionReason.TOO_MANY_MESSAGES,
    ObjectionReason.DATA_SECURITY_WORRY,
    ObjectionReason.DIGITAL_EXCLUSION,
)

Kind = Callable[[Scene, str, Instant], Objection]


def _electronic(scene: Scene, ref: str, at: Instant) -> Objection:
    return Objection(
        ref, ObjectionAction.RECORDED, Scope.METHOD_GROUP, (), ChannelGroup.ELECTRONIC,
        reason=scene.choose(*_ORDINARY), received_at=at, received_via="letter",
    )  # fmt: skip


def _with_exception(scene: Scene, ref: str, at: Instant) -> Objection:
    agreed = ObjectionException(_CHANGES, (Channel.SMS, Channel.NHS_APP), short_notice_only=True)
    return Objection(
        ref, ObjectionAction.RECORDED, Scope.METHOD_GROUP, (), ChannelGroup.ELECTRONIC,
        reason=ObjectionReason.PREFERS_OTHER_METHOD, received_at=at, received_via="phone", exceptions=(agreed,),
    )  # fmt: skip


def _assessed(scene: Scene, ref: str, at: Instant) -> Objection:
    finding = Assessment((Ground.G3,), True, "staff-007", Role.IG, at, f"note-{ref}")
    return Objection(
        ref, ObjectionAction.RECORDED, Scope.METHOD_GROUP, (), ChannelGroup.ELECTRONIC,
        reason=ObjectionReason.DOES_NOT_READ_CHANNEL, received_at=at, received_via="desk", assessment=finding,
    )  # fmt: skip


def _texts_only(scene: Scene, ref: str, at: Instant) -> Objection:
    return Objection(
        ref, ObjectionAction.RECORDED, Scope.METHOD, (scene.choose(Channel.SMS, Channel.EMAIL, Channel.NHS_APP),),
        reason=scene.choose(*_ORDINARY, ObjectionReason.COST), received_at=at, received_via="phone",
    )  # fmt: skip


def _stop_text(scene: Scene, ref: str, at: Instant) -> Objection:
    return Objection(
        ref, ObjectionAction.RECORDED, Scope.METHOD_GROUP, (), ChannelGroup.ELECTRONIC,
        reason=ObjectionReason.NOT_GIVEN, received_at=at, received_via="sms",
    )  # fmt: skip


def _protected(scene: Scene, ref: str, at: Instant) -> Objection:
    reason = scene.choose(
        ObjectionReason.SAFETY_DOMESTIC_ABUSE,
        ObjectionReason.SHARED_DEVICE_OR_ACCOUNT,
        ObjectionReason.HARM_OR_DISTRESS,
    )
    return Objection(
        ref, ObjectionAction.RECORDED, Scope.METHOD, (Channel.SMS, Channel.NHS_APP, Channel.EMAIL),
        reason=reason, received_at=at, received_via="desk",
    )  # fmt: skip


def _whole_care(scene: Scene, ref: str, at: Instant) -> Objection:
    return Objection(
        ref, ObjectionAction.RECORDED, Scope.WHOLE_CARE,
        reason=ObjectionReason.DATA_SECURITY_WORRY, received_at=at, received_via="letter",
    )  # fmt: skip


def _service(scene: Scene, ref: str, at: Instant) -> Objection:
    return Objection(
        ref, ObjectionAction.RECORDED, Scope.SERVICE, services=("SCREEN", "CARD"),
        reason=ObjectionReason.TOO_MANY_MESSAGES, received_at=at, received_via="phone",
    )  # fmt: skip


def _method_and_service(scene: Scene, ref: str, at: Instant) -> Objection:
    return Objection(
        ref, ObjectionAction.RECORDED, Scope.METHOD_AND_SERVICE, (Channel.SMS,), services=("DERM", "ORTH"),
        reason=ObjectionReason.PREFERS_OTHER_METHOD, received_at=at, received_via="phone",
    )  # fmt: skip


def _every_method(scene: Scene, ref: str, at: Instant) -> Objection:
    every = (
        Channel.NHS_APP, Channel.SMS, Channel.EMAIL, Channel.LETTER, Channel.PHONE_HUMAN,
        Channel.IM_COMMERCIAL, Channel.AUTOMATED_VOICE,
    )  # fmt: skip
    return Objection(
        ref, ObjectionAction.RECORDED, Scope.METHOD, every,
        reason=ObjectionReason.DATA_SECURITY_WORRY, received_at=at, received_via="letter",
    )  # fmt: skip


#: The kinds of objection on file: (pool, how many patients in a thousand, what it says).
OBJECTORS: Final[tuple[tuple[str, int, Kind], ...]] = (
    ("objects_electronic", 30, _electronic),
    ("objects_with_exception", 12, _with_exception),
    ("objects_assessed", 10, _assessed),
    ("objects_texts", 25, _texts_only),
    ("objects_unclear", 8, _stop_text),
    ("objects_protected", 8, _protected),
    ("objects_whole_care", 5, _whole_care),
    ("objects_service", 8, _service),
    ("objects_method_and_service", 8, _method_and_service),
    ("objects_everything", 3, _every_method),
    ("objects_standing", 8, _electronic),
)


def load_patients(scene: Scene, people: list[Resident]) -> None:
    """The patient master as it stood on Monday morning, but for those whose state comes late or never."""
    for person in people:
        if not person.traits & {"unknown", "never_known"}:
            scene.load(Topic.PATIENTS, person, STATE_LOADED - 30 * DAY, person.sections)


def load_objections(scene: Scene) -> None:
    """Objections taken in earlier weeks, each for a patient about whom nothing else is special."""
    ordinary = scene.pool("anyone")
    taken = 0
    for pool, share, write in OBJECTORS:
        wanted = max(2, share * len(ordinary) // 1000)
        for person in ordinary[taken : taken + wanted]:
            taken += 1
            received = STATE_LOADED - scene.rng.randrange(2, 20) * DAY
            objection = write(scene, scene.name("obj"), received)
            scene.load(Topic.OBJECTIONS, person, received, objection)
            scene.join(pool, person)
            scene.join("objector", person)
            if pool == "objects_standing":
                _decide_beforehand(scene, person, objection, received + DAY)


def _decide_beforehand(scene: Scene, person: Resident, objection: Objection, at: Instant) -> None:
    """Booking lead and IG agreed with the patient that the app may be used when an appointment falls away soon."""
    for channel in (Channel.NHS_APP, Channel.SMS):
        decision = Resolution(
            task_id=None, kind=ResolutionKind.STANDING_DECISION, by="staff-011", role=Role.BOOK,
            second_by="staff-012", second_role=Role.IG, rationale_ref=f"note-{objection.objection_id}",
            objection_id=objection.objection_id, objection_version=1, ground=Ground.G3, channel=channel,
            purposes=_CHANGES, max_level=Level.L1, valid_from=at, valid_to=london(days_after(90), 12),
        )  # fmt: skip
        scene.load(Topic.RESOLUTIONS, person, at, decision)

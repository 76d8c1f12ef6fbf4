"""Objections on the day, before and after what they bear on, and what happens to people who object."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from streams.demo.hours import TUESDAY, london
from streams.demo.scene import Scene
from streams.demo.standing import OBJECTORS
from streams.demo.stories.clinics import booked, cancelled, far, moved, soon, tomorrow
from streams.domain.events import Objection, Result
from streams.domain.time import MINUTE, Instant
from streams.domain.vocabulary import (
    Channel,
    ChannelGroup,
    ObjectionAction,
    ObjectionReason,
    Release,
    ResultStatus,
    Scope,
    Topic,
)

Story = Callable[[Scene], None]
_NOON: Final = london(TUESDAY, 12)
_REASONS: Final = (
    ObjectionReason.PREFERS_OTHER_METHOD,
    ObjectionReason.TOO_MANY_MESSAGES,
    ObjectionReason.DATA_SECURITY_WORRY,
    ObjectionReason.NOT_GIVEN,
    ObjectionReason.OTHER_FREE_TEXT,
    ObjectionReason.SAFETY_COERCION,
)


def _objection(scene: Scene, at: Instant) -> Objection:
    """An objection to texts, or to everything electronic, taken by telephone or at the desk."""
    to_texts = scene.chance(40)
    return Objection(
        objection_id=scene.name("obj"),
        action=ObjectionAction.RECORDED,
        scope=Scope.METHOD if to_texts else Scope.METHOD_GROUP,
        channels=(Channel.SMS,) if to_texts else (),
        channel_group=None if to_texts else ChannelGroup.ELECTRONIC,
        reason=scene.choose(*_REASONS),
        received_at=at - 5 * MINUTE,
        received_via=scene.choose("phone", "desk"),
    )


def objection_taken(scene: Scene) -> None:
    person = scene.someone("anyone")
    at = scene.moment(person)
    scene.tell(Topic.OBJECTIONS, person, at, _objection(scene, at))


def stop_text(scene: Scene) -> None:
    """STOP, and nothing else: it counts at once, the reason is asked for later (C089)."""
    person = scene.someone("anyone")
    at = scene.moment(person)
    body = replace(
        _objection(scene, at), reason=ObjectionReason.NOT_GIVEN, received_via="sms", received_at=at
    )
    scene.tell(Topic.OBJECTIONS, person, at, body)


def objection_before_a_cancellation(scene: Scene) -> None:
    person, starts = scene.someone("anyone"), tomorrow(scene)
    body = booked(scene, person, starts)
    at = scene.moment(person, last=_NOON)
    scene.tell(Topic.OBJECTIONS, person, at, _objection(scene, at))
    scene.tell(Topic.APPOINTMENTS, person, scene.later(person, at, starts), cancelled(body))


def objection_after_a_change(scene: Scene) -> None:
    """What was sent before stays sent; the next change finds the objection."""
    person, old = scene.someone("anyone"), soon(scene)
    body = booked(scene, person, old)
    at = scene.moment(person, old, last=_NOON)
    changed = moved(body, far(scene))
    scene.tell(Topic.APPOINTMENTS, person, at, changed)
    objected = scene.later(person, at)
    scene.tell(Topic.OBJECTIONS, person, objected, _objection(scene, objected))
    scene.tell(Topic.APPOINTMENTS, person, scene.later(person, objected), cancelled(changed))


def objection_withdrawn(scene: Scene) -> None:
    person, starts = scene.someone("anyone"), soon(scene)
    body = booked(scene, person, starts)
    at = scene.moment(person, last=_NOON)
    objection = _objection(scene, at)
    scene.tell(Topic.OBJECTIONS, person, at, objection)
    withdrawn = scene.later(person, at)
    scene.tell(Topic.OBJECTIONS, person, withdrawn, replace(objection, action=ObjectionAction.WITHDRAWN))
    scene.tell(Topic.APPOINTMENTS, person, scene.later(person, withdrawn, starts), cancelled(body))


def objection_amended(scene: Scene) -> None:
    """First texts only, then everything electronic."""
    person, starts = scene.someone("anyone"), tomorrow(scene)
    body = booked(scene, person, starts)
    at = scene.moment(person, last=_NOON)
    first = replace(
        _objection(scene, at), scope=Scope.METHOD, channels=(Channel.SMS,), channel_group=None,
        reason=ObjectionReason.TOO_MANY_MESSAGES,
    )  # fmt: skip
    scene.tell(Topic.OBJECTIONS, person, at, first)
    amended = scene.later(person, at)
    wider = replace(
        first,
        action=ObjectionAction.AMENDED,
        scope=Scope.METHOD_GROUP,
        channels=(),
        channel_group=ChannelGroup.ELECTRONIC,
    )
    scene.tell(Topic.OBJECTIONS, person, amended, wider)
    scene.tell(Topic.APPOINTMENTS, person, scene.later(person, amended, starts), cancelled(body))


def objection_to_one_clinic(scene: Scene) -> None:
    person, starts = scene.someone("anyone"), tomorrow(scene)
    body = booked(scene, person, starts, service_code="DERM")
    at = scene.moment(person, last=_NOON)
    objection = replace(
        _objection(scene, at), scope=Scope.SERVICE, channels=(), channel_group=None, services=("DERM",),
        reason=ObjectionReason.TOO_MANY_MESSAGES,
    )  # fmt: skip
    scene.tell(Topic.OBJECTIONS, person, at, objection)
    scene.tell(Topic.APPOINTMENTS, person, scene.later(person, at, starts), cancelled(body))


def _cancelled_soon(pool: str) -> Story:
    def story(scene: Scene) -> None:
        person, starts = scene.someone(pool), tomorrow(scene)
        body = booked(scene, person, starts, service_code="CARD")
        scene.tell(Topic.APPOINTMENTS, person, scene.moment(person, starts), cancelled(body))

    story.__name__ = f"{pool}_cancelled_within_48h"
    return story


def objector_moved_well_ahead(scene: Scene) -> None:
    person, old = scene.someone("objector"), far(scene)
    body = booked(scene, person, old)
    scene.tell(Topic.APPOINTMENTS, person, scene.moment(person, old), moved(body, far(scene)))


def objector_has_a_result(scene: Scene) -> None:
    person = scene.someone("objector")
    at = scene.moment(person, first=london(TUESDAY, 8, 32), last=london(TUESDAY, 17, 45))
    body = Result(
        result_id=scene.name("res"), status=ResultStatus.FINAL, test_code="FBC", service_code="PATH", reviewed=True,
        reviewed_by="clin-014", release=Release.NOTIFY, abnormal=False, responsible_clinician="clin-014",
        nhs_number=person.number, family_name=person.identity.family_name, born=person.identity.born,
    )  # fmt: skip
    scene.tell(Topic.RESULTS, person, at, body)


#: Each story and its share.
STORIES: Final[tuple[tuple[Story, int], ...]] = (
    (objection_taken, 6),
    (stop_text, 4),
    (objection_before_a_cancellation, 10),
    (objection_after_a_change, 5),
    (objection_withdrawn, 4),
    (objection_amended, 3),
    (objection_to_one_clinic, 3),
    *((_cancelled_soon(pool), max(3, share // 4)) for pool, share, _ in OBJECTORS),
    (objector_moved_well_ahead, 20),
    (objector_has_a_result, 20),
)

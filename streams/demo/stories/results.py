"""Test results of the day, and one story for each row by which a result is judged (B10)."""

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from streams.demo.hours import TUESDAY, london
from streams.demo.people import Resident
from streams.demo.scene import Scene
from streams.domain.events import Result
from streams.domain.time import MINUTE, Instant
from streams.domain.vocabulary import Release, ResultStatus, Topic

Story = Callable[[Scene], None]
_RESULTS: Final = Topic.RESULTS
_TESTS: Final = ("FBC", "U&E", "LFT", "TFT", "CRP", "LIPID", "VITD", "FERR", "COAG", "CXR")
#: The contact line is open long enough from here to there for a result to be told (B10 row 10).
_OPEN: Final = london(TUESDAY, 8, 32)
_CLOSES: Final = london(TUESDAY, 17, 45)


def _result(scene: Scene, person: Resident, **fields: Any) -> Result:
    plain = Result(
        result_id=scene.name("res"),
        status=ResultStatus.FINAL,
        test_code=scene.choose(*_TESTS),
        service_code="PATH",
        reviewed=True,
        reviewed_by=f"clin-{scene.rng.randrange(1, 60):03}",
        release=Release.NOTIFY,
        abnormal=False,
        encounter_id=scene.name("enc"),
        responsible_clinician=f"clin-{scene.rng.randrange(1, 60):03}",
        nhs_number=person.number,
        family_name=person.identity.family_name,
        born=person.identity.born,
    )
    return replace(plain, **fields)


def _office_hours(scene: Scene, person: Resident, *, room: int = 0, last: Instant = _CLOSES) -> Instant:
    return scene.moment(person, first=_OPEN, last=last - room, room=room)


def _one(scene: Scene, **fields: Any) -> None:
    person = scene.someone()
    scene.tell(_RESULTS, person, _office_hours(scene, person), _result(scene, person, **fields))


def released(scene: Scene) -> None:
    _one(scene)


def released_after_hours(scene: Scene) -> None:
    """Nobody would answer the telephone: told when the contact line opens."""
    person = scene.someone()
    scene.tell(_RESULTS, person, scene.moment(person, first=london(TUESDAY, 18, 10)), _result(scene, person))


def critical(scene: Scene) -> None:
    _one(scene, critical=True, abnormal=True, release=Release.UNSET)


def critical_though_preliminary(scene: Scene) -> None:
    _one(scene, critical=True, status=ResultStatus.PRELIMINARY, reviewed=False, release=Release.UNSET)


def bad_news(scene: Scene) -> None:
    _one(scene, bad_news=True, abnormal=True, release=Release.UNSET)


def discuss_first(scene: Scene) -> None:
    _one(scene, release=Release.DISCUSS_FIRST)


def abnormal_and_not_released(scene: Scene) -> None:
    _one(scene, abnormal=True, release=Release.UNSET)


def not_to_be_notified(scene: Scene) -> None:
    _one(scene, release=Release.DO_NOT_NOTIFY)


def never_reviewed(scene: Scene) -> None:
    _one(scene, reviewed=False, reviewed_by=None, release=Release.UNSET, abnormal=None)


def sensitive_and_released(scene: Scene) -> None:
    _one(scene, sensitive_test=True, test_code="HIV")


def sensitive_and_not_released(scene: Scene) -> None:
    _one(scene, sensitive_test=True, test_code="HIV", release=Release.UNSET)


def within_agreed_threshold(scene: Scene) -> None:
    """The patient and the clinician agreed beforehand what may be told of this test."""
    person = scene.someone("threshold")
    body = _result(
        scene, person, test_code="HBA1C", value_unit="mmol/mol", within_threshold=True, reviewed=False
    )
    scene.tell(_RESULTS, person, _office_hours(scene, person), body)


def preliminary_then_final(scene: Scene) -> None:
    person = scene.someone()
    at = _office_hours(scene, person, last=london(TUESDAY, 15))
    body = _result(scene, person)
    early = replace(body, status=ResultStatus.PRELIMINARY, reviewed=False, release=Release.UNSET)
    scene.tell(_RESULTS, person, at, early)
    scene.tell(_RESULTS, person, scene.moment(person, first=at + 30 * MINUTE, last=_CLOSES), body)


def reviewed_later(scene: Scene) -> None:
    person = scene.someone()
    at = _office_hours(scene, person, last=london(TUESDAY, 15))
    body = _result(scene, person)
    scene.tell(
        _RESULTS,
        person,
        at,
        replace(body, reviewed=False, reviewed_by=None, release=Release.UNSET, abnormal=None),
    )
    scene.tell(_RESULTS, person, scene.moment(person, first=at + 30 * MINUTE, last=_CLOSES), body)


def corrected_after_told(scene: Scene) -> None:
    person = scene.someone("anyone")
    at = _office_hours(scene, person, last=london(TUESDAY, 15))
    body = _result(scene, person)
    scene.tell(_RESULTS, person, at, body)
    later = scene.moment(person, first=at + 40 * MINUTE, last=_CLOSES)
    scene.tell(_RESULTS, person, later, replace(body, status=ResultStatus.CORRECTED))


def withdrawn_after_told(scene: Scene) -> None:
    person = scene.someone("anyone")
    at = _office_hours(scene, person, last=london(TUESDAY, 15))
    body = _result(scene, person)
    scene.tell(_RESULTS, person, at, body)
    later = scene.moment(person, first=at + 40 * MINUTE, last=_CLOSES)
    scene.tell(_RESULTS, person, later, replace(body, status=ResultStatus.CANCELLED))


def withdrawn_before_told(scene: Scene) -> None:
    person = scene.someone()
    at = _office_hours(scene, person, last=london(TUESDAY, 15))
    body = _result(scene, person, reviewed=False, reviewed_by=None, release=Release.UNSET, abnormal=None)
    scene.tell(_RESULTS, person, at, body)
    later = scene.moment(person, first=at + 40 * MINUTE, last=_CLOSES)
    scene.tell(_RESULTS, person, later, replace(body, status=ResultStatus.CANCELLED))


def three_in_a_row(scene: Scene) -> None:
    """The first is told at once, the next two together when a quarter of an hour is over (C168)."""
    person = scene.someone()
    at = _office_hours(scene, person, room=13 * MINUTE)
    for minutes in (0, 6, 11):
        scene.tell(_RESULTS, person, at + minutes * MINUTE, _result(scene, person))


#: Each story and its share.
STORIES: Final[tuple[tuple[Story, int], ...]] = (
    (released, 110),
    (released_after_hours, 12),
    (critical, 10),
    (critical_though_preliminary, 4),
    (bad_news, 8),
    (discuss_first, 8),
    (abnormal_and_not_released, 8),
    (not_to_be_notified, 12),
    (never_reviewed, 12),
    (sensitive_and_released, 6),
    (sensitive_and_not_released, 5),
    (within_agreed_threshold, 6),
    (preliminary_then_final, 30),
    (reviewed_later, 20),
    (corrected_after_told, 10),
    (withdrawn_after_told, 5),
    (withdrawn_before_told, 5),
    (three_in_a_row, 20),
)

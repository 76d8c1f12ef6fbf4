"""A generated hospital day: the same seed gives the same bytes, on any machine and in any year.

Monday 12 October 2026 prepares: patients, objections and decisions on file, and bookings that are
decided and told. Tuesday the 13th, 07:30 to 19:00 London time, is the day. Nothing here reads a clock.
"""

from operator import attrgetter
from random import Random
from typing import Final

import msgspec

from streams.demo.people import residents
from streams.demo.scene import NoMoment, Scene, TimedRecord
from streams.demo.standing import load_objections, load_patients
from streams.demo.stories import appointments, mishaps, objections, patients, requests, results
from streams.demo.stories.appointments import Story
from streams.domain.time import Millis

#: Every story and its share; an event in some 1 600 for a share of one.
STORIES: Final[tuple[tuple[Story, int], ...]] = (
    *appointments.STORIES,
    *results.STORIES,
    *objections.STORIES,
    *patients.STORIES,
    *requests.STORIES,
    *mishaps.STORIES,
)
_ATTEMPTS: Final = 8
#: Moments lie 25 minutes apart, so that a day has 26 of them; half of that is easily found.
_MOST_A_PATIENT: Final = 12


class DayPlan(msgspec.Struct, frozen=True):
    """How large a day, and which. ``events`` counts what happens on the Tuesday. Every id carries ``label``."""

    patients: int = 2_000
    events: int = 10_000
    seed: int = 2026
    label: str = ""


class Day(msgspec.Struct, frozen=True):
    """What was there before, and what happens on the day, each in order of time. ``shift``: how much later
    than the Monday and Tuesday of the calendar all this takes place."""

    plan: DayPlan
    before: tuple[TimedRecord, ...]
    during: tuple[TimedRecord, ...]
    shift: Millis = 0


def generate(plan: DayPlan) -> Day:
    """Make up a hospital day. Raises ValueError when so many events do not fit on so few patients."""
    if plan.events > _MOST_A_PATIENT * plan.patients:
        raise ValueError(_too_many(plan))
    rng = Random(f"heed-{plan.seed}")  # text seeds are hashed alike on every machine
    people = residents(rng, plan.patients, plan.label)
    scene = Scene(rng, people, plan.label)
    load_patients(scene, people)
    load_objections(scene)
    _tell_stories(scene, plan)
    in_time = attrgetter("at")
    return Day(plan, tuple(sorted(scene.before, key=in_time)), tuple(sorted(scene.during, key=in_time)))


def _too_many(plan: DayPlan) -> str:
    most = _MOST_A_PATIENT * plan.patients
    return f"{plan.events} events do not fit on a day of {plan.patients} patients; ask for at most {most}"


def _tell_stories(scene: Scene, plan: DayPlan) -> None:
    """Tell stories in turn, each as often as its share says, until there are exactly as many events as planned."""
    told = [0] * len(STORIES)
    misses = 0
    while len(scene.during) < plan.events:
        turn = min(range(len(STORIES)), key=lambda i: ((told[i] + 0.5 * (told[i] > 0)) / STORIES[i][1], i))
        told[turn] += 1
        mark = scene.mark()
        if _told(scene, STORIES[turn][0], mark) and len(scene.during) <= plan.events:
            misses = 0
            continue
        scene.back_to(mark)
        misses += 1
        if misses > 4 * len(STORIES):
            raise ValueError(_too_many(plan))


def _told(scene: Scene, story: Story, mark: tuple[int, int]) -> bool:
    """Tell one story of somebody who has the time for it; False when nobody was found."""
    scene.story = story.__name__
    for _ in range(_ATTEMPTS):
        try:
            story(scene)
        except NoMoment:
            scene.back_to(mark)
            continue
        return len(scene.during) > mark[1]
    return False

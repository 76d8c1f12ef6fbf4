"""The generated day: the same bytes for the same seed, every kind of story, nobody who exists."""

import re
from collections import Counter, defaultdict

import pytest

from streams.demo.another_day import another_day
from streams.demo.day import STORIES, Day, DayPlan, generate
from streams.demo.hours import DAY_ENDS, DAY_STARTS, LAST_EVENT, is_calm
from streams.demo.lines import bytes_of
from streams.domain.events import Event, Objection, PatientSections
from streams.domain.nhs_number import is_valid
from streams.domain.time import DAY, MINUTE
from streams.domain.vocabulary import AppointmentStatus, Channel, Scope, Topic
from streams.errors import BadRecord
from streams.kafka.codec import Codec

SMALL = DayPlan(patients=150, events=600)


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec.local()


@pytest.fixture(scope="module")
def day() -> Day:
    return generate(SMALL)


def _bytes(day: Day, codec: Codec) -> list[tuple[object, ...]]:
    return [(one.at, one.topic, one.key, bytes_of(one, codec)) for one in (*day.before, *day.during)]


def _events(day: Day) -> list[Event]:
    return [one.value for one in (*day.before, *day.during) if isinstance(one.value, Event)]


def test_the_same_seed_gives_the_same_bytes(day: Day, codec: Codec) -> None:
    assert _bytes(day, codec) == _bytes(generate(SMALL), codec)


def test_another_seed_gives_another_day(day: Day, codec: Codec) -> None:
    assert _bytes(day, codec) != _bytes(generate(DayPlan(150, 600, seed=7)), codec)


@pytest.mark.parametrize("plan", [DayPlan(40, 1), DayPlan(60, 250), SMALL])
def test_a_day_has_exactly_the_events_asked_for(plan: DayPlan) -> None:
    assert len(generate(plan).during) == plan.events


def test_too_many_events_for_so_few_patients_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        generate(DayPlan(patients=10, events=5_000))


def test_even_a_small_day_tells_every_story(day: Day) -> None:
    assert {one.story for one in day.during} == {story.__name__ for story, _ in STORIES}


def test_every_topic_and_every_kind_of_objection_occurs(day: Day) -> None:
    events = _events(day)
    assert {event.topic for event in events} >= set(Topic) & {event.topic for event in events}
    scopes = {event.body.scope for event in events if isinstance(event.body, Objection)}
    assert scopes >= {
        Scope.WHOLE_CARE,
        Scope.SERVICE,
        Scope.METHOD,
        Scope.METHOD_GROUP,
        Scope.METHOD_AND_SERVICE,
    }
    statuses = {getattr(event.body, "status", None) for event in events if event.topic is Topic.APPOINTMENTS}
    assert statuses >= {AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED, AppointmentStatus.ATTENDED}


def test_everybody_is_invented(day: Day) -> None:
    """NHS numbers from the 999 range that check out, drama telephone numbers, example.org."""
    people = [event.body for event in _events(day) if isinstance(event.body, PatientSections)]
    numbers = [body.identity.nhs_number for body in people if body.identity is not None]
    assert numbers
    assert all(number.startswith("999") and is_valid(number) for number in numbers)
    values = defaultdict(list)
    for body in people:
        for contact in body.contacts or ():
            values[contact.channel].append(contact.value)
    assert all(re.fullmatch(r"\+447700900\d{3}", value) for value in values[Channel.SMS])
    assert all(re.fullmatch(r"[a-z0-9.\-]+@example\.org", value) for value in values[Channel.EMAIL])


def test_malformed_records_are_few_and_every_other_one_decodes(day: Day, codec: Codec) -> None:
    malformed = [one for one in day.during if one.malformed]
    assert 8 <= len(malformed) <= 0.03 * len(day.during)
    refused = Counter[str]()
    for one in day.during:
        try:
            codec.decode(one.topic, one.key, bytes_of(one, codec))
        except BadRecord as bad:
            assert one.malformed
            refused[bad.reason] += 1
    assert set(refused) == {"undecodable", "unknown_schema", "null_value", "key_mismatch"}


def test_the_day_is_in_order_and_clear_of_thresholds(day: Day) -> None:
    moments = [one.at for one in day.during]
    assert moments == sorted(moments)
    assert moments[0] > DAY_STARTS
    assert moments[-1] <= LAST_EVENT + MINUTE < DAY_ENDS
    told = [one.at for one in day.during if not one.malformed and one.topic is Topic.APPOINTMENTS]
    assert all(is_calm(at) for at in told)


def test_two_things_about_one_patient_do_not_crowd_each_other(day: Day) -> None:
    """Apart by 25 minutes, or else within one story."""
    seen: dict[bytes | None, tuple[int, str]] = {}
    for one in day.during:
        if one.key in seen and not one.malformed:
            at, story = seen[one.key]
            assert one.at - at >= 25 * MINUTE or story == one.story
        seen[one.key] = (one.at, one.story)


def test_another_day_is_a_later_weekday_with_ids_of_its_own() -> None:
    first, later = another_day(DayPlan(40, 60), 1), another_day(DayPlan(40, 60), 4)
    assert first.shift == DAY
    assert later.shift == 6 * DAY  # the weekend is left out
    ids = [{event.envelope.event_id for event in _events(day)} for day in (first, later)]
    assert not ids[0] & ids[1]
    assert min(one.at for one in later.during) - 6 * DAY > DAY_STARTS

"""Further days for a demo that keeps running: smaller ones, of other patients, on the following weekdays."""

from typing import Any, Final

from msgspec.structs import replace

from streams.demo.day import Day, DayPlan, generate
from streams.demo.hours import days_after
from streams.demo.scene import TimedRecord
from streams.domain.events import Event
from streams.domain.field_types import INSTANT_FIELDS
from streams.domain.mapping import event_from_mapping, to_mapping
from streams.domain.time import DAY, Millis

_PATIENTS: Final = 400
_EVENTS: Final = 2_000
_WEEKDAYS: Final = 5


def another_day(plan: DayPlan, number: int) -> Day:
    """The ``number``-th day after the planned one, weekends left out; its ids carry a label of their own."""
    smaller = DayPlan(
        min(plan.patients, _PATIENTS), min(plan.events, _EVENTS), plan.seed + number, f"d{number}-"
    )
    day, shift = generate(smaller), _days_later(number) * DAY
    return Day(smaller, _shifted(day.before, shift), _shifted(day.during, shift), shift)


def _days_later(number: int) -> int:
    days = 0
    while number:
        days += 1
        number -= days_after(days).weekday() < _WEEKDAYS
    return days


def _shifted(records: tuple[TimedRecord, ...], shift: Millis) -> tuple[TimedRecord, ...]:
    return tuple(replace(one, at=one.at + shift, value=_value(one.value, shift)) for one in records)


def _value(value: Event | bytes | None, shift: Millis) -> Event | bytes | None:
    if not isinstance(value, Event):
        return value
    return event_from_mapping(value.topic, _later(to_mapping(value), shift), strict=False)


def _later(said: Any, shift: Millis) -> Any:
    """The same mapping with every instant in it moved on, however deep."""
    if isinstance(said, dict):
        return {
            name: part + shift if name in INSTANT_FIELDS and isinstance(part, int) else _later(part, shift)
            for name, part in said.items()
        }
    return [_later(part, shift) for part in said] if isinstance(said, list) else said

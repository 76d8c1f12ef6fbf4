"""Plays a generated day on a running Heed, minute by minute.

A step (a minute, unless a coarser one is asked for): what is known of patients, objections and decisions goes in first; then the clock moves on; then
everything else of that minute goes in; the next step begins when the workers have taken it all. No
decision can therefore depend on how fast a machine is. The steps are spread over the time asked for; on a
machine that needs longer, the day takes longer and ends the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Final, Protocol, Self

import msgspec

from streams.demo.cast import Cast
from streams.demo.day import Day
from streams.demo.hours import BOOKING_FROM, DAY_ENDS, DAY_STARTS, EVE_ENDS, STATE_LOADED, to_london
from streams.demo.lines import bytes_of
from streams.demo.scene import TimedRecord
from streams.domain.events import Event
from streams.domain.time import MINUTE, Instant, Millis
from streams.domain.vocabulary import STATE_TOPICS, Topic
from streams.feed.feeder import Feeder
from streams.feed.lines import Line
from streams.kafka.codec import Codec
from streams.worker.shown_clock import ClockSetter

STEP: Final[Millis] = 1 * MINUTE
#: On Monday only bookings come in, and each is told before Tuesday: larger steps will do.
_EVE_STEP: Final[Millis] = 10 * MINUTE
#: Workers look at their timers every 50 ms; what was due is then written within as long as a busy
#: machine has lately taken for a handful of records. Seconds.
_TIMERS_S: Final = 0.06
_TIMERS_MOST_S: Final = 1.0
#: After the day: what still settles, is confirmed or dealt with.
_AFTERWARDS: Final[Millis] = 20 * MINUTE
_LOADING_ORDER: Final = (Topic.PATIENTS, Topic.OBJECTIONS, Topic.RESOLUTIONS)


class Watcher(Protocol):
    """Is told how the day goes on; a progress bar, or lines. Shown while its context lasts."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def phase(self, title: str, steps: int) -> None: ...
    def step(self, now: Instant, fed: int, sends: int, tasks: int) -> None: ...


class Hospital(msgspec.Struct):
    """Everything that plays together. ``drained`` returns when what was fed to these partitions has been taken;
    ``took`` is how long that lasted the last time, in seconds."""

    codec: Codec
    clock: ClockSetter
    feeder: Feeder
    cast: Cast
    drained: Callable[[set[tuple[str, int]]], Awaitable[None]]
    watcher: Watcher
    took: float = 0.0


async def play_eve(hospital: Hospital, day: Day) -> None:
    """The day before: load what was on file, then bring in and decide the bookings."""
    loaded_at, first, last = (
        moment + day.shift for moment in (STATE_LOADED, BOOKING_FROM + _EVE_STEP, EVE_ENDS)
    )
    loaded = [record for record in day.before if record.at <= loaded_at]
    booked = [record for record in day.before if record.at > loaded_at]
    steps = range(first, last + 1, _EVE_STEP)
    hospital.watcher.phase(
        f"{_weekday(loaded_at)}: what is on file and booked", len(_LOADING_ORDER) + len(steps)
    )
    for topic in _LOADING_ORDER:
        await _step(hospital, loaded_at, [record for record in loaded if record.topic is topic])
    for now, records in by_step(booked, steps):
        await _step(hospital, now, records)


async def play_day(hospital: Hospital, day: Day, seconds: float, step: Millis = STEP) -> None:
    """The day itself, spread over ``seconds`` of real time or longer."""
    begins, ends = DAY_STARTS + day.shift, DAY_ENDS + _AFTERWARDS + day.shift
    steps = range(begins, ends + 1, step)
    hospital.watcher.phase(f"{_weekday(begins)}, 07:30 to 19:00", len(steps))
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, (now, records) in enumerate(by_step(day.during, steps), 1):
        await _step(hospital, now, records)
        await asyncio.sleep(began + seconds * number / len(steps) - loop.time())


def _weekday(at: Instant) -> str:
    return to_london(at).strftime("%A")


def by_step(
    records: Sequence[TimedRecord], steps: Sequence[Instant]
) -> list[tuple[Instant, list[TimedRecord]]]:
    """What belongs to each step: everything up to its moment that no earlier step took."""
    found: list[tuple[Instant, list[TimedRecord]]] = []
    begin = 0
    for now in steps:
        end = begin
        while end < len(records) and records[end].at <= now:
            end += 1
        found.append((now, list(records[begin:end])))
        begin = end
    return found


async def _step(hospital: Hospital, now: Instant, records: Sequence[TimedRecord]) -> None:
    lines = [Line(r.topic, r.key, bytes_of(r, hospital.codec)) for r in records]
    lines += [_answer(event, hospital.codec) for event in hospital.cast.answers(now)]
    await _feed(hospital, [line for line in lines if line.topic in STATE_TOPICS])
    if now > hospital.clock.now:
        hospital.clock.set(now)
        await asyncio.sleep(min(_TIMERS_S + hospital.took, _TIMERS_MOST_S))
    await _feed(hospital, [line for line in lines if line.topic not in STATE_TOPICS])
    await hospital.cast.hear_out()
    sends, tasks = hospital.cast.counts()
    hospital.watcher.step(now, hospital.feeder.fed, sends, tasks)


async def _feed(hospital: Hospital, lines: Sequence[Line]) -> None:
    """Feed and wait until it has been taken."""
    if lines:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await hospital.drained(await hospital.feeder.feed(lines))
        hospital.took = loop.time() - began


def _answer(event: Event, codec: Codec) -> Line:
    return Line(event.topic, event.envelope.patient_id.encode(), codec.encode_event(event))

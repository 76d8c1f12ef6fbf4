"""When what is asked affects the patient: the derived times of B1, from what was told and what is said now.

A start is an instant and whether it is that instant or only its day: what was told as a day stays a day.
"""

from __future__ import annotations

from typing import TypeAlias

from streams.domain.calendar import local_day
from streams.domain.events import Appointment
from streams.domain.limits import FURTHEST_START
from streams.domain.patient import Told
from streams.domain.time import DAY, Instant
from streams.domain.vocabulary import AppointmentStatus, StartsPrecision
from streams.domain.window import is_short_notice
from streams.policy.model import Policy

from .case import Difference, Timing

_Start: TypeAlias = tuple[Instant, StartsPrecision]


def appointment_timing(
    body: Appointment, told: Told | None, difference: Difference, policy: Policy, now: Instant
) -> Timing:
    """B1's derived times of an appointment event against what the recipient was told."""
    relevant = relevant_start(body, told, difference)
    start = _affected(body, told, difference, now)
    if start is None:
        return Timing(over=True, relevant_start=relevant, relevant_end=_relevant_end(body, told, difference))
    return timing_of(*start, policy, now, relevant)


def start_timing(body: Appointment, policy: Policy, now: Instant) -> Timing:
    """The times of a request about an appointment: it is for the start."""
    start = _future(_new(body), now)
    if start is None:
        return Timing(over=True, relevant_start=body.starts_at)
    return timing_of(*start, policy, now, body.starts_at)


def earliest_timing(body: Appointment, told: Told | None, policy: Policy, now: Instant) -> Timing:
    """The times of an appointment of which nobody can tell what becomes of it: of its first start still ahead.

    A time that no calendar has is none: the record may have been refused for just that.
    """
    sound = [one for one in _every(body, told) if now - 2 * DAY < one[0] <= now + FURTHEST_START]
    start = _first(sound, now)
    return Timing() if start is None else timing_of(*start, policy, now, start[0])


def _new(body: Appointment) -> _Start:
    return body.starts_at, body.starts_precision


def _told(body: Appointment, told: Told) -> _Start:
    """What was told; before its precision was kept it is taken to be the event's."""
    return told.starts_at, told.precision or body.starts_precision


def _untold_starts(body: Appointment) -> list[_Start]:
    """Every start that the source names."""
    if body.previous_starts_at is None:
        return [_new(body)]
    return [(body.previous_starts_at, body.starts_precision), _new(body)]


def _every(body: Appointment, told: Told | None) -> list[_Start]:
    """Those, and the one that the recipient was told."""
    return _untold_starts(body) if told is None else [*_untold_starts(body), _told(body, told)]


def _affected(body: Appointment, told: Told | None, difference: Difference, now: Instant) -> _Start | None:
    """B1's affected_start; None when it is not in the future any more."""
    if body.status is AppointmentStatus.UNKNOWN:
        return _first(_every(body, told), now)  # it may be off
    if difference.cancelled:
        return _first(_untold_starts(body), now) if told is None else _future(_told(body, told), now)
    if told is not None and difference.moved:
        return _first([_told(body, told), _new(body)], now)
    return _future(_new(body), now)


def _first(starts: list[_Start], now: Instant) -> _Start | None:
    first = None
    for start in starts:
        ahead = _future(start, now)
        if ahead is not None and (first is None or ahead < first):
            first = ahead
    return first


def _future(start: _Start, now: Instant) -> _Start | None:
    """The start as urgency sees it: for a day without a time its first moment, its last for the past test (C046)."""
    at, precision = start
    if precision is StartsPrecision.DAY:
        first, last = local_day(at)
        if first > now:
            return first, precision
        return (last - 1, precision) if last > now else None  # by its first moment it was urgent
    return start if at > now else None


def relevant_start(body: Appointment, told: Told | None, difference: Difference) -> Instant:
    """B8's relevant_start: the old start when cancelled or postponed, the start when relocated."""
    if told is not None and (difference.cancelled or difference.moved):
        return told.starts_at
    if difference.cancelled and body.previous_starts_at is not None:
        return body.previous_starts_at
    return body.starts_at


def _relevant_end(body: Appointment, told: Told | None, difference: Difference) -> Instant:
    """Until when the change could have helped (2.4): the end of a day, the last start that the patient may know."""
    if told is not None and (difference.cancelled or difference.moved):
        return _end(_told(body, told))
    return max(_end(one) for one in (_untold_starts(body) if difference.cancelled else [_new(body)]))


def _end(start: _Start) -> Instant:
    at, precision = start
    return local_day(at)[1] if precision is StartsPrecision.DAY else at


def timing_of(
    start: Instant, precision: StartsPrecision, policy: Policy, now: Instant, relevant: Instant
) -> Timing:
    """B1's derived times for a message that is bound to a start.

    A day without a time is needed by its first moment, also when it has begun: then it is late (C046).
    """
    begins = local_day(start)[0] if precision is StartsPrecision.DAY else start
    needed_by = begins - policy.min_useful_notice
    late = now >= needed_by
    return Timing(
        start,
        needed_by,
        start if late else needed_by,
        is_short_notice(start, now, policy.short_notice),
        late,
        False,
        relevant,
    )


def bounded(timing: Timing, needed_by: Instant, now: Instant) -> Timing:
    """A request may say itself by when it is needed; the earlier bound counts.

    Once that has passed it is late, not over (I5): until the start it may still be sent; without a start
    nothing can arrive in time any more, and somebody has to know.
    """
    if timing.needed_by is not None and timing.needed_by <= needed_by:
        return timing
    late = needed_by <= now
    deadline = timing.affected_start if late and timing.affected_start is not None else needed_by
    return Timing(timing.affected_start, needed_by, deadline, timing.short_notice, late, timing.over)

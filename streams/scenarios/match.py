"""Judges what a run emitted against what its scenario expects (contract 6).

``then`` is in order of time: records of one instant match in any order, and what is not listed fails. Pure: the
emitted records and the scenario go in, problems come out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Any

import msgspec

from streams.domain.records import DeadLetter, Decision, EscalationTask, Output, SafetyEntry, SendCommand
from streams.domain.time import Instant

from .story import Check, Expectation, Kind, Scenario


class Emitted(msgspec.Struct, frozen=True):
    """One record that the rules emitted, and the simulated time of it."""

    at: Instant
    record: Output


class Fault(StrEnum):
    """What can be wrong with a run, in the words of the report."""

    MISSING = "missing"
    EXTRA = "not expected"
    FORBIDDEN = "may never appear"
    UNDECIDED = "no such decision, in this order"
    BROKEN = "cannot be played"


class Problem(msgspec.Struct, frozen=True):
    """One disagreement: what the scenario says (if it speaks of it) and what was seen (if anything)."""

    fault: Fault
    expected: Expectation | None = None
    seen: Emitted | None = None
    remark: str = ""


def judge(scenario: Scenario, emitted: Sequence[Emitted]) -> tuple[Problem, ...]:
    """Compare a run with its scenario; an empty answer means that it passed."""
    return (
        *_then(scenario, emitted),
        *_never(scenario, emitted),
        *_decisions(scenario.decisions, emitted),
    )


_KIND_OF: dict[type, Kind] = {
    SendCommand: Kind.SEND,
    EscalationTask: Kind.ESCALATE,
    SafetyEntry: Kind.SAFETY,
    DeadLetter: Kind.DEAD_LETTER,
    Decision: Kind.DECISION,
}


def fits(expected: Expectation, one: Emitted) -> bool:
    """Tell whether a record is the one that is expected; a task only in its first version or the status named."""
    record = one.record
    if _KIND_OF.get(type(record)) is not expected.kind:
        return False
    if expected.at is not None and expected.at != one.at:
        return False
    if isinstance(record, EscalationTask):
        if record.version != 1 and not expected.names_status:
            return False
        if expected.due_within is not None and record.due_at - record.created_at > expected.due_within:
            return False
    return holds(expected.checks, record)


def holds(checks: Sequence[Check], record: object) -> bool:
    return all(_holds(check, record) for check in checks)


def _holds(check: Check, record: object) -> bool:
    return _agrees(check, value_at(check.path, record))


def value_at(path: Sequence[str], record: Any) -> Any:
    """The value that stands at ``path``; None where the way there ends early."""
    for name in path:
        if record is None:
            return None
        if isinstance(record, dict):
            record = record.get(name)
        else:
            record = getattr(record, _attribute(type(record), name))
    return record


_ATTRIBUTES: dict[tuple[type, str], str] = {}


def _attribute(record: type, name: str) -> str:
    """The attribute behind a field's name in files: ``from_`` for ``from``."""
    known = _ATTRIBUTES.get((record, name))
    if known is None:
        known = next(field.name for field in msgspec.structs.fields(record) if field.encode_name == name)
        _ATTRIBUTES[record, name] = known
    return known


def _agrees(check: Check, seen: Any) -> bool:
    wanted = check.value
    if not isinstance(wanted, tuple):
        return bool(wanted == seen)
    if not isinstance(seen, tuple) or len(seen) != len(wanted):
        return False
    if check.in_order:
        return wanted == seen
    return _assigned([[_same(want, have) for have in seen] for want in wanted])


def _same(want: Any, have: Any) -> bool:
    if isinstance(want, tuple):  # a record inside a list
        return holds(want, have)
    return bool(want == have)


def _assigned(possible: Sequence[Sequence[bool]]) -> bool:
    return len(assign(len(possible), lambda row: [n for n, fit in enumerate(possible[row]) if fit])) == len(
        possible
    )


def assign(rows: int, choices: Callable[[int], Sequence[int]], first: Sequence[int] = ()) -> dict[int, int]:
    """Pair as many rows with different columns as possible (augmenting paths); ``first`` rows go first.

    Returns column -> row. Once paired, a row or column stays paired while others are added.
    """
    paired: dict[int, int] = {}

    def place(row: int, tried: set[int]) -> bool:
        for column in choices(row):
            if column in tried:
                continue
            tried.add(column)
            if column not in paired or place(paired[column], tried):
                paired[column] = row
                return True
        return False

    for row in [*first, *(row for row in range(rows) if row not in first)]:
        place(row, set())
    return paired


def _counts(scenario: Scenario, one: Emitted) -> bool:
    """Tell whether a record that ``then`` does not list fails the scenario."""
    match one.record:
        case SendCommand():
            return not scenario.any_sends
        case EscalationTask():
            return not scenario.any_tasks and one.record.version == 1
        case _:
            return False


def _then(scenario: Scenario, emitted: Sequence[Emitted]) -> tuple[Problem, ...]:
    if _in_order(scenario.then, emitted, lambda one: _counts(scenario, one)):
        return ()
    return _differences(scenario, emitted)


def _in_order(
    expected: Sequence[Expectation], emitted: Sequence[Emitted], obliged: Callable[[Emitted], bool]
) -> bool:
    """Cut the expectations into consecutive pieces, one for each instant, that match its records."""
    reachable = {0}  # how many expectations can be used up by the instants so far
    for _, same_instant in groupby(emitted, key=lambda one: one.at):
        group = list(same_instant)
        must = [n for n, one in enumerate(group) if obliged(one)]
        reachable = {
            end
            for start in reachable
            for end in range(start + len(must), min(len(expected), start + len(group)) + 1)
            if _matches_exactly(expected[start:end], group, must)
        }
    return len(expected) in reachable


def _matches_exactly(expected: Sequence[Expectation], group: Sequence[Emitted], must: Sequence[int]) -> bool:
    """Every expectation has a record of its own, and every record that must be listed an expectation."""
    if not expected:
        return not must
    by_expectation = assign(
        len(group), lambda n: [e for e, wanted in enumerate(expected) if fits(wanted, group[n])], first=must
    )
    return len(by_expectation) == len(expected) and set(by_expectation.values()).issuperset(must)


def _differences(scenario: Scenario, emitted: Sequence[Emitted]) -> tuple[Problem, ...]:
    """Explain a mismatch: pair what fits, list the rest; if all fits, the order of time was wrong."""
    then = scenario.then
    paired = assign(len(then), lambda n: [c for c, one in enumerate(emitted) if fits(then[n], one)])
    found = set(paired.values())
    problems = [Problem(Fault.MISSING, wanted) for n, wanted in enumerate(then) if n not in found]
    problems += [
        Problem(Fault.EXTRA, seen=one)
        for n, one in enumerate(emitted)
        if n not in paired and _counts(scenario, one)
    ]
    if not problems:
        problems.append(
            Problem(Fault.MISSING, then[0], remark="all of it appeared, but not in this order of time")
        )
    return tuple(problems)


def _never(scenario: Scenario, emitted: Sequence[Emitted]) -> tuple[Problem, ...]:
    return tuple(
        Problem(Fault.FORBIDDEN, banned, one)
        for banned in scenario.never
        for one in emitted
        if fits(banned, one)
    )


def _decisions(wanted: Sequence[Expectation], emitted: Sequence[Emitted]) -> tuple[Problem, ...]:
    """Each must appear, none before the one above it; other decisions may stand between."""
    decided = [one for one in emitted if isinstance(one.record, Decision)]
    for count in range(1, len(wanted) + 1):
        if not _in_order(wanted[:count], decided, lambda _: False):
            return (Problem(Fault.UNDECIDED, wanted[count - 1]),)
    return ()

"""Tells people how scenarios came out: one line each, a diff for a failure, JSON and JUnit for tools.

Scenarios hold invented patients only, so a report may quote them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

import msgspec

from streams.decisions.rules import title_of
from streams.domain.records import DeadLetter, Decision, EscalationTask, Forward, SafetyEntry, SendCommand
from streams.domain.time import Instant

from .filling import fields_of, is_time
from .match import Emitted, Problem
from .play import Verdict
from .story import RECORD_OF, Check, Expectation, Kind
from .times import london, spoken, written

_INDENT = "      "


def line_of(verdict: Verdict) -> str:
    return f"{'pass' if verdict.passed else 'FAIL'}  {verdict.scenario.name}"


def summary(verdicts: Sequence[Verdict]) -> str:
    passed = sum(verdict.passed for verdict in verdicts)
    return f"{passed} passed, {len(verdicts) - passed} failed"


def difference(verdict: Verdict) -> Iterator[str]:
    """The lines below a failure: what was expected, what was seen, and the rules that led there."""
    scenario = verdict.scenario
    clock = scenario.clock
    yield f"{_INDENT}{scenario.place}, clock {london(clock)}"
    for problem in verdict.problems:
        yield from (f"{_INDENT}{line}" for line in _problem_lines(problem, clock))
    yield f"{_INDENT}seen:"
    told = [one for one in verdict.emitted if not isinstance(one.record, Decision)]
    for one in told:
        yield f"{_INDENT}  {seen_in_words(one, clock)}"
    if not told:
        yield f"{_INDENT}  nothing was sent, no task was raised"
    yield f"{_INDENT}decided:"
    for one in verdict.emitted:
        if isinstance(one.record, Decision):
            yield from (f"{_INDENT}  {line}" for line in _decision_lines(one, clock))


def _problem_lines(problem: Problem, clock: Instant) -> Iterator[str]:
    if problem.expected is not None:
        place = problem.expected.place
        yield f"{problem.fault}: {expected_in_words(problem.expected, clock)}  (line {place.line})"
        if problem.seen is not None:
            yield f"  but seen: {seen_in_words(problem.seen, clock)}"
    elif problem.seen is not None:
        yield f"{problem.fault}: {seen_in_words(problem.seen, clock)}"
    else:
        yield f"{problem.fault}: {problem.remark}"
        return
    if problem.remark:
        yield f"  {problem.remark}"


def expected_in_words(expected: Expectation, clock: Instant) -> str:
    """An expectation as its file says it, on one line."""
    record = RECORD_OF[expected.kind]
    parts = [] if expected.at is None else [f"at: {_moment(expected.at, clock)}"]
    parts += [f"{'.'.join(check.path)}: {_value_in_words(check, record, clock)}" for check in expected.checks]
    if expected.due_within is not None:
        parts.append(f"due_within: {spoken(expected.due_within)}")
    return f"{expected.kind} {{{', '.join(parts)}}}"


def _value_in_words(check: Check, record: type, clock: Instant) -> str:
    value = check.value
    if value is None:
        return "null"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_item_in_words, value)) + "]"
    if isinstance(value, int) and not isinstance(value, bool) and _is_instant(check.path, record):
        return _moment(value, clock)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _item_in_words(item: Any) -> str:
    if isinstance(item, tuple):
        return "{" + ", ".join(f"{'.'.join(check.path)}: {check.value}" for check in item) + "}"
    return str(item)


def _is_instant(path: Sequence[str], record: type) -> bool:
    field = fields_of(record).get(path[0])
    return field is not None and is_time(path[-1], field.type if len(path) == 1 else _INT)


_INT = fields_of(Decision)["decided_at"].type


def _moment(at: Instant, clock: Instant) -> str:
    sign = "+" if at >= clock else ""
    return f"{sign}{spoken(at - clock)} ({london(at)})"


def seen_in_words(one: Emitted, clock: Instant) -> str:
    """An emitted record on one line: the fields that people look for first."""
    record = one.record
    when = f"{_moment(one.at, clock)}: "
    match record:
        case SendCommand():
            return (
                f"{when}send {record.channel} {record.purpose} {record.level} to {record.recipient_role},"
                f" {record.selection_reason}, valid until {london(record.valid_until)}"
            )
        case EscalationTask():
            copy = f", copy {' '.join(record.copy_roles)}" if record.copy_roles else ""
            ground = f", ground {record.ground}" if record.ground else ""
            version = "" if record.version == 1 else f" version {record.version} {record.status}"
            return (
                f"{when}task {record.role} {record.priority} {record.reason}{version}{ground}{copy},"
                f" due after {spoken(record.due_at - record.created_at)}"
            )
        case SafetyEntry():
            return f"{when}safety log {record.kind}"
        case DeadLetter():
            return f"{when}dead letter {record.reason} ({record.topic})"
        case Forward():
            return f"{when}forwarded to {record.event.envelope.patient_id}"
        case Decision():
            return f"{when}{record.outcome} {record.reason} by {record.rule} ({record.event_id})"


def _decision_lines(one: Emitted, clock: Instant) -> Iterator[str]:
    record = one.record
    if not isinstance(record, Decision):
        return
    until = "" if record.hold_until is None else f" until {_moment(record.hold_until, clock)}"
    yield f"{seen_in_words(one, clock)}{until}"
    for row in record.rule_path:
        yield f"    {row:<6} {title_of(row)}".rstrip()


def as_json(verdicts: Sequence[Verdict], never_reached: Iterable[str] | None) -> dict[str, Any]:
    """The outcome for tools: totals, each scenario, its problems in words and all that it emitted."""
    passed = sum(verdict.passed for verdict in verdicts)
    answer: dict[str, Any] = {
        "passed": passed,
        "failed": len(verdicts) - passed,
        "scenarios": [_scenario_json(verdict) for verdict in verdicts],
    }
    if never_reached is not None:
        answer["rows_never_reached"] = list(never_reached)
    return answer


def _scenario_json(verdict: Verdict) -> dict[str, Any]:
    scenario = verdict.scenario
    problems = [" ".join(map(str.strip, _problem_lines(one, scenario.clock))) for one in verdict.problems]
    return {
        "name": scenario.name,
        "file": scenario.place.file,
        "document": scenario.place.document,
        "line": scenario.place.line,
        "passed": verdict.passed,
        "problems": problems,
        "emitted": [_emitted_json(one) for one in verdict.emitted],
    }


_KINDS = {record: str(kind) for kind, record in RECORD_OF.items()}


def _emitted_json(one: Emitted) -> dict[str, Any]:
    if isinstance(one.record, Forward):
        return {"at": written(one.at), "record": "forward"}
    if isinstance(one.record, DeadLetter):
        return {"at": written(one.at), "record": str(Kind.DEAD_LETTER), "reason": str(one.record.reason)}
    return {"at": written(one.at), "record": _KINDS[type(one.record)], **msgspec.to_builtins(one.record)}


def as_junit(verdicts: Sequence[Verdict]) -> bytes:
    """The outcome as JUnit XML, one test case a scenario, one suite a file."""
    root = ElementTree.Element("testsuites", name="heed simulate")
    by_file: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_file.setdefault(verdict.scenario.place.file, []).append(verdict)
    for file, group in by_file.items():
        failed = sum(not verdict.passed for verdict in group)
        suite = ElementTree.SubElement(
            root, "testsuite", name=file, tests=str(len(group)), failures=str(failed), errors="0"
        )
        for verdict in group:
            case = ElementTree.SubElement(suite, "testcase", classname=file, name=verdict.scenario.name)
            if not verdict.passed:
                first = next(iter(_problem_lines(verdict.problems[0], verdict.scenario.clock)))
                failure = ElementTree.SubElement(case, "failure", message=first)
                failure.text = "\n".join(difference(verdict))
    body: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return body

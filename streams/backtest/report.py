"""The comparison in words and numbers, and as JSON. Names no patient: requests are known by where they came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from streams.decisions.rules import ROWS, title_of
from streams.domain.time import Instant
from streams.scenarios.times import london, spoken

from .comparison import ASPECTS, Change, Comparison, Kind
from .settings import Difference
from .steps import Step
from .stories import LeftOut

__all__ = ["Report", "as_json", "in_words"]

_NOTHING: Final = "nothing"


class Report(msgspec.Struct, frozen=True):
    """Everything there is to say. ``ground``: what was decided twice, in words; ``versions`` old and new."""

    versions: tuple[str, str]
    settings: tuple[Difference, ...]
    wordings: tuple[Difference, ...]
    ground: str
    comparison: Comparison
    left_out: tuple[LeftOut, ...] = ()

    @property
    def changes_something(self) -> bool:
        """A scenario that cannot be compared may hide a change, so it counts as one."""
        return bool(self.comparison.changed or self.left_out)


def in_words(report: Report) -> Iterator[str]:
    """The report, line by line."""
    old, new = report.versions
    yield f"policy {old} -> {new}"
    yield from _differences("settings", report.settings)
    yield from _differences("wordings", report.wordings)
    comparison = report.comparison
    yield ""
    yield f"{report.ground}: {_changed(comparison)}"
    for aspect in ASPECTS:
        yield from _table(aspect, list(comparison.counts(aspect)))
    if comparison.changed:
        yield ""
        yield "what changes, by the rule that ended it before and after:"
    for kind, count in comparison.by_rule():
        yield f"  {count} x {_kind_in_words(kind)}"
        for change in comparison.examples[kind]:
            yield from _example(change)
    if report.left_out:
        yield ""
        yield f"{len(report.left_out)} could not be compared:"
        yield from (f"  {one.name}: {one.why}" for one in report.left_out)


def _changed(comparison: Comparison) -> str:
    if not comparison.changed:
        return "no decision changes"
    rest = comparison.changed - comparison.otherwise
    return (
        f"{comparison.changed} of {comparison.requests} requests and tasks change, {comparison.otherwise} in outcome, reason or "
        f"rule, {rest} in details only"
    )


def _differences(what: str, found: Sequence[Difference]) -> Iterator[str]:
    yield f"{what} that differ: {len(found) or 'none'}"
    yield from (f"  {one}" for one in found)


def _table(aspect: str, counts: list[tuple[str, int, int]]) -> Iterator[str]:
    if not counts:
        return
    width = max(len(aspect), *(len(name) for name, _, _ in counts))
    yield ""
    yield f"  {aspect:<{width}}  before   after"
    for name, before, after in counts:
        yield f"  {name:<{width}}  {before:>6}  {after:>6}  ({after - before:+d})"


def _kind_in_words(kind: Kind) -> str:
    differs = f" ({', '.join(kind.differs)})" if kind.differs else ""
    if kind.before == kind.after:
        return f"{_rule_in_words(kind.before)}: still, but different{differs}"
    return f"{_rule_in_words(kind.before)} -> {_rule_in_words(kind.after)}{differs}"


def _rule_in_words(rule: str) -> str:
    return f"{rule} {title_of(rule)}" if rule in ROWS else rule or _NOTHING


def _example(change: Change) -> Iterator[str]:
    yield f"      {change.place}"
    begin = (change.before or change.after)[0].at
    yield f"        before: {_way(change.before, begin)}"
    yield f"        after:  {_way(change.after, begin)}"


def _way(found: Sequence[Step], begin: Instant) -> str:
    return "; then ".join(step_in_words(step, begin) for step in found) or _NOTHING


def step_in_words(step: Step, begin: Instant) -> str:
    """One step on one line, its time counted from ``begin``."""
    parts = [f"{step.outcome} {step.reason}" + (f" ({step.rule})" if step.rule else "")]
    if step.at != begin:
        parts[0] = f"{_away(step.at, begin)} {parts[0]}"
    if step.channel:
        parts.append(f"{step.channel} {step.level} to {step.recipient}, {step.wording}")
    if step.hold_until:
        parts.append(f"until {london(step.hold_until)}")
    parts += [
        f"task {task.role} {task.priority} {task.reason} due after {spoken(task.due_at - step.at)}"
        for task in step.tasks
    ]
    parts += [f"safety log {kind}" for kind in step.safety]
    return ", ".join(parts)


def _away(at: Instant, begin: Instant) -> str:
    return f"{'+' if at >= begin else ''}{spoken(at - begin)}"


def as_json(report: Report) -> dict[str, Any]:
    """The report for tools."""
    comparison = report.comparison
    return {
        "old": report.versions[0],
        "new": report.versions[1],
        "settings": msgspec.to_builtins(report.settings),
        "wordings": msgspec.to_builtins(report.wordings),
        "compared": report.ground,
        "requests": comparison.requests,
        "changed": comparison.changed,
        "changed_in_outcome_reason_or_rule": comparison.otherwise,
        "counts": {
            aspect: {
                name: {"before": before, "after": after} for name, before, after in comparison.counts(aspect)
            }
            for aspect in ASPECTS
        },
        "changes": [
            {
                "rule_before": kind.before,
                "rule_after": kind.after,
                "differs": list(kind.differs),
                "count": count,
                "examples": msgspec.to_builtins(comparison.examples[kind]),
            }
            for kind, count in comparison.by_rule()
        ],
        "left_out": msgspec.to_builtins(report.left_out),
    }

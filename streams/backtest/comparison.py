"""Two runs compared: how often each outcome, reason and rule comes up, and which requests end differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

import msgspec

from .steps import Request, Step

__all__ = ["ASPECTS", "Change", "Comparison", "Kind", "Run"]

#: What one run came to: the steps of each request in order.
Run: TypeAlias = Mapping[Request, list[Step]]

#: What is counted, in the order of the report.
ASPECTS: Final = ("outcome", "reason", "rule", "channel", "task")
EXAMPLES: Final = 3

#: What can differ although outcome, reason and rule are the same, in the words of the report.
_DETAILS: Final = {
    "channel": "channel", "recipient": "recipient", "level": "level", "wording": "wording", "at": "time",
    "hold_until": "time", "valid_until": "validity", "safety": "safety log",
}  # fmt: skip
_TASK_DETAILS: Final = {
    "role": "role", "copies": "roles in copy", "priority": "priority", "reason": "task", "due_at": "deadline",
    "do_not_use": "channels not to use",
}  # fmt: skip


class Kind(msgspec.Struct, frozen=True):
    """Changes that are alike: the rows that ended the request before and after, and what differs."""

    before: str
    after: str
    differs: tuple[str, ...]


class Change(msgspec.Struct, frozen=True):
    """One request that ends differently, or gets there on another way. ``place``: where to look it up."""

    place: str
    before: tuple[Step, ...]
    after: tuple[Step, ...]


class Comparison:
    """Grows with each pair of runs; keeps counts, and a few examples of each kind of change."""

    def __init__(self, examples: int = EXAMPLES) -> None:
        self._most = examples
        self.requests = 0
        self.changed = 0
        self.otherwise = 0  # of those, with another outcome, reason or rule in the end
        self.before: dict[str, Counter[str]] = {aspect: Counter() for aspect in ASPECTS}
        self.after: dict[str, Counter[str]] = {aspect: Counter() for aspect in ASPECTS}
        self.kinds: Counter[Kind] = Counter()
        self.examples: dict[Kind, list[Change]] = {}

    def add(self, before: Run, after: Run, places: Mapping[Request, str]) -> None:
        """Compare what the same facts came to under each policy; ``places`` says where to look requests up."""
        for request in dict.fromkeys((*before, *after)):
            self.requests += 1
            one, other = before.get(request, []), after.get(request, [])
            _count(self.before, one)
            _count(self.after, other)
            if one != other:
                self._change(Change(places[request], tuple(one), tuple(other)))

    def _change(self, change: Change) -> None:
        self.changed += 1
        kind = _kind(change)
        self.otherwise += kind.before != kind.after or bool({"outcome", "reason"} & set(kind.differs))
        self.kinds[kind] += 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < self._most:
            examples.append(change)

    def counts(self, aspect: str) -> Iterator[tuple[str, int, int]]:
        """Name, before and after, of everything whose number differs."""
        one, other = self.before[aspect], self.after[aspect]
        for name in sorted(one.keys() | other.keys()):
            if one[name] != other[name]:
                yield name, one[name], other[name]

    def by_rule(self) -> list[tuple[Kind, int]]:
        """Kinds of change with their numbers, the most frequent first."""
        return sorted(
            self.kinds.items(), key=lambda item: (-item[1], item[0].before, item[0].after, item[0].differs)
        )


def _count(counters: dict[str, Counter[str]], found: Iterable[Step]) -> None:
    for step in found:
        counters["outcome"][step.outcome] += 1
        counters["reason"][f"{step.outcome} {step.reason}"] += 1
        if step.rule:
            counters["rule"][step.rule] += 1
        if step.channel:
            counters["channel"][f"{step.channel} {step.level}"] += 1
        for task in step.tasks:
            counters["task"][f"{task.role} {task.priority}"] += 1


def _kind(change: Change) -> Kind:
    one, other = _end(change.before), _end(change.after)
    before, after = _rule(one), _rule(other)
    if one is None or other is None:
        return Kind(before, after, ())
    named = [name for name in ("outcome", "reason") if getattr(one, name) != getattr(other, name)]
    details = [word for name, word in _DETAILS.items() if getattr(one, name) != getattr(other, name)]
    details += _task_details(one, other)
    if not named:
        named = details or ["the way there"]
    return Kind(before, after, tuple(dict.fromkeys(named)))


def _task_details(one: Step, other: Step) -> list[str]:
    if len(one.tasks) != len(other.tasks):
        return ["tasks"]
    return [
        word
        for mine, yours in zip(one.tasks, other.tasks, strict=True)
        for name, word in _TASK_DETAILS.items()
        if getattr(mine, name) != getattr(yours, name)
    ]


def _end(found: tuple[Step, ...]) -> Step | None:
    return found[-1] if found else None


def _rule(step: Step | None) -> str:
    if step is None:
        return ""
    return step.rule or f"{step.outcome} {step.reason}"

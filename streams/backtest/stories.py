"""Scenarios played under both policies. What a scenario expects does not matter here, only what happens."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from streams.policy.document import Document
from streams.scenarios import BadScenario, Scenario, Stage, play

from .comparison import Comparison
from .steps import Request, Step, steps

__all__ = ["LeftOut", "compare_scenarios"]


class LeftOut(msgspec.Struct, frozen=True):
    """A scenario that cannot be played under both: its own settings contradict one of the policies."""

    name: str
    why: str


def compare_scenarios(
    scenarios: Iterable[Scenario], old: Document, new: Document, comparison: Comparison
) -> tuple[int, tuple[LeftOut, ...]]:
    """Play each scenario twice; how many were compared, and which could not be."""
    stages = Stage(old), Stage(new)
    left_out: list[LeftOut] = []
    played = 0
    for scenario in scenarios:
        place = f"{scenario.place.file}:{scenario.place.line} {scenario.name}"
        places: dict[Request, str] = {}
        try:
            before, after = (_run(scenario, stage, place, places) for stage in stages)
        except BadScenario as error:
            left_out.append(LeftOut(place, str(error).removeprefix(f"{scenario.place}: ")))
            continue
        played += 1
        comparison.add(before, after, places)
    return played, tuple(left_out)


def _run(
    scenario: Scenario, stage: Stage, place: str, places: dict[Request, str]
) -> dict[Request, list[Step]]:
    found: dict[Request, list[Step]] = {}
    emitted = ((one.at, one.record) for one in play(scenario, stage).emitted)
    for request, _, step in steps(emitted):
        found.setdefault(request, []).append(step)
        places[request] = place
    return found

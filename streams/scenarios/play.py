"""Plays a scenario from its first given fact to its last expectation.

The policy is read once and kept for each different set of overrides: a thousand scenarios share a handful.
"""

from __future__ import annotations

from functools import cache

import msgspec

from streams.errors import BadPolicy
from streams.kafka.codec import Codec
from streams.policy.document import Document
from streams.policy.load import load_overrides

from .match import Emitted, Fault, Problem, judge
from .reading import BadScenario
from .story import Scenario
from .world import CannotPlay, World


class Verdict(msgspec.Struct, frozen=True):
    """How one scenario came out, and everything it emitted."""

    scenario: Scenario
    problems: tuple[Problem, ...]
    emitted: tuple[Emitted, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


class Stage:
    """Where scenarios are played: the policy they lay their overrides over, and the codec for raw bytes."""

    def __init__(self, base: Document) -> None:
        self._base = base
        self._codec = cache(Codec.local)  # only raw bytes need it, and it reads every schema

    def world(self, scenario: Scenario) -> World:
        """A shard at the scenario's clock. Raises BadScenario when its overrides cannot be."""
        try:
            policy = load_overrides(self._base, scenario.policy)
        except BadPolicy as error:
            raise BadScenario(f"{scenario.policy_place}: {error}") from error
        return World(policy, scenario.clock, self._codec)


def play(scenario: Scenario, stage: Stage) -> Verdict:
    """Run a scenario and judge what it emitted. Raises BadScenario for overrides that cannot be."""
    world = stage.world(scenario)
    try:
        for step in scenario.given:
            world.adopt(step)
        for step in scenario.when:
            world.play(step)
        world.advance(scenario.until)
    except CannotPlay as error:
        broken = Problem(Fault.BROKEN, remark=str(error))
        return Verdict(scenario, (broken,), tuple(world.emitted))
    return Verdict(scenario, judge(scenario, world.emitted), tuple(world.emitted))

"""Playing a random story, and keeping a failing one as a scenario file that runs again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from streams.policy.load import default_path, read
from streams.scenarios import Stage, World, read_string
from streams.scenarios.match import Emitted
from streams.scenarios.reading import read_text
from streams.scenarios.steps import StepReader
from streams.scenarios.story import Step
from streams.scenarios.times import instant, written

from .stories import CLOCK, START, StepText

STAGE: Final = Stage(read(default_path()))
#: So that overrides can be carried out at all, and a long story is not stopped by the daily cap.
POLICY: Final[dict[str, Any]] = {
    "daily_cap": 20,
    "override_policies.G3": {"valid_to": "2027-06-30T00:00:00+01:00"},
    "override_policies.G5": {"valid_to": "2027-06-30T00:00:00+01:00"},
}


class Telling:
    """A story being played step by step: the shard, what it emitted, and the words of it so far."""

    def __init__(self, policy: dict[str, Any] | None = None) -> None:
        self.policy = POLICY if policy is None else policy
        [scenario] = read_string(self._text([], {}))
        self.world: World = STAGE.world(scenario)
        self.story: list[StepText] = []
        self._reader = StepReader(START)

    def tell(self, step: StepText) -> Step:
        """Play one step. It goes to the story first, so that a step that fails is in the file."""
        self.story.append(step)
        [node] = read_text(json.dumps(step), "story")
        read_step = self._reader.when(node, "when", START)
        self.world.play(read_step)
        return read_step

    @property
    def emitted(self) -> list[Emitted]:
        return self.world.emitted

    def keep(self, name: str, never: list[StepText]) -> Path:
        """Write the story as a scenario that runs again; ``never`` is what should not have been seen."""
        path = Path(tempfile.gettempdir()) / f"heed-{name}.yaml"
        path.write_text(self._text(self.story, {"scenario": name, "never": never}), encoding="utf-8")
        return path

    def _text(self, story: list[StepText], more: dict[str, Any]) -> str:
        document = {"scenario": "story", "clock": CLOCK, "policy": self.policy, "when": story, **more}
        if story:
            document |= {"until": written(self.world.now), "tasks": "any", "sends": "any"}
        return str(yaml.safe_dump(document, sort_keys=False, width=110, allow_unicode=True))


def told(story: list[StepText], policy: dict[str, Any] | None = None, until: str = "+5d") -> Telling:
    """Play a whole story and let it come to rest."""
    telling = Telling(policy)
    for step in story:
        telling.tell(step)
    telling.world.advance(max(instant(until, START), telling.world.now))
    return telling


def never_seen(one: Emitted, *fields: str) -> Iterator[StepText]:
    """An expectation that forbids exactly this record, for the file of a failing story."""
    record = one.record
    kind = {"SendCommand": "send", "EscalationTask": "escalate", "Decision": "decision"}.get(
        type(record).__name__
    )
    if kind is None:
        return
    values = {field: _plain(getattr(record, field)) for field in fields}
    yield {kind: {"at": written(one.at), **values}}


def _plain(value: Any) -> Any:
    return list(map(_plain, value)) if isinstance(value, tuple) else str(value) if value is not None else None

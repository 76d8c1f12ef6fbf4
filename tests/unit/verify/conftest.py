"""A message that waits until the morning, on a history made by real turns."""

from pathlib import Path

import pytest

from streams.domain.packing import due_of
from streams.domain.time import HOUR, Instant
from streams.domain.vocabulary import Outcome
from tests.unit.verify.test_model import NOW, Life, moved, person

EVENING = NOW + 11 * HOUR  # 21:00: what is not urgent waits until the morning


def due(life: Life) -> Instant:
    packed = life._table.get(b"P1")
    assert packed is not None
    return due_of(packed)


def sent(life: Life) -> list[Outcome]:
    return [decision.outcome for decision in life.decisions()]


@pytest.fixture
def held(tmp_path: Path) -> Life:
    """An appointment that was moved in the evening: its message waits for the morning."""
    policy = tmp_path / "policy.yaml"
    policy.write_text('version: "one"\nsettle_s: {appointment: 0, result: 0}\ncoalesce_min: 0\n')
    life = Life(policy)
    life.clock.at = EVENING
    life.turn(person("P1"))
    life.turn(moved("P1", 1))
    assert sent(life) == [Outcome.HOLD]
    assert due(life) == NOW + 22 * HOUR, "08:00"
    return life

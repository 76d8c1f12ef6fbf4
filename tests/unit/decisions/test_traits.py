"""Rows that are left out by trait would have had nothing to say: every scenario is decided both ways."""

import sys
from pathlib import Path
from typing import Final

import pytest

from streams.decisions.case import Case
from streams.decisions.decide import Ruling, decide
from streams.decisions.rules import RULES, Rule
from streams.policy.load import default_path, read
from streams.scenarios import Stage, play, read_files

SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"


def test_leaving_rows_out_changes_no_ruling(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    def both_ways(case: Case, rules: tuple[Rule, ...] | None = None) -> Ruling:
        nonlocal compared
        compared += 1
        every = tuple(rule for rule in RULES if case.asked.kind in rule.kinds)
        ruling = decide(case, rules)
        assert ruling == decide(case, every)
        return ruling

    for module in ("respond", "after_send", "objecting", "resolving"):
        monkeypatch.setattr(sys.modules[f"streams.decisions.{module}"], "decide", both_ways)
    stage = Stage(read(default_path()))
    for scenario in read_files([SCENARIOS]):
        play(scenario, stage)
    assert compared > 1_000

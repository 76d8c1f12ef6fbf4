"""The scenarios that the documents show are true, and the ten files that newcomers read are there."""

import re
from pathlib import Path
from typing import Final

import pytest

from streams.policy.load import default_path, read
from streams.scenarios import Scenario, Stage, play, read_string
from streams.scenarios.report import difference

ROOT: Final = Path(__file__).parents[2]
SHOWN: Final = [
    scenario
    for page in ("README.md", "docs/scenarios.md")
    for block in re.findall(r"```yaml\n(scenario:.*?)```", (ROOT / page).read_text(), re.DOTALL)
    for scenario in read_string(block, page)
]


@pytest.mark.parametrize("scenario", SHOWN, ids=lambda scenario: scenario.name)
def test_a_scenario_in_a_document_passes(scenario: Scenario) -> None:
    verdict = play(scenario, Stage(read(default_path())))
    assert verdict.passed, "\n".join(("", *difference(verdict)))


def test_both_documents_show_one() -> None:
    assert len(SHOWN) == 2


def test_every_file_that_the_readme_names_exists() -> None:
    text = (ROOT / "README.md").read_text()
    named = set(re.findall(r"\]\(([^)#:]+)\)", text)) | set(re.findall(r"`(streams/[a-z_/]+\.py)`", text))
    assert {name for name in named if not (ROOT / name).exists()} == set()
    assert len([name for name in named if name.endswith(".py")]) >= 10

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


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"^\| \[\d{4}\]\((.+?)\)", (folder / "README.md").read_text(), re.MULTILINE)
    assert listed == sorted(file.name for file in folder.glob("[0-9]*.md"))


#: Papers that are cited and are not part of the repository: how, and what docs/sources.md has for each.
CITED: Final = (
    (r"architecture\.md section (\d)", "### Section {}:"),
    (r"\bcontract (\d)\b", "\n| {} | "),
    (r"[Vv]ocabulary (1\.\d)\b", "\n| {} | "),
    (r"\b(B\d{1,2})\b", "\n| {} | "),
    (r"\b(S\d) line", "\n| {} | "),
)


def test_every_paper_that_a_comment_cites_is_explained() -> None:
    explained = (ROOT / "docs" / "sources.md").read_text()
    files = [*ROOT.glob("streams/**/*.py"), *ROOT.glob("tests/**/*.py"), ROOT / "pyproject.toml"]
    said = "".join(file.read_text() for file in files if file != Path(__file__).resolve())
    cited = {place.format(found) for pattern, place in CITED for found in re.findall(pattern, said)}
    assert {place for place in cited if place not in explained} == set()
    assert len(cited) > 30


def test_every_file_that_the_page_of_sources_names_exists() -> None:
    text = (ROOT / "docs" / "sources.md").read_text()
    named = {f"docs/{name}" for name in re.findall(r"\]\(([^)#:]+)\)", text)}
    named |= set(re.findall(r"`((?:streams|tests|deploy)/[\w/.]+)`", text))
    assert {name for name in named if not (ROOT / name).exists()} == set()
    assert len(named) > 20

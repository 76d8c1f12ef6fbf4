"""LNT-08: words that say more than a message may, however they are written."""

import pytest

from streams.domain.vocabulary import Level
from streams.policy.terms import Terms, plain
from tests.support.wordings import TERMS


@pytest.mark.parametrize(
    ("text", "level", "found"),
    [
        ("Sexual Health Hub", Level.L1, ["sexual health"]),  # C186
        ("SEXUAL-HEALTH", Level.L4, ["sexual health"]),
        ("Séxual  health", Level.L0, ["sexual health"]),
        ("HIV.", Level.L1, ["hiv"]),
        ("Hive Street", Level.L1, []),
        ("Oncology Day Unit", Level.L2, ["oncolog*"]),
        ("Your appointments", Level.L0, ["appointment*"]),
        ("Your appointments", Level.L1, []),
        ("a result, results", Level.L2, ["result", "results"]),
        ("a result", Level.L3, []),
        ("normal", Level.L3, ["normal"]),
        ("normal", Level.L4, []),
        ("Main Hospital", Level.L0, []),
    ],
)
def test_found_in(text: str, level: Level, found: list[str]) -> None:
    assert [term.word for term in TERMS.found_in(text, level)] == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("SexualHealthHub", ["sexual health"]),
        ("sexualhealth.example.org", ["sexual health"]),
        ("https://www.example.org/gum", ["gum"]),
        ("GumClinic", ["gum"]),
        ("Argument", []),  # too short a word to be looked for inside others
        ("ExampleNHS", []),
        ("TheAllClear", []),  # allowed at the level asked for
    ],
)
def test_hidden_in_a_name(name: str, found: list[str]) -> None:
    assert [term.word for term in TERMS.hidden_in(name, Level.L4)] == found


def test_a_list_that_bans_nothing_finds_nothing() -> None:
    assert Terms().found_in("anything", Level.L0) == ()
    assert Terms.of({"contact only": (Level.L0, ["appointment"])}).is_neutral("appointment", Level.L0)


def test_plain_keeps_words() -> None:
    assert plain("Ysbyty'r  Tywysog—Philip_2") == "ysbyty r tywysog philip 2"

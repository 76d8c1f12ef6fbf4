"""``heed simulate``: exit codes, last line, JSON, JUnit, coverage, another policy."""

import json
from pathlib import Path
from typing import Final

import pytest

from streams.cli.main import main

GOOD: Final = """
scenario: goes well
clock: 2026-12-01T11:00:00+00:00
given: [{patient: {contacts: [sms]}}]
when: [{appointment: {starts_at: +10d}}]
then: [{send: {channel: sms}}]
"""
BAD: Final = GOOD.replace("goes well", "goes wrong").replace("then: [{send: {channel: sms}}]", "then: []")


@pytest.fixture
def stories(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")
    return tmp_path


def test_all_passed_is_0(stories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(stories / "good.yaml")]) == 0
    assert capsys.readouterr().out.splitlines() == ["pass  goes well", "1 passed, 0 failed"]


def test_a_failure_is_1_with_a_diff(stories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(stories)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "FAIL  goes wrong"
    assert "not expected: +30s" in lines[2]
    assert lines[-1] == "1 passed, 1 failed"


def test_a_file_that_cannot_be_read_is_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "odd.yaml").write_text("scenario: a\nclock: noon\n", encoding="utf-8")
    assert main(["simulate", str(tmp_path)]) == 2
    assert "odd.yaml:2 (document 1): clock: noon is not a time" in capsys.readouterr().err
    assert main(["simulate", str(tmp_path / "none.yaml")]) == 2


def test_json(stories: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(stories), "--json", "--coverage"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["passed"], answer["failed"]) == (1, 1)
    assert "1.1" in answer["rows_never_reached"]


def test_junit_and_coverage(stories: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.xml"
    assert main(["simulate", str(stories / "good.yaml"), "--junit", str(report), "--coverage"]) == 0
    assert report.read_text(encoding="utf-8").startswith("<?xml")
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("rows that no scenario reached: ") for line in lines)
    assert lines[-1] == "1 passed, 0 failed"


def test_another_policy(stories: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "own.yml"
    policy.write_text("version: own-1\nsettle_s: {appointment: 5, result: 30}\n", encoding="utf-8")
    timed = stories / "timed.yaml"
    timed.write_text(GOOD.replace("{channel: sms}", "{at: +5s}"), encoding="utf-8")
    assert main(["simulate", str(timed), "--policy", str(policy)]) == 0
    assert main(["simulate", str(timed)]) == 1
    policy.write_text("version: own-1\nsettle: 5\n", encoding="utf-8")
    assert main(["simulate", str(timed), "--policy", str(policy)]) == 2
    assert "own.yml:2" in capsys.readouterr().err


def test_the_example_of_the_documentation_passes(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "example.yaml").write_text(example, encoding="utf-8")
    assert main(["simulate", str(tmp_path)]) == 0

"""``heed policy check``: exit code, one line a problem, JSON."""

import json
from pathlib import Path

import pytest

from streams.cli.main import main


def test_the_shipped_policy_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check"]) == 0
    assert "default.yaml: valid, version 2026.11+" in capsys.readouterr().out


def test_problems_are_listed_with_their_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.yaml"
    file.write_text('version: "1"\ndaily_cap: 0\n')
    assert main(["policy", "check", str(file)]) == 2
    assert capsys.readouterr().out.splitlines() == [
        f"{file}:2: daily_cap: is 0; allowed: a whole number from 1 to 100",
        f"{file}: 1 problem, not valid",
    ]
    file.write_text("daily_cap: 0\n")
    assert main(["policy", "check", str(file)]) == 2
    assert "2 problems, not valid" in capsys.readouterr().out


def test_a_file_that_is_not_yaml_is_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text('version: "1\n')
    assert main(["policy", "check", str(file)]) == 2
    first, _ = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{file}:2: is not YAML: ")
    assert first.count(file.name) == 1
    assert main(["policy", "check", str(file), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["problems"][0]["line"] == 2


def test_a_message_about_another_file_keeps_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text('version: "1"\ntemplates: elsewhere\n')
    assert main(["policy", "check", str(file)]) == 2
    assert f"{tmp_path / 'elsewhere'}: there is no such folder" in capsys.readouterr().out


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.yaml"
    file.write_text('version: "1"\ndaily_cap: 0\n')
    assert main(["policy", "check", str(file), "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert (found["valid"], found["version"]) == (False, None)
    assert found["problems"][0]["line"] == 2
    assert found["problems"][0]["key"] == "daily_cap"
    file.write_text('version: "1"\n')
    assert main(["policy", "check", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["version"].startswith("1+")


def test_a_file_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", str(tmp_path / "absent.yaml")]) == 2
    assert "cannot be read: No such file" in capsys.readouterr().out


def test_the_configured_policy_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text('version: "9"\n')
    monkeypatch.setenv("HEED_POLICY", str(file))
    assert main(["policy", "check"]) == 0
    assert "own.yaml: valid, version 9+" in capsys.readouterr().out

"""``heed templates``: list, lint and preview."""

import json
from pathlib import Path

import pytest

from streams.cli.main import main
from streams.policy.load import default_path

SHIPPED = default_path().parent / "templates"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in SHIPPED.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "list"]) == 0
    out = capsys.readouterr().out
    assert "result-available" in out
    assert "L3 version 1, email, letter, nhs_app, sms in en, cy; review by 2032-12-31" in out
    assert main(["templates", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert next(row for row in rows if row["id"] == "result-normal")["level"] == "L4"


def test_the_shipped_wordings_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "lint"]) == 0
    assert "0 errors, 0 warnings" in capsys.readouterr().out


def test_a_wording_that_may_not_be_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder, "results-and-medicines.yaml", "A result is ready.", "Your biopsy result is ready.")
    assert main(["templates", "lint", "--folder", str(folder)]) == 1
    out = capsys.readouterr().out
    assert "result-available (en): LNT-08 error: the wording says 'biopsy' (test), which L3 may not" in out
    assert "1 errors" in out
    assert main(["templates", "lint", "--folder", str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["rule"] == "LNT-08"


def test_a_review_date_that_passed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder, "appointments.yaml", "2032-12-31", "2020-12-31")
    assert main(["templates", "lint", "--folder", str(folder)]) == 1
    assert "days past its review date and is not used any more" in capsys.readouterr().out


def test_a_grace_that_is_no_number_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text('version: "1"\ntemplate_grace_days: soon\n')
    monkeypatch.setenv("HEED_POLICY", str(file))
    assert main(["templates", "lint"]) == 0
    assert "0 errors" in capsys.readouterr().out


def test_a_folder_that_is_not_in_shape(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder, "appointments.yaml", "level: L1", "level: L9")
    assert main(["templates", "lint", "--folder", str(folder)]) == 1
    assert "level: is 'L9'" in capsys.readouterr().out
    assert main(["templates", "list", "--folder", str(folder)]) == 2
    assert "level: is 'L9'" in capsys.readouterr().out


def test_preview(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "preview", "appointment-cancel"]) == 0
    out = capsys.readouterr().out
    assert "[sms, cy]" in out
    assert "Subject: A message from Example NHS Trust" in out
    assert "text message parts)" in out
    assert "((" not in out


def test_preview_of_one_channel_in_one_language(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--language", "cy", "--channel", "sms", "--set", "when=dydd Iau, {{7*7}}"]
    assert main(["templates", "preview", "appointment-cancel", *words, "--json"]) == 0
    (message,) = json.loads(capsys.readouterr().out)
    assert "dydd Iau, {{7*7}}" in message["body"]  # C180
    assert message["segments"]["encoding"] == "GSM-7"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "there is no template 'nothing'"),
        (["appointment-cancel", "--set", "when"], "write it as NAME=VALUE"),
        (["appointment-cancel", "--set", "nhs_number=9990548609"], "does not declare"),
        (["appointment-cancel", "--set", "when=www.example.com"], "must not contain a web address"),
        (["appointment-cancel", "--language", "pl"], "is for email, letter, nhs_app, sms in en, cy"),
        (["result-normal", "--channel", "sms"], "is for letter, nhs_app"),
    ],
)
def test_preview_refuses(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "preview", *words]) == 2
    assert message in capsys.readouterr().err

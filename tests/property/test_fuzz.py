"""A few seconds of the fuzzing that ``make fuzz`` does for ten minutes; a seed of its own each time, printed."""

import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import __main__ as fuzz

SECONDS = 4


def test_nothing_is_found_in_a_few_seconds() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--seconds", str(SECONDS)],
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(done.stdout)  # noqa: T201
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 findings" in done.stdout


def test_what_is_found_is_told_with_what_repeats_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(rng: Random) -> str:
        if rng.random() < 0.5:
            raise ZeroDivisionError("on purpose")
        return "read"

    monkeypatch.setitem(fuzz.TARGETS, "codec", breaks)
    assert fuzz.Run(5).until(time.monotonic() + 0.05) == 1
    said = capsys.readouterr().out
    assert "1 findings" in said
    case = said.rpartition("--only ")[2].strip()
    with pytest.raises(ZeroDivisionError):
        fuzz.main(["--seed", "5", "--only", case])

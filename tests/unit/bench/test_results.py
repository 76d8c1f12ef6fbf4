"""What the results file says beside the figures. No broker."""

import json
from pathlib import Path

import pytest

from bench.results import how_built, judged_again


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            "'--prefix=/opt/python' '--enable-optimizations' '--with-lto'",
            "--enable-optimizations --with-lto",
        ),
        ("'--enable-optimizations' 'CFLAGS=-O3 -g'", "--enable-optimizations"),
        ("'--prefix=/opt/python' '--enable-shared'", "without profile-guided optimisation"),
        ("--with-lto=thin", "without profile-guided optimisation, --with-lto"),
        ("", "not told"),
        (None, "not told"),
    ],
)
def test_how_python_was_built_is_told_without_this_machines_paths(arguments: str | None, said: str) -> None:
    assert how_built(arguments) == said


def test_a_file_is_judged_again_and_keeps_what_was_measured(tmp_path: Path) -> None:
    parts = {"stalls": {"seconds": 60.0, "stalls": []}, "restore": {"records_per_second": 250_000}}
    line = {"name": "restore", "value": 1, "unit": "records/s", "target": "", "met": False}
    file = tmp_path / "latest.json"
    file.write_text(json.dumps({"date": "then", "targets": [line], "failures": {}, "parts": parts}))
    whole = judged_again(file)
    assert whole == json.loads(file.read_text())
    assert (whole["date"], whole["parts"]) == ("then", parts)
    met = {one["name"]: one["met"] for one in whole["targets"]}
    assert met["restore"] is True
    assert met["stalls over 300 ms in 60 s at 2,000 events/s"] is None

"""What the results file says beside the figures. No broker."""

import json
from pathlib import Path

import pytest

from bench import report, results
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


def test_every_part_of_the_page_says_when_it_was_measured() -> None:
    whole = {
        "command": "make bench", "date": "2026-11-30T05:10:06+00:00", "failures": {},
        "machine": {"processor": "p", "cores": 2, "memory_gib": 24, "system": "s", "load_before": 0.1},
        "versions": {"python": "3.11"},
        "parts": {
            "stalls": {"seconds": 60.0, "rate": 2_000, "stalls": [], "p50": 1, "p999": 2, "largest": 3,
                       "measured": {"date": "2026-11-21T08:33:16+00:00", "revision": "1e898fe"}},
            "pure_cost": {"rows": [], "state_bytes": 636, "measured": {"date": "2026-11-30T05:10:06+00:00", "revision": "a987c80"}},
        },
    }  # fmt: skip
    shown = report.sections(whole, [])
    told = {text.partition("\n")[0][:10]: text.rpartition("\n")[2] for text in shown if "*Measured" in text}
    assert told == {
        "### Stalls": "*Measured 21 November 2026, revision 1e898fe.*",
        "### Steps ": "*Measured 30 November 2026, revision a987c80.*",
    }


def test_the_committed_results_say_it_of_every_part() -> None:
    parts = json.loads(results.FILE.read_text(encoding="utf-8"))["parts"]
    assert {name for name, part in parts.items() if "measured" not in part} == set()

"""The lines that fault and overload runs leave behind, and the tables that docs/reliability.md makes of them."""

from pathlib import Path

import msgspec

from tests.fault import figures
from tests.fault.overload_figures import flooded

FIGURES = {
    "sustainable": 5_000, "times": 4.0, "seconds": 300.0, "events": 6_000_000, "behind_at_the_end": 4_500_000, "drained_s": 900,
    "rss_mb": 220, "table_mb": 50, "growth_mb": 30.5, "most_in_hand": 40_000, "objections": 1_200, "objection_lag_s": 2.5,
    "critical_results": 1_200, "results_unheard": 0, "result_p50_s": 0.4, "result_worst_s": 3.0, "overdue": 0,
    "assignments": 1, "objected": 0,
}  # fmt: skip


def test_the_committed_page_has_every_run() -> None:
    """Stale: the tables of docs/reliability.md are not what docs/reliability/runs.jsonl says."""
    page = figures.PAGE.read_text(encoding="utf-8")
    assert figures.drawn(page, figures.RUNS) == page


def test_runs_of_both_kinds_each_have_a_row_in_their_table(tmp_path: Path) -> None:
    runs = tmp_path / "runs.jsonl"
    last = msgspec.json.decode(figures.RUNS.read_bytes().splitlines()[0], type=figures.Line)
    figures.note(msgspec.structs.replace(last, tier="test", seed=77), runs)
    figures.note(flooded(FIGURES, [], "2026-12-01T10:00:00+00:00"), runs)
    figures.note(flooded(FIGURES, ["memory bounded"], "2026-12-02T10:00:00+00:00"), runs)
    page = figures.drawn(figures.PAGE.read_text(encoding="utf-8"), runs)
    rows = [line for line in page.splitlines() if line.startswith("| 2026-")]
    assert len(rows) == 3
    assert " make test seed 77, 1 broker" in rows[0]
    assert rows[1].endswith("| 0 of 1200 | 2.5 s | 0.4 s, 3.0 s of 1200 | yes |")
    assert rows[2].endswith("| no: memory bounded |")


def test_a_list_of_one_s_own_leaves_the_page_alone(tmp_path: Path) -> None:
    before = figures.PAGE.read_bytes()
    figures.note(flooded(FIGURES, [], figures.now()), tmp_path / "mine" / "runs.jsonl")
    assert figures.PAGE.read_bytes() == before

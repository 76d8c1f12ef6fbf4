"""The dashboards: every query of them and of the rules is one, and asks for metrics that exist."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from scripts.panels import Series, figure
from tests.monitoring.rules import DEPLOY, exposed, recorded
from tests.support.prometheus import run

BOARDS: Final = sorted((DEPLOY / "grafana").glob("*.json"))


def panels(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["panels"]
    return found


def queries(file: Path) -> list[str]:
    return [target["expr"] for panel in panels(file) for target in panel["targets"]]


def test_there_are_five() -> None:
    assert len(BOARDS) == 5


@pytest.mark.parametrize("file", BOARDS, ids=lambda file: file.stem)
def test_every_metric_of_a_dashboard_exists(file: Path) -> None:
    """A misspelt metric would be a panel that stays empty."""
    known = exposed() | recorded() | {"up", "process_resident_memory_bytes", "process_cpu_seconds_total"}
    for query in queries(file):
        plain = re.sub(r'"[^"]*"|\{\{\w+\}\}', "", query)
        for name in re.findall(r"\b(?:heed|process|up)(?:[:_][a-z0-9_]+)*\b", plain):
            assert name in known, f"{query}: {name}"


@pytest.mark.parametrize("file", BOARDS, ids=lambda file: file.stem)
def test_prometheus_can_read_every_query(file: Path, tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:number_{number}", "expr": query.replace("$__rate_interval", "1m")}
        for number, query in enumerate(queries(file))
    ]
    written = tmp_path / "queries.yaml"
    written.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    run("promtool", "check", "rules", written)


@pytest.mark.parametrize("file", BOARDS, ids=lambda file: file.stem)
def test_every_panel_says_what_it_means_and_overlaps_none(file: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(file):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


@pytest.mark.parametrize("file", BOARDS, ids=lambda file: file.stem)
def test_a_single_figure_says_what_is_now(file: Path) -> None:
    """The last value of the span would stay green for hours after the process that said it has gone."""
    for panel in panels(file):
        for target in panel["targets"]:
            assert target.get("instant", False) is (panel["type"] == "stat"), panel["title"]


def of(board: str, title: str) -> dict[str, Any]:
    (found,) = [one for one in panels(DEPLOY / "grafana" / f"{board}.json") if one["title"] == title]
    return found


def test_nothing_available_is_red() -> None:
    for title in ("Available", "Workers ready"):
        steps = of("service-overview", title)["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert [(step["color"], step.get("value")) for step in steps] == [("red", None), ("green", 1)]
    assert 'class="number red"' in figure([Series("", [(0, 0.0)])], "short", None, 1)
    assert 'class="number green"' in figure([Series("", [(0, 1.0)])], "short", None, 1)


def test_what_must_stay_0_outlasts_the_process_that_counted_it() -> None:
    (asked,) = [one["expr"] for one in of("service-overview", "Sends in spite of an objection")["targets"]]
    assert "heed_unjustified_objected_sends_total[30d]" in asked
    assert "heed_record_unjustified_objected_sends_total[30d]" in asked, (
        "the recorder sees what the worker does not"
    )


@pytest.mark.parametrize("file", BOARDS, ids=lambda file: file.stem)
def test_a_threshold_of_lines_is_drawn(file: Path) -> None:
    for panel in panels(file):
        if panel["type"] == "timeseries" and "thresholds" in panel["fieldConfig"]["defaults"]:
            assert panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] == {"mode": "dashed"}


def test_shares_and_counts_have_an_axis_each() -> None:
    for file in BOARDS:
        for panel in panels(file):
            ratios = [
                "_ratio" in target["expr"] for target in panel["targets"] if "contacts" in target["expr"]
            ]
            assert len(set(ratios)) <= 1, panel["title"]


def test_prometheus_accepts_the_configuration_beside_the_demo() -> None:
    run("promtool", "check", "config", DEPLOY / "prometheus" / "laptop.yaml")

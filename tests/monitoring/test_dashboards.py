"""The dashboards: every query of them and of the rules is one, and asks for metrics that exist."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

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


def test_prometheus_accepts_the_configuration_beside_the_demo() -> None:
    run("promtool", "check", "config", DEPLOY / "prometheus" / "laptop.yaml")

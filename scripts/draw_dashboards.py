"""Draw the dashboards of deploy/grafana with the data of a running Prometheus, where there is no Grafana.

    python -m scripts.draw_dashboards --prometheus http://127.0.0.1:9090 --out .heed/dashboards

Reads the same files as Grafana and asks Prometheus the same queries; of Grafana's drawing it takes what our
dashboards use: single figures, lines, units, legends, thresholds. One HTML page a dashboard, nothing to install.
Exit code 1 when a query is refused. Says which panels have no data: a count of what has never happened has none.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from html import escape
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from scripts.panels import Series, figure, lines

_GRAFANA: Final = Path(__file__).resolve().parents[1] / "deploy" / "grafana"
_STEPS: Final = 120
_STYLE: Final = """
body { font: 14px/1.4 system-ui, sans-serif; background: #f4f5f5; color: #212b32; margin: 0; padding: 16px; }
h1 { font-size: 20px; margin: 0 0 2px; } p { margin: 0 0 12px; color: #555; }
nav a { margin-right: 14px; color: #005eb8; } .grid { display: grid; grid-template-columns: repeat(24, 1fr); gap: 8px; }
.panel { background: #fff; border: 1px solid #d8dde0; border-radius: 3px; padding: 8px 10px; min-width: 0; }
.panel h2 { font-size: 13px; margin: 0; } .panel p { font-size: 11px; margin: 0 0 4px; } svg { width: 100%; height: auto; max-height: 190px; display: block; }
.number { font-size: 30px; font-weight: 600; } .green { color: #00703c; } .red { color: #b3001b; } .empty { color: #777; padding: 18px 0; }
.legend { font-size: 11px; line-height: 1.5; } .legend b { display: inline-block; width: 10px; height: 3px; margin: 0 4px 3px 8px; }
"""


@dataclass(frozen=True)
class Span:
    """What is shown: from, to (seconds since 1970) and the step."""

    begin: float
    end: float
    step: float


class Refused(Exception):
    """Prometheus does not understand a query."""


class Prometheus:
    """Answers queries over a span."""

    def __init__(self, url: str) -> None:
        self._netloc = urlsplit(url).netloc

    def series(self, query: str, span: Span) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
        """Labels and points of each series. Raises Refused, OSError."""
        words = urlencode({"query": query, "start": span.begin, "end": span.end, "step": span.step})
        connection = HTTPConnection(self._netloc, timeout=30)
        try:
            connection.request("GET", f"/api/v1/query_range?{words}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if answer["status"] != "success":
            raise Refused(f"{query}: {answer['error']}")
        return [
            (one["metric"], [(at, float(value)) for at, value in one["values"]])
            for one in answer["data"]["result"]
        ]


def panel_series(panel: dict[str, Any], prometheus: Prometheus, span: Span) -> list[Series]:
    """Everything one panel shows. Raises Refused, OSError."""
    found = []
    for target in panel["targets"]:
        query = target["expr"].replace("$__rate_interval", f"{max(60, 4 * int(span.step))}s")
        asked = Span(span.end, span.end, span.step) if target.get("instant") else span
        for labels, points in prometheus.series(query, asked):
            known = [point for point in points if point[1] == point[1]]  # NaN: nothing to divide
            if known:
                found.append(Series(_named(target["legendFormat"], labels), known))
    return found


def _named(legend: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        legend = legend.replace("{{" + name + "}}", value)
    return legend


def drawn(board: dict[str, Any], prometheus: Prometheus, span: Span) -> tuple[str, list[str]]:
    """A dashboard as a page, and the titles of its panels without data. Raises Refused, OSError."""
    empty, panels = [], []
    for panel in board["panels"]:
        series = panel_series(panel, prometheus, span)
        if not series:
            empty.append(panel["title"])
        panels.append(_panel(panel, series, span))
    others = "".join(f'<a href="{file.stem}.html">{file.stem.replace("-", " ")}</a>' for file in _files())
    page = (
        f'<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8"><title>{escape(board["title"])}</title>'
        f"<style>{_STYLE}</style></head>\n<body><nav>{others}</nav><h1>{escape(board['title'])}</h1>"
        f'<p>{escape(board["description"])}</p>\n<div class="grid">\n'
        + "\n".join(panels)
        + "\n</div></body></html>\n"
    )
    return page, empty


def _panel(panel: dict[str, Any], series: list[Series], span: Span) -> str:
    place = panel["gridPos"]
    where = f"grid-column:{place['x'] + 1}/span {place['w']};grid-row:{place['y'] + 1}/span {place['h']}"
    defaults = panel["fieldConfig"]["defaults"]
    steps = defaults.get("thresholds", {}).get("steps", [])
    red = next((step.get("value") for step in steps if step["color"] == "red"), None)
    low = next(
        (step["value"] for step in steps if step["color"] == "green" and step.get("value") is not None), None
    )
    if not series:
        body = '<div class="empty">No data: it has not happened</div>'
    elif panel["type"] == "stat":
        body = figure(series, defaults["unit"], red, low)
    else:
        body = lines(series, defaults["unit"], red, (span.begin, span.end))
    title, says = escape(panel["title"]), escape(panel["description"])
    return f'<div class="panel" style="{where}"><h2>{title}</h2><p>{says}</p>{body}</div>'


def _files() -> list[Path]:
    return sorted(_GRAFANA.glob("*.json"))


def draw_all(url: str, minutes: float, folder: Path) -> dict[Path, list[str]]:
    """Draw the last minutes; gives each page and the titles of its panels without data. Raises Refused, OSError."""
    now = time.time()  # noqa: TID251
    span = Span(now - 60 * minutes, now, max(1.0, 60 * minutes / _STEPS))
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for file in _files():
        page, empty = drawn(json.loads(file.read_text("utf-8")), Prometheus(url), span)
        written = folder / f"{file.stem}.html"
        written.write_text(page, encoding="utf-8")
        found[written] = empty
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Draw the dashboards with the data of a running Prometheus.")
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090", metavar="URL")
    parser.add_argument("--out", type=Path, default=Path(".heed/dashboards"), metavar="FOLDER")
    parser.add_argument("--minutes", type=float, default=15, help="how far back (default 15)")
    given = parser.parse_args(arguments)
    try:
        for page, empty in draw_all(given.prometheus, given.minutes, given.out).items():
            print(page, f"  no data: {', '.join(empty)}" if empty else "")
    except Refused as error:
        print(f"Prometheus refuses {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"no Prometheus answers at {given.prometheus} ({error}): make prometheus", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The two kinds of panel our dashboards have, as HTML with SVG: one figure, and lines over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final

_COLOURS: Final = (
    "#1f60c4", "#e0752d", "#37872d", "#a352cc", "#c4162a", "#b58900", "#117a8b", "#705da0", "#8f3bb8", "#56606a",
)  # fmt: skip
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 560, 170, 52, 20, 8


@dataclass(frozen=True)
class Series:
    """Name, and points as (seconds since 1970, value)."""

    name: str
    points: Sequence[tuple[float, float]]


def figure(series: Sequence[Series], unit: str, red: float | None, low: float | None = None) -> str:
    """The newest value of each series; red from ``red`` on, or below ``low``."""
    parts = []
    for one in series:
        value = one.points[-1][1]
        colour = "red" if (red is not None and value >= red) or (low is not None and value < low) else "green"
        name = f' <span class="legend">{escape(one.name)}</span>' if len(series) > 1 else ""
        parts.append(f'<span class="number {colour}">{shown(value, unit)}</span>{name}')
    return "<div>" + "<br>".join(parts) + "</div>"


def lines(series: Sequence[Series], unit: str, red: float | None, span: tuple[float, float]) -> str:
    """Lines over time, with a legend that has the newest value of each; the threshold in red where it is near."""
    values = [value for one in series for _, value in one.points]
    low, high = min(0.0, *values), max(0.0, *values)
    if red is not None and red <= 2 * high:
        high = max(high, red)
    high = high if high > low else low + 1
    parts = [_axis(low, high, unit), _times(span)]
    if red is not None and low <= red <= high:
        y = _y(red, low, high)
        parts.append(_stroke(_LEFT, y, _WIDTH, y, "#c4162a", "4 3"))
    for number, one in enumerate(series):
        parts.append(_line(one, _COLOURS[number % len(_COLOURS)], (low, high), span))
    svg = (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="system-ui, sans-serif" font-size="10">'
        + "".join(parts)
    )
    return svg + "</svg>" + _legend(series, unit)


def _line(one: Series, colour: str, height: tuple[float, float], span: tuple[float, float]) -> str:
    """Broken where nothing was scraped."""
    gap = 4 * min((b[0] - a[0] for a, b in zip(one.points, one.points[1:], strict=False)), default=1)
    path, before = [], None
    for at, value in one.points:
        move = "M" if before is None or at - before > gap else "L"
        path.append(f"{move}{_x(at, span):.1f} {_y(value, *height):.1f}")
        before = at
    if len(one.points) == 1:
        at, value = one.points[0]
        return f'<circle cx="{_x(at, span):.1f}" cy="{_y(value, *height):.1f}" r="2" fill="{colour}"/>'
    return f'<path d="{" ".join(path)}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def _axis(low: float, high: float, unit: str) -> str:
    parts = []
    for share in (0, 0.5, 1):
        value = low + (high - low) * share
        y = _y(value, low, high)
        parts.append(_stroke(_LEFT, y, _WIDTH, y, "#e4e7e9"))
        parts.append(
            f'<text x="{_LEFT - 5}" y="{y + 3:.1f}" text-anchor="end" fill="#555">{shown(value, unit)}</text>'
        )
    return "".join(parts)


def _times(span: tuple[float, float]) -> str:
    parts = []
    for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end")):
        at = span[0] + (span[1] - span[0]) * share
        text = datetime.fromtimestamp(at, UTC).strftime("%H:%M")
        x = _x(at, span)
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 5}" text-anchor="{anchor}" fill="#555">{text}</text>')
    return "".join(parts)


def _legend(series: Sequence[Series], unit: str) -> str:
    names = "".join(
        f'<b style="background:{_COLOURS[number % len(_COLOURS)]}"></b>{escape(one.name)} {shown(one.points[-1][1], unit)}'
        for number, one in enumerate(series)
    )
    return f'<div class="legend">{names}</div>'


def _x(at: float, span: tuple[float, float]) -> float:
    return _LEFT + (_WIDTH - _LEFT) * (at - span[0]) / (span[1] - span[0])


def _y(value: float, low: float, high: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - (value - low) / (high - low))


def _stroke(x: float, y: float, to_x: float, to_y: float, colour: str, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}"{dashed}/>'


def shown(value: float, unit: str) -> str:
    """A value with its unit, as Grafana shows it.

    >>> [shown(v, u) for v, u in ((0.0042, "s"), (93, "s"), (3_000_000, "bytes"), (0.031, "percentunit"), (12.5, "ops"), (7, "short"))]
    ['4.2 ms', '1.55 min', '2.86 MiB', '3.1 %', '12.5 /s', '7']
    """
    match unit:
        case "s":
            return _seconds(value)
        case "bytes":
            return _scaled(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB"))
        case "percentunit":
            return f"{_figures(100 * value)} %"
        case "ops":
            return f"{_figures(value)} /s"
        case "d":
            return f"{_figures(value)} d"
        case _:
            return _scaled(value, 1000, ("", "K", "M", "G"))


def _seconds(value: float) -> str:
    size = abs(value)
    for least, factor, name in (
        (86_400, 86_400, "d"),
        (3_600, 3_600, "h"),
        (60, 60, "min"),
        (1, 1, "s"),
        (0.001, 0.001, "ms"),
    ):
        if size >= least:
            return f"{_figures(value / factor)} {name}"
    return f"{_figures(value * 1e6)} µs" if value else "0 s"


def _scaled(value: float, by: int, names: Sequence[str]) -> str:
    step = 0
    while abs(value) >= by and step < len(names) - 1:
        value /= by
        step += 1
    return f"{_figures(value)} {names[step]}".strip()


def _figures(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"

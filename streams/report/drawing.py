"""Bars as SVG, by hand: two kinds of picture need no drawing library, and a text file shows what has changed.

A hidden number is drawn as a hollow bar of no particular height, so that it is neither a zero nor a value.
"""

from collections.abc import Sequence
from html import escape
from typing import Final

import msgspec

_BLUE: Final = "#005eb8"
_PALE: Final = "#9fc3e6"
_GREY: Final = "#5b6770"
_FONT: Final = 'font-family="Arial, Helvetica, sans-serif" font-size="12"'
_WIDTH: Final = 760
HIDDEN: Final = "*"


class Bar(msgspec.Struct, frozen=True):
    """``value`` None: hidden. ``before``: the month before, when it is shown beside it."""

    label: str
    value: int | None
    before: int | None = None


def columns(bars: Sequence[Bar], every: int = 1) -> str:
    """Upright bars over time; every so-manyth is labelled, and the highest has its number."""
    height, top, bottom, left = 220, 24, 26, 60
    highest = max((bar.value or 0 for bar in bars), default=0)
    step = (_WIDTH - left) / max(1, len(bars))
    room = height - top - bottom
    parts = [_line(left, height - bottom, _WIDTH, height - bottom)]
    parts += _scale(highest, left, height - bottom, room)
    marked = False
    for number, bar in enumerate(bars):
        x, wide = left + number * step + step * 0.12, step * 0.76
        if bar.value is None:
            parts.append(_hollow(x, height - bottom - 14, wide, 14))
            parts.append(_text(x + wide / 2, height - bottom - 3, HIDDEN, "middle"))
        elif bar.value:
            tall = room * bar.value / _nice(highest)
            parts.append(_solid(x, height - bottom - tall, wide, tall, _BLUE))
            if bar.value == highest and not marked:
                marked = True
                parts.append(_text(x + wide / 2, height - bottom - tall - 4, f"{bar.value:,}", "middle"))
        if number % every == 0:
            parts.append(_text(x + wide / 2, height - 8, bar.label, "middle"))
    return _svg(height, parts)


def rows(bars: Sequence[Bar], names: tuple[str, str] | None = None) -> str:
    """Lying bars with their names and numbers; with ``names`` the month before is drawn pale beneath."""
    each = 40 if names else 26
    top = 26 if names else 6
    left, right = 300, 70
    height = top + each * len(bars) + 6
    highest = max((max(bar.value or 0, bar.before or 0) for bar in bars), default=0) or 1
    parts: list[str] = []
    if names:
        parts += [_solid(left, 6, 12, 12, _BLUE), _text(left + 18, 16, names[0])]
        parts += [_solid(left + 120, 6, 12, 12, _PALE), _text(left + 138, 16, names[1])]
    for number, bar in enumerate(bars):
        y = top + number * each
        parts.append(_text(left - 8, y + each / 2 + 2, bar.label, "end"))
        values = [(bar.value, _BLUE), (bar.before, _PALE)] if names else [(bar.value, _BLUE)]
        for place, (value, colour) in enumerate(values):
            at = y + 4 + place * 16
            if value is None:
                parts += [_hollow(left, at, 14, 13), _text(left + 20, at + 11, HIDDEN)]
            else:
                long = (_WIDTH - left - right) * value / highest
                parts += [_solid(left, at, long, 13, colour), _text(left + long + 6, at + 11, f"{value:,}")]
    return _svg(height, parts)


def _scale(highest: int, left: float, base: float, room: float) -> list[str]:
    top = _nice(highest)
    parts = []
    for quarter in (0, 0.5, 1):
        y = base - room * quarter
        parts.append(_text(left - 6, y + 4, f"{top * quarter:,.0f}", "end"))
        if quarter:
            parts.append(_line(left, y, _WIDTH, y, "#d8dde0"))
    return parts


def _nice(highest: int) -> int:
    """A round number not below the highest value, and even."""
    size = 1
    while size * 10 < highest:
        size *= 10
    return next(size * step for step in (2, 4, 6, 8, 10, 20) if size * step >= highest)


def _svg(height: float, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" width="{_WIDTH}" height="{height:g}" '
        f'role="img">\n<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _solid(x: float, y: float, wide: float, tall: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{colour}"/>'


def _hollow(x: float, y: float, wide: float, tall: float) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="none" stroke="{_GREY}"'
        ' stroke-dasharray="3 2"/>'
    )


def _line(x: float, y: float, to_x: float, to_y: float, colour: str = _GREY) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, says: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {_FONT} fill="#212b32">{escape(says)}</text>'
    )

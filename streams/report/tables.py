"""Published counts as tables of text: this month beside the one before, and cross tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from streams.domain.london import date_of, local_date
from streams.domain.time import Instant

from .drawing import HIDDEN
from .hiding import PUBLISHED_FROM, Published
from .pack import Table
from .publishing import Writer

REASONS_SHOWN: Final = 12


def compared(
    title: str,
    writer: Writer,
    now: Published,
    before: Published | None,
    names: Mapping[str, str],
    otherwise: Callable[[str], str] = str,
) -> Table:
    """This month beside the one before."""
    lines = []
    shown = now.rows[:REASONS_SHOWN] if len(now.rows) > REASONS_SHOWN + 1 else now.rows
    for row in shown:
        earlier = None if before is None else before.counts[row, ""]
        value = now.counts[row, ""]
        lines.append(
            (names.get(row) or otherwise(row), number(value), number(earlier), percent(value, earlier))
        )
    if rest := len(now.rows) - len(shown):
        value, earlier = rest_of(now, shown), None if before is None else rest_of(before, shown)
        lines.append((f"{rest} others", number(value), number(earlier), percent(value, earlier)))
    total = None if before is None else before.total
    lines.append(("all", number(now.total), number(total), percent(now.total, total)))
    return Table(title, ("", writer.month.short, writer.before.short, "change"), tuple(lines), totals=True)


def crossed(
    title: str,
    published: Published,
    row_names: Mapping[str, str],
    column_names: Mapping[str, str],
    otherwise: Callable[[str], str] = str,
) -> Table:
    lines = [
        (
            row_names.get(row) or otherwise(row),
            *(number(published.counts[row, column]) for column in published.columns),
            number(published.row_totals[row]),
        )
        for row in published.rows
    ]
    lines.append(
        (
            "all",
            *(number(published.column_totals[column]) for column in published.columns),
            number(published.total),
        )
    )
    heads = ("", *(column_names.get(column, column) for column in published.columns), "all")
    return Table(title, heads, tuple(lines), totals=True)


def rest_of(published: Published, shown: Sequence[str]) -> int | None:
    """What is left of the total beside the rows that are shown; None where that would tell what a row hides."""
    counts = [published.counts[row, ""] for row in shown]
    known = [count for count in counts if count is not None]
    if published.total is None or len(known) < len(counts):
        return None
    rest = published.total - sum(known)
    return None if 0 < rest < PUBLISHED_FROM else rest


# Words for numbers.


def number(value: int | None) -> str:
    return HIDDEN if value is None else f"{value:,}"


def percent(now: int | None, before: int | None) -> str:
    """How much more or less, as people say it; nothing where either is hidden or nothing was before."""
    if now is None or not before:
        return "–"
    return f"{(now - before) / before:+.0%}"


def change(now: int | None, before: int | None) -> str:
    if now is None or before is None:
        return "too few to compare with the month before"
    if not before:
        return "after none in the month before"
    return f"{percent(now, before)} against the month before ({before:,})"


def none_of(total: int | None, what: str) -> str:
    return f"No {what} on file." if total == 0 else f"Too few {what} on file to say more."


def as_float(value: int | None) -> float | None:
    return None if value is None else float(value)


def dated(instant: Instant) -> str:
    day = date_of(local_date(instant))
    return f"{day.day} {day:%B %Y}"

"""How a generated page is written: a heading, sentences, tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

#: The pages of docs/reference/.
REFERENCE_PAGES: Final = (
    "rules", "reasons", "roles", "thresholds", "topics", "rights", "schemas", "metrics", "settings", "cli",
)  # fmt: skip


def page(title: str, source: str, *parts: str) -> str:
    """A page with its mark: ``source`` is what to change instead of the page."""
    mark = f"<!-- Written by `heed docs` from {source}. Change that, then run `heed docs`. -->"
    return "\n\n".join((f"# {title}", mark, *(part.strip("\n") for part in parts))) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; line breaks and bars in a cell are made harmless."""
    lines = [_row(head), _row(["---"] * len(head)), *(_row([_cell(cell) for cell in row]) for row in rows)]
    return "\n".join(lines)


def code(text: object) -> str:
    """Text as code; nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def codes(texts: Iterable[object]) -> str:
    return ", ".join(map(code, texts))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

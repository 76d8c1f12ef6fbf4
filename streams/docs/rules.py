"""rules.md: the ordered table, to be laid beside decisions.md."""

from __future__ import annotations

from typing import Final

from streams.decisions.rules import ANY, INTAKE_ROWS, OTHER_ROWS, RULES

from .page import codes, page, table

_KINDS: Final = ("appointment", "result", "request")


def rules() -> str:
    """Every row in the order in which it is asked."""
    return page(
        "Rules",
        "streams/decisions/rules.py",
        "Rows are asked from top to bottom; the first that answers with an outcome ends the decision, a row without "
        "reasons only changes what the next ones see. Row ids are those of the decision model (B3, and the tables of "
        "other sections by their number: B10.2 is row 2 of B10). The column *asked of* names the kinds of request a row "
        "is about. *Source* is the line of the guidance a row rests on (S0 to S4).",
        "## Before a request: intake\n\nThese rows are about records. One that they end is never decided.",
        table(("Row", "If", "Source"), INTAKE_ROWS),
        "## The table",
        table(
            ("", "Row", "If", "Reasons", "Asked of", "Source"),
            (
                (
                    str(number),
                    rule.id,
                    rule.title,
                    codes(rule.reasons) or "goes on",
                    "all" if rule.kinds == ANY else ", ".join(kind for kind in _KINDS if kind in rule.kinds),
                    rule.source,
                )
                for number, rule in enumerate(RULES, start=1)
            ),
        ),
        "## Beside and after the table\n\nIds that a decision can carry although no row of the table answered last.",
        table(("Row", "If", "Source"), OTHER_ROWS),
    )

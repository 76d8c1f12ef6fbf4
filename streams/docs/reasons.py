"""reasons.md: the closed list of reason codes, what each means, and which rows give it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams.decisions.rules import ROWS, RULES
from streams.domain.vocabulary import Outcome, Reason

from .page import code, page, table
from .reason_words import MEANING, TASKS

R: Final = Reason

#: Rows that are not in the table, and the reasons that decisions give there (B17).
OUTSIDE: Final[dict[str, tuple[Reason, ...]]] = {
    "1.1": (R.UNDECODABLE, R.UNKNOWN_SCHEMA, R.NULL_VALUE),
    "1.2": (R.FIELD_TOO_LONG, R.CONTROL_CHARACTERS, R.BAD_TIME),
    "1.3": (R.BAD_NHS_NUMBER, R.KEY_MISMATCH),
    "1.4": (R.DUPLICATE,),
    "1.5": (R.STALE_VERSION, R.VERSION_CONFLICT),
    "1.6": (R.CLOCK_FAR_AHEAD,),
    "2.2": (R.SUPERSEDED,),
    "B6": (R.QUIET_HOURS, R.CHANNEL_WINDOW, R.CONTACT_LINE_CLOSED),
    "10": (R.UNKNOWN_COMMAND,),
    "B6.2": (R.UNCONTACTABLE, R.DATA_QUALITY),
    "9.8": (R.OVERRIDE_ONE_OFF,),
    "fault": (R.RULE_FAILED, R.DATA_QUALITY),
}
_SAYS: Final = {
    Outcome.SEND: "A message is commanded: one channel, one recipient. The reason says why this channel.",
    Outcome.ESCALATE: "A person of the named role gets a task with a deadline.",
    Outcome.SUPPRESS: "Nothing is sent, and nobody has to make contact for it.",
    Outcome.QUARANTINE: "The record is set aside with its bytes, and somebody looks at it.",
    Outcome.HOLD: "It waits and is asked again; no hold sleeps through the time by which the patient must know.",
}


def rows_giving(reason: Reason) -> tuple[str, ...]:
    """The rows whose decisions can give this reason, in the order of the rules."""
    found = {rule.id for rule in RULES if reason in rule.reasons}
    found |= {row for row, reasons in OUTSIDE.items() if reason in reasons}
    return tuple(row for row in ROWS if row in found)


def reasons() -> str:
    parts: list[str] = []
    for outcome, meaning in MEANING.items():
        parts += [
            f"## {outcome}\n\n{_SAYS[outcome]}",
            _listed((r, says, rows_giving(r)) for r, says in meaning.items()),
        ]
    return page(
        "Reason codes",
        "streams/domain/vocabulary/outcomes.py, streams/decisions/rules.py and streams/docs/reason_words.py",
        "Every decision gives one reason of this closed list; it is also a metric label, so it never says anything about "
        "one person. A code is never used again with another meaning. Rows are explained in [rules](rules.md).",
        *parts,
        "## Tasks beside a decision\n\nTasks that stand for no request of their own: raised by an objection, a receipt, "
        "or the passing of time, or going along with another outcome.",
        table(("Reason", "Meaning", "Raised"), ((code(r), says, when) for r, (says, when) in TASKS.items())),
    )


def _listed(entries: Iterable[tuple[Reason, str, tuple[str, ...]]]) -> str:
    return table(
        ("Reason", "Meaning", "Rows"),
        ((code(reason), says, ", ".join(rows)) for reason, says, rows in entries),
    )

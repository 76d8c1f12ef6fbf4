"""Which rows of the decision model the scenarios reached, and which none did."""

from __future__ import annotations

from collections import Counter
from typing import Final

from streams.decisions.rules import ROWS
from streams.domain.records import Decision

from .play import Verdict

#: Speaks only when a rule fails: our bug, which no story can bring about. A unit test does.
_NOT_A_ROW: Final = frozenset({"fault"})


class Coverage:
    """Counts, over many scenarios, how often each row spoke."""

    def __init__(self) -> None:
        self.reached: Counter[str] = Counter()

    def add(self, verdict: Verdict) -> None:
        for one in verdict.emitted:
            if isinstance(one.record, Decision):
                self.reached.update({*one.record.rule_path, one.record.rule})

    @property
    def never_reached(self) -> tuple[str, ...]:
        """The rows of the rules that no scenario reached, in the order of the rules."""
        return tuple(row for row in ROWS if row not in _NOT_A_ROW and not self.reached[row])

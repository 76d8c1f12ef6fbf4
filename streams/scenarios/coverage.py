"""Which rows of the decision model the scenarios reached, and which none did."""

from __future__ import annotations

from collections import Counter

from streams.decisions.rules import ROWS
from streams.domain.records import Decision

from .play import Verdict


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
        return tuple(row for row in ROWS if not self.reached[row])

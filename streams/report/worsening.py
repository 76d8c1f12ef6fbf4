"""What has worsened by more than a fifth against the month before (monitoring.md D1): to be looked into."""

from collections.abc import Sequence
from typing import Final

import msgspec

from .month import Month
from .pack import Table

#: A fifth, month on month.
_WORSE: Final = 1.20


class Measure(msgspec.Struct, frozen=True):
    """A figure of which more is worse; a share below 1, or a number. None: hidden, or there is nothing to divide by."""

    name: str
    now: float | None
    before: float | None

    @property
    def worse(self) -> bool:
        """After none in the month before, anything is worse."""
        return self.now is not None and self.before is not None and self.now > self.before * _WORSE


def share(part: int | None, whole: int | None) -> float | None:
    """Part of a whole; None when either is hidden or the whole is nothing."""
    return None if part is None or not whole else part / whole


def table_of(measures: Sequence[Measure], month: Month, before: Month) -> Table:
    """Each measure with its verdict."""
    lines = tuple(
        (one.name, _shown(one, one.now), _shown(one, one.before), _verdict(one)) for one in measures
    )
    return Table("Compared with the month before", ("", month.short, before.short, ""), lines)


def _verdict(measure: Measure) -> str:
    if measure.now is None or measure.before is None:
        return "not compared"
    return "worse: look into it" if measure.worse else "not worse"


def _shown(measure: Measure, value: float | None) -> str:
    if value is None:
        return "–"
    is_share = measure.name.startswith("Share") or "of all" in measure.name
    return f"{value:.1%}" if is_share else f"{value:,.0f}"

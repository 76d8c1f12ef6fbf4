"""The answer in words."""

from collections.abc import Iterator
from typing import Final

from .findings import MEANING, Kind, Report

_SHOWN: Final = 20


def lines(report: Report) -> Iterator[str]:
    """Line by line: what was looked at, a table of differences, where they are, and the verdict."""
    yield "looked at " + ", ".join(f"{count:,} {name}" for name, count in report.checked.items())
    if report.waiting or report.unrecorded:
        yield f"not yet taken: {report.waiting:,} inputs by a worker, {report.unrecorded:,} records by a recorder"
    yield from (f"NOT PROVEN: {note}" for note in report.notes)
    yield ""
    for kind in Kind:
        yield f"{report.differences.get(kind.value, 0):>8,}  {kind.value:<13} {MEANING[kind]}"
    yield ""
    for finding in report.findings[:_SHOWN]:
        yield f"{finding.kind.value}: {finding.place}: {finding.says}"
    total = sum(report.differences.values())
    if total > _SHOWN:
        yield f"... and {total - _SHOWN:,} more"
    open_ = ", but for what is not proven (above)" if report.notes else ""
    yield f"{'clean' if report.clean else 'DIFFERENCES FOUND'}{open_} ({report.seconds:.1f} s)"

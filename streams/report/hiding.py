"""Small numbers are not published: they identify people (monitoring.md, rules; "counts under 5").

A count of 1 to 4 is hidden. So is as much beside it as it takes that nobody can work it out from the totals:
whoever knows all that is published, and how we hide, must still find that each hidden number could be 5 or
more. 0 is published: it is about nobody, and that nothing happened is what a meeting most wants to know.

A list has a total, a cross table totals of its rows and columns. Rows and columns of a cross table whose own
total is small are put together first ("all others"), so that every total of it can be published.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final, TypeAlias

import msgspec

#: From here on a count is published.
PUBLISHED_FROM: Final = 5
OTHERS: Final = "all others"

Cell: TypeAlias = tuple[str, str]


class Published(msgspec.Struct, frozen=True):
    """A table as it may be published. A hidden count is None, and so is a total that would give it away.

    ``counts`` by (row, column); a list has the one column "". Totals are None where hidden.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: dict[Cell, int | None]
    row_totals: dict[str, int | None]
    column_totals: dict[str, int | None]
    total: int | None

    @property
    def hides(self) -> bool:
        return self.total is None or None in self.counts.values()


def publish_list(counts: Mapping[str, int]) -> Published:
    """A list with its total; rows in the order given."""
    cells = {(row, ""): count for row, count in counts.items()}
    hidden = _hidden(cells, is_list=True)
    total = sum(counts.values())
    shown = {cell: None if hidden is None or cell in hidden else count for cell, count in cells.items()}
    if hidden is None:
        shown |= {cell: 0 for cell, count in cells.items() if count == 0}
    return Published(
        tuple(counts),
        ("",),
        shown,
        {row: shown[row, ""] for row in counts},
        {"": None if hidden is None else total},
        None if hidden is None else total,
    )


def publish_cross(counts: Mapping[Cell, int], columns: Iterable[str] = ()) -> Published:
    """A cross table with its totals; rows by size. ``columns``: their order; those that are all 0 are left out."""
    cells = _merged(_merged(dict(counts), 0), 1)
    row_totals, column_totals = _totals(cells, 0), _totals(cells, 1)
    rows = sorted(row_totals, key=lambda row: (row == OTHERS, -row_totals[row], row))
    order = {column: number for number, column in enumerate(columns)}
    ordered = sorted(column_totals, key=lambda name: (name == OTHERS, order.get(name, len(order)), name))
    full = {(row, column): cells.get((row, column), 0) for row in rows for column in ordered}
    total = sum(full.values())
    hidden = _hidden(full, is_list=False)
    if hidden is None:  # too few for any of it
        nothing = dict.fromkeys(full)
        return Published(
            tuple(rows), tuple(ordered), nothing, dict.fromkeys(rows), dict.fromkeys(ordered), None
        )
    return Published(
        tuple(rows),
        tuple(ordered),
        {cell: None if cell in hidden else count for cell, count in full.items()},
        dict(row_totals),
        dict(column_totals),
        total,
    )


# Putting rows or columns together.


def _totals(cells: Mapping[Cell, int], side: int) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for cell, count in cells.items():
        found[cell[side]] += count
    return {name: total for name, total in found.items() if total}


def _merged(cells: dict[Cell, int], side: int) -> dict[Cell, int]:
    """Rows (side 0) or columns (side 1) with a small total become one, with as many more as it takes."""
    ranked = sorted(_totals(cells, side).items(), key=lambda item: (item[1], item[0]))
    small = [name for name, total in ranked if total < PUBLISHED_FROM]
    if not small or len(ranked) == 1:
        return cells
    while sum(total for name, total in ranked if name in small) < PUBLISHED_FROM and len(small) < len(ranked):
        small.append(ranked[len(small)][0])
    together: dict[Cell, int] = defaultdict(int)
    for cell, count in cells.items():
        row, column = cell
        if cell[side] in small:
            row, column = (OTHERS, column) if side == 0 else (row, OTHERS)
        together[row, column] += count
    return dict(together)


# What must be hidden besides.


def _hidden(counts: Mapping[Cell, int], *, is_list: bool) -> set[Cell] | None:
    """The cells to hide; None when the totals must be hidden too.

    For each small count: could it be 5 or more, for all that is published? If not, hide the next smallest
    cell of its lines, the one that helps first.
    """
    hidden = {cell for cell, count in counts.items() if 0 < count < PUBLISHED_FROM}
    small = sorted(hidden)
    if 0 < sum(counts.values()) < PUBLISHED_FROM:
        return None
    for cell in small:
        while not _safe(cell, hidden, counts, is_list):
            left = sorted((count, other) for other, count in counts.items() if count and other not in hidden)
            if not left:
                return None
            near = [o for _, o in left if is_list or _meets(o, cell, hidden)] or [o for _, o in left]
            before = _could_rise(cell, hidden, counts, is_list)
            helps = (o for o in near if _could_rise(cell, hidden | {o}, counts, is_list) > before)
            hidden.add(next(helps, near[0]))
    for cell in sorted(hidden.difference(small), key=lambda cell: -counts[cell]):
        if all(_safe(one, hidden - {cell}, counts, is_list) for one in small):
            hidden.discard(cell)  # it was tried, and something else did it
    return hidden


def _safe(cell: Cell, hidden: set[Cell], counts: Mapping[Cell, int], is_list: bool) -> bool:
    """Whether a hidden count could be one that is published, for all that anybody can tell."""
    return counts[cell] + _could_rise(cell, hidden, counts, is_list) >= PUBLISHED_FROM


def _meets(other: Cell, cell: Cell, hidden: set[Cell]) -> bool:
    """Whether a cell shares a line with this one, or closes a rectangle that hidden cells of its lines began."""
    rows = {row for row, column in hidden if column == cell[1]} | {cell[0]}
    columns = {column for row, column in hidden if row == cell[0]} | {cell[1]}
    return other[0] in rows or other[1] in columns


def _could_rise(cell: Cell, hidden: set[Cell], counts: Mapping[Cell, int], is_list: bool) -> int:
    """By how much a hidden count could be larger, all totals and shown counts being what they are.

    What it gains, other hidden counts of its row lose, down to 1 (a 0 would be shown); what those columns
    lose, other hidden counts in them gain; and so on, round to its own column: a flow from its row to its
    column. In a list there is one line, so that every hidden count goes straight from row to column.
    """

    def ends(one: Cell) -> tuple[str, str]:
        return ("row", "column") if is_list else (f"row {one[0]}", f"column {one[1]}")

    room: dict[tuple[str, str], int] = defaultdict(int)
    for other in hidden - {cell}:
        row, column = ends(other)
        room[row, column] += counts[other] - 1
        room[column, row] += sum(counts.values())  # may gain without bound
    begin, end = ends(cell)
    risen = 0
    while path := _path(begin, end, room):
        steps = list(pairwise(path))
        more = min(room[step] for step in steps)
        for here, there in steps:
            room[here, there] -= more
            room[there, here] += more
        risen += more
    return risen


def _path(begin: str, end: str, room: Mapping[tuple[str, str], int]) -> list[str]:
    """A shortest way along which something can still flow; empty when there is none."""
    came: dict[str, str] = {begin: ""}
    waiting = deque([begin])
    while waiting:
        here = waiting.popleft()
        if here == end:
            way = [here]
            while came[way[-1]]:
                way.append(came[way[-1]])
            return way[::-1]
        for (source, target), left in room.items():
            if source == here and left > 0 and target not in came:
                came[target] = here
                waiting.append(target)
    return []

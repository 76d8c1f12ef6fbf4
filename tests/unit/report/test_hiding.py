"""Small numbers: what is hidden, and that whoever knows all that is published cannot tell what."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.report.hiding import OTHERS, PUBLISHED_FROM, Published, publish_cross, publish_list


@pytest.mark.parametrize(
    ("counts", "shown", "total"),
    [
        ({"a": 10, "b": 20}, {"a": 10, "b": 20}, 30),
        ({"a": 0, "b": 20}, {"a": 0, "b": 20}, 20),  # nothing happened: about nobody
        ({"a": 4, "b": 9, "c": 20}, {"a": None, "b": None, "c": 20}, 33),  # the next smallest with it
        ({"a": 1, "b": 2, "c": 20}, {"a": None, "b": None, "c": None}, 23),  # 3 of two can only be 1 and 2
        ({"a": 4, "b": 4, "c": 20}, {"a": None, "b": None, "c": 20}, 28),  # could be 1 and 7
        ({"a": 3, "b": 0}, {"a": None, "b": 0}, None),  # the total would tell
        ({"a": 4, "b": 1}, {"a": None, "b": None}, None),  # 5 of two cannot be 5 and 0
        ({}, {}, 0),
    ],
)
def test_a_list(counts: dict[str, int], shown: dict[str, int | None], total: int | None) -> None:
    published = publish_list(counts)
    assert published.row_totals == shown
    assert published.total == total


def test_a_cross_table_hides_a_rectangle() -> None:
    published = publish_cross(
        {("a", "x"): 2, ("a", "y"): 40, ("b", "x"): 30, ("b", "y"): 50, ("c", "x"): 60, ("c", "y"): 70}
    )
    hidden = {cell for cell, count in published.counts.items() if count is None}
    assert hidden == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}
    assert published.row_totals == {"a": 42, "b": 80, "c": 130}
    assert published.total == 252


def test_rows_and_columns_with_a_small_total_are_put_together() -> None:
    published = publish_cross({("a", "x"): 30, ("b", "x"): 2, ("c", "x"): 4, ("d", "x"): 9, ("d", "y"): 8})
    assert published.rows == ("a", "d", OTHERS)
    assert published.row_totals[OTHERS] == 6
    published = publish_cross({("a", "x"): 30, ("b", "x"): 2, ("c", "x"): 7})
    assert published.row_totals == {"a": 30, OTHERS: 9}  # one alone would be told by its name


def test_a_table_of_too_few_says_nothing() -> None:
    published = publish_cross({("a", "x"): 1, ("b", "y"): 2})
    assert published.total is None
    assert set(published.counts.values()) == {None}


def fillings(published: Published, lines: list[str]) -> Iterator[dict[tuple[str, str], int]]:
    """Every way to fill in what is hidden that gives the published totals; a 0 would have been shown.

    ``lines``: the columns whose totals are filled in one after another, for a list its only one.
    """
    if not lines:
        yield {}
        return
    column, rest = lines[0], lines[1:]
    known = {row: published.counts[row, column] for row in published.rows}
    hidden = [row for row, count in known.items() if count is None]
    total = published.column_totals[column]
    assert total is not None
    left = total - sum(count or 0 for count in known.values())
    for values in compositions(left, len(hidden)):
        for others in fillings(published, rest):
            yield {(row, column): value for row, value in zip(hidden, values, strict=True)} | others


def compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    if parts == 0:
        if total == 0:
            yield ()
        return
    for first in range(1, total - parts + 2):
        for rest in compositions(total - first, parts - 1):
            yield (first, *rest)


def fits_rows(published: Published, filled: dict[tuple[str, str], int]) -> bool:
    return all(
        sum(filled.get((row, column), published.counts[row, column] or 0) for column in published.columns)
        == total
        for row, total in published.row_totals.items()
    )


def assert_nobody_can_tell(published: Published, real: dict[tuple[str, str], int], *, rows: bool) -> None:
    """Each hidden small number is 5 or more in some way of filling the table in."""
    highest: dict[tuple[str, str], int] = {}
    for filled in fillings(published, list(published.columns)):
        if not rows or fits_rows(published, filled):
            highest |= {cell: max(value, highest.get(cell, 0)) for cell, value in filled.items()}
    for cell, count in published.counts.items():
        if count is None:
            assert highest[cell] >= PUBLISHED_FROM
        else:
            assert count == 0 or count >= PUBLISHED_FROM
            assert OTHERS in cell or count == real.get(cell, 0)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5))
def test_no_list_gives_a_small_number_away(numbers: list[int]) -> None:
    published = publish_list({str(row): number for row, number in enumerate(numbers)})
    if published.total is not None:
        real = {(str(row), ""): number for row, number in enumerate(numbers)}
        assert_nobody_can_tell(published, real, rows=False)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=2, max_size=3))
def test_no_cross_table_gives_a_small_number_away(rows: list[tuple[int, int]]) -> None:
    counts = {(str(r), str(c)): number for r, row in enumerate(rows) for c, number in enumerate(row)}
    published = publish_cross(counts)
    for total in (*published.row_totals.values(), *published.column_totals.values(), published.total):
        assert total is None or total == 0 or total >= PUBLISHED_FROM
    if published.total is not None:
        assert_nobody_can_tell(published, counts, rows=True)

"""The status page: escaped, honest about what needs a look, readable without colours."""

from streams.ops.status import Figure, Section, Status, Table, page


def status(*figures: Figure, reasons: tuple[str, ...] = ()) -> str:
    return page(Status("Heed worker", ("Policy 1",), reasons, (Section("Safety", figures),))).decode()


def test_all_is_well() -> None:
    assert "Working" in status(Figure("Sends in spite of an objection", "0"))


def test_one_bad_figure_asks_for_a_look_in_words() -> None:
    html = status(Figure("Sends in spite of an objection", "1", bad=True))
    assert "Needs a look" in html
    assert "1 (look)" in html
    assert html.index("Look at: sends in spite of an objection") < html.index("Safety")


def test_why_it_is_not_ready_stands_at_the_top() -> None:
    html = status(reasons=("restoring partitions [3]",))
    assert (
        html.index("Does not do all of its work")
        < html.index("restoring partitions [3]")
        < html.index("Safety")
    )


def test_nothing_is_taken_for_markup() -> None:
    assert "<b>" not in status(Figure("<b>", "<b>"), reasons=("<b>",))


def test_an_empty_table_says_so() -> None:
    section = Section("Tasks", Table(("Role",), (), when_empty="No open task."))
    assert "No open task." in page(Status("t", (), (), (section,))).decode()

"""The mapping from requirements: nothing it names may be missing."""

from pathlib import Path

import pytest

from streams.docs import trace, trace_page
from streams.docs.pages import project
from streams.docs.trace import IDS, Entry, entries, problems
from streams.errors import BadUsage


def test_every_requirement_has_an_entry_and_everything_it_names_exists() -> None:
    found = entries(project())
    assert list(problems(project(), found)) == []
    assert list(found) == list(IDS)
    assert len(IDS) == 176


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        (
            Entry("x", rows=("12.7",), code=("streams.decisions",), shown=("c4_objections: C082",)),
            "row: there is no 12.7",
        ),
        (
            Entry("x", code=("streams.nowhere",), shown=("c4_objections: C082",)),
            "code: there is no streams.nowhere",
        ),
        (
            Entry("x", code=("streams.decisions.rules.NO",), shown=("c4_objections: C082",)),
            "code: there is no",
        ),
        (
            Entry("x", code=("deploy/nothing.yaml",), shown=("c4_objections: C082",)),
            "code: there is no deploy/",
        ),
        (
            Entry("x", code=("streams.decisions",), shown=("c4_objections: C999",)),
            "shown: there is no c4_objections",
        ),
        (Entry("x", code=("streams.decisions",), shown=("nofile: C082",)), "shown: there is no nofile"),
        (
            Entry("x", code=("streams.decisions",), shown=("tests/unit/docs/test_trace.py::test_gone",)),
            "shown: there is no tests/unit/docs",
        ),
        (
            Entry("x", code=("streams.decisions",), shown=("c4_objections: C082",), metrics=("heed_no",)),
            "metric: there is no heed_no",
        ),
        (Entry("x", open="later", docs=("docs/no.md",)), "docs: there is no docs/no.md"),
        (Entry("x", code=("streams.decisions",)), "nothing shows it"),
        (Entry("x", shown=("c4_objections: C082",), open="later"), "no code is named"),
        (Entry("x"), "says neither"),
    ],
)
def test_what_does_not_exist_is_named(entry: Entry, wrong: str) -> None:
    found = dict.fromkeys(IDS, Entry("x", open="later")) | {"A0-01": entry}
    (problem,) = problems(project(), found)
    assert problem.startswith("A0-01: ")
    assert wrong in problem


def test_requirements_left_out_or_made_up_are_named() -> None:
    found = dict.fromkeys(IDS, Entry("x", open="later")) | {"B9-01": Entry("x", open="later")}
    del found["A3-07"]
    assert list(problems(project(), found)) == ["A3-07: has no entry", "B9-01: is not in the catalogue"]


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        (Entry("x", code=("streams",), shown=("y",)), "built"),
        (Entry("x", code=("streams",), shown=("y",), open="a report"), "in part"),
        (Entry("x", open="all of it"), "not built yet"),
        (Entry("x", outside="training"), "not for software"),
    ],
)
def test_state(entry: Entry, state: str) -> None:
    assert entry.state == state


def test_a_key_that_is_not_one_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / trace.FILE).write_text("A0-01: {what: x, open: y}\nA0-02: {what: x, shows: y}\n")
    with pytest.raises(BadUsage, match=r"trace\.yaml:2: A0-02: .*shows"):
        entries(tmp_path)


def test_the_page_is_not_written_from_a_wrong_mapping(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / trace.FILE).write_text("A0-01: {what: x, open: y}\n")
    with pytest.raises(BadUsage, match="A0-02: has no entry"):
        trace_page.trace(tmp_path)

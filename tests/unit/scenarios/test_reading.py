"""YAML with places: values as YAML 1.2 reads them, errors that say where."""

from pathlib import Path

import pytest

from streams.scenarios.reading import (
    BadScenario,
    Mapping,
    Scalar,
    as_listing,
    as_mapping,
    as_scalar,
    only_keys,
    read_documents,
    read_text,
    to_plain,
)


def one(text: str) -> object:
    [node] = read_text(text, "a.yaml")
    return to_plain(node)


def test_values_are_those_of_yaml_1_2() -> None:
    assert one(
        "{a: off, b: 22:00, c: 2026-12-01, d: 0123, e: 12, f: true, g: ~, h: '12', i: -1, j: 1.5}"
    ) == {
        "a": "off",
        "b": "22:00",
        "c": "2026-12-01",
        "d": "0123",
        "e": 12,
        "f": True,
        "g": None,
        "h": "12",
        "i": -1,
        "j": 1.5,
    }


def test_lists_and_anchors() -> None:
    assert one("a: &x [1, {b: 2}]\nc: *x") == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}


def test_empty_documents_are_left_out() -> None:
    assert len(list(read_text("---\n---\na: 1\n---\n", "a.yaml"))) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\n", "not valid YAML"),
        ("a: 1\nb: 2\na: 3\n", "a.yaml:3 (document 1): a: written twice (first in line 1)"),
        ("a: &x [*x]\n", "nested too deeply"),
        ("a: \x07\n", "not valid YAML"),
    ],
)
def test_what_is_wrong_and_where(text: str, message: str) -> None:
    with pytest.raises(BadScenario) as refused:
        list(read_text(text, "a.yaml"))
    assert message in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadScenario, match="cannot be read: No such file"):
        list(read_documents(tmp_path / "none.yaml"))


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadScenario, match="not UTF-8 text"):
        list(read_documents(tmp_path / "x.yaml"))


def test_the_wrong_shape_is_refused() -> None:
    [node] = read_text("a: 1\nb: [1]\nc: {d: 1}\ne:", "a.yaml")
    assert isinstance(node, Mapping)
    with pytest.raises(BadScenario, match=r"a\.yaml:1 .*a mapping of keys"):
        as_mapping(node.entries["a"], "a")
    with pytest.raises(BadScenario, match=r"a\.yaml:1 .*a list is needed"):
        as_listing(node.entries["a"], "a")
    with pytest.raises(BadScenario, match=r"a\.yaml:3 .*one value"):
        as_scalar(node.entries["c"], "c")
    assert as_mapping(node.entries["e"], "e").entries == {}
    assert as_listing(node.entries["e"], "e").items == ()
    assert isinstance(as_scalar(node.entries["a"], "a"), Scalar)


def test_an_unknown_key_is_refused_with_those_that_are_known() -> None:
    [node] = read_text("x: 1\nz: 2", "a.yaml")
    with pytest.raises(BadScenario, match=r"a\.yaml:2 \(document 1\): p\.z: unknown key; allowed: x, y"):
        only_keys(as_mapping(node, ""), "p", ("y", "x"))

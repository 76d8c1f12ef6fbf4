"""The examples in docstrings say what is true."""

import doctest
import importlib
from pathlib import Path

import pytest

import streams

ROOT = Path(streams.__path__[0]).parent
WITH_EXAMPLES = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for file in sorted((ROOT / "streams").rglob("*.py"))
    if ">>>" in file.read_text(encoding="utf-8")
]


def test_there_are_examples() -> None:
    assert len(WITH_EXAMPLES) > 20


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_each_example_of_a_module_is_true(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(name)
    found = doctest.DocTestFinder().find(module)
    assert any(one.examples for one in found), "a prompt outside a docstring is run by nobody"
    assert not doctest.testmod(module).failed, capsys.readouterr().out

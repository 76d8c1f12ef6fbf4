"""The mapping from the catalogue of requirements to what meets them: docs/trace.yaml, read and checked.

The check is the point: a row, module, test, scenario, metric or file that an entry names has to exist.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.decisions.rules import ROWS
from streams.errors import BadUsage
from streams.policy.document import read

from .metric_catalogue import catalogue
from .page import REFERENCE_PAGES

__all__ = ["FILE", "IDS", "Entry", "entries", "problems"]

FILE: Final = Path("docs/trace.yaml")
#: The catalogue's sections and how many requirements each has.
SECTIONS: Final = {"A0": 58, "A1": 17, "A2": 49, "A3": 16, "A4": 14, "A5": 8, "LNT": 14}
IDS: Final = tuple(f"{section}-{n:02d}" for section, count in SECTIONS.items() for n in range(1, count + 1))


#: Written by the same command, so they may not be there yet.
_GENERATED: Final = frozenset(f"docs/reference/{name}.md" for name in REFERENCE_PAGES)


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One requirement: what meets it, what shows it, what is open. See the head of the file."""

    what: str
    rows: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    docs: tuple[str, ...] = ()
    open: str = ""
    outside: str = ""

    @property
    def state(self) -> str:
        if not self.code:
            return "not for software" if self.outside else "not built yet"
        return "in part" if self.open else "built"


def entries(root: Path) -> dict[str, Entry]:
    """Read the mapping. Raises RefuseToStart with the file, and the requirement that is not as it should be."""
    document = read(root / FILE)
    found = {}
    for id_, raw in document.data.items():
        try:
            found[id_] = msgspec.convert(raw, Entry)
        except msgspec.ValidationError as error:
            raise BadUsage(f"{FILE}:{document.line((id_,))}: {id_}: {error}") from None
    return found


def problems(root: Path, found: dict[str, Entry]) -> Iterator[str]:
    """Everything that an entry names and that does not exist, and requirements without an entry."""
    yield from (f"{id_}: has no entry" for id_ in IDS if id_ not in found)
    yield from (f"{id_}: is not in the catalogue" for id_ in found if id_ not in IDS)
    metrics = {metric.name for metric in catalogue()}
    for id_, entry in found.items():
        checks = (
            ("row", entry.rows, lambda row: row in ROWS),
            ("code", entry.code, lambda name: _code_exists(root, name)),
            ("shown", entry.shown, lambda name: _shown_exists(root, name)),
            ("metric", entry.metrics, lambda name: name in metrics),
            ("docs", entry.docs, lambda name: name in _GENERATED or (root / name).is_file()),
        )
        for what, names, exists in checks:
            yield from (f"{id_}: {what}: there is no {name}" for name in names if not exists(name))
        yield from _incomplete(id_, entry)


def _incomplete(id_: str, entry: Entry) -> Iterator[str]:
    if entry.code and not entry.shown:
        yield f"{id_}: says what meets it, and nothing shows it"
    if not entry.code and (entry.rows or entry.shown):
        yield f"{id_}: is shown by something, and no code is named"
    if not (entry.code or entry.open or entry.outside):
        yield f"{id_}: says neither what meets it nor what is open"


def _code_exists(root: Path, name: str) -> bool:
    """A file of the project, a module, or a name in a module."""
    if "/" in name or not name.startswith("streams."):
        return (root / name).is_file()
    if _module(name) is not None:
        return True
    module, _, attribute = name.rpartition(".")
    return hasattr(_module(module), attribute)


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def _shown_exists(root: Path, name: str) -> bool:
    if name.startswith("tests/"):
        file, _, test = name.partition("::")
        return (root / file).is_file() and (not test or test in _tests(root / file))
    file, _, beginning = name.partition(": ")
    return any(
        scenario.startswith(beginning) for scenario in _scenarios(root / "tests/scenarios" / f"{file}.yaml")
    )


@cache
def _tests(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def _scenarios(file: Path) -> tuple[str, ...]:
    """The names of the scenarios in a file, as its lines have them."""
    if not file.is_file():
        return ()
    lines = file.read_text(encoding="utf-8").splitlines()
    return tuple(line.removeprefix("scenario:").strip() for line in lines if line.startswith("scenario:"))

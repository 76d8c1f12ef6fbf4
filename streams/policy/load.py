"""Policies from files: the shipped default, an organisation's own, and a scenario's overrides.

A file is laid over the shipped default, so a key that is left out has the value it has there. Either
everything is valid or BadPolicy says what is not: nothing is ever taken over in part (C213).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from streams.errors import BadPolicy

from . import document
from .check import build
from .document import Document
from .items import Problem, Weight
from .lint import Finding, Severity, lint
from .model import Policy
from .template_files import Folder, read_folder

__all__ = ["check", "default_path", "load", "load_overrides", "load_policy", "read", "templates_folder"]

_SHIPPED: Final = Path(__file__).resolve().parents[2] / "deploy" / "policy"


def default_path() -> Path:
    """Where the shipped policy is."""
    return _SHIPPED / "default.yaml"


def load(path: Path) -> Policy:
    """Read and check a policy file. Errors: BadPolicy, one line for each problem, with file and line."""
    return _made(read(path), tolerant=False)


def load_policy(path: Path | None) -> Policy:
    """Load the policy that the settings name, or the shipped one. Errors: BadPolicy."""
    return load(path or default_path())


def check(path: Path) -> tuple[Problem, ...]:
    """Give everything that is wrong with a policy file, in the order of its lines.

    Errors: BadPolicy when it cannot be read at all.
    """
    return _problems(read(path))[1]


def read(path: Path) -> Document:
    """Read a policy file, laid over the shipped default. It is not checked: overrides come first.

    Errors: BadPolicy when it cannot be read or is not YAML.
    """
    own = document.read(path)
    if path.resolve() == default_path():
        return own
    if "version" not in own.data:
        own.data["version"] = None  # everybody's own to declare: the shipped version names other content
    shipped = document.read(default_path())
    return Document(own.file, _laid_over(shipped.data, own.data), own.lines)


def load_overrides(base: Document, overrides: Mapping[str, Any]) -> Policy:
    """Make a policy of ``base`` with some keys set: dotted (``settle_s.appointment``) or nested.

    The version names the content, so that equal overrides give equal versions. What is only doubtful in a
    file is allowed here: a scenario shows what the rules make of it. Errors: BadPolicy.

    >>> load_overrides(read(default_path()), {"settle_s.appointment": 0}).settle_appointment
    0
    """
    key = json.dumps(overrides, sort_keys=True, default=str)
    made = _CACHE.get((id(base), key))
    if made is None or made[0] is not base:
        if len(_CACHE) > _CACHE_LIMIT:
            _CACHE.clear()
        data = base.data
        for path, value in _flat(overrides):
            data = _with(data, path, value)
        policy = _made(Document("policy", data, {}), tolerant=True, folder_of=base)
        made = _CACHE[id(base), key] = (base, policy)
    return made[1]


_CACHE: Final[dict[tuple[int, str], tuple[Document, Policy]]] = {}
_CACHE_LIMIT: Final = 512


def templates_folder(base: Document) -> Path:
    """The folder of templates a policy names; the shipped one when it names none. Errors: BadPolicy."""
    named = base.data.get("templates")
    if named is None:
        return _SHIPPED / "templates"
    if not isinstance(named, str):
        raise BadPolicy(f"{base.file}:{base.line(('templates',))}: templates: is not the path of a folder")
    return (Path(base.file).parent / named).resolve()


def _made(base: Document, *, tolerant: bool, folder_of: Document | None = None) -> Policy:
    policy, problems = _problems(base, folder_of)
    if tolerant:
        problems = tuple(p for p in problems if p.weight is Weight.REFUSED)
    if problems:
        raise BadPolicy(_listed(problems))
    return policy


def _problems(base: Document, folder_of: Document | None = None) -> tuple[Policy, tuple[Problem, ...]]:
    folder = _read(templates_folder(folder_of or base))
    policy, problems = build(base, folder.registry)
    ordered = sorted((*problems, *folder.problems), key=lambda p: (p.file != base.file, p.file, p.line or 0))
    return policy, tuple(ordered)


def _listed(problems: Iterable[Problem]) -> str:
    return "\n".join(map(str, problems))


def _read(folder: Path) -> Folder:
    stamps = ((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.glob("*.yaml"))
    return _read_once(folder, tuple(sorted(stamps)))


@lru_cache(maxsize=8)
def _read_once(folder: Path, _stamps: tuple[tuple[str, int, int], ...]) -> Folder:
    """Read and lint a folder; again only when a file in it has changed."""
    found = read_folder(folder)
    wordings = (finding for finding in lint(found.registry) if finding.severity is Severity.ERROR)
    return Folder(found.registry, (*found.problems, *map(_as_problem, wordings)))


def _as_problem(finding: Finding) -> Problem:
    file, _, line = finding.place.rpartition(":")
    language = f" ({finding.language})" if finding.language else ""
    return Problem(file, int(line), f"{finding.template}{language}", f"{finding.rule}: {finding.message}")


# --- laying one mapping over another ---


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = _laid_over(below, value)
        merged[key] = value
    return merged


def _flat(overrides: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    """Give each override as a path and a value; mappings go down to their leaves so that they merge."""
    found: list[tuple[tuple[str, ...], Any]] = []
    for dotted, value in overrides.items():
        path = tuple(str(dotted).split("."))
        if isinstance(value, Mapping) and value:
            found.extend(((*path, *rest), leaf) for rest, leaf in _flat(value))
        else:
            found.append((path, value))
    return found


def _with(data: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Copy what lies on the path and set its end; the rest is shared."""
    head, rest = path[0], path[1:]
    below = data.get(head)
    if rest:
        value = _with(below if isinstance(below, Mapping) else {}, rest, value)
    return {**data, head: value}

"""Reads scenario files into frozen Scenarios (contract 6).

Everything a person could mistype is refused with file, line, document, key and what is allowed. Reads files and
nothing else: neither policy nor rules are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from streams.domain.time import MINUTE, Instant

from .expecting import read_decisions, read_expectations
from .filling import read_time
from .reading import (
    BadScenario,
    Mapping,
    Node,
    as_listing,
    as_mapping,
    as_scalar,
    only_keys,
    read_documents,
    read_text,
    refuse,
    to_plain,
)
from .steps import StepReader
from .story import Scenario, Step

_KEYS: Final = (
    "scenario",
    "clock",
    "policy",
    "given",
    "when",
    "until",
    "then",
    "never",
    "decisions",
    "tasks",
    "sends",
)
#: How long after the last event a scenario runs when it does not say ``until``.
_RUNS_ON: Final = 10 * MINUTE


def read_files(paths: Iterable[Path]) -> Iterator[Scenario]:
    """Read all scenarios of the files; a folder stands for every ``*.yaml`` and ``*.yml`` below it, by name.

    Raises BadScenario for a file that is not there, is not YAML, or says something a scenario cannot say.
    """
    for path in paths:
        for file in _files_of(path):
            yield from map(read_scenario, read_documents(file))


def read_string(text: str, file: str = "<text>") -> Iterator[Scenario]:
    """Read scenarios from text, as ``read_files`` does from files."""
    yield from map(read_scenario, read_text(text, file))


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix in (".yaml", ".yml") and file.is_file())
    if not found:
        raise BadScenario(f"{path}: this folder holds no *.yaml file")
    return found


def read_scenario(node: Node) -> Scenario:
    """Read one document. Raises BadScenario."""
    document = as_mapping(node, "document")
    only_keys(document, "", _KEYS)
    clock = _clock(document)
    reader = StepReader(clock)
    given = tuple(reader.given(item, f"given[{n}]") for n, item in enumerate(_items(document, "given")))
    when: tuple[Step, ...] = ()
    for n, item in enumerate(_items(document, "when")):
        when += (reader.when(item, f"when[{n}]", after=when[-1].at if when else clock),)
    last = max((step.at for step in when), default=clock)
    expected = document.entries
    policy = expected.get("policy")
    return Scenario(
        name=_name(document),
        place=document.place,
        clock=clock,
        policy={} if policy is None else to_plain(as_mapping(policy, "policy")),
        policy_place=document.place_of("policy"),
        given=given,
        when=tuple(sorted(when, key=lambda step: step.at)),
        until=_until(expected.get("until"), clock, last),
        then=read_expectations(expected["then"], "then", clock) if "then" in expected else (),
        never=read_expectations(expected["never"], "never", clock) if "never" in expected else (),
        decisions=read_decisions(expected["decisions"], "decisions", clock)
        if "decisions" in expected
        else (),
        any_tasks=_any(document, "tasks"),
        any_sends=_any(document, "sends"),
    )


def _items(document: Mapping, key: str) -> tuple[Node, ...]:
    return as_listing(document.entries[key], key).items if key in document.entries else ()


def _name(document: Mapping) -> str:
    if "scenario" not in document.entries:
        refuse(
            document.place,
            "scenario",
            "every document begins with the scenario's name",
            ("scenario: <name>",),
        )
    name = as_scalar(document.entries["scenario"], "scenario").text.strip()
    return name or refuse(document.place_of("scenario"), "scenario", "the name is empty")


def _clock(document: Mapping) -> Instant:
    if "clock" not in document.entries:
        refuse(
            document.place,
            "clock",
            "every scenario says when it starts",
            ("clock: 2026-12-01T09:00:00+00:00",),
        )
    return read_time(as_scalar(document.entries["clock"], "clock"), "clock", None)


def _until(node: Node | None, clock: Instant, last: Instant) -> Instant:
    if node is None:
        return last + _RUNS_ON
    until = read_time(as_scalar(node, "until"), "until", clock)
    return until if until >= last else refuse(node.place, "until", "is before the last event")


def _any(document: Mapping, key: str) -> bool:
    if key not in document.entries:
        return False
    if as_scalar(document.entries[key], key).text != "any":
        refuse(document.place_of(key), key, "can only be switched to any", ("any",))
    return True

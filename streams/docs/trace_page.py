"""trace.md: from each requirement of the catalogue to rule, code, test and document."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from streams.errors import BadUsage

from .page import code, codes, page, table
from .trace import FILE, SECTIONS, Entry, entries, problems

_TITLES: Final = {
    "A0": "A0: NHS England guidance for information governance (S0)",
    "A1": "A1: digest for professionals (S1)",
    "A2": "A2: clinical-safety guide (S2)",
    "A3": "A3: mobile messaging (S3)",
    "A4": "A4: medico-legal article (S4)",
    "A5": "A5: combined from several sources",
    "LNT": "A6: rules for wordings",
}


def trace(root: Path) -> str:
    """The page. Raises BadUsage when the mapping names something that does not exist."""
    found = entries(root)
    wrong = list(problems(root, found))
    if wrong:
        raise BadUsage(f"{FILE}: {'; '.join(wrong)}")
    states = Counter(entry.state for entry in found.values())
    summary = ", ".join(
        f"{states[state]} {state}" for state in ("built", "in part", "not built yet", "not for software")
    )
    parts = [_section(section, found) for section in SECTIONS]
    return page(
        "From requirements to rules, tests and documents",
        str(FILE),
        f"Every requirement of the catalogue (A0-01 to LNT-14) with what meets it and what shows it. {len(found)} "
        f"requirements: {summary}. *Built* says that software does what is asked and something shows it; what an "
        "organisation has to do beside it is not repeated here.",
        *parts,
        _open(found),
    )


def _section(section: str, found: dict[str, Entry]) -> str:
    ours = {id_: entry for id_, entry in found.items() if id_.startswith(f"{section}-")}
    return f"## {_TITLES[section]}\n\n" + table(
        ("Id", "What", "State", "Rules", "Where", "Shown by"),
        (
            (
                id_,
                entry.what,
                entry.state,
                ", ".join(entry.rows),
                ", ".join((codes(entry.code), *_links(entry))).strip(", "),
                ", ".join((*map(_shown, entry.shown), *map(code, entry.metrics))),
            )
            for id_, entry in ours.items()
        ),
    )


def _links(entry: Entry) -> list[str]:
    return [f"[{Path(doc).name}]({doc.removeprefix('docs/')})" for doc in entry.docs]


def _shown(name: str) -> str:
    if not name.startswith("tests/"):
        file, _, beginning = name.partition(": ")
        return f"scenarios [{file}](../tests/scenarios/{file}.yaml) {beginning}"
    file, _, test = name.partition("::")
    return f"[{Path(file).stem}](../{file}){' ' + code(test) if test else ''}"


def _open(found: dict[str, Entry]) -> str:
    return "## Not built yet\n\n" + table(
        ("Id", "What is open"), ((id_, entry.open) for id_, entry in found.items() if entry.open)
    )

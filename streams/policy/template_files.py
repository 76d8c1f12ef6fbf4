"""From a folder of YAML files to a registry: organisation.yaml, terms.yaml and files of templates.

Reads and assembles; whether a wording is fit to be sent is for ``policy.lint``. A folder with any problem
is refused as a whole, with every problem named (C213).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.domain.vocabulary import SENDABLE, Channel, Level, NeedKind, Purpose
from streams.errors import BadPolicy

from .document import Document, read
from .items import Item, Problem, Problems
from .parameters import LONGEST, OWN, Kind, Parameter
from .templates import ENGLISH, Organisation, Registry, Replies, Template, Text, content_hash
from .terms import Terms

__all__ = ["Folder", "read_folder"]

ORGANISATION_FILE: Final = "organisation.yaml"
TERMS_FILE: Final = "terms.yaml"

_TEMPLATE_KEYS: Final = (
    "id", "version", "purposes", "level", "channels", "formats", "text", "parameters", "sender", "replies",
    "closing", "author", "approver", "clinical_approver", "urgent", "review_due",
)  # fmt: skip
_REQUIRED: Final = ("id", "version", "purposes", "level", "channels", "text", "replies")
#: Vocabulary 1.5: what may ever be a message.
_SENDABLE: Final = frozenset(Purpose) - {
    Purpose.EMERGENCY_TRIAGE,
    Purpose.BAD_NEWS,
    Purpose.COMPLEX_CLINICAL,
    Purpose.DIRECT_MARKETING,
    Purpose.RESEARCH,
    Purpose.STAFF_TO_STAFF,
    Purpose.UNKNOWN,
}
_LEVELS: Final = (Level.L0, Level.L1, Level.L2, Level.L3, Level.L4)  # L5 is never automated
_FORMATS: Final = frozenset(NeedKind) - {NeedKind.INTERPRETER, NeedKind.UNKNOWN, NeedKind.OTHER}


class Folder(msgspec.Struct, frozen=True):
    """What a folder of templates says. ``problems`` are of shape, not of wording."""

    registry: Registry
    problems: tuple[Problem, ...]


class _Closing(msgspec.Struct, frozen=True):
    """How messages end in one language, by whether replies are read (LNT-06, LNT-10, LNT-11)."""

    endings: dict[Replies, str]


def read_folder(folder: Path) -> Folder:
    """Read every template of a folder. Errors: BadPolicy when a file is missing or is not YAML."""
    if not folder.is_dir():
        raise BadPolicy(f"{folder}: there is no such folder of templates")
    found: list[Problem] = []
    organisation, closings = _organisation(read(folder / ORGANISATION_FILE), found)
    terms = _terms(read(folder / TERMS_FILE), found)
    templates: list[Template] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name not in (ORGANISATION_FILE, TERMS_FILE):
            templates.extend(_templates(read(path), organisation, closings, found))
    _refuse_repeats(templates, found)
    return Folder(Registry.of(templates, organisation, terms), tuple(found))


def _organisation(document: Document, found: list[Problem]) -> tuple[Organisation, dict[str, _Closing]]:
    problems = Problems(document)
    keys = ("names", "senders", "phone", "phones", "website", "domains", "languages", "closings")
    fields = problems.root().table(keys, required=keys)
    names = {k: v.text(LONGEST[Kind.ORGANISATION]) for k, v in _open(fields, "names").items()}
    if ENGLISH not in names:
        problems.note(("names",), "has no English name", "en: the name patients know")
    closings = {
        language: _Closing({r: texts[r].text(400) for r in Replies if r in texts})
        for language, item in _open(fields, "closings").items()
        for texts in [item.table(tuple(Replies))]
    }
    organisation = Organisation(
        {ENGLISH: "", **names},
        _texts(fields, "senders"),
        _text(fields, "phone"),
        _texts(fields, "phones"),
        _text(fields, "website"),
        tuple(domain.lower() for domain in _texts(fields, "domains")),
        _texts(fields, "languages"),
    )
    found.extend(problems.found)
    return organisation, closings


def _terms(document: Document, found: list[Problem]) -> Terms:
    problems = Problems(document)
    kinds: dict[str, tuple[Level | None, list[str]]] = {}
    for kind, item in problems.root().open_table().items():
        fields = item.table(("allowed_from", "words"), required=("allowed_from", "words"))
        if len(fields) == 2:
            never = fields["allowed_from"].value == "never"
            level = None if never else fields["allowed_from"].choice(Level)
            kinds[kind.replace("_", " ")] = level, [w.text(60) for w in fields["words"].entries()]
    found.extend(problems.found)
    return Terms.of(kinds)


def _templates(
    document: Document, organisation: Organisation, closings: Mapping[str, _Closing], found: list[Problem]
) -> list[Template]:
    problems = Problems(document)
    root = problems.root().table(("defaults", "templates"), required=("templates",))
    defaults = dict(_open(root, "defaults"))
    read_ones = []
    for entry in root["templates"].entries() if "templates" in root else []:
        template = _template(entry, defaults, organisation, closings)
        if template is not None:
            read_ones.append(template)
    found.extend(problems.found)
    return read_ones


def _template(
    entry: Item, defaults: Mapping[str, Item], organisation: Organisation, closings: Mapping[str, _Closing]
) -> Template | None:
    before = len(entry.problems.found)
    own = entry.open_table()
    fields = {k: v for k, v in {**defaults, **own}.items() if v.value is not None}
    for key in fields:
        if key not in _TEMPLATE_KEYS:
            fields[key].wrong("is not a key of a template", ", ".join(_TEMPLATE_KEYS))
    for key in _REQUIRED:
        if key not in fields:
            entry.problems.note((*entry.path, key), "is missing")
    if len(entry.problems.found) > before:
        return None
    replies = fields["replies"].choice(Replies)
    closing = fields["closing"].flag() if "closing" in fields else True
    texts = {
        language: _wording(item, closings.get(language) if closing else None, replies)
        for language, item in fields["text"].open_table().items()
    }
    if ENGLISH not in texts:
        fields["text"].wrong("has no English wording", "en, and any other language beside it")
    template = Template(
        id=fields["id"].text(60),
        version=fields["version"].whole(1, 1_000_000),
        hash="",
        purposes=frozenset(fields["purposes"].choices(Purpose, sorted(_SENDABLE))),
        level=fields["level"].choice(Level, _LEVELS),
        channels=frozenset(fields["channels"].choices(Channel, SENDABLE)),
        formats=_formats(fields),
        texts=texts,
        parameters=_parameters(fields),
        sender=_text(fields, "sender") or next(iter(organisation.senders), ""),
        replies=replies,
        author=_text(fields, "author"),
        approver=_text(fields, "approver"),
        clinical_approver=_text(fields, "clinical_approver"),
        urgent=fields["urgent"].flag() if "urgent" in fields else False,
        review_due=fields["review_due"].start_of_day() if "review_due" in fields else None,
        place=_place(entry),
    )
    if len(entry.problems.found) > before:
        return None
    return msgspec.structs.replace(template, hash=content_hash(_content(template)))


def _wording(item: Item, closing: _Closing | None, replies: Replies) -> Text:
    fields = item.table(("subject", "body"), required=("subject", "body"))
    body = fields["body"].text(4_000) if "body" in fields else ""
    ending = closing.endings.get(replies, "") if closing is not None else ""
    return Text(_text(fields, "subject"), f"{body} {ending}".strip())


def _formats(fields: Mapping[str, Item]) -> dict[Channel, frozenset[NeedKind]]:
    found = {}
    for name, item in _open(fields, "formats").items():
        channel = Item(name, item.path, item.problems).choice(Channel, SENDABLE)
        found[channel] = frozenset(item.choices(NeedKind, sorted(_FORMATS)))
    return found


def _parameters(fields: Mapping[str, Item]) -> tuple[Parameter, ...]:
    found = []
    for name, item in _open(fields, "parameters").items():
        if name in {kind.value for kind in OWN}:
            item.wrong("is the organisation's own placeholder and need not be declared")
        parts = item.table(("type", "max"), required=("type", "max"))
        if len(parts) == 2:
            kind = parts["type"].choice(Kind, [k for k in Kind if k not in OWN])
            found.append(Parameter(name, kind, parts["max"].whole(1, LONGEST[kind])))
    return tuple(found)


def _content(template: Template) -> dict[str, Any]:
    """What the hash covers: everything that was approved, and nothing of where it is kept."""
    content: dict[str, Any] = msgspec.to_builtins(
        msgspec.structs.replace(template, hash="", place=""), order="deterministic"
    )
    return content


def _refuse_repeats(templates: list[Template], found: list[Problem]) -> None:
    seen: dict[str, Template] = {}
    for template in templates:
        first = seen.setdefault(template.id, template)
        if first is not template:
            file, _, line = template.place.rpartition(":")
            found.append(
                Problem(file, int(line), template.id, f"the same id is used at {first.place}", "each id once")
            )


def _place(entry: Item) -> str:
    document = entry.problems.document
    return f"{document.file}:{document.line(entry.path)}"


def _open(fields: Mapping[str, Item], key: str) -> dict[str, Item]:
    return fields[key].open_table() if key in fields else {}


def _text(fields: Mapping[str, Item], key: str) -> str:
    return fields[key].text() if key in fields else ""


def _texts(fields: Mapping[str, Item], key: str) -> tuple[str, ...]:
    return tuple(entry.text() for entry in fields[key].entries()) if key in fields else ()

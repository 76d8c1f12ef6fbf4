"""What differs between two policy files: settings by their dotted key, and wordings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from streams.policy.document import Document
from streams.policy.model import Policy
from streams.policy.templates import Template

__all__ = ["Difference", "settings", "wordings"]

_NO_SETTING: Final = ("version", "templates")
_ABSENT: Final = object()


class Difference(msgspec.Struct, frozen=True):
    """One setting or wording, as it was and as it would be; "none" where there is none."""

    key: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.key}: {self.before} -> {self.after}"


def settings(old: Document, new: Document) -> tuple[Difference, ...]:
    """The settings that differ, in the order of the new file; both are laid over the shipped policy."""
    return tuple(_settings((), old.data, new.data))


def _settings(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in (*new, *(key for key in old if key not in new)):
            if path or key not in _NO_SETTING:
                yield from _settings((*path, str(key)), old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif old != new:
        yield Difference(".".join(path), *_shown(old, new))


def _shown(old: Any, new: Any) -> tuple[str, str]:
    """Both values; of two lists with the same order only what was taken away and put in."""
    if isinstance(old, list) and isinstance(new, list):
        gone, come = [e for e in old if e not in new], [e for e in new if e not in old]
        if (gone or come) and max(len(old), len(new)) > len(gone) + len(come):
            return f"with {_text(gone)}", f"with {_text(come)}"
    return _text(old), _text(new)


def _text(value: Any) -> str:
    if value is _ABSENT or value is None or value in ([], {}):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_text(inner)}" for key, inner in value.items()) + "}"
    return str(value)


def wordings(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """The templates that were added, removed or changed, by id."""
    before, after = _by_id(old), _by_id(new)
    ids = sorted(before.keys() | after.keys())
    return tuple(
        Difference(id_, _version(before.get(id_)), _version(after.get(id_)))
        for id_ in ids
        if _hash(before.get(id_)) != _hash(after.get(id_))
    )


def _by_id(policy: Policy) -> dict[str, Template]:
    return {template.id: template for template in policy.templates.templates}


def _hash(template: Template | None) -> tuple[int, str] | None:
    return None if template is None else (template.version, template.hash)


def _version(template: Template | None) -> str:
    return "none" if template is None else f"version {template.version} ({template.hash[:8]})"

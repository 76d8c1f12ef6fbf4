"""Everything in a load that tells who somebody is or what they asked to keep to themselves, and where it shows."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from streams.demo.scene import TimedRecord
from streams.domain.events import Event
from streams.domain.vocabulary import PROTECTED_REASONS

#: Texts that are codes or names of places and systems: they may be labels. All others are a person's.
_OPEN: Final = frozenset(
    {
        "service_code", "services", "competent_for", "site", "generic_site", "source", "received_via", "language", "mode",
        "kind", "provider", "channel_group", "exit_code", "outcome_code", "from_", "to", "contact_id", "result_code",
    }
)  # fmt: skip
_WORD: Final = re.compile(r"[\w'+@.-]+")
_NUMBER: Final = re.compile(r"\d{10,}")


class Identifiers:
    """Of these records: names, numbers, addresses, dates of birth, ids, staff, and every protected reason."""

    def __init__(self, records: Iterable[TimedRecord]) -> None:
        texts: set[str] = set(map(str, PROTECTED_REASONS))
        for record in records:
            if isinstance(record.value, Event):
                texts.update(_texts(record.value.envelope))
                texts.update(_texts(record.value.body))
        texts.discard("")
        self.words = {text for text in texts if _WORD.fullmatch(text)}
        self.phrases = texts - self.words
        self.numbers = {number for text in texts for number in _NUMBER.findall(text)}

    def in_text(self, text: str) -> set[str]:
        """Those that it shows: as words of it, as digits anywhere in it, and phrases anywhere in it."""
        words = {found.strip(".'-") for found in _WORD.findall(text)} | set(_WORD.findall(text))
        found = self.words & words
        found |= self.numbers & {number for run in _NUMBER.findall(text) for number in _ends(run)}
        return found | {phrase for phrase in self.phrases if phrase in text}


def _ends(run: str) -> Iterator[str]:
    """A number as it stands, and without what is put before it abroad and at home."""
    yield run
    yield run.removeprefix("0")
    yield "44" + run.removeprefix("0")


def _texts(part: Any, field: str = "") -> Iterator[str]:
    if isinstance(part, msgspec.Struct):
        for name in part.__struct_fields__:
            yield from _texts(getattr(part, name), name)
    elif isinstance(part, tuple | list):
        for one in part:
            yield from _texts(one, field)
    elif isinstance(part, dict):
        for one in part.values():
            yield from _texts(one, field)
    elif type(part) is str and field not in _OPEN:  # a member of a closed list is no plain text
        yield part

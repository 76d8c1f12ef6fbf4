"""The values of a file that people wrote: readers that note every problem at once and never raise.

Values made by another YAML reader (a scenario's) are understood too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from streams.domain.london import Day, Minutes, at, day_number, parse_hhmm
from streams.domain.time import Instant

from .document import Document, KeyPath

__all__ = ["Item", "Problem", "Problems", "Weight"]

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Weight(StrEnum):
    """``REFUSED`` everywhere. ``DOUBTFUL``: refused in a file, but a scenario may try what the rules make of it."""

    REFUSED = "refused"
    DOUBTFUL = "doubtful"


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong with a file: where, which key, what is wrong, and what would be right."""

    file: str
    line: int | None
    key: str
    what: str
    allowed: str = ""
    weight: Weight = Weight.REFUSED

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return f"{place}: {self.key}: {self.what}{allowed}" if self.key else f"{place}: {self.what}{allowed}"


class Problems:
    """Everything wrong that was found so far: a reader notes it and goes on with a stand-in value."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Problem] = []

    def note(self, path: KeyPath, what: str, allowed: str = "", weight: Weight = Weight.REFUSED) -> None:
        line = self.document.line(path)
        problem = Problem(self.document.file, line, ".".join(path), what, allowed, weight)
        if problem not in self.found:
            self.found.append(problem)

    def root(self) -> Item:
        return Item(self.document.data, (), self)


class Item:
    """One value of a document with its place. Each reading method notes what is wrong and never raises."""

    __slots__ = ("path", "problems", "value")

    def __init__(self, value: Any, path: KeyPath, problems: Problems) -> None:
        self.value = value
        self.path = path
        self.problems = problems

    def wrong(self, what: str, allowed: str = "", weight: Weight = Weight.REFUSED) -> None:
        self.problems.note(self.path, what, allowed, weight)

    # --- shapes ---

    def table(self, known: Collection[str], required: Collection[str] = ()) -> dict[str, Item]:
        """Read a mapping with these keys only; a key that is null counts as left out."""
        if not isinstance(self.value, Mapping):
            self.wrong(f"is {_kind(self.value)}", f"a mapping with {', '.join(known)}")
            return {}
        for key in self.value:
            if key not in known:
                near = get_close_matches(str(key), list(known), n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self._child(str(key)).wrong(f"is not a key here{hint}", "" if near else ", ".join(known))
        for key in required:
            if self.value.get(key) is None:
                self._child(key).wrong("is missing")
        return {key: self._child(key) for key in known if self.value.get(key) is not None}

    def open_table(self) -> dict[str, Item]:
        """Read a mapping whose keys are checked by the caller."""
        if not isinstance(self.value, Mapping):
            self.wrong(f"is {_kind(self.value)}", "a mapping")
            return {}
        return {str(key): self._child(str(key)) for key in self.value}

    def entries(self) -> list[Item]:
        """Read a list; a single value is a list of one."""
        if isinstance(self.value, Mapping):
            self.wrong("is a mapping", "a list")
            return []
        values = list(self.value) if isinstance(self.value, list | tuple | set | frozenset) else [self.value]
        return [Item(value, (*self.path, str(index)), self.problems) for index, value in enumerate(values)]

    def _child(self, key: str) -> Item:
        value = self.value.get(key) if isinstance(self.value, Mapping) else None
        return Item(value, (*self.path, key), self.problems)

    # --- values ---

    def text(self, longest: int = 200) -> str:
        if not isinstance(self.value, str | int | float) or isinstance(self.value, bool):
            self.wrong(f"is {_kind(self.value)}", "text")
            return ""
        text = str(self.value).strip()
        if len(text) > longest:
            self.wrong(f"is longer than {longest} characters", "")
        return text

    def flag(self) -> bool:
        if isinstance(self.value, bool):
            return self.value
        if isinstance(self.value, str) and self.value.lower() in ("on", "off", "yes", "no"):
            return self.value.lower() in ("on", "yes")
        self.wrong(f"is {_kind(self.value)}", "true or false")
        return False

    def whole(self, low: int, high: int) -> int:
        if type(self.value) is int and low <= self.value <= high:
            return self.value
        self.wrong(f"is {_shown(self.value)}", f"a whole number from {low} to {high}")
        return low

    def number(self, low: float, high: float, *, above: bool = False) -> float:
        """Read a number from ``low`` to ``high``; with ``above``, ``low`` itself is too low."""
        value = self.value
        if type(value) in (int, float) and (low < value if above else low <= value) and value <= high:
            return float(value)
        bound = f"above {low:g} and at most" if above else f"from {low:g} to"
        self.wrong(f"is {_shown(value)}", f"a number {bound} {high:g}")
        return high

    def choice(
        self, kind: type[E], among: Iterable[E] | None = None, spellings: Mapping[Any, E] | None = None
    ) -> E:
        """Read one symbol of a closed list. ``spellings`` are what other YAML readers make of a symbol."""
        allowed = list(kind if among is None else among)
        value = self.value
        if spellings and isinstance(value, str | bool) and value in spellings:
            return spellings[value]
        for member in allowed:
            if value == member.value:
                return member
        near = get_close_matches(str(value), [m.value for m in allowed], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        self.wrong(f"is {_shown(value)}{hint}", ", ".join(m.value for m in allowed))
        return allowed[0]

    def choices(self, kind: type[E], among: Iterable[E] | None = None) -> tuple[E, ...]:
        """Read a list of symbols, each once."""
        found = [entry.choice(kind, among) for entry in self.entries()]
        if len(set(found)) < len(found):
            self.wrong("names something twice")
        return tuple(found)

    def time_of_day(self) -> Minutes:
        """Read HH:MM; YAML readers that make a number of 21:00 make its minutes."""
        if type(self.value) is int and 0 <= self.value <= 1440:
            return self.value
        return self._read(lambda v: parse_hhmm(v), "a time of day, HH:MM", 0)

    def day(self) -> Day:
        if isinstance(self.value, date) and not isinstance(self.value, datetime):
            return day_number(self.value)
        return self._read(lambda v: day_number(date.fromisoformat(v)), "a date, YYYY-MM-DD", 0)

    def start_of_day(self) -> Instant:
        """Read a date as the first instant of that London day; a time with its offset is taken as it is."""
        if isinstance(self.value, datetime) or (isinstance(self.value, str) and len(self.value) > 10):
            return self.moment()
        return at(self.day(), 0)

    def moment(self) -> Instant:
        """Read a time with its offset."""
        allowed = "a time with its offset, for example 2027-03-31T17:00:00+01:00"
        if isinstance(self.value, datetime):
            return self._read(lambda _: _instant(self.value), allowed, 0, any_type=True)
        return self._read(lambda v: _instant(datetime.fromisoformat(v)), allowed, 0)

    def _read(self, of: Callable[[Any], T], allowed: str, stand_in: T, *, any_type: bool = False) -> T:
        if any_type or isinstance(self.value, str):
            try:
                return of(self.value)
            except ValueError:
                pass  # noted below, like anything else that is not one
        self.wrong(f"is {_shown(self.value)}", allowed)
        return stand_in


def _instant(moment: datetime) -> Instant:
    if moment.tzinfo is None:
        raise ValueError("a time without offset")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _kind(value: object) -> str:
    kinds = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "empty"}
    return kinds.get(type(value), "a number" if isinstance(value, int | float) else "something else")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value}"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 and value.isprintable() else "a long text"
    return str(value) if isinstance(value, date) else _kind(value)

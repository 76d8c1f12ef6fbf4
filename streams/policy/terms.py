"""Words that give away more than a message may: by kind, and the level from which each is allowed.

Matching ignores case, accents, spacing and punctuation between words, so "Sexual-Health Hub" and
"SEXUAL HEALTH" are one. The lists themselves are the organisation's: ``deploy/policy/templates/terms.yaml``.
Source: LNT-08, LNT-09 (S1 line 20); C186, C187.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from re import Pattern
from typing import Final
from unicodedata import combining, normalize

import msgspec

from streams.domain.vocabulary import Level

__all__ = ["Term", "Terms", "plain"]

_TELLING: Final = 6  # letters


class Term(msgspec.Struct, frozen=True):
    """A banned word with its kind ("condition", "sensitive service", ...). ``allowed_from`` None: never."""

    word: str
    kind: str
    allowed_from: Level | None


class Terms(msgspec.Struct, frozen=True, cache_hash=True):
    """The organisation's list. An entry that ends in ``*`` stands for every word that starts so."""

    listed: tuple[Term, ...] = ()

    @classmethod
    def of(cls, kinds: Mapping[str, tuple[Level | None, Iterable[str]]]) -> "Terms":
        """Make a list from kind to (allowed from, words)."""
        return cls(tuple(Term(word, kind, level) for kind, (level, words) in kinds.items() for word in words))

    def found_in(self, text: str, level: Level) -> tuple[Term, ...]:
        """Give the terms in ``text`` that a message of this level may not contain."""
        return tuple(_by_plain(self)[word] for word in _words_in(self, level, plain(text)))

    def hidden_in(self, name: str, level: Level) -> tuple[Term, ...]:
        """Give the terms in a name written together, such as a sender or a domain (C187)."""
        split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
        together = plain(name).replace(" ", "")
        inside = tuple(t for t in self.listed if _is_banned(t, level) and _is_inside(t, together))
        return tuple(dict.fromkeys((*self.found_in(split, level), *inside)))

    def is_neutral(self, text: str, level: Level = Level.L1) -> bool:
        """Tell whether a name (a site, a sender) can stand in a message of this level (C186)."""
        return _is_neutral(self, text, level)


def plain(text: str) -> str:
    """Reduce text to lower-case words without accents: what is compared is what is read."""
    letters = "".join(c for c in normalize("NFKD", text.casefold()) if not combining(c))
    return " ".join(re.findall(r"[^\W_]+", letters))


def _words_in(terms: Terms, level: Level, text: str) -> tuple[str, ...]:
    pattern = _pattern(terms, level)
    if pattern is None:
        return ()
    stems = _by_plain(terms)
    found = (match if match in stems else _stem(match, stems) for match in pattern.findall(text))
    return tuple(dict.fromkeys(found))


def _stem(match: str, stems: Mapping[str, Term]) -> str:
    return max((s for s in stems if s.endswith("*") and match.startswith(s[:-1])), key=len)


@lru_cache(maxsize=64)
def _by_plain(terms: Terms) -> dict[str, Term]:
    return {_key(term.word): term for term in terms.listed}


def _is_banned(term: Term, level: Level) -> bool:
    return term.allowed_from is None or term.allowed_from > level


def _is_inside(term: Term, together: str) -> bool:
    """Whether a longer term is part of words written together; short ones are in too many words."""
    word = plain(term.word).replace(" ", "")
    return len(word) >= _TELLING and word in together


def _key(word: str) -> str:
    return plain(word) + ("*" if word.endswith("*") else "")


@lru_cache(maxsize=64)
def _pattern(terms: Terms, level: Level) -> Pattern[str] | None:
    banned = [_key(t.word) for t in terms.listed if t.allowed_from is None or t.allowed_from > level]
    if not banned:
        return None
    longest_first = sorted(banned, key=len, reverse=True)
    shapes = (re.escape(w[:-1]) + r"\w*" if w.endswith("*") else re.escape(w) for w in longest_first)
    return re.compile(rf"\b(?:{'|'.join(shapes)})\b")


@lru_cache(maxsize=16_384)
def _is_neutral(terms: Terms, text: str, level: Level) -> bool:
    return not terms.found_in(text, level)

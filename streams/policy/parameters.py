"""What may stand in a placeholder: which kinds at which level, how long, and cleaned how.

A value is data, never text to be evaluated (C180). Kinds say more than "text" so that a location
cannot smuggle in a link or a telephone number (C181), and nothing identifies a patient (A3-04).
"""

import re
from enum import StrEnum
from typing import Final
from unicodedata import category, normalize

import msgspec

from streams.domain.london import date_of, wall
from streams.domain.time import DAY, MINUTE, Instant
from streams.domain.vocabulary import Level

from .terms import Terms

__all__ = [
    "ALLOWED",
    "BadParameter",
    "Kind",
    "Parameter",
    "clean",
    "neutral_place",
    "say_when",
]


class BadParameter(ValueError):
    """A value that may not be put into a message. Names the rule, never the value."""


class Kind(StrEnum):
    """Kinds of placeholder. The first three are the organisation's own, the same for everyone."""

    ORGANISATION = "organisation"
    PHONE = "phone"
    WEBSITE = "website"
    WHEN = "when"
    PLACE = "place"
    LINK = "link"
    NAME = "name"
    SERVICE = "service"
    FREE_TEXT = "free_text"


#: The longest value of each kind, in characters; a template may ask for less (LNT-07).
LONGEST: Final = {
    Kind.ORGANISATION: 60,
    Kind.PHONE: 20,
    Kind.WEBSITE: 100,
    Kind.WHEN: 60,
    Kind.PLACE: 60,
    Kind.LINK: 200,
    Kind.NAME: 60,
    Kind.SERVICE: 40,
    Kind.FREE_TEXT: 160,
}
OWN: Final = frozenset({Kind.ORGANISATION, Kind.PHONE, Kind.WEBSITE})

#: LNT-07: the whitelist of each level. Free text only where nothing else is said, and never above.
ALLOWED: Final[dict[Level, frozenset[Kind]]] = {
    Level.L0: OWN | {Kind.FREE_TEXT},
    Level.L1: OWN | {Kind.WHEN, Kind.PLACE, Kind.LINK, Kind.NAME},
    Level.L2: OWN | {Kind.WHEN, Kind.PLACE, Kind.NAME, Kind.SERVICE},
    Level.L3: OWN,
    Level.L4: OWN,
    Level.L5: frozenset(),
}


class Parameter(msgspec.Struct, frozen=True):
    """A placeholder a template declares: its name in the text, its kind, its longest value."""

    name: str
    kind: Kind
    longest: int


_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINK_LIKE: Final = re.compile(
    r"(?i)[a-z][a-z0-9+.-]*://|www\.|\b[a-z0-9-]+\.(?:[a-z0-9-]+\.)*(?:uk|com|org|net|info|io|ly|co|me|nhs|wales|cymru)\b"
)
_PHONE_LIKE: Final = re.compile(r"(?:\+|\b0)\s*(?:\d[\s().-]*){8,}|\b\d(?:[\s().-]*\d){6,}")
_LINK: Final = re.compile(r"https://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._~/-]*)?")
_PHONE: Final = re.compile(r"(?:\+44 ?|0)[0-9 ]{8,14}|111|119|999|18001 [0-9 ]{9,14}")


def clean(kind: Kind, value: str, longest: int | None = None) -> str:
    """Make a value safe to put into a message, or refuse it.

    Composed to NFC, control and zero-width characters removed (joiners inside words stay: some
    scripts need them), runs of white space made one. Names keep every letter they have (C184).

    Errors: BadParameter for bidirectional marks, a value that is empty, too long, or not of its kind.
    """
    text = normalize("NFC", value)
    if any(c in _BIDI for c in text):
        raise BadParameter(f"{kind}: characters that reverse the direction of reading are refused (C183)")
    spaced = "".join(" " if c in "\n\r\t" else c for c in text)
    text = " ".join("".join(c for c in spaced if _is_kept(c)).split())
    if not text:
        raise BadParameter(f"{kind}: nothing is left to write")
    limit = LONGEST[kind] if longest is None else min(longest, LONGEST[kind])
    if len(text) > limit:
        raise BadParameter(f"{kind}: longer than {limit} characters")
    _refuse_wrong_kind(kind, text)
    return text


def _is_kept(character: str) -> bool:
    return category(character) not in ("Cc", "Cf", "Co", "Cs", "Cn") or character in "\u200c\u200d"


def _refuse_wrong_kind(kind: Kind, text: str) -> None:
    if kind in (Kind.LINK, Kind.WEBSITE):
        if _LINK.fullmatch(text) is None:
            raise BadParameter(
                f"{kind}: a link is https, with a plain path and nothing after a question mark"
            )
        return
    if kind is Kind.PHONE:
        if _PHONE.fullmatch(text) is None:
            raise BadParameter("phone: not a number that can be called from the United Kingdom")
        return
    if _LINK_LIKE.search(text):
        raise BadParameter(f"{kind}: must not contain a web address (C181)")
    if _PHONE_LIKE.search(text):
        raise BadParameter(f"{kind}: must not contain a telephone number (C181)")


def neutral_place(site: str, generic_site: str, *, sensitive: bool, terms: Terms) -> str | None:
    """Give the name of a place that a message may contain, or None when neither will do.

    The generic site for a sensitive service, or where the site's own name says what is treated there
    (4.4, C186). What is refused as a parameter is no name.
    """
    for name in (generic_site,) if sensitive else (site, generic_site):
        try:
            place = clean(Kind.PLACE, name)
        except BadParameter:
            continue
        if terms.is_neutral(place):
            return place
    return None


_DAYS: Final = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "cy": ("dydd Llun", "dydd Mawrth", "dydd Mercher", "dydd Iau", "dydd Gwener", "dydd Sadwrn", "dydd Sul"),
}
_MONTHS: Final = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "cy": (
        "Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin",
        "Gorffennaf", "Awst", "Medi", "Hydref", "Tachwedd", "Rhagfyr",
    ),
}  # fmt: skip
_AT: Final = {"en": "at", "cy": "am"}


def say_when(instant: Instant, language: str, *, whole_day: bool = False) -> str:
    """Write a London date, and time unless ``whole_day``, in English or Welsh (any other: English).

    >>> say_when(1_796_290_200_000, "en")
    'Thursday 3 December 2026 at 09:30'
    """
    language = language if language in _DAYS else "en"
    local = wall(instant)
    day = date_of(local // DAY)
    text = f"{_DAYS[language][day.weekday()]} {day.day} {_MONTHS[language][day.month - 1]} {day.year}"
    if whole_day:
        return text
    minutes = local % DAY // MINUTE
    return f"{text} {_AT[language]} {minutes // 60:02d}:{minutes % 60:02d}"

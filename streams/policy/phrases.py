"""Patterns by which the lint reads a wording, in English and Welsh: links, numbers, requests, routes.

A pattern finds what must be looked at; what it means is for ``policy.lint``.
"""

import re
from typing import Final

__all__ = [
    "ATTACHED",
    "CLICK_HERE",
    "FOREIGN_PLACEHOLDER",
    "LINK",
    "MARKUP",
    "NHS_APP",
    "NOT_READ",
    "OBJECTION_ROUTE",
    "PERSONAL_BY_REPLY",
    "PHONE",
    "PLACEHOLDER",
    "REASSURANCE",
    "SECRETS",
    "SHORTENERS",
    "THREAT",
    "URGENT",
    "is_premium",
    "reading_age",
    "sentences",
]

PLACEHOLDER: Final = re.compile(r"\(\(([a-z][a-z0-9_]*)\)\)")
#: Other tools' placeholders, and broken ones of ours: they would be sent as they stand (C180).
FOREIGN_PLACEHOLDER: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\$\{.*?\}|%\(\w+\)s|%s|\(\(|\)\)|<<.*?>>")

LINK: Final = re.compile(
    r"[a-z][a-z0-9+.-]*:(?://[^\s<>()]+|[a-z0-9/][^\s<>()]{3,})"
    r"|www\.[^\s<>()]+"
    r"|(?:[a-z0-9-]+\.)+(?:uk|com|org|net|info|io|ly|co|me|gov|nhs|wales|cymru|gl|to)\b(?:/[^\s<>()]*)?",
    re.IGNORECASE,
)
SHORTENERS: Final = frozenset(
    {
        "bit.ly",
        "tinyurl.com",
        "t.co",
        "goo.gl",
        "ow.ly",
        "is.gd",
        "buff.ly",
        "rebrand.ly",
        "cutt.ly",
        "tiny.cc",
    }
)
CLICK_HERE: Final = re.compile(
    r"\b(?:click|tap|press)(?: on)? (?:here|this|below)\b|\b(?:cliciwch|pwyswch) yma\b", re.I
)

PHONE: Final = re.compile(r"(?:\+44|\b0)(?:[\s().-]*\d){8,}|\b\d(?:[\s().-]*\d){6,}\b")
#: Personal, premium and service numbers: a call to them can cost more than a call.
_PREMIUM: Final = ("070", "084", "087", "09", "118")

SECRETS: Final = re.compile(
    r"\b(?:pay|payments?|paying|bank (?:details|account)|(?:card|account) (?:number|details)|sort code|passwords?|"
    r"passcodes?|pin(?: number)?|(?:security|one[- ]time|verification|log ?in) codes?|"
    r"talu|taliad\w*|manylion banc|cyfrinair|cyfrineiriau|cod diogelwch)\b",
    re.I,
)
#: "We will never ask for your bank details" is advice, not a request.
REASSURANCE: Final = re.compile(r"\b(?:never|not|byth|ni fyddwn)\b", re.I)
_PERSONAL: Final = (
    r"(?:date of birth|birth date|(?:home )?address|nhs number|full name|personal details|"
    r"dyddiad geni|cyfeiriad|rhif gig|enw llawn|manylion personol)"
)
PERSONAL_BY_REPLY: Final = re.compile(
    rf"\b(?:reply|text|send|respond|answer|give us|confirm|atebwch|anfonwch|rhowch|cadarnhewch)\b[^.!?]*\b{_PERSONAL}\b",
    re.I,
)

THREAT: Final = re.compile(
    r"\b(?:failure to|if you (?:fail|do not (?:reply|respond|act|attend|pay))|you (?:will|may) (?:lose|be (?:charged|fined|"
    r"removed|discharged|reported))|fines?|penalt(?:y|ies)|final (?:notice|warning|reminder)|last chance|act now|"
    r"within \d+ (?:minutes|hours)|expires? (?:in|today|soon)|only \d+ (?:minutes|hours|days)|"
    r"dirwy|cosb|rhybudd olaf|cyfle olaf|cewch eich tynnu)\b",
    re.I,
)
URGENT: Final = re.compile(r"\b(?:urgent|urgently|emergency message|brys)\b", re.I)

NHS_APP: Final = re.compile(r"\bNHS App\b|\bAp y GIG\b", re.I)
NOT_READ: Final = re.compile(
    r"\b(?:do not reply|cannot reply|replies are not (?:read|seen)|not monitored|peidiwch ag ateb|ni allwch ateb|"
    r"darllen atebion)\b",
    re.I,
)
OBJECTION_ROUTE: Final = re.compile(
    r"\b(?:change how we contact you|right to object|stop (?:these|our) messages|reply stop|not want (?:these|our) messages|"
    r"newid sut rydym yn cysylltu|hawl i wrthwynebu|atebwch stop)\b",
    re.I,
)
MARKUP: Final = re.compile(
    r"</?[a-z!][^>]*>|!\[[^\]]*\]\(|\bdata:[a-z]+/|display:\s*none|font-size:\s*0", re.I
)
ATTACHED: Final = re.compile(
    r"\b(?:attached|attachment|enclosed (?:image|photo|picture)|atodiad|ynghlwm)\b", re.I
)


def is_premium(digits: str) -> bool:
    """Tell whether a national number (digits, leading 0) may cost more than an ordinary call."""
    return digits.startswith(_PREMIUM)


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?:])\s+", text) if part.strip()]


_VOWELS: Final = re.compile(r"[aeiouy]+")


def reading_age(text: str) -> int:
    """Estimate the age from which English text is read with ease: Flesch-Kincaid grade and five years."""
    words = re.findall(r"[A-Za-z']+", text)
    if not words:
        return 5
    syllables = sum(_syllables(word.lower()) for word in words)
    grade = 0.39 * len(words) / len(sentences(text)) + 11.8 * syllables / len(words) - 15.59
    return max(5, round(grade + 5))


def _syllables(word: str) -> int:
    groups = len(_VOWELS.findall(word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)

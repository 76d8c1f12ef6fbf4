"""Whether wordings are fit to be sent: the rules LNT-01 to LNT-14 over a whole registry.

Reads templates, changes nothing. The review date is judged only when a time is given: a policy is loaded
without a clock, and ``Registry.find`` compares the date with the moment of the decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import combinations
from typing import Final

import msgspec

from streams.domain.time import DAY, Instant, Millis
from streams.domain.vocabulary import Channel, Level, NeedKind, Purpose

from .templates import Organisation, Registry, Template
from .wording_rules import BY_LANGUAGE, Messages, View

__all__ = ["Finding", "Severity", "lint"]

#: Grounds G1, G3, G4, G7 and G8: what may be called urgent (LNT-05).
URGENT_PURPOSES: Final = frozenset(
    {
        Purpose.COMMUNICABLE_ALERT,
        Purpose.APPT_CANCEL,
        Purpose.APPT_CHANGE,
        Purpose.OUTAGE_WELFARE,
        Purpose.THREAT_CONTACT,
        Purpose.MEDICATION_ERROR,
    }
)
_CEILING: Final = {Channel.SMS: Level.L3, Channel.EMAIL: Level.L3, Channel.IM_COMMERCIAL: Level.L0}


class Severity(StrEnum):
    """An error keeps a wording from being used; a warning asks for attention."""

    ERROR = "error"
    WARNING = "warning"


class Finding(msgspec.Struct, frozen=True):
    """One thing to put right: by which rule, in which template, and what to do about it."""

    rule: str
    severity: Severity
    template: str
    place: str
    message: str
    language: str = ""

    def __str__(self) -> str:
        language = f" ({self.language})" if self.language else ""
        return f"{self.place}: {self.template}{language}: {self.rule} {self.severity}: {self.message}"


def lint(registry: Registry, at: Instant | None = None, grace: Millis = 0) -> tuple[Finding, ...]:
    """Judge every template of a registry. ``at`` (UTC milliseconds) also judges the review dates (C189)."""
    found: list[Finding] = []
    for template in registry.templates:
        for language, text in template.texts.items():
            view = View(template, language, text, registry)
            for rule, of in BY_LANGUAGE:
                found.extend(_finding(rule, template, message, language) for message in of(view))
        found.extend(_finding("LNT-12", template, message) for message in _is_approved(template))
        found.extend(_variants(template, registry.organisation))
        found.extend(_is_reviewed(template, at, grace))
    found.extend(_results_read_alike(registry))
    return tuple(found)


def _finding(rule: str, template: Template, message: str, language: str = "") -> Finding:
    return Finding(rule, Severity.ERROR, template.id, template.place, message, language)


def _is_approved(template: Template) -> Messages:
    if not template.author:
        yield "has no author"
    if not template.approver:
        yield "has no approver; somebody other than the author must approve it"
    elif template.approver == template.author:
        yield f"was approved by its author, {template.author}; somebody else must approve it (C188)"
    if template.level >= Level.L3:
        if not template.clinical_approver:
            yield f"has no clinical_approver, which {template.level} needs"
        elif template.clinical_approver == template.author:
            yield f"was clinically approved by its author, {template.author}; somebody else must"
    if template.urgent and not template.purposes <= URGENT_PURPOSES:
        names = ", ".join(sorted(template.purposes - URGENT_PURPOSES))
        yield f"is urgent: true, which is not for {names} (grounds G1, G3, G4, G7, G8 only; LNT-05)"
    for channel in sorted(template.channels):
        ceiling = _CEILING.get(channel, Level.L4)
        if template.level > ceiling:
            yield f"lists {channel}, which may carry {ceiling} at most, for a wording of {template.level}"
    if template.review_due is None:
        yield "has no review_due; set the day by which it is looked at again"


def _variants(template: Template, organisation: Organisation) -> Iterator[Finding]:
    missing = [language for language in organisation.languages if language not in template.texts]
    if missing:
        message = f"is not written in {', '.join(missing)}; people who read that get the English"
        yield Finding("LNT-12", Severity.WARNING, template.id, template.place, message)
    formats = template.formats.get(Channel.LETTER, frozenset())
    if Channel.LETTER in template.channels and NeedKind.LARGE_PRINT not in formats:
        message = "lists no accessible formats for letters; who needs large print becomes a task for a person"
        yield Finding("LNT-12", Severity.WARNING, template.id, template.place, message)


def _is_reviewed(template: Template, at: Instant | None, grace: Millis) -> Iterator[Finding]:
    if at is None or template.review_due is None or at < template.review_due:
        return
    days = (at - template.review_due) // DAY
    if template.is_in_date(at, grace):
        message = f"is {days} days past its review date; it can be used for {grace // DAY} days in all"
        yield Finding("LNT-12", Severity.WARNING, template.id, template.place, message)
    else:
        yield _finding("LNT-12", template, f"is {days} days past its review date and is not used any more")


def _results_read_alike(registry: Registry) -> Iterator[Finding]:
    """LNT-14: whoever could tell two wordings of "a result is ready" apart could tell the outcome."""
    results = [template for template in registry.templates if template.level is Level.L3]
    for one, other in combinations(results, 2):
        if not one.purposes & other.purposes:
            continue
        for channel in sorted(one.channels & other.channels):
            if one.formats.get(channel) != other.formats.get(channel):
                continue  # easy read beside standard print: both may be had for any outcome
            for language in sorted(one.texts.keys() & other.texts.keys()):
                if one.texts[language] != other.texts[language]:
                    message = f"reads differently from {one.id} on {channel}; result notices are the same for every outcome"
                    yield _finding("LNT-14", other, message, language)

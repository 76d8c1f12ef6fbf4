"""Approved wordings, and which of them may carry a message (4.6).

A registry is part of the policy: frozen, complete, and clean by ``policy.lint`` when it was loaded. It
looks up, it does not render, and it does not know the time: review dates are compared with ``at``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from typing import Final, TypeAlias

import msgspec

from streams.domain.records import TemplateRef
from streams.domain.time import Instant, Millis
from streams.domain.vocabulary import Channel, Level, NeedKind, Purpose

from .parameters import Parameter
from .terms import Terms

__all__ = ["ENGLISH", "NO_FORMATS", "Organisation", "Registry", "Replies", "Template", "Text"]

ENGLISH: Final = "en"
#: What a wording must come in for somebody without communication needs.
NO_FORMATS: Final[frozenset[NeedKind]] = frozenset()


class Replies(StrEnum):
    """Whether anybody reads what a patient answers (LNT-10)."""

    READ = "read"
    NOT_READ = "not_read"


class Text(msgspec.Struct, frozen=True):
    """The wording in one language. Placeholders are written ((name)). The subject is for email and letter."""

    subject: str
    body: str


class Organisation(msgspec.Struct, frozen=True):
    """What the organisation has registered for its messages: how it names itself, and where it is reached.

    ``names``, ``phone`` and ``website`` fill the placeholders of the same name; nothing outside
    ``phones`` and ``domains`` may be written into a template (LNT-01, LNT-03, LNT-04).
    """

    names: dict[str, str]
    senders: tuple[str, ...]
    phone: str
    phones: tuple[str, ...]
    website: str
    domains: tuple[str, ...]
    languages: tuple[str, ...]

    def name(self, language: str) -> str:
        return self.names.get(language, self.names[ENGLISH])


class Template(msgspec.Struct, frozen=True):
    """One approved wording: for which purposes, level and channels, by whom, and until when.

    ``formats`` lists, per channel, the accessible formats it can be had in. ``review_due`` is the start of
    that London day; None means that no date was set, which never passes the lint.
    """

    id: str
    version: int
    hash: str
    purposes: frozenset[Purpose]
    level: Level
    channels: frozenset[Channel]
    formats: dict[Channel, frozenset[NeedKind]]
    texts: dict[str, Text]
    parameters: tuple[Parameter, ...]
    sender: str
    replies: Replies
    author: str
    approver: str
    clinical_approver: str
    urgent: bool
    review_due: Instant | None
    place: str = ""  # file and line, for messages about it

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.texts)

    @property
    def ref(self) -> TemplateRef:
        return TemplateRef(self.id, self.version, self.hash)

    def text(self, language: str) -> Text:
        """The wording in this language, or in English where there is none."""
        return self.texts.get(language) or self.texts[ENGLISH]

    def is_in_date(self, at: Instant, grace: Millis) -> bool:
        """Before the end of the grace after its review date (C189)."""
        return self.review_due is not None and at < self.review_due + grace

    def meets(self, channel: Channel, needs: frozenset[NeedKind]) -> bool:
        """Whether it can be had in every format needed; an interpreter's language is not a format."""
        return needs - _LANGUAGE_NEED <= self.formats.get(channel, frozenset())


_LANGUAGE_NEED: Final = frozenset({NeedKind.INTERPRETER})
Use: TypeAlias = tuple[Purpose, Level, Channel]


class Registry(msgspec.Struct, frozen=True):
    """Every approved template, found by what is asked of it. Make one with ``of``."""

    organisation: Organisation
    terms: Terms
    templates: tuple[Template, ...]
    by_use: dict[Use, tuple[Template, ...]]
    by_purpose: dict[Purpose, tuple[Level, ...]]

    @classmethod
    def of(cls, templates: Iterable[Template], organisation: Organisation, terms: Terms) -> Registry:
        """Index templates. Of two for the same use the one that can be had in more formats comes first."""
        ordered = tuple(sorted(templates, key=lambda t: t.id))
        by_use: dict[Use, tuple[Template, ...]] = {}
        levels: dict[Purpose, set[Level]] = {}
        for template in ordered:
            for purpose in template.purposes:
                levels.setdefault(purpose, set()).add(template.level)
                for channel in template.channels:
                    use = purpose, template.level, channel
                    by_use[use] = _widest_first((*by_use.get(use, ()), template), channel)
        by_purpose = {p: tuple(sorted(found, reverse=True)) for p, found in levels.items()}
        return cls(organisation, terms, ordered, by_use, by_purpose)

    def levels(self, purpose: Purpose) -> tuple[Level, ...]:
        """The levels a purpose has wordings for, the highest first."""
        return self.by_purpose.get(purpose, ())

    def find(
        self,
        purpose: Purpose,
        level: Level,
        channel: Channel,
        language: str | None,
        needs: frozenset[NeedKind],
        at: Instant,
        grace: Millis,
    ) -> Template | None:
        """Give the wording for exactly this level and channel that meets the needs and is in date.

        One that has the language comes first; else one in English, unless the language is a recorded
        need (``INTERPRETER`` among ``needs``): then there is none. ``grace`` is ``template_grace_days``.
        """
        fallback = None
        for template in self.by_use.get((purpose, level, channel), ()):
            due = template.review_due
            if due is None or at >= due + grace:
                continue
            if needs and not template.meets(channel, needs):
                continue
            if language is None or language in template.texts:
                return template
            if fallback is None:
                fallback = template
        return None if NeedKind.INTERPRETER in needs else fallback


def _widest_first(templates: tuple[Template, ...], channel: Channel) -> tuple[Template, ...]:
    return tuple(sorted(templates, key=lambda t: -len(t.formats.get(channel, ()))))


def content_hash(content: object) -> str:
    """Name a wording by its content, so that a decision proves which one was used (B12)."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:16]

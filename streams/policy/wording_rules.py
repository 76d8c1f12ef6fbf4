"""The rules of one wording in one language: LNT-01 to LNT-13, each a generator of what is wrong.

A rule says what is wrong and what to write instead, in words for those who write messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias
from unicodedata import category

import msgspec

from streams.domain.vocabulary import Channel, Level

from . import phrases, segments
from .parameters import ALLOWED, LONGEST, OWN, Kind
from .templates import ENGLISH, Organisation, Registry, Replies, Template, Text

__all__ = ["BY_LANGUAGE", "Messages", "Rule", "View", "worst_case"]

PREVIEW_CHARACTERS: Final = 40  # what a locked screen shows of a message
LONGEST_TEXT_MESSAGE: Final = 6  # parts; GOV.UK Notify and NHS Notify accept no more
OLDEST_READER: Final = 14  # years: what most adults read without effort
LONGEST_SENDER: Final = 11  # characters that networks show of a sender's name

Messages: TypeAlias = Iterator[str]


class View(msgspec.Struct, frozen=True):
    """What a rule looks at: one template in one language, and what the organisation has registered."""

    template: Template
    language: str
    text: Text
    registry: Registry

    @property
    def organisation(self) -> Organisation:
        return self.registry.organisation

    @property
    def body(self) -> str:
        return self.text.body

    @property
    def placeholders(self) -> list[str]:
        return phrases.PLACEHOLDER.findall(f"{self.text.subject} {self.body}")

    def shown(self, text: str) -> str:
        """The text with the organisation's own placeholders filled in."""
        own = {
            "organisation": self.organisation.name(self.language),
            "phone": self.organisation.phone,
            "website": self.organisation.website,
        }
        return phrases.PLACEHOLDER.sub(lambda m: own.get(m[1], m[0]), text)

    def links(self) -> list[str]:
        """Links that are written out; placeholders are not among them."""
        bare = phrases.PLACEHOLDER.sub(" ", f"{self.text.subject} {self.body}")
        return [link.rstrip(".,;:!?") for link in phrases.LINK.findall(bare)]


def names_the_organisation(view: View) -> Messages:
    name = view.organisation.name(view.language)
    if "((organisation))" not in view.body and name not in view.body:  # a text message has no subject
        yield f"does not say who it is from; begin with ((organisation)), which becomes {name}"
    sender = view.template.sender
    if sender not in view.organisation.senders:
        listed = ", ".join(view.organisation.senders)
        yield f"the sender name {sender!r} is not registered; use one of {listed}, or register it in organisation.yaml"
    if len(sender) > LONGEST_SENDER:
        yield f"the sender name {sender!r} is longer than {LONGEST_SENDER} characters; networks cut it off"


def asks_for_nothing_secret(view: View) -> Messages:
    for sentence in phrases.sentences(view.body):
        found = phrases.SECRETS.search(sentence)
        if found and not phrases.REASSURANCE.search(sentence):
            yield f"speaks of {found[0]!r}; genuine messages never ask for money, passwords or codes"
        if phrases.PERSONAL_BY_REPLY.search(sentence) and not phrases.REASSURANCE.search(sentence):
            yield "asks for personal details in an answer; ask the person to call instead"


def links_are_plain(view: View) -> Messages:
    links = view.links()
    total = len(links) + sum(name in ("link", "website") for name in phrases.PLACEHOLDER.findall(view.body))
    if total > 1:
        yield f"has {total} links; a message has one at most"
    for link in links:
        yield from _link_problems(link, view.organisation)
    if phrases.CLICK_HERE.search(view.body):
        yield "says click here; say what the link is for, as in: Read more: https://..."


def _link_problems(link: str, organisation: Organisation) -> Messages:
    scheme, found, rest = link.partition("://")
    if not found and ":" in link.partition("/")[0]:
        yield f"{link!r} opens an app or a program; only web pages may be linked"
        return
    domain = re.split(r"[/?#:]", rest if found else link, maxsplit=1)[0].lower()
    if found and scheme.lower() not in ("https", "http"):
        yield f"{link!r} opens an app or a program; only web pages may be linked"
    elif not found or scheme.lower() == "http":
        yield f"{link!r} must begin with https://"
    if domain in phrases.SHORTENERS:
        yield f"{link!r} is a shortened link; people cannot see where it leads: write the address out"
    elif domain not in organisation.domains:
        yield f"{domain!r} is not among the organisation's domains ({', '.join(organisation.domains)})"
    if "?" in link or "#" in link:
        yield f"{link!r} carries more than the address, which can track the reader; end it before the ? or #"


def numbers_are_ours(view: View) -> Messages:
    allowed = {_digits(number) for number in view.organisation.phones}
    bare = phrases.PLACEHOLDER.sub(" ", f"{view.text.subject} {view.body}")
    written = [_digits(number) for number in phrases.PHONE.findall(phrases.LINK.sub(" ", bare))]
    if "phone" in view.placeholders:
        written.append(_digits(view.organisation.phone))
    for number in dict.fromkeys(written):
        if phrases.is_premium(number):
            yield f"the number {number} can cost more than an ordinary call"
        elif number not in allowed:
            yield f"the number {number} is not listed in organisation.yaml; write ((phone)), or list it"


def _digits(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    return f"0{digits[2:]}" if number.strip().startswith("+44") else digits


def is_calm(view: View) -> Messages:
    found = phrases.THREAT.search(view.body)
    if found:
        yield f"{found[0]!r} sounds like a threat or a countdown, as scams do; say what to do, not what will happen"
    pressing = phrases.URGENT.search(f"{view.text.subject} {view.body}")
    if pressing and not view.template.urgent:
        yield f"says {pressing[0]!r}; only a template with urgent: true may"


def can_be_checked(view: View) -> Messages:
    if "((phone))" in view.body or phrases.PHONE.search(view.body) or phrases.NHS_APP.search(view.body):
        return
    yield "gives no other way to check that it is genuine; add the number on your website ((phone)) or the NHS App"


def placeholders_are_allowed(view: View) -> Messages:
    template = view.template
    whole = f"{view.text.subject} {view.body}"
    for found in phrases.FOREIGN_PLACEHOLDER.findall(phrases.PLACEHOLDER.sub(" ", whole)):
        yield f"{found!r} would be sent as it stands; a placeholder is written ((name))"
    declared = {parameter.name: parameter for parameter in template.parameters}
    own = {kind.value for kind in OWN}
    for name in dict.fromkeys(view.placeholders):
        if name not in declared and name not in own:
            yield f"(({name})) is not declared under parameters, with its type and longest value"
    for parameter in template.parameters:
        if parameter.name not in view.placeholders:
            yield f"(({parameter.name})) is declared and not used in this language"
        if parameter.kind not in ALLOWED[template.level]:
            allowed = ", ".join(sorted(ALLOWED[template.level])) or "none"
            yield f"(({parameter.name})) is a {parameter.kind}, which {template.level} may not contain; allowed: {allowed}"


def says_no_more_than_its_level(view: View) -> Messages:
    template, terms = view.template, view.registry.terms
    for where, text in (("wording", view.shown(view.body)), ("subject", view.shown(view.text.subject))):
        for term in terms.found_in(text, template.level):
            yield f"the {where} says {term.word!r} ({term.kind}), which {template.level} may not"
    for term in terms.hidden_in(template.sender, template.level):
        yield f"the sender name {template.sender!r} gives away {term.word!r} ({term.kind})"
    for link in view.links():
        for term in terms.hidden_in(link, template.level):
            yield f"the link {link!r} gives away {term.word!r} ({term.kind})"


def first_words_say_nothing(view: View) -> Messages:
    shown = view.shown(view.body)
    cut = re.search(r"\s", shown[PREVIEW_CHARACTERS:])
    first = shown[: PREVIEW_CHARACTERS + cut.start()] if cut else shown
    for where, text in (("the first 40 characters", first), ("the subject", view.shown(view.text.subject))):
        for term in view.registry.terms.found_in(text, Level.L0):
            yield f"{where} say {term.word!r}, readable on a locked screen; begin with: ((organisation)): we have a message for you."
        for name in phrases.PLACEHOLDER.findall(text):
            yield f"{where} contain (({name})), readable on a locked screen; move it further back"


def says_whether_replies_are_read(view: View) -> Messages:
    if view.template.channels <= {Channel.LETTER}:
        return
    if view.template.replies is Replies.READ:
        if "999" not in view.body:
            yield "replies are read, so it must say what to do in an emergency: In an emergency call 999"
    elif not phrases.NOT_READ.search(view.body):
        yield "does not say that replies are not read; add: Please do not reply, replies are not read"


def says_how_to_object(view: View) -> Messages:
    if phrases.OBJECTION_ROUTE.search(view.body):
        return
    short_text = view.template.level <= Level.L1 and view.template.channels <= {Channel.SMS}
    if not (short_text and "website" in view.placeholders):
        yield "does not say how to stop or change messages; add: To change how we contact you: call ((phone))"


def length_and_language_are_plain(view: View) -> Messages:
    template = view.template
    if template.channels & {Channel.EMAIL, Channel.LETTER} and not view.text.subject:
        yield "has no subject, which email and letter need"
    if Channel.SMS in template.channels:
        found = segments.count(worst_case(view))
        if found.parts > LONGEST_TEXT_MESSAGE:
            yield (
                f"can need {found.parts} text message parts ({found.length} characters in {found.encoding}); "
                f"{LONGEST_TEXT_MESSAGE} at most{_why_ucs2(view)}"
            )
    if view.language == ENGLISH:
        age = phrases.reading_age(phrases.PLACEHOLDER.sub("", view.body))
        if age > OLDEST_READER:
            yield f"needs a reading age of about {age}; {OLDEST_READER} at most: shorter sentences, plainer words"


def _why_ucs2(view: View) -> str:
    odd = segments.outside_gsm(view.body)
    return f"; {' '.join(odd)} halve the room, other spellings avoid them" if odd else ""


def worst_case(view: View) -> str:
    """The text with every placeholder at its longest."""
    longest = {parameter.name: parameter.longest for parameter in view.template.parameters}
    return phrases.PLACEHOLDER.sub(
        lambda m: "x" * longest.get(m[1], LONGEST[Kind.WHEN]), view.shown(view.body)
    )


def is_text_only(view: View) -> Messages:
    whole = f"{view.text.subject}\n{view.body}"
    if phrases.MARKUP.search(whole):
        yield "contains markup; a message is plain text, without pictures, hidden text or tracking"
    if phrases.ATTACHED.search(whole):
        yield "speaks of an attachment; messages have none"
    if any(category(c) in ("Cf", "Co", "Cn") or (category(c) == "Cc" and c != "\n") for c in whole):
        yield "contains invisible characters; type the text again"


Rule: TypeAlias = Callable[[View], Messages]

BY_LANGUAGE: Final[tuple[tuple[str, Rule], ...]] = (
    ("LNT-01", names_the_organisation),
    ("LNT-02", asks_for_nothing_secret),
    ("LNT-03", links_are_plain),
    ("LNT-04", numbers_are_ours),
    ("LNT-05", is_calm),
    ("LNT-06", can_be_checked),
    ("LNT-07", placeholders_are_allowed),
    ("LNT-08", says_no_more_than_its_level),
    ("LNT-09", first_words_say_nothing),
    ("LNT-10", says_whether_replies_are_read),
    ("LNT-11", says_how_to_object),
    ("LNT-12", length_and_language_are_plain),
    ("LNT-13", is_text_only),
)

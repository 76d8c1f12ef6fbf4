"""A message as it will read: placeholders replaced once, by plain text that is never read again (C180).

For previews and for whoever sends a command. Values are cleaned by their kind first; email gets them
escaped for HTML. Which template and values to use was decided before.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import msgspec

from streams.domain.vocabulary import Channel

from .parameters import BadParameter, Kind, clean
from .phrases import PLACEHOLDER
from .segments import Segments, count
from .templates import Organisation, Template

__all__ = ["Message", "as_html", "render", "sample"]

_SAMPLES = {
    Kind.WHEN: "Thursday 3 December 2026 at 09:30",
    Kind.PLACE: "Main Hospital",
    Kind.LINK: "https://video.example.org/room/example",
    Kind.NAME: "Ada",
    Kind.SERVICE: "vaccination",
    Kind.FREE_TEXT: "Please contact us.",
}


class Message(msgspec.Struct, frozen=True):
    """What arrives. ``segments`` only for a text message; ``html`` only for an email."""

    channel: Channel
    language: str
    subject: str
    body: str
    segments: Segments | None = None
    html: str | None = None


def render(
    template: Template,
    language: str,
    channel: Channel,
    values: Mapping[str, str],
    organisation: Organisation,
) -> Message:
    """Fill a template in.

    Errors: BadParameter for a value that is missing, not declared, or not of its kind.
    """
    language = language if language in template.texts else "en"
    filled = {
        "organisation": organisation.name(language),
        "phone": organisation.phone,
        "website": organisation.website,
    }
    for name in values:
        if name not in {parameter.name for parameter in template.parameters}:
            raise BadParameter("a value is given that the template does not declare")
    for parameter in template.parameters:
        if parameter.name not in values:
            raise BadParameter(f"{parameter.name}: no value is given")
        filled[parameter.name] = clean(parameter.kind, values[parameter.name], parameter.longest)
    text = template.text(language)
    body = _filled(text.body, filled)
    return Message(
        channel,
        language,
        _filled(text.subject, filled) if channel in (Channel.EMAIL, Channel.LETTER) else "",
        body,
        count(body) if channel is Channel.SMS else None,
        as_html(body) if channel is Channel.EMAIL else None,
    )


def sample(template: Template) -> dict[str, str]:
    """Give each declared placeholder a plausible value, for a preview."""
    return {
        parameter.name: _SAMPLES[parameter.kind][: parameter.longest] for parameter in template.parameters
    }


def as_html(text: str) -> str:
    """Write text so that HTML shows it as it is (C185)."""
    return escape(text, quote=True)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda m: values.get(m[1], m[0]), text)

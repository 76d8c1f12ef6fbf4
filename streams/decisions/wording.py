"""What goes into a template's placeholders: only what it declares, only what its level may say (LNT-07)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from streams.domain.events import Appointment
from streams.domain.time import Instant
from streams.domain.vocabulary import AppointmentStatus, StartsPrecision
from streams.policy.parameters import Kind, Parameter, neutral_place, say_when
from streams.policy.templates import Template
from streams.policy.terms import Terms

from .case import Case

_when: Final = lru_cache(maxsize=8_192)(say_when)


def fill(case: Case, template: Template, language: str) -> dict[str, str]:
    """The values of a message's placeholders; a place that says too much becomes the organisation's name (C186)."""
    return {parameter.name: _value(case, parameter, language) for parameter in template.parameters}


def _value(case: Case, parameter: Parameter, language: str) -> str:
    body = case.appointment
    organisation = case.policy.templates.organisation
    if parameter.kind is Kind.WHEN and body is not None:
        start, precision = _start(case, body)
        return _when(start, language, whole_day=precision is StartsPrecision.DAY)
    if parameter.kind is Kind.PLACE and body is not None:
        place = _place(body.site, body.generic_site, case.sensitive, case.policy.templates.terms)
        return place or organisation.name(language)
    if parameter.kind is Kind.LINK and body is not None:
        return body.join_link_ref or ""
    if case.request is not None:
        return case.request.parameters.get(parameter.name, "")
    return ""


def _start(case: Case, body: Appointment) -> tuple[Instant, StartsPrecision]:
    """A cancelled appointment is named by the time the recipient knows."""
    told = case.told
    if body.status is AppointmentStatus.CANCELLED and told is not None:
        return told.starts_at, told.precision or body.starts_precision
    return body.starts_at, body.starts_precision


@lru_cache(maxsize=4_096)
def _place(site: str, generic_site: str, sensitive: bool, terms: Terms) -> str | None:
    return neutral_place(site, generic_site, sensitive=sensitive, terms=terms)

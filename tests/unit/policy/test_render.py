"""A message as it arrives; values are text and stay text (C180, C185)."""

import pytest

from streams.domain.vocabulary import Channel
from streams.policy.parameters import BadParameter, Kind
from streams.policy.render import render, sample
from streams.policy.segments import Encoding
from streams.policy.templates import Text
from tests.support.wordings import ORGANISATION, Wording

PLACED = Wording(
    body="((organisation)): come to ((site)). ((site))", ending="", parameters={"site": Kind.PLACE}
)


def test_placeholders_are_filled_once_and_values_are_never_read_again() -> None:
    values = {"site": "((phone)) {{patient.dob}} %s"}
    message = render(PLACED.template(), "en", Channel.SMS, values, ORGANISATION)
    text = "((phone)) {{patient.dob}} %s"
    assert message.body == f"Example NHS Trust: come to {text}. {text}"
    assert message.subject == ""
    assert message.html is None
    assert message.segments is not None
    assert message.segments.encoding is Encoding.GSM7


def test_email_is_escaped_for_html() -> None:
    values = {"site": "<script>alert('1')</script>"}
    message = render(PLACED.template(), "en", Channel.EMAIL, values, ORGANISATION)
    assert message.subject == "A message from Example NHS Trust"
    assert message.html is not None
    assert "<script>" not in message.html
    assert "&lt;script&gt;" in message.html
    assert message.segments is None


def test_the_language_of_the_patient_or_english() -> None:
    both = Wording(
        texts={"cy": Text("Neges gan ((organisation))", "((organisation)): ffoniwch ni.")}
    ).template()
    assert (
        render(both, "cy", Channel.LETTER, {}, ORGANISATION).subject
        == "Neges gan Ymddiriedolaeth GIG Esiampl"
    )
    assert render(both, "pl", Channel.LETTER, {}, ORGANISATION).language == "en"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "site: no value"),
        ({"site": "Main Hospital", "nhs_number": "9990548609"}, "not declare"),
        ({"site": "www.example.com"}, "web address"),
    ],
)
def test_refused(values: dict[str, str], why: str) -> None:
    with pytest.raises(BadParameter, match=why):
        render(PLACED.template(), "en", Channel.SMS, values, ORGANISATION)


def test_samples_fill_every_kind() -> None:
    kinds = {"when": Kind.WHEN, "site": Kind.PLACE, "link": Kind.LINK, "name": Kind.NAME}
    template = Wording(body="".join(f"(({name}))" for name in kinds), ending="", parameters=kinds).template()
    assert "((" not in render(template, "en", Channel.NHS_APP, sample(template), ORGANISATION).body

"""Stage 4 beside results: wordings and second persons."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions.content import no_template, second_person
from streams.domain.time import HOUR, MINUTE
from streams.domain.vocabulary import Channel, Purpose, Reason
from streams.policy.templates import Registry
from tests.support.charts import NOW, case, known, request

SMS: Final = Channel.SMS


@pytest.mark.parametrize(
    ("changes", "now", "answer"),
    [
        ({}, NOW, None),
        ({"campaign_ref": "c1"}, NOW, Reason.AWAITING_APPROVAL),
        ({"parameters": {"free_text": "x"}}, NOW, Reason.AWAITING_APPROVAL),
        ({"campaign_ref": "c1", "second_approver": "a"}, NOW, None),
        ({"campaign_ref": "c1", "second_approver": "a", "authorised_by": "a"}, NOW, Reason.AWAITING_APPROVAL),
        ({"campaign_ref": "c1", "needed_by": NOW + HOUR}, NOW, Reason.AWAITING_APPROVAL),
        ({"campaign_ref": "c1", "needed_by": NOW + 30 * MINUTE}, NOW, Reason.APPROVAL_EXPIRED),
    ],
)
def test_what_a_second_person_has_to_approve(
    changes: dict[str, Any], now: int, answer: Reason | None
) -> None:
    found = second_person(case(known(SMS), request(Purpose.VACCINATION_INVITE, **changes), now=now))
    assert (found.reason if found is not None else None) is answer
    assert second_person(case(known(SMS))) is None


def test_a_purpose_without_a_wording_on_any_channel() -> None:
    framed = case(known(SMS))
    registry = framed.policy.templates
    urgent = [one for one in registry.templates if one.id in ("result-normal", "call-us-now")]
    templates = Registry.of(urgent, registry.organisation, registry.terms)
    bare = replace(framed, policy=replace(framed.policy, templates=templates))
    assert no_template(framed) is None
    assert no_template(bare) is not None
    alert = case(known(SMS), request(Purpose.COMMUNICABLE_ALERT))
    letters = replace(alert.policy, templates=templates, organisation_order=(Channel.LETTER,))
    assert no_template(replace(alert, policy=letters)) is not None

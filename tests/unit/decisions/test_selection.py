"""Stage 7: a call for who wishes one, and what is left when no channel is."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions import selection
from streams.decisions.selection import objected_channels, phone_preferred, send, wording_missing
from streams.domain.events import Permission, Preferences, SafeContact
from streams.domain.patient import ObjectionEntry
from streams.domain.records import EscalationTask
from streams.domain.vocabulary import Channel, PermissionState, Purpose
from streams.policy.templates import Registry
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    Chart,
    appointment,
    case,
    contact,
    identity,
    known,
    objection,
    of,
    proxy,
    reasons,
    request,
    result,
)

SMS: Final = Channel.SMS


@pytest.mark.parametrize(
    ("wishes", "objected", "called"),
    [
        ((Channel.PHONE_HUMAN,), (), True),
        ((SMS, Channel.PHONE_HUMAN), (), False),
        ((Channel.EMAIL, Channel.PHONE_HUMAN), (), True),
        ((SMS,), (), False),
        ((Channel.PHONE_HUMAN,), (Channel.PHONE_HUMAN,), False),
    ],
)
def test_a_wish_to_be_phoned(
    wishes: tuple[Channel, ...], objected: tuple[Channel, ...], called: bool
) -> None:
    entries = {"O1": ObjectionEntry(1, objection(*objected), NOW)} if objected else {}
    patient = known(SMS, preferences=Preferences(wishes), objections=entries)
    assert (phone_preferred(selection.test(case(patient, result()))) is not None) is called
    assert phone_preferred(selection.test(case(patient))) is None, (
        "an appointment in two weeks is not covered"
    )
    every = selection.test(case(patient, honour_phone_preference=["all"]))
    assert (phone_preferred(every) is not None) is called


def test_nothing_is_sent_without_an_eligible_channel() -> None:
    assert send(selection.test(case(known()))) is None


@pytest.mark.parametrize(
    ("changes", "decided"),
    [
        ({}, "ESCALATE no_contact_detail"),
        ({"contacts": (contact(SMS, bounced=True),)}, "ESCALATE no_contact_detail"),
        ({"contacts": (contact(SMS, value="12345"),)}, "ESCALATE no_contact_detail"),
        ({"contacts": (contact(SMS, restricted=True),)}, "ESCALATE no_contact_detail"),
    ],
)
def test_why_there_is_no_channel(changes: dict[str, Any], decided: str) -> None:
    chart = Chart(known(**changes))
    assert reasons(chart.hear(appointment(IN_TWO_WEEKS))) == [decided]


def test_a_reminder_that_has_no_channel_is_let_go() -> None:
    chart = Chart(known())
    chart.hear(appointment(IN_TWO_WEEKS))
    written = chart.hear(request(Purpose.APPT_REMINDER, appointment_id="A1"))
    assert reasons(written) == ["SUPPRESS reminder_not_deliverable"]


def test_wordings_that_ran_out_are_for_the_safety_officer_unless_something_was_sent() -> None:
    framed = case(known(SMS))
    registry = framed.policy.templates
    letters = [replace(one, channels=frozenset({Channel.LETTER})) for one in registry.templates]
    templates = Registry.of(letters, registry.organisation, registry.terms)
    tested = selection.test(replace(framed, policy=replace(framed.policy, templates=templates)))
    assert wording_missing(tested) is not None
    again = replace(tested, case=replace(tested.case, failed_before=True))
    assert wording_missing(again) is None


EVERY: Final = tuple(one for one in Channel if one is not Channel.UNKNOWN)


@pytest.mark.parametrize(
    ("changes", "unused"),
    [
        ({}, ()),
        ({"objections": {"O1": ObjectionEntry(1, objection(SMS), NOW)}}, (SMS,)),
        ({"permissions": (Permission(Channel.EMAIL, PermissionState.DECLINED),)}, (Channel.EMAIL,)),
        ({"safe_contact": SafeContact(True, (Channel.LETTER,))},
         tuple(one for one in EVERY if one is not Channel.LETTER)),
        ({"safe_contact": SafeContact(False, ())}, ()),
    ],
)  # fmt: skip
def test_what_a_task_says_not_to_use(changes: dict[str, Any], unused: tuple[Channel, ...]) -> None:
    assert objected_channels(case(known(SMS, **changes))) == unused


def test_what_a_proxy_objects_to_is_not_used_for_them() -> None:
    person = proxy(contacts=(contact(Channel.EMAIL),), objected_channels=(SMS,))
    refusal = (Permission(Channel.EMAIL, PermissionState.DECLINED),)
    patient = known(identity=identity(born="2018-01-01"), proxies=(person,), permissions=refusal)
    chart = Chart(patient)
    chart.hear(appointment(NOW + 80 * 60_000))
    (call,) = of(EscalationTask, chart.outputs)
    assert call.do_not_use == (SMS, Channel.EMAIL), "the patient's own refusal binds the proxy too"

"""What an objection covers (B4): a forbid, read as widely as it can be where it is unclear."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions.case import Permit
from streams.decisions.objections import (
    active,
    channels_of,
    closed_in_general,
    closes_unlisted,
    covered,
    covering,
    covers,
    every_method_objected,
    excepted,
    forbids,
    is_protected,
    permitted_once,
    refused,
    removed_recipients,
    safe_channels,
    to_service,
    whole_care,
)
from streams.domain.events import Objection, ObjectionException, Permission, SafeContact
from streams.domain.patient import ObjectionEntry, PatientState, Sent
from streams.domain.vocabulary import (
    PROTECTED_REASONS,
    SAFETY_REASONS,
    UNCLEAR_REASONS,
    Channel,
    ChannelGroup,
    Ground,
    Level,
    ObjectionReason,
    PermissionState,
    Purpose,
    RecipientRole,
    Scope,
    SubjectKind,
)
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    TOMORROW,
    appointment,
    cancelled,
    case,
    known,
    objection,
    proxy,
)

SMS: Final = Channel.SMS
EVERY: Final = frozenset(Channel) - {Channel.UNKNOWN}


def with_(*bodies: Objection, withdrawn: bool = False, **changes: Any) -> PatientState:
    entries = {f"O{n}": ObjectionEntry(1, body, NOW, withdrawn) for n, body in enumerate(bodies)}
    return replace(known(SMS), objections=entries, **changes)


@pytest.mark.parametrize(
    ("scope", "changes", "letter", "phone", "electronic"),
    [
        (Scope.METHOD, {"channels": (SMS,)}, False, False, True),
        (Scope.METHOD, {"channels": (Channel.LETTER,)}, True, False, False),
        (Scope.METHOD, {"channels": (Channel.PHONE_HUMAN,)}, False, True, False),
        (Scope.METHOD, {"channels": ()}, True, True, True),
        (Scope.METHOD, {"channels": (Channel.UNKNOWN,)}, True, True, True),
        (Scope.METHOD_GROUP, {"channel_group": ChannelGroup.ELECTRONIC}, False, False, True),
        (Scope.METHOD_GROUP, {"channel_group": None}, True, True, True),
        (Scope.METHOD_GROUP, {"channel_group": ChannelGroup.UNKNOWN}, True, True, True),
        (Scope.METHOD_AND_SERVICE, {"channels": (SMS,), "services": ("GEN",)}, False, False, True),
        (Scope.METHOD_AND_SERVICE, {"channels": (SMS,), "services": ("DIAB",)}, False, False, False),
        (Scope.METHOD_AND_SERVICE, {"channels": (SMS,), "services": ()}, False, False, True),
        # the other scopes are not about methods: rows 6.1 to 6.3
        (Scope.WHOLE_CARE, {}, False, False, False),
        (Scope.UNKNOWN, {}, False, False, False),
        (Scope.SERVICE, {"services": ("GEN",)}, False, False, False),
        (Scope.RECIPIENT, {"recipient_ref": "X1"}, False, False, False),
    ],
)
def test_the_matrix_of_scopes(
    scope: Scope, changes: dict[str, Any], letter: bool, phone: bool, electronic: bool
) -> None:
    body = objection(scope=scope, **changes)
    found = [covers(body, channel, "GEN") for channel in (Channel.LETTER, Channel.PHONE_HUMAN, SMS)]
    assert found == [letter, phone, electronic]


def test_the_electronic_group() -> None:
    group = objection(scope=Scope.METHOD_GROUP, channel_group=ChannelGroup.ELECTRONIC)
    assert EVERY - channels_of(group) == {Channel.LETTER, Channel.PHONE_HUMAN}


@pytest.mark.parametrize(
    ("body", "whole", "service"),
    [
        (objection(scope=Scope.WHOLE_CARE), True, False),
        (objection(scope=Scope.UNKNOWN), True, False),
        (objection(scope=Scope.SERVICE, services=("GEN",)), False, True),
        (objection(scope=Scope.SERVICE, services=()), False, True),
        (objection(scope=Scope.SERVICE, services=("DIAB",)), False, False),
        (objection(SMS), False, False),
    ],
)
def test_objections_to_the_care_itself(body: Objection, whole: bool, service: bool) -> None:
    patient = with_(body)
    assert (whole_care(patient) is not None) is whole
    assert (to_service(patient, "GEN") is not None) is service
    gone = with_(body, withdrawn=True)
    assert (whole_care(gone), to_service(gone, "GEN"), active(gone)) == (None, None, [])


def test_who_must_not_be_told() -> None:
    father = objection(scope=Scope.RECIPIENT, recipient_ref="father")
    nobody = objection(scope=Scope.RECIPIENT)
    assert removed_recipients(with_(father, objection(SMS))) == {"father"}
    people = replace(with_(father, nobody), proxies=(proxy("father"), proxy("aunt")))
    assert removed_recipients(people) == {"father", "aunt"}  # nobody named: everybody (B4's widest reading)
    assert removed_recipients(with_(father, withdrawn=True)) == frozenset()


@pytest.mark.parametrize(
    ("named", "sent_to", "speaks_against"),
    [
        ("father", "father", True),
        ("father", "aunt", False),
        ("father", None, False),
        (None, "aunt", True),  # nobody named: everybody who stands in
        ("", "aunt", True),
        (None, None, False),
    ],
)
def test_what_was_sent_to_who_must_not_be_told(
    named: str | None, sent_to: str | None, speaks_against: bool
) -> None:
    role = RecipientRole.PATIENT if sent_to is None else RecipientRole.PROXY
    sent = Sent(case(known(SMS)).asked, Purpose.APPT_CANCEL, SMS, Level.L1, role, sent_to, "c", NOW, NOW, NOW)
    assert forbids(objection(scope=Scope.RECIPIENT, recipient_ref=named), sent, "GEN") is speaks_against


@pytest.mark.parametrize(
    ("exception", "start", "lifted"),
    [
        (ObjectionException((Purpose.APPT_CANCEL,), (SMS,)), IN_TWO_WEEKS, True),
        (ObjectionException((Purpose.APPT_CANCEL,), (SMS,), True), TOMORROW, True),
        (ObjectionException((Purpose.APPT_CANCEL,), (SMS,), True), IN_TWO_WEEKS, False),
        (ObjectionException((Purpose.APPT_CHANGE,), (SMS,)), TOMORROW, False),
        (ObjectionException((Purpose.APPT_CANCEL,), (Channel.EMAIL,)), TOMORROW, False),
        (ObjectionException((), (SMS,)), TOMORROW, False),
        (ObjectionException((Purpose.APPT_CANCEL,), ()), TOMORROW, False),
        (ObjectionException((Purpose.UNKNOWN,), (Channel.UNKNOWN,)), TOMORROW, False),
    ],
)
def test_an_exception_names_what_it_covers(exception: ObjectionException, start: int, lifted: bool) -> None:
    framed = case(known(SMS), cancelled(start), told=appointment(start))
    assert excepted(framed, objection(SMS, exceptions=(exception,)), SMS) is lifted


@pytest.mark.parametrize("reason", list(ObjectionReason))
def test_which_reasons_close_what_is_not_listed_as_safe(reason: ObjectionReason) -> None:
    patient = with_(objection(SMS, reason=reason))
    plain = case(patient, SubjectKind.RESULT)
    sensitive = replace(plain, sensitive=True)
    assert closes_unlisted(plain) is (reason in SAFETY_REASONS)
    assert closes_unlisted(sensitive) is (
        reason in SAFETY_REASONS or reason is ObjectionReason.SENSITIVE_SERVICE_PRIVACY
    )
    assert not closes_unlisted(case(with_(objection(SMS, reason=reason), withdrawn=True)))


def test_a_plan_lists_what_is_safe_while_it_is_active() -> None:
    plan = SafeContact(True, (Channel.LETTER,))
    assert closes_unlisted(case(known(SMS, safe_contact=plan)))
    assert safe_channels(known(safe_contact=plan)) == (Channel.LETTER,)
    off = replace(plan, active=False)
    assert not closes_unlisted(case(known(SMS, safe_contact=off)))
    assert safe_channels(known(safe_contact=off)) == ()


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, EVERY),
        ({"safe_contact": SafeContact(True, (Channel.LETTER,))}, {Channel.LETTER}),
        ({"safe_contact": SafeContact(True, ())}, set()),
        ({"safe_contact": SafeContact(False, (Channel.LETTER,))}, EVERY),
    ],
)
def test_what_is_left_to_reach_somebody_about_nothing_in_particular(
    changes: dict[str, Any], left: set[Channel]
) -> None:
    """A task beside the outcome says so too: what a plan does not list is not used (E6)."""
    assert EVERY - closed_in_general(known(SMS, **changes)) == left


@pytest.mark.parametrize("reason", list(ObjectionReason))
def test_one_of_several_unclear_reasons_protects_the_channel(reason: ObjectionReason) -> None:
    entries = [ObjectionEntry(1, objection(SMS, reason=reason), NOW)]
    other = ObjectionEntry(1, objection(SMS, objection_id="O2"), NOW)
    assert is_protected(entries) is (reason in PROTECTED_REASONS)
    assert is_protected([*entries, other]) is (reason in PROTECTED_REASONS | UNCLEAR_REASONS)


@pytest.mark.parametrize(
    ("bodies", "every"),
    [
        ((objection(),), True),
        ((objection(scope=Scope.METHOD_GROUP, channel_group=ChannelGroup.ELECTRONIC),), False),
        (
            (
                objection(scope=Scope.METHOD_GROUP, channel_group=ChannelGroup.ELECTRONIC),
                objection(Channel.LETTER, Channel.PHONE_HUMAN),
            ),
            True,
        ),
        ((objection(*EVERY - {Channel.PHONE_HUMAN}),), False),
        ((objection(*EVERY - {Channel.IM_COMMERCIAL, Channel.AUTOMATED_VOICE}),), True),
        ((objection(*EVERY - {Channel.LETTER}),), False),
        ((objection(scope=Scope.METHOD_AND_SERVICE, services=("DIAB",)),), False),
    ],
)
def test_every_method_is_every_method(bodies: tuple[Objection, ...], every: bool) -> None:
    assert every_method_objected(case(with_(*bodies))) is every


@pytest.mark.parametrize(
    ("changes", "lifts"),
    [
        ({}, True),
        ({"channel": Channel.EMAIL}, False),
        ({"objection_id": "O2"}, False),
        ({"objection_version": 2}, False),
    ],
)
def test_a_permit_is_for_one_channel_and_one_version(changes: dict[str, Any], lifts: bool) -> None:
    permit = Permit(Ground.G3, SMS, "O1", 1, ("a", "b"), "r1")
    framed = replace(case(known(SMS)), permit=replace(permit, **changes))
    entry = ObjectionEntry(1, objection(SMS), NOW)
    assert permitted_once(framed, SMS, entry) is lifts
    assert not permitted_once(replace(framed, permit=None), SMS, entry)


@pytest.mark.parametrize(
    ("state", "said_no"),
    [
        (PermissionState.DECLINED, True),
        (PermissionState.WITHDRAWN, True),
        (PermissionState.UNKNOWN, True),
        (PermissionState.NOT_ASKED, False),
        (PermissionState.OPTED_IN, False),
    ],
)
def test_who_said_no_when_asked(state: PermissionState, said_no: bool) -> None:
    patient = known(SMS, permissions=(Permission(SMS, state),))
    assert refused(patient, SMS) is said_no
    assert not refused(patient, Channel.EMAIL)
    assert refused(known(SMS, permissions=(Permission(Channel.UNKNOWN, state),)), SMS) is said_no


@pytest.mark.parametrize("proxy", [False, True])
@pytest.mark.parametrize("withdrawn", [False, True])
@pytest.mark.parametrize("service", [(), ("GEN",), ("OTHER",)])
@pytest.mark.parametrize("scope", list(Scope))
def test_covered_are_the_methods_that_covering_finds_an_objection_for(
    scope: Scope, service: tuple[str, ...], withdrawn: bool, proxy: bool
) -> None:
    bodies = (
        objection(scope=scope, channels=(SMS,), services=service),
        objection(scope=scope, channels=(Channel.LETTER,), services=service, patient_only=True),
    )
    framed = case(with_(*bodies, withdrawn=withdrawn))
    assert covered(framed, proxy=proxy) == {one for one in EVERY if covering(framed, one, proxy=proxy)}

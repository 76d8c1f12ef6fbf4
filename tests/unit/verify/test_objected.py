"""The independent reading of B4: what an objection covers, and which of its versions counts."""

from typing import Any

import pytest

from streams.domain.events import Objection, ObjectionException
from streams.domain.records import Basis, ObjectionConsidered, Override, SendCommand, Subject, TemplateRef
from streams.domain.time import HOUR
from streams.domain.vocabulary import (
    Channel,
    ChannelGroup,
    Ground,
    Level,
    ObjectionAction,
    Purpose,
    Reason,
    RecipientRole,
    Scope,
    SubjectKind,
)
from streams.verify.objected import Change, in_force, rightful
from streams.verify.objected import Subject as About

NOW = 1_792_000_000_000


def objection(
    scope: Scope, *, action: ObjectionAction = ObjectionAction.RECORDED, **fields: Any
) -> Objection:
    return Objection("O1", action, scope, **fields)


def command(
    *,
    channel: Channel = Channel.SMS,
    override: Override | None = None,
    considered: tuple[ObjectionConsidered, ...] = (),
    proxy: bool = False,
) -> SendCommand:
    role = RecipientRole.PROXY if proxy else RecipientRole.PATIENT
    template = TemplateRef("t", 1, "")
    basis = Basis(
        "", "", "", role, None, Purpose.APPT_CANCEL, Level.L1, Reason.PREFERRED, None, None, considered,
        template, (), "1", "1", 1, NOW, NOW, NOW,
    )  # fmt: skip
    return SendCommand(
        "c", "d", "P1", Purpose.APPT_CANCEL, Subject(SubjectKind.APPOINTMENT, "A1", 1), channel, role, None, "x", "t", 1,
        {}, "en", Level.L1, Reason.PREFERRED, basis, override, 1, "1", NOW, NOW, None, NOW,
    )  # fmt: skip


ABOUT = About({1: "GEN"}, [NOW + HOUR])


@pytest.mark.parametrize(
    ("what", "may_go"),
    [
        (objection(Scope.METHOD, channels=(Channel.SMS,)), False),
        (objection(Scope.METHOD, channels=(Channel.LETTER,)), True),
        (objection(Scope.METHOD, channels=()), False),
        (objection(Scope.METHOD, channels=(Channel.UNKNOWN,)), False),
        (objection(Scope.METHOD_GROUP, channel_group=ChannelGroup.ELECTRONIC), False),
        (objection(Scope.METHOD_AND_SERVICE, channels=(Channel.SMS,), services=("GEN",)), False),
        (objection(Scope.METHOD_AND_SERVICE, channels=(Channel.SMS,), services=("ENT",)), True),
        (objection(Scope.SERVICE, services=("ENT",)), True),
        (objection(Scope.SERVICE, services=("GEN",)), False),
        (objection(Scope.WHOLE_CARE), False),
        (objection(Scope.UNKNOWN), False),
        (objection(Scope.RECIPIENT, recipient_ref="proxy-1"), True),
    ],
    ids=lambda given: (
        f"{given.scope}:{'+'.join(given.channels)}" if isinstance(given, Objection) else str(given)
    ),
)
def test_what_an_objection_covers(what: Objection, may_go: bool) -> None:
    assert rightful(command(), [Change(NOW, 1, what)], ABOUT) is may_go


@pytest.mark.parametrize(
    ("short_notice_only", "starts", "may_go"),
    [(False, [], True), (True, [], False), (True, [NOW + HOUR], True)],
)
def test_what_the_patient_agreed_to_may_go(short_notice_only: bool, starts: list[int], may_go: bool) -> None:
    exception = ObjectionException((Purpose.APPT_CANCEL,), (Channel.SMS,), short_notice_only)
    what = objection(Scope.METHOD, channels=(Channel.SMS,), exceptions=(exception,))
    assert rightful(command(), [Change(NOW, 1, what)], About({1: "GEN"}, starts)) is may_go


@pytest.mark.parametrize(("version", "may_go"), [(1, True), (2, False)])
def test_an_override_must_name_the_version_that_is_in_force(version: int, may_go: bool) -> None:
    override = Override(Ground.G6, "override_one_off", "O1", 1, ("dr a", "dr b"), "ref", (), HOUR)
    sent = command(override=override, considered=(ObjectionConsidered("O1", 1, True),))
    what = objection(Scope.METHOD, channels=(Channel.SMS,))
    assert rightful(sent, [Change(NOW, version, what)], ABOUT) is may_go


@pytest.mark.parametrize("proxy", [True, False])
def test_a_patients_own_objection_need_not_bind_a_proxy(proxy: bool) -> None:
    what = objection(Scope.METHOD, channels=(Channel.SMS,), patient_only=True)
    assert rightful(command(proxy=proxy), [Change(NOW, 1, what)], ABOUT) is proxy


def test_the_newest_version_counts_whatever_the_order_of_arrival() -> None:
    first = Change(1, 1, objection(Scope.METHOD, channels=(Channel.SMS,)))
    withdrawn = Change(2, 2, objection(Scope.METHOD, action=ObjectionAction.WITHDRAWN))
    assert in_force([first]) == [first]
    assert in_force([first, withdrawn]) == in_force([withdrawn, first]) == []
    again = Change(2, 1, withdrawn.body)
    assert in_force([first, again]) == [first], "a version that is known changes nothing"

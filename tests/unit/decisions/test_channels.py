"""The ten tests of a channel (B5), what caps a message, and the choice."""

from typing import Final

import pytest
from msgspec.structs import replace

from streams.decisions.caps import language_of
from streams.decisions.case import Case
from streams.decisions.channels import Candidate, candidates, choose, ranked
from streams.domain.events import Need, Permission, Preferences
from streams.domain.patient import PatientState
from streams.domain.shard import Circuit, ShardState
from streams.domain.time import DAY
from streams.domain.vocabulary import (
    Channel,
    Level,
    Mode,
    NeedKind,
    PermissionState,
    Purpose,
    Reason,
    SubjectKind,
)
from streams.policy.model import PermissionModel
from streams.policy.templates import Registry
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    Chart,
    appointment,
    case,
    contact,
    known,
    reasons,
    request,
)

ALL: Final = (Channel.NHS_APP, Channel.SMS, Channel.EMAIL, Channel.LETTER)


def each(framed: Case) -> dict[Channel, Candidate]:
    return {one.channel: one for one in candidates(framed)}


def blockers(framed: Case) -> dict[Channel, tuple[str, ...]]:
    return {one.channel: one.blockers for one in candidates(framed)}


@pytest.mark.parametrize(
    ("permission", "hybrid", "implied", "explicit"),
    [
        (None, "L3", "L3", "E4"),
        (Permission(Channel.NHS_APP, PermissionState.NOT_ASKED), "L3", "L3", "E4"),
        (Permission(Channel.NHS_APP, PermissionState.OPTED_IN, Level.L1), "L1", "L1", "L1"),
        (Permission(Channel.NHS_APP, PermissionState.OPTED_IN, Level.L4), "L4", "L4", "L4"),
        (
            Permission(Channel.NHS_APP, PermissionState.OPTED_IN, Level.L4, (Purpose.RESULT_AVAILABLE,)),
            "E4", "E4", "E4",
        ),
        (Permission(Channel.NHS_APP, PermissionState.DECLINED), "E5", "E5", "E5"),
        (Permission(Channel.NHS_APP, PermissionState.WITHDRAWN), "E5", "E5", "E5"),
        (Permission(Channel.NHS_APP, PermissionState.UNKNOWN), "E5", "E5", "E5"),
    ],
)  # fmt: skip
def test_the_table_of_permissions(
    permission: Permission | None, hybrid: str, implied: str, explicit: str
) -> None:
    """B9, for a result notice (L3): how far it may go, or the test that blocks it."""
    for model, expected in zip(PermissionModel, (hybrid, implied, explicit), strict=True):
        permissions = () if permission is None else (permission,)
        framed = case(
            known(Channel.NHS_APP, permissions=permissions), SubjectKind.RESULT, permission_model=model
        )
        one = each(framed)[Channel.NHS_APP]
        said = one.blockers[0] if one.blockers else "L3" if not one.lowered else "lowered"
        wanted = {"L4": "L3", "L1": "lowered"}.get(expected, expected)
        assert said == wanted, model


@pytest.mark.parametrize(
    ("model", "answer"),
    [("hybrid", ("E4",)), ("implied", ()), ("explicit", ("E4",))],
)
def test_a_normal_result_in_words_needs_more(model: str, answer: tuple[str, ...]) -> None:
    framed = case(known(Channel.NHS_APP), SubjectKind.RESULT, permission_model=model, l4_enabled=True)
    framed = replace(framed, level=Level.L4, purpose=Purpose.RESULT_NORMAL)
    assert blockers(framed)[Channel.NHS_APP] == answer


def test_a_letter_needs_no_permission() -> None:
    framed = case(known(*ALL), permission_model="explicit")
    assert blockers(framed) == {
        Channel.NHS_APP: ("E4",),
        Channel.SMS: ("E4",),
        Channel.EMAIL: ("E4",),
        Channel.LETTER: (),
    }


@pytest.mark.parametrize(
    ("age", "verified"),
    [(365 * DAY, True), (365 * DAY + 1, False), (0, True)],
)
def test_how_long_a_detail_counts_as_verified(age: int, verified: bool) -> None:
    framed = case(known(contacts=(contact(Channel.SMS, verified_at=NOW - age),)))
    assert each(framed)[Channel.SMS].unverified is not verified


def test_an_old_detail_is_no_detail_where_verified_ones_are_required() -> None:
    old = known(contacts=(contact(Channel.SMS, verified_at=None),))
    assert blockers(case(old))[Channel.SMS] == ()
    assert blockers(case(old, require_verified=True))[Channel.SMS] == ("E2",)


@pytest.mark.parametrize(
    ("until", "blocked"),
    [(NOW + 1, ("E1",)), (NOW, ())],
)
def test_an_open_circuit_closes_the_channel(until: int, blocked: tuple[str, ...]) -> None:
    shard = ShardState(circuits={Channel.SMS: Circuit(open_until=until)})
    framed = replace(case(known(Channel.SMS)), shard=shard)
    assert blockers(framed)[Channel.SMS] == blocked


def test_a_commercial_messenger_needs_both_switches() -> None:
    patient = known(contacts=(replace(contact(Channel.SMS), channel=Channel.IM_COMMERCIAL),))
    off = case(patient)
    registry = off.policy.channels
    channels = {
        **registry,
        Channel.IM_COMMERCIAL: replace(registry[Channel.SMS], max_level=Level.L0, window=None),
    }
    order = (Channel.IM_COMMERCIAL,)
    framed = replace(off, policy=replace(off.policy, channels=channels, organisation_order=order))
    assert "E1" in blockers(framed)[Channel.IM_COMMERCIAL]
    switched = replace(framed, policy=replace(framed.policy, im_commercial=True))
    assert "E1" not in blockers(switched)[Channel.IM_COMMERCIAL]


@pytest.mark.parametrize(
    ("needs", "sms", "letter"),
    [
        ((), (), ()),
        ((Need(NeedKind.BRAILLE),), ("E7",), ()),
        ((Need(NeedKind.BRAILLE, accessible_channels=(Channel.SMS,)),), (), ()),
        ((Need(NeedKind.BSL),), ("E7",), ("E7",)),
        ((Need(NeedKind.UNKNOWN),), ("E7",), ("E7",)),
        ((Need(NeedKind.INTERPRETER, "cy"),), (), ()),
        ((Need(NeedKind.INTERPRETER, "fr"),), ("E7",), ("E7",)),
        ((Need(NeedKind.INTERPRETER),), ("E7",), ("E7",)),
        ((Need(NeedKind.INTERPRETER, "fr"), Need(NeedKind.BRAILLE)), ("E7",), ("E7",)),
        ((Need(NeedKind.LARGE_PRINT), Need(NeedKind.INTERPRETER, "cy")), ("E7",), ()),
    ],
)
def test_every_need_is_met_or_the_channel_is_closed(
    needs: tuple[Need, ...], sms: tuple[str, ...], letter: tuple[str, ...]
) -> None:
    found = blockers(case(known(Channel.SMS, Channel.LETTER, needs=needs)))
    assert (found[Channel.SMS], found[Channel.LETTER]) == (sms, letter)


def test_a_need_counts_at_a_lower_level_too() -> None:
    """The L0 wording can be had in easy-read, the L3 one cannot; a cap lowers the message, a need does not (B5)."""
    framed = case(known(Channel.LETTER, needs=(Need(NeedKind.EASY_READ),)), SubjectKind.RESULT)
    assert each(framed)[Channel.LETTER].blockers == ("E7",)
    one = each(replace(framed, cap=Level.L0))[Channel.LETTER]
    assert (one.blockers, one.level) == ((), Level.L0)


@pytest.mark.parametrize("needs", [(), (Need(NeedKind.LARGE_PRINT),)])
def test_only_a_cap_lowers(needs: tuple[Need, ...]) -> None:
    """No letter carries a video link, but one says "please contact us"."""
    video = appointment(IN_TWO_WEEKS, mode=Mode.VIDEO, join_link_ref="https://video.example.org/a")
    framed = case(known(Channel.LETTER, needs=needs), video)
    assert each(framed)[Channel.LETTER].blockers == ("4.6",)
    one = each(replace(framed, cap=Level.L0))[Channel.LETTER]
    assert (one.blockers, one.level) == ((), Level.L0)


def without_templates(framed: Case, *levels: Level) -> Case:
    """The case under a policy that has wordings of these levels only."""
    registry = framed.policy.templates
    kept = [one for one in registry.templates if one.level in levels]
    templates = Registry.of(kept, registry.organisation, registry.terms)
    return replace(framed, policy=replace(framed.policy, templates=templates))


def test_a_cap_without_a_lower_wording_blocks_by_the_test_that_caps() -> None:
    shared = known(contacts=(contact(Channel.SMS, shared_with=2),))
    framed = without_templates(case(shared), Level.L1)
    assert blockers(framed)[Channel.SMS] == ("E10",)
    old = without_templates(
        case(known(contacts=(contact(Channel.SMS, verified_at=None),)), SubjectKind.RESULT), Level.L3
    )
    assert blockers(old)[Channel.SMS] == ("E2",)


@pytest.mark.parametrize(
    ("purpose", "recorded", "level"),
    [
        (Purpose.ADMIN_REPLY, True, Level.L1),
        (Purpose.ADMIN_REPLY, False, Level.L0),
        (Purpose.VACCINATION_INVITE, True, Level.L0),  # L2, and there is a wording for L1
        (Purpose.VACCINATION_INVITE, False, Level.L0),
    ],
)
def test_what_may_go_to_a_detail_that_somebody_else_reads(
    purpose: Purpose, recorded: bool, level: Level
) -> None:
    """E10: a message of L1 or less where the relationship is recorded, else L0."""
    shared = contact(Channel.SMS, shared_with=1, relationship_recorded=recorded)
    one = each(case(known(contacts=(shared,)), request(purpose)))[Channel.SMS]
    assert (one.blockers, one.level) == ((), level)


def test_no_wording_at_all_is_no_fault_of_the_channel() -> None:
    framed = without_templates(case(known(Channel.SMS)), Level.L4)
    assert blockers(framed)[Channel.SMS] == ("4.6",)
    needs = replace(framed, patient=replace(framed.patient, needs=(Need(NeedKind.BRAILLE),)))
    assert blockers(needs)[Channel.SMS] == ("4.6",)


@pytest.mark.parametrize(
    ("wished", "spoken"),
    [(None, "en"), ("cy", "cy"), ("fr", "en")],
)
def test_the_language_is_the_wished_one_where_there_is_a_wording(wished: str | None, spoken: str) -> None:
    framed = case(known(Channel.SMS, preferences=Preferences(language=wished)))
    template = each(framed)[Channel.SMS].template
    assert template is not None
    assert language_of(framed, template) == spoken


@pytest.mark.parametrize(
    ("wishes", "app_first", "order"),
    [
        ((), "when_no_preference", ALL),
        ((Channel.EMAIL,), "when_no_preference", (Channel.EMAIL, Channel.NHS_APP, Channel.SMS, Channel.LETTER)),
        ((Channel.EMAIL,), "always_if_eligible", (Channel.NHS_APP, Channel.EMAIL, Channel.SMS, Channel.LETTER)),
        ((Channel.LETTER,), "when_no_preference", (Channel.LETTER, Channel.NHS_APP, Channel.SMS, Channel.EMAIL)),
        ((Channel.EMAIL, Channel.EMAIL, Channel.UNKNOWN, Channel.PHONE_HUMAN), "when_no_preference",
         (Channel.EMAIL, Channel.NHS_APP, Channel.SMS, Channel.LETTER)),
    ],
)  # fmt: skip
def test_the_order_of_choice(wishes: tuple[Channel, ...], app_first: str, order: tuple[Channel, ...]) -> None:
    framed = case(known(*ALL, preferences=Preferences(wishes)), nhs_app_first=app_first)
    assert framed.recipient is not None
    assert ranked(framed, framed.recipient) == order


def test_a_channel_that_needs_no_lowering_comes_before_the_preferred_one() -> None:
    patient = known(
        contacts=(contact(Channel.SMS, verified_at=None), contact(Channel.EMAIL)),
        preferences=Preferences((Channel.SMS,)),
    )
    framed = case(patient, SubjectKind.RESULT)
    best, reason = choose(framed, [one for one in candidates(framed) if one.eligible])
    assert (best.channel, reason) == (Channel.EMAIL, Reason.NON_PREFERRED_FALLBACK)


def test_where_everything_has_to_be_lowered_the_first_is_chosen() -> None:
    framed = case(known(contacts=(contact(Channel.SMS, verified_at=None),)), SubjectKind.RESULT)
    best, reason = choose(framed, candidates(framed)[1:2])
    assert (best.channel, best.level, reason) == (Channel.SMS, Level.L0, Reason.APP_DEFAULT)


def test_two_details_on_one_channel_the_first_usable_one_counts() -> None:
    numbers = (
        contact(Channel.SMS, contact_id="old", value="020 7946 0000"),
        contact(Channel.SMS, contact_id="new", value="07700 900005"),
    )
    chart = Chart(known(contacts=numbers))
    assert reasons(chart.hear(appointment(IN_TWO_WEEKS))) == ["SEND app_default"]
    assert each(case(known(contacts=numbers)))[Channel.SMS].contact == numbers[1]


def test_a_wish_changes_only_the_order() -> None:
    """I9: the same channels are eligible whatever is preferred."""

    def eligible(patient: PatientState) -> set[Channel]:
        return {one.channel for one in candidates(case(patient)) if one.eligible}

    plain = eligible(known(*ALL))
    for wishes in ((Channel.LETTER,), (Channel.PHONE_HUMAN, Channel.SMS), (Channel.UNKNOWN,)):
        assert eligible(known(*ALL, preferences=Preferences(wishes, "cy", "03:00", "03:30"))) == plain

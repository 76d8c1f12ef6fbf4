"""Who receives the message (B11), at the ages and edges where it changes."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions.recipients import needs_stand_in, stand_ins, turned_sixteen, usable
from streams.domain.events import Contact, Proxy
from streams.domain.patient import PatientState
from streams.domain.records import EscalationTask, SendCommand
from streams.domain.time import DAY
from streams.domain.vocabulary import Channel, Level, ProxyBasis, ProxyMode, Purpose, SubjectKind
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    Chart,
    appointment,
    case,
    contact,
    identity,
    known,
    of,
    proxy,
    reasons,
    request,
    result,
)
from tests.support.times import uk

SMS: Final = Channel.SMS
PARENT: Final = proxy(contacts=(contact(SMS, value="07700900002"),))


def told(patient: PatientState, body: Any = None, now: int = NOW) -> tuple[str, str | None]:
    """How the message was told, and to which proxy; or what became of it."""
    chart = Chart(patient, now=now)
    written = chart.hear(body if body is not None else appointment(now + 14 * DAY))
    sent = of(SendCommand, written)
    return (sent[0].recipient_role, sent[0].proxy_ref) if sent else (reasons(written)[0], None)


def child(born: str, *proxies: Proxy, contacts: tuple[Contact, ...] = (), **changes: Any) -> PatientState:
    return known(identity=identity(born=born, **changes), contacts=contacts, proxies=proxies)


@pytest.mark.parametrize(
    ("born", "now", "recipient"),
    [
        # to the parent until the 13th birthday, when the parent's access is reviewed
        ("2013-12-02", "Tue 01 Dec 2026 12:00", ("PROXY", "X1")),
        ("2013-12-02", "Wed 02 Dec 2026 12:00", ("ESCALATE proxy_suspended", None)),
        # from the 16th birthday on to the young person
        ("2010-12-02", "Tue 01 Dec 2026 12:00", ("ESCALATE proxy_suspended", None)),
        ("2010-12-02", "Wed 02 Dec 2026 12:00", ("PATIENT", None)),
        # a date that never was
        ("2014-02-29", "Mon 01 Mar 2027 12:00", ("ESCALATE data_quality", None)),
    ],
)
def test_who_is_told_by_age(born: str, now: str, recipient: tuple[str, str | None]) -> None:
    assert told(child(born, PARENT, contacts=(contact(SMS),)), now=uk(now)) == recipient


@pytest.mark.parametrize(
    ("born", "now", "minor"),
    [
        # 00:00 in London, which in summer is 23:00 of the day before in UTC
        ("2010-12-02", "Tue 01 Dec 2026 23:59:59.999", True),
        ("2010-12-02", "Wed 02 Dec 2026 00:00", False),
        ("2010-07-01", "Tue 30 Jun 2026 23:59:59.999", True),
        ("2010-07-01", "Wed 01 Jul 2026 00:00", False),
        # born on 29 February: 1 March in common years, the day itself in leap years (C050)
        ("2012-02-29", "Mon 28 Feb 2028 23:59:59.999", True),
        ("2012-02-29", "Tue 29 Feb 2028 00:00", False),
        ("2008-02-29", "Wed 28 Feb 2024 23:59:59.999", True),
        ("", "Tue 01 Dec 2026 12:00", False),
    ],
)
def test_sixteen_begins_at_midnight_in_london(born: str, now: str, minor: bool) -> None:
    assert case(child(born), now=uk(now)).minor is minor


@pytest.mark.parametrize(
    ("now", "minor"),
    [("Sun 28 Feb 2027 23:59:59.999", True), ("Mon 01 Mar 2027 00:00", False)],
)
def test_a_leap_day_birthday_in_a_common_year(now: str, minor: bool) -> None:
    assert case(child("2016-02-29"), now=uk(now), proxy_suspend_age=11, proxy_review_age=10).minor is minor


@pytest.mark.parametrize(
    ("reviewed_at", "recipient"),
    [
        (None, ("ESCALATE proxy_suspended", None)),
        (uk("Mon 30 Nov 2026 23:59:59.999"), ("ESCALATE proxy_suspended", None)),
        (uk("Tue 01 Dec 2026 00:00"), ("PROXY", "X1")),
    ],
)
def test_a_review_counts_from_the_thirteenth_birthday(
    reviewed_at: int | None, recipient: tuple[str, str | None]
) -> None:
    assert told(child("2013-12-01", replace(PARENT, reviewed_at=reviewed_at))) == recipient


def test_only_the_reviewed_parent_is_used() -> None:
    mother = replace(PARENT, proxy_id="mother", primary=False, reviewed_at=NOW - DAY)
    father = replace(PARENT, proxy_id="father", primary=True)
    assert told(child("2013-01-01", mother, father)) == ("PROXY", "mother")


@pytest.mark.parametrize(
    ("changes", "use"),
    [
        ({}, True),
        ({"verified": False}, False),
        ({"own_organisation": False}, False),
        ({"excluded": True}, False),
        ({"valid_from": NOW}, True),
        ({"valid_from": NOW + 1}, False),
        ({"valid_to": NOW + 1}, True),
        ({"valid_to": NOW}, False),
        ({"services": ("GEN",)}, True),
        ({"services": ("DIAB",)}, False),
        ({"purposes": (Purpose.APPT_CONFIRM,)}, True),
        ({"purposes": (Purpose.APPT_CANCEL,)}, False),
        ({"max_level": Level.L1}, True),
        ({"max_level": Level.L0}, False),
    ],
)
def test_a_stand_in_is_usable_in_full_or_not_at_all(changes: dict[str, Any], use: bool) -> None:
    one = replace(PARENT, **changes)
    assert usable(case(child("2018-01-01", one)), one) is use


@pytest.mark.parametrize(
    ("purposes", "recipient"),
    [
        ((), ("ESCALATE proxy_not_usable", None)),
        ((Purpose.APPT_CONFIRM,), ("ESCALATE proxy_not_usable", None)),
        ((Purpose.RESULT_AVAILABLE,), ("PROXY", "X1")),
    ],
)
def test_a_result_goes_to_a_proxy_with_an_explicit_scope_only(
    purposes: tuple[Purpose, ...], recipient: tuple[str, str | None]
) -> None:
    assert told(child("2018-01-01", replace(PARENT, purposes=purposes)), result()) == recipient


@pytest.mark.parametrize(
    ("basis", "mode", "lacks_capacity", "recipient"),
    [
        (ProxyBasis.LPA, ProxyMode.STANDS_IN, True, ("PROXY", "X1")),
        (ProxyBasis.COURT_DEPUTY, ProxyMode.STANDS_IN, True, ("PROXY", "X1")),
        (ProxyBasis.BEST_INTERESTS, ProxyMode.STANDS_IN, True, ("PROXY", "X1")),
        (ProxyBasis.PARENTAL, ProxyMode.STANDS_IN, True, ("ESCALATE proxy_not_usable", None)),
        (ProxyBasis.NOMINATED, ProxyMode.INSTEAD_OF, True, ("ESCALATE proxy_not_usable", None)),
        (ProxyBasis.UNKNOWN, ProxyMode.STANDS_IN, True, ("ESCALATE proxy_not_usable", None)),
        (ProxyBasis.LPA, ProxyMode.STANDS_IN, False, ("PATIENT", None)),
        (ProxyBasis.NOMINATED, ProxyMode.INSTEAD_OF, False, ("PROXY", "X1")),
        (ProxyBasis.NOMINATED, ProxyMode.STANDS_IN, False, ("PROXY", "X1")),
        (ProxyBasis.NOMINATED, ProxyMode.COPY, False, ("PATIENT", None)),
        (ProxyBasis.NOMINATED, ProxyMode.UNKNOWN, False, ("PATIENT", None)),
        (ProxyBasis.UNKNOWN, ProxyMode.INSTEAD_OF, False, ("PATIENT", None)),
    ],
)
def test_who_stands_in_for_an_adult(
    basis: ProxyBasis, mode: ProxyMode, lacks_capacity: bool, recipient: tuple[str, str | None]
) -> None:
    person = replace(PARENT, basis=basis, mode=mode)
    patient = known(SMS, identity=identity(lacks_capacity=lacks_capacity), proxies=(person,))
    assert told(patient) == recipient


def test_nobody_stands_in_for_somebody_nobody_knows() -> None:
    framed = case(PatientState(proxies=(PARENT,)))
    assert stand_ins(framed) == []
    assert not needs_stand_in(framed)


@pytest.mark.parametrize(
    ("own", "raised"),
    [
        ((), False),
        ((contact(SMS, value="+44 7700 900002"),), True),
        ((contact(SMS, value="+44 7700 900002"), contact(Channel.EMAIL)), False),
    ],
)
def test_sixteen_with_only_the_parents_details_and_no_careful_wording(
    own: tuple[Contact, ...], raised: bool
) -> None:
    patient = child("2010-06-01", PARENT, contacts=own)
    framed = case(patient, request(Purpose.IMPLICATIONS_NOTICE))
    assert (turned_sixteen(framed) is not None) is raised
    assert turned_sixteen(case(patient)) is None, "an appointment can be told as L0"


def test_two_parents_without_a_primary_one_are_a_question() -> None:
    second = replace(PARENT, proxy_id="X2", contacts=(contact(SMS, value="07700900003"),))
    for first, other, recipient in (
        (False, False, ("ESCALATE proxy_ambiguous", None)),
        (True, True, ("ESCALATE proxy_ambiguous", None)),
        (False, True, ("PROXY", "X2")),
    ):
        people = (replace(PARENT, primary=first), replace(second, primary=other))
        assert told(child("2018-01-01", *people)) == recipient


def test_a_result_may_be_copied_to_whoever_may_know_of_results() -> None:
    """B11.7: the copy is a request of its own; the patient's being told does not end it (2.3)."""
    copy = replace(
        PARENT, basis=ProxyBasis.NOMINATED, mode=ProxyMode.COPY, purposes=(Purpose.RESULT_AVAILABLE,)
    )
    chart = Chart(known(SMS, proxies=(copy,)))
    chart.hear(result())
    chart.wait(NOW)
    sent = chart.all(SendCommand)
    assert [(one.recipient_role, one.proxy_ref) for one in sent] == [("PATIENT", None), ("PROXY", "X1")]
    assert {one.purpose for one in sent} == {Purpose.RESULT_AVAILABLE}


def test_the_copys_trouble_is_reported_beside_the_patients_message() -> None:
    copy = replace(PARENT, basis=ProxyBasis.NOMINATED, mode=ProxyMode.COPY, contacts=())
    chart = Chart(known(SMS, proxies=(copy,)))
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.wait(NOW)
    assert [one.reason for one in chart.all(EscalationTask)] == ["no_contact_detail"]
    assert case(known(), SubjectKind.RESULT).is_result

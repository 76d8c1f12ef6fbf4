"""Merged records (rule 3.4): what is sent on, to whom, and what is kept beside what the survivor has."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions import forwarding
from streams.decisions.forwarding import _UNREAD, as_survivors, unread
from streams.decisions.framing import tell
from streams.decisions.merges import SENDER, Mark, mark_of
from streams.decisions.recollect import decided, took
from streams.domain.events import Body, Event, Objection
from streams.domain.limits import violation
from streams.domain.patient import AppointmentEntry, ObjectionEntry, ResultEntry
from streams.domain.records import Decision, Forward, Output
from streams.domain.time import DAY
from streams.domain.vocabulary import (
    AppointmentStatus,
    Channel,
    Mode,
    ObjectionAction,
    Purpose,
    RecordStatus,
    Topic,
)
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    Chart,
    appointment,
    identity,
    known,
    objection,
    reasons,
    request,
    result,
    sections,
)

SMS: Final = Channel.SMS
WEEK: Final = 7 * DAY
GONE: Final[dict[str, Any]] = {"record_status": RecordStatus.SUPERSEDED, "superseded_by": "P2"}


def forwarded(written: tuple[Output, ...]) -> list[Event]:
    return [one.event for one in written if isinstance(one, Forward)]


@pytest.mark.parametrize(
    ("body", "topic"),
    [
        (appointment(IN_TWO_WEEKS, nhs_number="9990548609"), Topic.APPOINTMENTS),
        (result(nhs_number="9990548609"), Topic.RESULTS),
        (request(Purpose.PRESCRIPTION_READY), Topic.REQUESTS),
    ],
)
def test_a_request_starts_again_under_the_survivor(body: Body, topic: Topic) -> None:
    chart = Chart(known(SMS, identity=identity(**GONE)))
    written = chart.hear(body, event_id="e77")
    (event,) = forwarded(written)
    assert reasons(written) == ["SUPPRESS superseded"]
    assert (event.topic, event.envelope.patient_id, event.envelope.event_id) == (topic, "P2", "e77#merged")
    assert event.envelope.source == SENDER
    assert getattr(event.body, "nhs_number", None) is None


def test_of_what_is_sent_on_nobody_here_can_tell_what_is_known() -> None:
    """Should the merge be reversed: the survivor may have been told more since."""
    chart = Chart(known(SMS))
    for week in range(3):
        chart.hear(appointment(IN_TWO_WEEKS + week * WEEK))
    assert chart.patient is not None
    assert len(chart.patient.appointments["A1"].earlier) == 1
    chart.hear(sections(identity=identity(**GONE)))
    written = chart.hear(appointment(IN_TWO_WEEKS + 2 * WEEK, status=AppointmentStatus.CANCELLED))
    assert len(forwarded(written)) == 1
    entry = chart.patient.appointments["A1"]
    assert entry.told is not None
    assert entry.told.withdrawn


def test_what_was_told_is_sent_on_once_a_merge() -> None:
    chart = Chart(known(SMS))
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.hear(result())
    sent = forwarded(chart.hear(sections(identity=identity(**GONE)), event_id="merge"))
    assert [mark_of(one) for one in sent] == [Mark.SENT, Mark.TOLD]
    assert [one.topic for one in sent] == [Topic.APPOINTMENTS, Topic.RESULTS]
    assert all(one.envelope.event_id.endswith("#merged") for one in sent)
    (later,) = forwarded(chart.hear(appointment(IN_TWO_WEEKS + WEEK)))
    assert mark_of(later) is None
    chart.hear(sections(identity=identity()))
    assert len(forwarded(chart.hear(sections(identity=identity(**GONE))))) == 2  # a merge of its own


def test_of_a_merge_before_this_was_sent_on_what_was_told_goes_first() -> None:
    told = tell(appointment(), 1)
    entry = AppointmentEntry(1, appointment(), NOW, told)
    chart = Chart(known(SMS, identity=identity(**GONE), appointments={"A1": entry}))
    marks = [mark_of(one) for one in forwarded(chart.hear(appointment(IN_TWO_WEEKS), version=2))]
    assert marks == [Mark.OLD, None]


def test_objections_go_to_the_survivor_even_when_what_was_told_cannot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    chart = Chart(known(SMS))
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.hear(objection())
    monkeypatch.setattr(forwarding, "carry_one", broken)
    written = chart.hear(sections(identity=identity(**GONE)))
    assert [one.topic for one in forwarded(written)] == [Topic.OBJECTIONS]
    assert reasons(written) == ["ESCALATE data_quality"]
    monkeypatch.undo()
    written = chart.hear(appointment(IN_TWO_WEEKS + WEEK))
    assert [mark_of(one) for one in forwarded(written)] == [Mark.OLD_SENT, None]


def test_only_what_is_about_an_appointment_or_a_result_says_what_was_told() -> None:
    chart = Chart(known(SMS))
    asks = request(Purpose.PRESCRIPTION_READY)
    assert reasons(chart.hear(asks, source=SENDER, recorded_by=f"m{Mark.TOLD}")) == ["SEND app_default"]


def test_what_was_told_goes_round_in_no_circle() -> None:
    """Two numbers that name each other as survivors."""
    one, other = Chart(known(SMS)), Chart(known(SMS, identity=identity(**GONE)))
    for week in range(2):
        one.hear(appointment(IN_TWO_WEEKS + week * WEEK))
    written = forwarded(one.hear(sections(identity=identity(**GONE))))
    for _ in range(4):
        assert len(written) <= 2
        one, other = other, one
        written = [event for sent in written for event in forwarded(one.hear_event(to_p1(sent)))]
    assert written == []


@pytest.mark.parametrize("normal", [False, True])
def test_the_survivor_knows_what_a_result_was_said_to_be(normal: bool) -> None:
    entry = ResultEntry(2, result(), NOW, NOW - DAY, told_version=1, told_normal=normal)
    chart = Chart(known(SMS, results={"R1": entry}))
    (event,) = forwarded(chart.hear(sections(identity=identity(**GONE))))
    survivor = Chart(known(SMS))
    assert reasons(survivor.hear_event(to_p1(event))) == ["SUPPRESS no_net_change"]
    assert survivor.patient is not None
    there = survivor.patient.results["R1"]
    assert (there.told_at, there.told_version, there.told_normal) == (NOW - DAY, 1, normal)


def test_a_rebuilt_table_knows_what_was_told_under_the_other_number() -> None:
    chart = Chart(known(SMS))
    chart.hear(appointment())
    (event,) = forwarded(chart.hear(sections(identity=identity(**GONE))))
    entry = took(known(SMS), event, NOW).appointments["A1"]
    assert entry.told is not None
    assert entry.told.carried


def test_a_snapshot_of_what_was_told_takes_no_link_away() -> None:
    video = appointment(mode=Mode.VIDEO, join_link_ref="link-1")
    told = tell(replace(video, join_link_ref=None), 1)
    chart = Chart(known(SMS, appointments={"A1": AppointmentEntry(1, video, NOW, told)}))
    (event,) = forwarded(chart.hear(sections(identity=identity(**GONE))))
    survivor = Chart(known(SMS, appointments={"A1": AppointmentEntry(1, video, NOW)}))
    survivor.hear_event(to_p1(event))
    assert survivor.patient is not None
    there = survivor.patient.appointments["A1"]
    assert (there.body, there.told and there.told.join_link_ref) == (video, None)


def to_p1(event: Event) -> Event:
    """As the chart of the survivor gets it: charts are of one name."""
    return replace(event, envelope=replace(event.envelope, patient_id="P1"))


def test_objections_are_sent_on_at_the_merge_and_ever_after() -> None:
    chart = Chart(known(SMS))
    chart.hear(objection(SMS))
    chart.hear(objection(Channel.EMAIL, objection_id="O2", action=ObjectionAction.WITHDRAWN))
    (event,) = forwarded(chart.hear(sections(SMS, identity=identity(**GONE)), event_id="merge"))
    assert (event.envelope.event_id, event.body) == ("merge:O1#merged", objection(SMS))
    assert forwarded(chart.hear(sections(SMS, identity=identity(**GONE)))) == []
    (later,) = forwarded(chart.hear(objection(SMS, action=ObjectionAction.WITHDRAWN)))
    assert isinstance(later.body, Objection)
    assert later.body.action is ObjectionAction.WITHDRAWN


def test_the_hold_of_an_unreadable_objection_is_sent_on() -> None:
    chart = Chart(known(SMS, unreadable_objection=True))
    chart.hear(objection(SMS))
    hold, own = forwarded(chart.hear(sections(SMS, identity=identity(**GONE)), event_id="merge"))
    assert (hold.topic, hold.envelope.patient_id, own.body) == (Topic.OBJECTIONS, "P2", objection(SMS))
    assert unread(hold)
    assert violation(hold, NOW) is None
    assert reasons(chart.hear(appointment(IN_TWO_WEEKS))) == ["ESCALATE comms_hold"]


def test_an_objection_without_a_record_of_its_own_holds_the_survivor() -> None:
    survivor = Chart(known(SMS))
    hold = arriving(_UNREAD)
    written = survivor.hear_event(hold)
    assert reasons(written) == ["QUARANTINE undecodable"]
    assert survivor.patient is not None
    assert survivor.patient.unreadable_objection
    assert not survivor.patient.objections


def test_a_hold_goes_on_along_merges_and_not_in_circles() -> None:
    chart = Chart(known(SMS, identity=identity(**GONE)))
    assert [unread(one) for one in forwarded(chart.hear_event(arriving(_UNREAD)))] == [True]
    assert forwarded(chart.hear_event(arriving(_UNREAD))) == []


def test_a_hospitals_objection_by_the_same_name_is_an_objection() -> None:
    assert not unread(at_home(_UNREAD))


@pytest.mark.parametrize("changes", [{"record_status": RecordStatus.SUPERSEDED}, {"superseded_by": "P2"}, {}])
def test_without_a_survivor_nothing_is_sent_on(changes: dict[str, Any]) -> None:
    chart = Chart(known(SMS, identity=identity(**changes)))
    assert forwarded(chart.hear(objection(SMS))) == []
    assert forwarded(Chart().hear(objection(SMS))) == []


def test_an_objection_from_long_ago_can_be_sent_on() -> None:
    """Its own time may lie before 2000, which no event's may (1.2)."""
    old = {"O1": ObjectionEntry(1, objection(SMS, received_at=0), NOW)}
    chart = Chart(known(SMS, objections=old))
    (event,) = forwarded(chart.hear(sections(SMS, identity=identity(**GONE))))
    assert violation(event, NOW) is None


def test_long_ids_stay_within_the_limit() -> None:
    chart = Chart(known(SMS, identity=identity(**GONE)))
    (event,) = forwarded(chart.hear(appointment(IN_TWO_WEEKS), event_id="e" * 128))
    assert len(event.envelope.event_id) <= 128
    assert event.envelope.event_id.endswith("#merged")  # by which heed verify knows that it arrived
    assert violation(event, NOW) is None


def arriving(body: Body, version: int = 1, merge: str = "M1", source: str = SENDER) -> Event:
    return Chart().event(body, version=version, source=source, recorded_by=merge)


def at_home(body: Body, version: int = 1) -> Event:
    return arriving(body, version, source="desk")


def withdrawn(*channels: Channel) -> Objection:
    return objection(*channels, action=ObjectionAction.WITHDRAWN)


OWN: Final = ("O1", objection(Channel.EMAIL), "")
MERGED: Final = ("O1", objection(Channel.EMAIL), "M1")


@pytest.mark.parametrize(
    ("there", "event", "kept_as"),
    [
        ([], arriving(objection(SMS)), "O1"),
        ([("O1", objection(SMS), "")], arriving(objection(SMS)), "O1"),
        ([("O1", objection(SMS), "")], arriving(objection(SMS, received_at=5)), "O1"),
        ([OWN], arriving(objection(SMS)), "O1#merged"),
        ([OWN], arriving(objection(SMS), version=2), "O1#merged"),
        ([OWN], arriving(withdrawn(SMS), version=2), "O1#merged"),
        ([OWN], at_home(objection(SMS)), "O1"),
        ([MERGED], arriving(objection(SMS), version=2), "O1"),
        ([MERGED], arriving(objection(SMS), version=2, merge="M2"), "O1#merged"),
        ([MERGED], at_home(objection(SMS), version=2), "O1#merged"),
        ([MERGED], at_home(withdrawn(Channel.EMAIL), version=2), "O1"),
        ([MERGED, ("O1#merged", objection(SMS), "")], at_home(withdrawn(SMS), version=2), "O1#merged"),
        ([OWN, ("O1#merged", objection(SMS), "M1")], arriving(withdrawn(SMS), version=2), "O1#merged"),
        ([OWN, ("O1#merged", objection(SMS), "M1")], arriving(objection(SMS), merge="M2"), "O1#merged2"),
    ],
)
def test_of_two_objections_by_one_name_both_are_kept(
    there: list[tuple[str, Objection, str]], event: Event, kept_as: str
) -> None:
    entries = {name: ObjectionEntry(1, body, NOW, merged_from=merge) for name, body, merge in there}
    found = as_survivors(known(SMS, objections=entries), event).body
    assert isinstance(found, Objection)
    assert found.objection_id == kept_as


def test_the_merge_of_an_objection_is_remembered_and_names_nobody() -> None:
    chart = Chart(known(SMS, identity=identity(**GONE)))
    (event,) = forwarded(chart.hear(objection(SMS)))
    survivor = Chart(known(SMS))
    survivor.hear_event(replace(event, envelope=replace(event.envelope, patient_id="P1")))
    assert survivor.patient is not None
    merge = survivor.patient.objections["O1"].merged_from
    assert len(merge) == 36
    survivor.hear(withdrawn(SMS), version=2)
    assert survivor.patient.objections["O1"].withdrawn
    assert survivor.patient.objections["O1"].merged_from == merge


def test_other_facts_are_taken_as_they_come() -> None:
    event = arriving(appointment())
    assert as_survivors(known(SMS), event) is event
    assert replace(event) == event


def test_what_waits_under_the_survivor_still_waits_after_a_restore() -> None:
    """The decision about what was told names its version, not the newer one that is in somebody's hands."""
    chart = Chart(known(SMS))
    chart.hear(result(reviewed=False), version=3)
    held = chart.patient
    assert held is not None
    written = chart.hear(result(), version=1, source=SENDER, recorded_by=f"m{Mark.TOLD}")
    (said,) = [one for one in written if isinstance(one, Decision)]
    assert reasons(written) == ["SUPPRESS no_net_change"]
    assert list(decided(held, said, None, chart.policy).asked) == ["result:R1"]

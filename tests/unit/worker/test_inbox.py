"""What may be taken now: state first, deciding records only behind the barrier, nothing lost, nothing twice."""

from types import SimpleNamespace

import pytest

from streams.domain.vocabulary import INPUT_TOPICS, STATE_TOPICS, Topic
from streams.kafka.batch import Stretch
from streams.worker.inbox import Inbox, LostRecords, Portion
from streams.worker.intake import Intake

LAG_MAX = 10_000


class Rec:
    """A consumed record."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.timestamp = 0
        self.key: bytes | None = b"P1"
        self.value: bytes | None = b"v"
        self.headers: list[tuple[str, bytes]] = []


def stretch(start: int, end: int, received: float = 1e12, records: range | None = None) -> Stretch:
    return Stretch(
        start,
        end,
        [Rec(o) for o in (range(start, end) if records is None else records)],
        received,
        end - start,
    )


def inbox() -> Inbox:
    return Inbox(dict.fromkeys(INPUT_TOPICS, 0))


def marked(box: Inbox, mark: tuple[int, ...]) -> None:
    for waiting in box.take_unmarked():
        waiting.mark = mark


def offsets(portions: list[Portion]) -> list[tuple[Topic, list[int]]]:
    return [(portion.topic, [record.offset for record in portion.records]) for portion in portions]


def test_a_deciding_record_waits_until_state_is_applied_up_to_its_mark() -> None:
    box = inbox()
    box.put(Topic.APPOINTMENTS, stretch(0, 2))
    assert box.take_deciding(99, None) == []  # not even asked for yet
    marked(box, (3, 0, 0))
    assert box.take_deciding(99, None) == []
    box.put(Topic.OBJECTIONS, stretch(0, 3))
    assert offsets(box.take_state(99)) == [(Topic.OBJECTIONS, [0, 1, 2])]
    assert offsets(box.take_deciding(99, None)) == [(Topic.APPOINTMENTS, [0, 1])]


def test_a_marker_that_is_never_delivered_counts_as_reached() -> None:
    box = inbox()
    box.put(Topic.APPOINTMENTS, stretch(0, 1))
    marked(box, (2, 0, 0))
    box.put(Topic.OBJECTIONS, stretch(0, 1))
    box.put(Topic.OBJECTIONS, stretch(1, 2, records=range(0)))  # the end of a transaction
    box.take_state(99)
    assert box.applied[Topic.OBJECTIONS] == 2
    assert len(box.take_deciding(99, None)) == 1


def test_objections_wait_for_nothing_contacts_for_objections_approvals_for_both() -> None:
    box = inbox()
    box.put(Topic.RESOLUTIONS, stretch(0, 1))
    box.put(Topic.PATIENTS, stretch(0, 1))
    marked(box, (1, 1, 5))
    assert box.take_state(99) == []
    box.put(Topic.OBJECTIONS, stretch(0, 1))
    assert [topic for topic, _ in offsets(box.take_state(99))] == [
        Topic.OBJECTIONS,
        Topic.PATIENTS,
        Topic.RESOLUTIONS,
    ]


@pytest.mark.parametrize("behind", [Topic.OBJECTIONS, Topic.PATIENTS])
def test_an_approval_overtakes_neither_an_objection_nor_a_change_of_contact_details(behind: Topic) -> None:
    box = inbox()
    box.put(Topic.RESOLUTIONS, stretch(0, 1))
    marked(box, tuple(int(topic is behind) for topic in STATE_TOPICS))
    assert box.take_state(99) == []
    box.put(behind, stretch(0, 1))
    marked(box, (0, 0, 0))
    assert [topic for topic, _ in offsets(box.take_state(99))] == [behind, Topic.RESOLUTIONS]


def test_a_waiting_topic_never_holds_up_another() -> None:
    box = inbox()
    box.put(Topic.RESULTS, stretch(0, 1))
    marked(box, (9, 0, 0))
    box.put(Topic.APPOINTMENTS, stretch(0, 1))
    marked(box, (0, 0, 0))
    assert offsets(box.take_deciding(99, None)) == [(Topic.APPOINTMENTS, [0])]


def test_records_that_did_not_arrive_are_noticed() -> None:
    box = inbox()
    box.put(Topic.RESULTS, stretch(0, 3))
    with pytest.raises(LostRecords, match="expected offset 3, got 4"):
        box.put(Topic.RESULTS, stretch(4, 6))


def test_what_was_received_before_a_rebalance_is_not_taken_twice() -> None:
    box = inbox()
    box.put(Topic.RESULTS, stretch(0, 3))
    box.put(Topic.RESULTS, stretch(0, 3))
    box.put(Topic.RESULTS, stretch(0, 5))
    marked(box, (0, 0, 0))
    assert [o for _, some in offsets(box.take_deciding(99, None)) for o in some] == [0, 1, 2, 3, 4]


def test_a_limit_is_kept_and_the_next_offset_is_that_of_what_was_taken() -> None:
    box = inbox()
    box.put(Topic.APPOINTMENTS, stretch(0, 5))
    marked(box, (0, 0, 0))
    assert offsets(box.take_deciding(3, None)) == [(Topic.APPOINTMENTS, [0, 1, 2])]
    assert box.applied[Topic.APPOINTMENTS] == 3
    assert box.waiting() == 2
    assert offsets(box.take_deciding(3, None)) == [(Topic.APPOINTMENTS, [3, 4])]
    assert (box.applied[Topic.APPOINTMENTS], box.waiting(), box.size[Topic.APPOINTMENTS]) == (5, 0, 0)


def test_what_is_put_back_comes_again_in_its_place_and_is_asked_for_again() -> None:
    box = inbox()
    box.put(Topic.APPOINTMENTS, stretch(0, 4))
    box.put(Topic.APPOINTMENTS, stretch(4, 6))
    marked(box, (0, 0, 0))
    taken = box.take_deciding(3, None)[0]
    box.put_back(Portion(taken.topic, taken.records[1:], taken.end, taken.received))
    assert box.applied[Topic.APPOINTMENTS] == 1
    assert box.take_deciding(99, None) == []
    marked(box, (0, 0, 0))
    again = box.take_deciding(99, None)
    assert [o for _, some in offsets(again) for o in some] == [1, 2, 3, 4, 5]
    assert box.applied[Topic.APPOINTMENTS] == 6


def test_a_stopped_topic_is_left_where_it_is() -> None:
    box = inbox()
    box.put(Topic.OBJECTIONS, stretch(0, 1))
    box.stopped.add(Topic.OBJECTIONS)
    assert box.take_state(99) == []
    assert box.waiting() == 0


def test_deciding_records_that_waited_too_long_go_on_and_fail_closed() -> None:
    intake = Intake()
    intake.start_at(dict.fromkeys(INPUT_TOPICS, 0), now=0)
    intake.inbox.put(Topic.RESULTS, stretch(0, 1, received=0.0))
    marked(intake.inbox, (1, 0, 0))
    work = intake.take(99, LAG_MAX)
    assert [portion.fail_closed for portion in work.deciding] == [True]


def test_who_is_due_waits_for_the_barrier_too() -> None:
    intake = Intake([(5, b"P1"), (50, b"P2")])
    intake.start_at(dict.fromkeys(INPUT_TOPICS, 0), now=10)
    question = intake.question(now=10)
    assert question is not None
    intake.answer(question, (1, 0, 0))
    assert len(intake.take(99, LAG_MAX)) == 0
    intake.inbox.put(Topic.OBJECTIONS, stretch(0, 1))
    work = intake.take(99, LAG_MAX)
    assert (offsets(list(work.state)), list(work.wakes)) == ([(Topic.OBJECTIONS, [0])], [b"P1"])


@pytest.mark.parametrize("seconds", [10.0, 11.0])
def test_who_is_due_and_waited_too_long_goes_on_and_fails_closed(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = Intake([(5, b"P1")])
    intake.start_at(dict.fromkeys(INPUT_TOPICS, 0), now=10)
    question = intake.question(now=10)
    assert question is not None
    monkeypatch.setattr("streams.worker.intake.time", SimpleNamespace(monotonic=lambda: 100.0))
    intake.answer(question, (1, 0, 0))
    monkeypatch.setattr("streams.worker.intake.time", SimpleNamespace(monotonic=lambda: 100.0 + seconds))
    work = intake.take(99, LAG_MAX)
    late = seconds > LAG_MAX / 1_000
    assert (list(work.wakes), work.wakes_fail_closed) == (([b"P1"], True) if late else ([], False))


def test_what_was_overdue_at_the_start_comes_before_any_deciding_record() -> None:
    intake = Intake([(5, b"P1")])
    intake.start_at(dict.fromkeys(INPUT_TOPICS, 0), now=10)
    intake.inbox.put(Topic.RESULTS, stretch(0, 1))
    marked(intake.inbox, (0, 0, 0))
    assert len(intake.take(99, LAG_MAX)) == 0
    question = intake.question(now=10)
    assert question is not None
    intake.answer(question, (0, 0, 0))
    work = intake.take(99, LAG_MAX)
    assert (list(work.wakes), offsets(list(work.deciding))) == ([b"P1"], [(Topic.RESULTS, [0])])


def test_a_mark_asked_for_before_a_rebalance_wakes_nobody_after_it() -> None:
    intake = Intake([(5, b"P1")])
    intake.start_at(dict.fromkeys(INPUT_TOPICS, 0), now=10)
    question = intake.question(now=10)
    assert question is not None
    intake.start_at(dict.fromkeys(INPUT_TOPICS, 0), now=11)
    intake.answer(question, (0, 0, 0))
    assert len(intake.take(99, LAG_MAX)) == 0


def test_a_flood_of_one_topic_leaves_the_others_their_share_of_a_turn() -> None:
    box = inbox()
    box.put(Topic.APPOINTMENTS, stretch(0, 400))
    box.put(Topic.APPOINTMENTS, stretch(400, 800))
    box.put(Topic.RESULTS, stretch(0, 1))
    marked(box, (0, 0, 0))
    taken = offsets(box.take_deciding(100, None))
    assert taken == [
        (Topic.APPOINTMENTS, list(range(50))), (Topic.RESULTS, [0]), (Topic.APPOINTMENTS, list(range(50, 99))),
    ]  # fmt: skip
    assert offsets(box.take_deciding(100, None)) == [
        (Topic.APPOINTMENTS, list(range(99, 199))),
    ]  # fmt: skip


def test_no_more_is_taken_than_asked_for() -> None:
    box = inbox()
    for topic in (Topic.APPOINTMENTS, Topic.RESULTS, Topic.REQUESTS, Topic.RECEIPTS):
        box.put(topic, stretch(0, 9))
    marked(box, (0, 0, 0))
    assert sum(len(records) for _, records in offsets(box.take_deciding(2, None))) == 2
    assert sum(len(records) for _, records in offsets(box.take_deciding(30, None))) == 30

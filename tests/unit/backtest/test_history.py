"""Back-tests on what lies on the topics: order, clock, what is state and what is decided, and no noise."""

from pathlib import Path
from typing import Any

import pytest

from streams.backtest.comparison import Comparison
from streams.backtest.history import Period, compare_partition
from streams.domain.mapping import event_from_mapping
from streams.domain.time import DAY, HOUR, MINUTE, Instant
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.kafka.codec import Codec
from streams.kafka.reading import Stored
from streams.policy.model import Policy
from tests.support import outside
from tests.support.policies import policy
from tests.support.times import uk

CODEC = Codec.local()
MORNING = uk("Tue 01 Dec 2026 09:00")
PERIOD = Period(MORNING, MORNING + DAY)


class History:
    """Records of one partition, appended with their times."""

    def __init__(self) -> None:
        self.stored: dict[Topic, list[Stored]] = {topic: [] for topic in INPUT_TOPICS}

    def add(self, topic: Topic, at: Instant, fields: dict[str, Any], value: bytes | None = None) -> None:
        written = CODEC.encode_event(event_from_mapping(topic, fields)) if value is None else value
        key = fields["patient_id"].encode()
        there = self.stored[topic]
        there.append(Stored(topic, 0, len(there), at, key, written, {}))

    def patient(self, at: Instant, patient: str = "P1", **fields: Any) -> None:
        self.add(Topic.PATIENTS, at, outside.patient(patient, at, **fields))

    def appointment(self, at: Instant, starts_at: Instant, version: int = 1, **fields: Any) -> None:
        self.add(Topic.APPOINTMENTS, at, outside.appointment("P1", at, starts_at, version, **fields))

    def compared(self, new: Policy, period: Period = PERIOD) -> Comparison:
        found = Comparison()
        self.records = compare_partition(self.stored, 1, CODEC, period, (policy(), new), found)
        return found


@pytest.fixture
def history() -> History:
    return History()


def test_equal_policies_change_nothing(history: History) -> None:
    history.patient(MORNING - HOUR)
    history.appointment(MORNING, MORNING + 14 * DAY)
    found = history.compared(policy())
    assert (found.requests, found.changed, history.records) == (1, 0, 1)
    assert found.before["outcome"] == {"HOLD": 1, "SEND": 1}


def test_the_clock_is_that_of_the_records(history: History) -> None:
    history.patient(MORNING - HOUR)
    history.appointment(uk("Tue 01 Dec 2026 22:30"), MORNING + 14 * DAY)
    found = history.compared(policy(quiet_hours__from="23:00"))
    assert found.before["reason"]["HOLD quiet_hours"] == 1
    assert found.changed == 1


def test_what_came_before_the_period_is_told_and_not_decided(history: History) -> None:
    history.patient(MORNING - 2 * HOUR)
    history.appointment(MORNING - HOUR, MORNING + 14 * DAY)
    history.appointment(MORNING + HOUR, MORNING + 14 * DAY, version=2, room="4")
    found = history.compared(policy())
    assert found.requests == 1
    assert found.before["reason"]["SUPPRESS immaterial"] == 1


def test_what_comes_after_the_period_is_not_looked_at(history: History) -> None:
    history.patient(MORNING - HOUR)
    history.appointment(MORNING + DAY, MORNING + 14 * DAY)
    assert history.compared(policy()).requests == 0
    assert history.records == 0


def test_at_equal_times_state_comes_first(history: History) -> None:
    history.appointment(MORNING, MORNING + 14 * DAY)
    history.patient(MORNING)
    assert "HOLD state_grace" not in history.compared(policy()).before["reason"]


def test_a_producers_clock_that_goes_back_does_not_change_a_topics_order(history: History) -> None:
    history.patient(MORNING - HOUR)
    history.appointment(MORNING + HOUR, MORNING + 14 * DAY)
    history.appointment(MORNING + MINUTE, MORNING + 15 * DAY, version=2)
    found = history.compared(policy())
    assert found.before["reason"]["SUPPRESS stale_version"] == 0
    assert found.before["outcome"]["SEND"] == 1


def test_examples_name_topic_partition_and_offset(history: History) -> None:
    history.patient(MORNING - HOUR)
    history.appointment(MORNING, MORNING + 14 * DAY)
    found = history.compared(policy(settle_s__appointment=0))
    ((kind, _),) = found.by_rule()
    assert (kind.before, kind.after) == ("7.1", "7.1")
    (change,) = found.examples[kind]
    assert change.place == "appointments[0]@0"
    assert "P1" not in repr(change)
    assert "07700" not in repr(change)


def test_a_message_without_a_receipt_counts_as_arrived(history: History) -> None:
    """Nobody can know what a message that was never sent would have come to."""
    history.patient(MORNING - HOUR)
    history.appointment(MORNING, MORNING + 14 * DAY)
    found = history.compared(policy(), Period(MORNING, MORNING + 3 * DAY))
    assert "ESCALATE uncontactable" not in found.before["reason"]


def test_receipts_of_messages_that_were_really_sent_count(history: History) -> None:
    history.patient(MORNING - HOUR)
    history.appointment(MORNING, MORNING + 14 * DAY)
    from streams.decisions.ids import command_id

    sent = command_id("P1", "appointment:A1", 1, "APPT_CONFIRM", "PATIENT", "sms")
    failed = {"command_id": sent, "status": "PERMANENT_FAILURE", "channel": "sms"}
    history.add(Topic.RECEIPTS, MORNING + HOUR, outside.envelope("P1", MORNING + HOUR) | failed)
    found = history.compared(policy())
    assert found.before["reason"]["ESCALATE uncontactable"] == 1
    # under a policy that sends nothing there is no such message, and the receipt says nothing
    found = history.compared(policy(permission_model="explicit"))
    assert found.after["outcome"]["QUARANTINE"] == 0


def test_resolutions_of_tasks_that_are_not_there_say_nothing(history: History) -> None:
    history.patient(MORNING - HOUR)
    closed = {"task_id": "gone", "kind": "CLOSED", "by": "u1", "role": "R-DQ", "outcome_code": "done"}
    history.add(Topic.RESOLUTIONS, MORNING, outside.envelope("P1", MORNING) | closed)
    assert history.compared(policy()).requests == 0


def test_nobody_works_on_the_tasks_of_a_back_test(history: History) -> None:
    history.patient(MORNING - HOUR, "P1")
    history.stored[Topic.PATIENTS].clear()
    history.appointment(MORNING, MORNING + DAY)
    found = history.compared(policy(), Period(MORNING, MORNING + 5 * DAY))
    assert found.before["outcome"] == {"HOLD": 2, "ESCALATE": 1}


def test_records_that_cannot_be_read_are_set_aside_in_both(history: History) -> None:
    history.patient(MORNING - HOUR)
    history.add(Topic.OBJECTIONS, MORNING - MINUTE, {"patient_id": "P1"}, b"no objection")
    history.appointment(MORNING, MORNING + 14 * DAY)
    history.add(Topic.RESULTS, MORNING, {"patient_id": "P1"}, b"no result")
    found = history.compared(policy())
    assert found.changed == 0
    assert found.before["reason"]["ESCALATE comms_hold"] == 1
    assert found.before["reason"]["QUARANTINE undecodable"] == 1


def test_a_record_in_the_wrong_partition_is_read_in_its_own(history: History) -> None:
    history.patient(MORNING - HOUR)
    history.appointment(MORNING, MORNING + 14 * DAY)
    found = Comparison()
    records = sum(
        compare_partition(
            {t: [_in(partition, s) for s in stored] for t, stored in history.stored.items()},
            4, CODEC, PERIOD, (policy(), policy()), found,
        )
        for partition in range(4)
    )  # fmt: skip
    assert (records, found.requests) == (1, 1)


def _in(partition: int, stored: Stored) -> Stored:
    return Stored(stored.topic, partition, stored.offset, stored.timestamp, stored.key, stored.value, {})


def test_more_examples_than_asked_for_are_counted_and_not_kept(history: History, tmp_path: Path) -> None:
    history.patient(MORNING - HOUR)
    for number in range(5):
        history.appointment(
            MORNING + number * HOUR, MORNING + (14 + number) * DAY, appointment_id=f"A{number}"
        )
    found = history.compared(policy(settle_s__appointment=0, daily_cap=10))
    ((kind, count),) = [
        item for item in found.by_rule() if item[0].after == "7.1" and item[0].before == "7.1"
    ]
    assert count == 4  # the fifth is over the cap of the old policy
    assert len(found.examples[kind]) == 3

"""The topic catalogue is the contract's, and what could lose an objection is refused."""

import pytest

from streams.domain.time import DAY
from streams.domain.vocabulary import Topic
from streams.errors import PartitionMismatch, UnsafeTopic
from streams.kafka.topics import CATALOGUE, Plan, check_clean_up, check_partitions, check_timestamps, unusual
from streams.settings import Settings

PLANS = {plan.topic: plan for plan in CATALOGUE}
FOREVER = (Topic.OBJECTIONS, Topic.PATIENTS, Topic.RESOLUTIONS, Topic.RECORDS, Topic.SAFETY_LOG)


def test_every_topic_of_the_vocabulary_is_planned_once() -> None:
    assert [plan.topic for plan in CATALOGUE] == list(Topic)


@pytest.mark.parametrize(
    ("topic", "days"),
    [
        (Topic.APPOINTMENTS, 30),
        (Topic.RESULTS, 30),
        (Topic.REQUESTS, 30),
        (Topic.RECEIPTS, 30),
        (Topic.SEND_COMMANDS, 7),
        (Topic.ESCALATION_TASKS, 90),
        (Topic.DECISIONS, 400),
        (Topic.DEAD_LETTERS, 30),
    ],
)
def test_what_is_kept_for_a_time_is_kept_as_long_as_the_contract_says(topic: Topic, days: int) -> None:
    assert PLANS[topic].configs["cleanup.policy"] == "delete"
    assert PLANS[topic].configs["retention.ms"] == str(days * DAY)


@pytest.mark.parametrize("topic", FOREVER)
@pytest.mark.parametrize(
    "changed",
    [{"retention.ms": "604800000"}, {"retention.bytes": "1000000"}, {"cleanup.policy": "compact"},
     {"cleanup.policy": "compact,delete"}],
)  # fmt: skip
def test_a_topic_that_would_forget_is_refused(topic: Topic, changed: dict[str, str]) -> None:
    plan = PLANS[topic]
    check_clean_up(plan, topic, plan.configs)
    with pytest.raises(UnsafeTopic, match=f"topic {topic} has .*runbook: retention"):
        check_clean_up(plan, topic, plan.configs | changed)


@pytest.mark.parametrize("policy", ["delete", "compact,delete"])
def test_a_patient_table_that_would_forget_is_refused(policy: str) -> None:
    plan = PLANS[Topic.PATIENT_TABLE]
    with pytest.raises(UnsafeTopic, match="newest state could be deleted"):
        check_clean_up(plan, "patient-table", plan.configs | {"cleanup.policy": policy})


def test_unequal_partition_counts_are_refused_with_both_counts() -> None:
    counts = {topic.value: 12 for topic in Topic} | {"objections": 8}
    with pytest.raises(PartitionMismatch) as refused:
        check_partitions(Settings(), counts)
    assert str(refused.value) == (
        "topic objections has 8 partitions, appointments has 12: objections would be looked up in the wrong shard. "
        "Recreate one with the other's count, then start again (runbook: partitions)."
    )


def test_missing_topics_are_all_named() -> None:
    counts = {f"trial-{topic}": 12 for topic in Topic if topic not in (Topic.RECORDS, Topic.PATIENTS)}
    with pytest.raises(UnsafeTopic, match="topics trial-patients, trial-records not found"):
        check_partitions(Settings(topic_prefix="trial-"), counts)


def test_a_shorter_retention_than_the_contracts_is_a_note_not_a_refusal() -> None:
    plan = PLANS[Topic.DECISIONS]
    shorter = plan.configs | {"retention.ms": str(30 * DAY), "max.message.bytes": "1048588"}
    check_clean_up(plan, "decisions", shorter)
    assert unusual(plan, "decisions", shorter) == [
        "topic decisions has retention.ms=2592000000, the contract has 34560000000 (400 days)"
    ]


def test_decisions_without_the_brokers_time_are_refused() -> None:
    """Else the worker's clock would be told from nothing, and no hold and no alert would follow (C049)."""
    plan = PLANS[Topic.DECISIONS]
    check_timestamps(plan, "decisions", plan.configs)
    with pytest.raises(UnsafeTopic) as refused:
        check_timestamps(plan, "decisions", plan.configs | {"message.timestamp.type": "CreateTime"})
    assert str(refused.value) == (
        "topic decisions has message.timestamp.type=CreateTime: the broker's clock cannot be read, so a wrong clock would "
        "not be noticed. Set message.timestamp.type=LogAppendTime on it, then start again (runbook: retention)."
    )


@pytest.mark.parametrize("topic", [topic for topic in Topic if topic is not Topic.DECISIONS])
def test_the_time_on_other_topics_is_their_producers(topic: Topic) -> None:
    check_timestamps(PLANS[topic], topic, PLANS[topic].configs | {"message.timestamp.type": "CreateTime"})


def test_unclean_election_is_noted() -> None:
    plan = Plan(Topic.OBJECTIONS, PLANS[Topic.OBJECTIONS].configs)
    assert (
        "unclean leader election"
        in unusual(plan, "objections", plan.configs | {"unclean.leader.election.enable": "true"})[0]
    )

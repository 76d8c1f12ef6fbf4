"""The rights of contract 1's writers: who may write what makes Heed send, and who decides."""

from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.kafka.rights import Kind, Operation, principals
from streams.kafka.topics import CATALOGUE
from streams.settings import Settings

EVERY = {principal.name: principal for principal in principals(Settings())}


def writers(topic: Topic) -> set[str]:
    return {name for name, principal in EVERY.items() if principal.may(Operation.WRITE, topic)}


def test_only_the_worker_writes_what_the_worker_decides() -> None:
    for topic in (
        Topic.SEND_COMMANDS,
        Topic.ESCALATION_TASKS,
        Topic.DECISIONS,
        Topic.PATIENT_TABLE,
        Topic.SAFETY_LOG,
    ):
        assert writers(topic) == {"heed-worker"}
    assert writers(Topic.RECORDS) == {"heed-recorder"}


def test_who_may_withdraw_an_objection_is_few() -> None:
    assert writers(Topic.OBJECTIONS) == {"heed-worker", "heed-feed-people", "heed-operator"}


def test_every_input_has_a_source_and_every_topic_a_reader() -> None:
    for topic in INPUT_TOPICS:
        assert writers(topic) - {"heed-worker", "heed-operator"}
    for plan in CATALOGUE:
        assert any(principal.may(Operation.READ, plan.topic) for principal in EVERY.values())


def test_names_carry_the_prefix_and_the_groups_of_the_settings() -> None:
    trial = principals(Settings(topic_prefix="trial-", worker_group="w", recorder_group="r"))
    worker = trial[0]
    assert worker.may(Operation.WRITE, "trial-send-commands")
    assert not worker.may(Operation.WRITE, Topic.SEND_COMMANDS)
    named = {right.name: right for right in worker.rights if right.kind is not Kind.TOPIC}
    assert set(named) == {"w", "r", "w-"}
    assert named["w-"].prefixed

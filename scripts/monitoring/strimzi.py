"""Topics and users for Strimzi, from the topic catalogue (streams/kafka/topics.py): the least each process needs."""

from typing import Any, Final

from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.kafka.topics import CATALOGUE
from streams.settings import PRODUCTION_PARTITIONS, Settings

_API: Final = "kafka.strimzi.io/v1beta2"
_CLUSTER: Final = {"strimzi.io/cluster": "heed"}
_SETTINGS: Final = Settings()
_OUTPUTS: Final = (
    Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.DECISIONS, Topic.PATIENT_TABLE, Topic.SAFETY_LOG,
    Topic.DEAD_LETTERS,
)  # fmt: skip
_RECORDED: Final = (Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.OBJECTIONS)


def topics() -> list[dict[str, Any]]:
    """One KafkaTopic each, as ``heed topics create`` makes it with three replicas."""
    return [
        {
            "apiVersion": _API,
            "kind": "KafkaTopic",
            "metadata": {"name": str(plan.topic), "labels": _CLUSTER},
            "spec": {
                "partitions": PRODUCTION_PARTITIONS,
                "replicas": 3,
                "config": {
                    **{name: _number(value) for name, value in plan.configs.items()},
                    "min.insync.replicas": 2,
                    "unclean.leader.election.enable": False,
                },
            },
        }
        for plan in CATALOGUE
    ]


def _number(value: str) -> str | int | float:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def users() -> list[dict[str, Any]]:
    """Worker, recorder, and patterns for a feed and a dispatcher, which may each do one thing."""
    every = [str(plan.topic) for plan in CATALOGUE]
    return [
        _user(
            "heed-worker",
            [
                *(_topic(topic, "Read") for topic in (*INPUT_TOPICS, Topic.PATIENT_TABLE)),
                *(_topic(topic, "Write") for topic in _OUTPUTS),
                # Once at the start: which message and task was the last, to tell how far the record is behind.
                *(_topic(topic, "Read") for topic in (Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS)),
                # A record with a foreign partitioner's key is passed on to its own partition of the same topic.
                *(_topic(topic, "Write") for topic in INPUT_TOPICS),
                # Checked at the start and every 30 s: partition counts, retention; and how far the record is.
                *(_topic(topic, "Describe", "DescribeConfigs") for topic in every),
                _group(_SETTINGS.worker_group, "Read", "Describe"),
                _group(_SETTINGS.recorder_group, "Describe"),
                _transactions(_SETTINGS.worker_group),
            ],
        ),
        _user(
            "heed-recorder",
            [
                *(_topic(topic, "Read") for topic in (*_RECORDED, Topic.RECORDS)),
                _topic(Topic.RECORDS, "Write"),
                *(_topic(topic, "Describe", "DescribeConfigs") for topic in every),
                _group(_SETTINGS.recorder_group, "Read", "Describe"),
                _transactions(_SETTINGS.recorder_group),
            ],
        ),
        _user("heed-feed", [_topic(topic, "Write", "Describe") for topic in INPUT_TOPICS]),
        _user(
            "heed-dispatcher",
            [
                _topic(Topic.SEND_COMMANDS, "Read", "Describe"),
                _topic(Topic.RECEIPTS, "Write", "Describe"),
                _group("heed-dispatcher", "Read", "Describe"),
            ],
        ),
    ]


def _user(name: str, acls: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": "KafkaUser",
        "metadata": {"name": name, "labels": _CLUSTER},
        "spec": {"authentication": {"type": "tls"}, "authorization": {"type": "simple", "acls": acls}},
    }


def _acl(kind: str, name: str, pattern: str, operations: tuple[str, ...]) -> dict[str, Any]:
    return {
        "resource": {"type": kind, "name": name, "patternType": pattern},
        "operations": list(operations),
        "host": "*",
    }


def _topic(topic: str, *operations: str) -> dict[str, Any]:
    return _acl("topic", str(topic), "literal", operations)


def _group(name: str, *operations: str) -> dict[str, Any]:
    return _acl("group", name, "literal", operations)


def _transactions(group: str) -> dict[str, Any]:
    """One transactional id a partition: GROUP-0, GROUP-1, ..."""
    return _acl("transactionalId", f"{group}-", "prefix", ("Write", "Describe"))

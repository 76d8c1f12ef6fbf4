"""Topics and users for Strimzi, from the topic catalogue and the rights (streams/kafka/topics.py, rights.py)."""

from typing import Any, Final

from streams.kafka.rights import Principal, Right, principals
from streams.kafka.topics import CATALOGUE
from streams.settings import PRODUCTION_PARTITIONS, Settings

#: Served since Strimzi 0.49; 1.0 takes no older one.
_API: Final = "kafka.strimzi.io/v1"
_CLUSTER: Final = {"strimzi.io/cluster": "heed"}


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
    """One KafkaUser for each principal of streams/kafka/rights.py, with a client certificate."""
    return [_user(principal) for principal in principals(Settings())]


def _user(principal: Principal) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": "KafkaUser",
        "metadata": {"name": principal.name, "labels": _CLUSTER},
        "spec": {
            "authentication": {"type": "tls"},
            "authorization": {"type": "simple", "acls": [_acl(right) for right in principal.rights]},
        },
    }


def _acl(right: Right) -> dict[str, Any]:
    return {
        "resource": {
            "type": str(right.kind),
            "name": right.name,
            "patternType": "prefix" if right.prefixed else "literal",
        },
        "operations": [str(operation) for operation in right.operations],
        "host": "*",
    }

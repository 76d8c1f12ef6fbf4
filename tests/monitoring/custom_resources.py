"""What the operators' own resources look like, as far as deploy/ uses them: their schemas are in the cluster alone.

Read from the documentation and resource definitions of Strimzi (API v1, served since 0.49), KEDA 2.18, and the Prometheus
operator 0.82. Only fields that deploy/ uses or might are named, so that a misspelt one is found; what
an operator thinks of the values, it alone can say.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

#: A type, a set of words, a list of one shape, or fields by name; "!" after a name: it must be there.
Shape = Any
LABELS: Final = "labels"  # words by words
ANYTHING: Final = "anything"

_SELECTOR: Final = {"matchLabels": LABELS, "matchExpressions": ANYTHING}
_ACL: Final = {
    "resource!": {
        "type!": {"topic", "group", "cluster", "transactionalId"},
        "name": str,
        "patternType": {"literal", "prefix"},
    },
    "operations!": [{
        "Read", "Write", "Create", "Delete", "Alter", "Describe", "ClusterAction", "AlterConfigs", "DescribeConfigs",
        "IdempotentWrite", "All",
    }],
    "host": str,
    "type": {"allow", "deny"},
}  # fmt: skip
_SCALING: Final = {
    "stabilizationWindowSeconds": int,
    "selectPolicy": {"Max", "Min", "Disabled"},
    "policies": [{"type!": {"Pods", "Percent"}, "value!": int, "periodSeconds!": int}],
}
_RULE: Final = {
    "alert": str, "record": str, "expr!": str, "for": str, "keep_firing_for": str, "labels": LABELS, "annotations": LABELS,
}  # fmt: skip
_RELABELLING: Final = {
    "sourceLabels": [str], "separator": str, "targetLabel": str, "regex": str, "replacement": str, "action": str,
}  # fmt: skip

#: apiVersion and spec, by kind.
KINDS: Final[Mapping[str, tuple[str, Shape]]] = {
    "KafkaTopic": (
        "kafka.strimzi.io/v1",
        {"partitions": int, "replicas": int, "config": ANYTHING, "topicName": str},
    ),
    "KafkaUser": (
        "kafka.strimzi.io/v1",
        {
            "authentication": {"type!": {"tls", "tls-external", "scram-sha-512"}},
            "authorization": {"type!": {"simple"}, "acls!": [_ACL]},
            "quotas": ANYTHING,
            "template": ANYTHING,
        },
    ),
    "ScaledObject": (
        "keda.sh/v1alpha1",
        {
            "scaleTargetRef!": {"name!": str, "kind": str, "apiVersion": str},
            "minReplicaCount": int,
            "maxReplicaCount": int,
            "pollingInterval": int,
            "cooldownPeriod": int,
            "fallback": {"failureThreshold!": int, "replicas!": int, "behavior": str},
            "advanced": {
                "restoreToOriginalReplicaCount": bool,
                "horizontalPodAutoscalerConfig": {
                    "name": str,
                    "behavior": {"scaleUp": _SCALING, "scaleDown": _SCALING},
                },
            },
            # Of a trigger's metadata every value is a word: an unquoted number is refused.
            "triggers!": [
                {
                    "type!": {"prometheus"},
                    "name": str,
                    "metricType": {"Value", "AverageValue"},
                    "metadata!": {
                        "serverAddress!": str,
                        "query!": str,
                        "threshold!": str,
                        "activationThreshold": str,
                    },
                }
            ],
        },
    ),
    "PodMonitor": (
        "monitoring.coreos.com/v1",
        {
            "selector!": _SELECTOR,
            "namespaceSelector": {"any": bool, "matchNames": [str]},
            "jobLabel": str,
            "podMetricsEndpoints": [
                {
                    "port": str,
                    "path": str,
                    "scheme": {"http", "https"},
                    "interval": str,
                    "scrapeTimeout": str,
                    "relabelings": [_RELABELLING],
                    "metricRelabelings": [_RELABELLING],
                }
            ],
        },
    ),
    "PrometheusRule": (
        "monitoring.coreos.com/v1",
        {"groups": [{"name!": str, "interval": str, "rules": [_RULE]}]},
    ),
}


def problems(resource: Mapping[str, Any]) -> list[str]:
    """What its operator would not take of a resource, or would leave out without a word."""
    version, spec = KINDS[resource["kind"]]
    found = [] if resource.get("apiVersion") == version else [f"apiVersion {resource.get('apiVersion')}"]
    shape = {
        "apiVersion!": str,
        "kind!": str,
        "metadata!": {"name!": str, "namespace": str, "labels": LABELS, "annotations": LABELS},
        "spec!": spec,
    }
    return found + list(_differences(resource, shape, ""))


def _differences(value: Any, shape: Shape, where: str) -> Iterator[str]:
    if shape is ANYTHING:
        return
    if shape is LABELS:
        if not isinstance(value, dict) or not all(isinstance(word, str) for word in value.values()):
            yield f"{where}: not words by words: {value}"
    elif isinstance(shape, dict):
        yield from _of_fields(value, shape, where)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{where}: not a list: {value}"
            return
        for number, one in enumerate(value):
            yield from _differences(one, shape[0], f"{where}[{number}]")
    elif isinstance(shape, set):
        if value not in shape:
            yield f"{where}: {value} is none of {sorted(shape)}"
    elif type(value) is not shape:
        yield f"{where}: {value!r} is no {shape.__name__}"


def _of_fields(value: Any, shape: dict[str, Shape], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: no fields: {value}"
        return
    fields = {name.rstrip("!"): of for name, of in shape.items()}
    for name in shape:
        if name.endswith("!") and name[:-1] not in value:
            yield f"{where}.{name[:-1]} is missing"
    for name, one in value.items():
        if name in fields:
            yield from _differences(one, fields[name], f"{where}.{name}")
        else:
            yield f"{where}.{name} is not known"

"""What is under deploy/: it fits together, gives each process no more than it needs, and is not out of date."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml

from streams.domain.vocabulary import Topic
from streams.kafka.topics import CATALOGUE
from streams.settings import PRODUCTION_PARTITIONS, load
from tests.monitoring.custom_resources import KINDS, problems

DEPLOY: Final = Path(__file__).resolve().parents[2] / "deploy"
KUBERNETES: Final = DEPLOY / "kubernetes"


@cache
def documents(file: Path) -> list[dict[str, Any]]:
    return [found for found in yaml.safe_load_all(file.read_text(encoding="utf-8")) if found]


def every() -> Iterator[dict[str, Any]]:
    for file in sorted(KUBERNETES.rglob("*.yaml")):
        yield from documents(file)


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [found for found in every() if found["kind"] == kind]


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    return dict(only)


# Kubernetes.


KUSTOMIZATIONS: Final = sorted(KUBERNETES.rglob("kustomization.yaml"))


@pytest.mark.parametrize("file", KUSTOMIZATIONS, ids=lambda file: file.parent.name)
def test_a_kustomization_names_every_file_beside_it(file: Path) -> None:
    (kustomization,) = documents(file)
    beside = {other.name for other in file.parent.glob("*.yaml")} - {file.name}
    named = set(kustomization.get("resources", ()))
    assert {one for one in named if "/" not in one} == beside
    folders = [one.parent for one in KUSTOMIZATIONS]
    assert all((file.parent / elsewhere).resolve() in folders for elsewhere in named - beside)


def built(folder: str) -> list[dict[str, Any]]:
    """What would be applied, where kubectl is there to say it."""
    if shutil.which("kubectl") is None:
        # Neither Python nor Debian has it; what its files name and lack is told by the tests beside it all the same.
        pytest.skip("kubectl is not installed")
    ran = subprocess.run(
        ["kubectl", "kustomize", str(KUBERNETES / folder)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return list(yaml.safe_load_all(ran.stdout))


@pytest.mark.parametrize("file", KUSTOMIZATIONS, ids=lambda file: file.parent.name)
def test_a_kustomization_can_be_built(file: Path) -> None:
    assert built(str(file.parent.relative_to(KUBERNETES)))


def test_with_keda_no_manifest_sets_the_number_of_workers() -> None:
    """Each `kubectl apply` would set it back to two, in the middle of a flood."""
    counts = {
        one["metadata"]["name"]: one["spec"].get("replicas")
        for one in built("keda")
        if one["kind"] == "Deployment"
    }
    assert counts == {"heed-worker": None, "heed-recorder": 2}


def test_as_many_processes_are_expected_as_are_deployed() -> None:
    """A pod that has vanished with its target is noticed by their number alone."""
    (meant,) = [one for one in of_kind("PrometheusRule") if one["metadata"]["name"] == "heed-meant"]
    expected = {rule["labels"]["job"]: rule["expr"] for rule in meant["spec"]["groups"][0]["rules"]}
    deployed = {
        one["metadata"]["name"]: f"vector({one['spec']['replicas']})" for one in of_kind("Deployment")
    }
    assert expected == deployed
    assert {rule["record"] for rule in meant["spec"]["groups"][0]["rules"]} == {"heed:processes:meant"}
    (scaled,) = of_kind("ScaledObject")
    assert expected["heed-worker"] == f"vector({scaled['spec']['minReplicaCount']})"


# Where people run commands.

TOOLS: Final = {"heed-auditor": "Pod", "heed-operator": "Pod", "heed-rebuild": "Job"}


def tool(name: str) -> dict[str, Any]:
    """The pod, or the template of the job's."""
    (found,) = [one for one in of_kind(TOOLS[name]) if one["metadata"]["name"] == name]
    return dict(found["spec"]["template"]) if TOOLS[name] == "Job" else found


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_reaches_kafka_as_its_own_user_and_has_no_more_rights_than_a_process(name: str) -> None:
    pod = tool(name)
    spec, (only,) = pod["spec"], pod["spec"]["containers"]
    (policy,) = of_kind("NetworkPolicy")
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert pod["metadata"]["labels"]["app.kubernetes.io/component"] not in ("worker", "recorder"), (
        "it would be scraped"
    )
    worker = of_kind("Deployment")[1]["spec"]["template"]["spec"]
    assert spec["securityContext"] == worker["securityContext"]
    assert only["securityContext"] == worker["containers"][0]["securityContext"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert only["resources"]["limits"].keys() == {"memory"}
    secrets = {one["name"]: one["secret"]["secretName"] for one in spec["volumes"] if "secret" in one}
    user = "heed-worker" if name == "heed-rebuild" else name
    assert secrets == {"kafka-ca": "heed-cluster-ca-cert", "kafka-user": user}
    assert user in _USERS


def test_a_pod_with_somebodys_certificate_ends_by_itself() -> None:
    for name in ("heed-auditor", "heed-operator"):
        assert tool(name)["spec"]["activeDeadlineSeconds"] <= 7_200
        assert tool(name)["spec"]["restartPolicy"] == "Never"


def test_tools_are_told_what_processes_are_told() -> None:
    told = []
    for folder in ("base", "tools/settings"):
        (kustomization,) = documents(KUBERNETES / folder / "kustomization.yaml")
        told.append(dict(one.split("=", 1) for one in kustomization["configMapGenerator"][0]["literals"]))
    base, tools = told
    del base["HEED_HTTP_HOST"]  # a tool answers nobody
    assert base == tools


def test_the_secrets_that_are_mounted_are_the_ones_that_are_asked_for() -> None:
    says = (KUBERNETES / "base" / "kustomization.yaml").read_text()
    for deployment in of_kind("Deployment"):
        for volume in deployment["spec"]["template"]["spec"]["volumes"]:
            if "secret" in volume:
                assert volume["secret"]["secretName"] in says
    assert "heed-kafka " not in says


#: What an operator adds to Kubernetes has its schema in the cluster alone; its shape is in custom_resources.py.
_FOREIGN: Final = {"Kustomization", *KINDS}


@pytest.mark.parametrize("version", ["1.31", "1.34"])
def test_kubernetes_would_take_every_resource(version: str) -> None:
    ours = [found for found in every() if found["kind"] not in _FOREIGN]
    assert {found["kind"] for found in ours} >= {
        "Deployment",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "ServiceAccount",
    }
    for found in ours:
        kubernetes_validate.validate(found, version, strict=True)


@pytest.mark.parametrize("kind", KINDS)
def test_operators_would_know_every_field_of_their_resources(kind: str) -> None:
    ours = of_kind(kind)
    assert ours
    assert {found["metadata"]["name"]: problems(found) for found in ours if problems(found)} == {}


@pytest.mark.parametrize(
    ("kind", "path", "value", "said"),
    [
        ("KafkaTopic", ("apiVersion",), "kafka.strimzi.io/v1beta2", "apiVersion"),
        ("KafkaTopic", ("spec", "partition"), 12, "not known"),
        ("KafkaUser", ("spec", "authentication", "type"), "ssl", "is none of"),
        ("KafkaUser", ("spec", "authorization", "acls", 0, "operation"), "Read", "not known"),
        ("ScaledObject", ("spec", "fallback"), {"replicas": 4}, "failureThreshold is missing"),
        ("ScaledObject", ("spec", "triggers", 0, "metadata", "threshold"), 20, "is no str"),
        ("PodMonitor", ("spec", "podMetricsEndpoints", 0, "relabelings", 0, "target"), "job", "not known"),
        ("PrometheusRule", ("spec", "groups", 0, "rules", 0, "labels", "page"), True, "not words"),
    ],
)
def test_a_field_that_an_operator_does_not_know_is_noticed(
    kind: str, path: tuple[str | int, ...], value: object, said: str
) -> None:
    broken: Any = json.loads(json.dumps(of_kind(kind)[0]))
    at = broken
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    assert said in "\n".join(problems(broken))


def test_fallback_is_only_where_keda_takes_it() -> None:
    """Before 2.18 KEDA refuses fallback beside `metricType: Value`: the file and the page say what it needs."""
    (scaled,) = of_kind("ScaledObject")
    if "fallback" in scaled["spec"] and scaled["spec"]["triggers"][0]["metricType"] == "Value":
        for file in (KUBERNETES / "keda" / "scaled-object.yaml", DEPLOY / "README.md"):
            assert "KEDA 2.18" in file.read_text()


def test_settings_of_the_config_map_are_settings() -> None:
    (base,) = documents(KUBERNETES / "base" / "kustomization.yaml")
    given = dict(literal.split("=", 1) for literal in base["configMapGenerator"][0]["literals"])
    assert load(environ=given).http_host == given["HEED_HTTP_HOST"]


@pytest.mark.parametrize("deployment", of_kind("Deployment"), ids=lambda one: one["metadata"]["name"])
def test_a_process_has_no_more_rights_than_it_needs(deployment: dict[str, Any]) -> None:
    pod, only = deployment["spec"]["template"]["spec"], container(deployment)
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    security = only["securityContext"]
    assert security == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert only["resources"]["limits"].keys() == {"memory"}
    assert only["resources"]["requests"].keys() == {"cpu", "memory"}


@pytest.mark.parametrize("deployment", of_kind("Deployment"), ids=lambda one: one["metadata"]["name"])
def test_a_process_is_probed_budgeted_scraped_and_reachable_by_nobody_else(
    deployment: dict[str, Any],
) -> None:
    only, labels = container(deployment), deployment["spec"]["selector"]["matchLabels"]
    paths = [only[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert paths == ["/livez", "/livez", "/readyz"]
    port = only["ports"][0]["containerPort"]
    assert {"name": "HEED_HTTP_PORT", "value": str(port)} in only["env"]
    for kind in ("PodDisruptionBudget", "PodMonitor"):
        assert labels in [found["spec"]["selector"]["matchLabels"] for found in of_kind(kind)]
    (policy,) = of_kind("NetworkPolicy")
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert port in [allowed["port"] for rule in policy["spec"]["ingress"] for allowed in rule["ports"]]
    assert all(rule.get("from") for rule in policy["spec"]["ingress"])
    assert all(rule.get("to") for rule in policy["spec"]["egress"])


def test_there_are_never_more_workers_than_partitions() -> None:
    (scaled,) = of_kind("ScaledObject")
    assert scaled["spec"]["maxReplicaCount"] == PRODUCTION_PARTITIONS
    assert "consumer_lag" not in scaled["spec"]["triggers"][0]["metadata"]["query"]


# Strimzi.


def rights(user: str) -> dict[str, set[str]]:
    """Topic to operations."""
    (found,) = [one for one in of_kind("KafkaUser") if one["metadata"]["name"] == user]
    granted: dict[str, set[str]] = {}
    for acl in found["spec"]["authorization"]["acls"]:
        if acl["resource"]["type"] == "topic":
            assert acl["resource"]["patternType"] == "literal"
            granted.setdefault(acl["resource"]["name"], set()).update(acl["operations"])
    return granted


def test_every_topic_of_the_catalogue_is_there_and_safe() -> None:
    found = {one["metadata"]["name"]: one["spec"] for one in of_kind("KafkaTopic")}
    assert set(found) == {str(plan.topic) for plan in CATALOGUE}
    assert {spec["partitions"] for spec in found.values()} == {PRODUCTION_PARTITIONS}
    for plan in CATALOGUE:
        config = found[plan.topic]["config"]
        assert {name: str(config[name]) for name in plan.configs} == plan.configs
        assert config["unclean.leader.election.enable"] is False


def test_only_the_recorder_writes_the_record_and_only_the_worker_commands() -> None:
    writers = {
        topic: [user for user in _USERS if "Write" in rights(user).get(topic, set())]
        for topic in (Topic.RECORDS, Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.PATIENT_TABLE)
    }
    assert writers.pop(Topic.RECORDS) == ["heed-recorder"]
    assert set(map(tuple, writers.values())) == {("heed-worker",)}


def test_nobody_may_delete_or_alter_a_topic() -> None:
    given = {operation for user in _USERS for operations in rights(user).values() for operation in operations}
    assert given == {"Read", "Write", "Describe", "DescribeConfigs", "Create"}
    assert [user for user in _USERS if "Create" in set().union(*rights(user).values())] == ["heed-topics"]


def test_a_feed_reads_nothing_and_a_dispatcher_sees_no_objection() -> None:
    for feed in ("heed-feed-events", "heed-feed-people"):
        assert all(operations == {"Write"} for operations in rights(feed).values())
    assert Topic.OBJECTIONS not in rights("heed-feed-events"), "it could withdraw one"
    assert Topic.OBJECTIONS not in rights("heed-dispatcher")


def test_an_auditor_writes_nothing() -> None:
    assert not any("Write" in operations for operations in rights("heed-auditor").values())


_USERS: Final = [one["metadata"]["name"] for one in of_kind("KafkaUser")]

# Container and compose.


def test_images_are_pinned() -> None:
    (compose,) = documents(DEPLOY / "compose" / "compose.yaml")
    for service in compose["services"].values():
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), service["image"]
    base = re.search(r"^ARG BASE=(\S+)$", (DEPLOY.parent / "Containerfile").read_text(), re.MULTILINE)
    assert base
    assert re.search(r":\d+\.\d+\.\d+-[\w-]+(@sha256:[0-9a-f]{64})?$", base[1])
    if (
        "@sha256:" not in base[1]
    ):  # the digest is known to a registry alone: the page says so, and a release needs it
        assert "pinned by tag, not by digest" in (DEPLOY / "README.md").read_text()


def test_the_image_does_not_run_as_root() -> None:
    lines = (DEPLOY.parent / "Containerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]


def test_what_compose_mounts_exists() -> None:
    (compose,) = documents(DEPLOY / "compose" / "compose.yaml")
    mounts = [mount.split(":")[0] for one in compose["services"].values() for mount in one.get("volumes", ())]
    assert mounts
    for mount in mounts:
        assert (DEPLOY / "compose" / mount).exists(), mount

"""Against a broker as a hospital runs it: TLS, SCRAM and client certificates, and only the rights of streams/kafka/rights.py.

The whole path runs with exactly these rights, both ways of proving who one is; and whoever has no right to write a
command, an objection or a record cannot (C192).
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient

from streams.cli.main import main
from streams.domain.time import DAY
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.kafka.partitioner import partition_for
from streams.kafka.rights import Operation, principals
from streams.kafka.topics import CATALOGUE
from streams.scenarios.times import instant
from streams.settings import Settings
from tests.support.outside import Sender, appointment, committed, envelope, now, objection, outputs, patient
from tests.support.running import Heed, until
from tests.support.secured import ADMIN, SecuredKafka

pytestmark = pytest.mark.timeout(300)

STRANGER = "stranger"  # is known to the broker, and has no right at all
PARTITIONS = 2
EVERY = principals(Settings())


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """With the topics and the access-control lists, both as they are in production but for the number of partitions."""
    folder = tmp_path_factory.mktemp("secured")
    with SecuredKafka(folder, [*(principal.name for principal in EVERY), STRANGER]) as secured:
        secured.allow(EVERY)
        with pytest.MonkeyPatch.context() as patch:
            become(patch, secured.by_password("heed-topics", folder), folder)
            assert main(["topics", "create"]) == 0
        yield secured


def become(patch: pytest.MonkeyPatch, environ: dict[str, str], folder: Path) -> None:
    """Run what follows with these settings and no others."""
    for name in [name for name in os.environ if name.startswith("HEED_")]:
        patch.delenv(name)
    more = {"PARTITIONS": str(PARTITIONS), "REPLICATION_FACTOR": "1", "STATE_DIR": str(folder / "heed")}
    for name, value in environ.items() | {f"HEED_{name}": value for name, value in more.items()}.items():
        patch.setenv(name, value)


# The whole path.


def test_the_whole_path_with_no_more_rights_than_these(
    broker: SecuredKafka,
    at_once_policy: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = Settings(bootstrap_servers=broker.scram, state_dir=tmp_path / "heed", policy=at_once_policy)
    seen, clock = Seen(settings, broker), _at_eleven()
    by_password = {u: broker.by_password(f"heed-{u}", tmp_path) | clock for u in ("worker", "recorder")}
    by_certificate = {u: broker.by_certificate(f"heed-{u}") | clock for u in ("worker", "recorder")}

    with Heed("worker", settings, "w1", **by_password["worker"]) as worker:
        with Heed("recorder", settings, "r1", **by_certificate["recorder"]):
            _a_day(settings, broker)
            until(lambda: len(seen(Topic.SEND_COMMANDS)) >= 1 and len(seen(Topic.ESCALATION_TASKS)) >= 1)
            _answers(settings, broker, seen)
            until(lambda: len(seen(Topic.RECORDS)) >= 3)
            until(lambda: len(committed(settings, Topic.DEAD_LETTERS, broker.client(ADMIN))) == 2)
            until(lambda: worker.metric("heed_misplaced_total") == 1)
        worker.kill()
    before = len(seen(Topic.SEND_COMMANDS))
    with (
        Heed("worker", settings, "w2", **by_certificate["worker"]),
        Heed("recorder", settings, "r2", **by_password["recorder"]) as recorder,
    ):
        _book(settings, broker, "P3", "A2")
        until(lambda: len(seen(Topic.SEND_COMMANDS)) > before)
        until(lambda: recorder.metric("heed_record_entries_total") >= 1)
    _people_ask(broker, tmp_path, monkeypatch, capsys, at_once_policy)
    _nothing_is_told(settings.state_dir, broker)


#: A Tuesday at eleven, so that messages may leave.
AT = instant("2026-12-01T11:00:00+00:00")


def _at_eleven() -> dict[str, str]:
    """Everything is logged, and it is eleven o'clock."""
    return {
        "HEED_LOG": "debug",
        "HEED_CLOCK": f"2026-12-01T11:00:00+00:00@{now()}x1",
        "HEED_CLOCK_ALLOWED": "demo",
    }


class Seen:
    """What is on an output topic, as the administrator sees it."""

    def __init__(self, settings: Settings, broker: SecuredKafka) -> None:
        self._settings, self._client = settings, broker.client(ADMIN)

    def __call__(self, topic: Topic) -> list[Any]:
        return outputs(self._settings, topic, self._client)


def _a_day(settings: Settings, broker: SecuredKafka) -> None:
    """A message, a task, a dead letter, and a record in the wrong partition."""
    with Sender(settings, broker.client("heed-feed-people")) as people:
        for name in ("P1", "P2", "P3"):
            people.send(Topic.PATIENTS, patient(name, AT))
        people.send(Topic.OBJECTIONS, objection("P2", AT, reason="SAFETY_DOMESTIC_ABUSE"))
    with Sender(settings, broker.client("heed-feed-events")) as events:
        events.raw(Topic.RESULTS, b"P1", b"unreadable")
        events.send(Topic.APPOINTMENTS, appointment("P1", AT, AT + 20 * DAY))
        events.send(Topic.APPOINTMENTS, appointment("P2", AT, AT + 20 * DAY, appointment_id="A9"))
        wrong = 1 - partition_for(b"P9", PARTITIONS)
        events.raw(Topic.REQUESTS, b"P9", b"for another partition", partition=wrong)


def _book(settings: Settings, broker: SecuredKafka, name: str, appointment_id: str) -> None:
    with Sender(settings, broker.client("heed-feed-events")) as events:
        events.send(Topic.APPOINTMENTS, appointment(name, AT, AT + 20 * DAY, appointment_id=appointment_id))


def _answers(settings: Settings, broker: SecuredKafka, seen: Seen) -> None:
    command, task = seen(Topic.SEND_COMMANDS)[0], seen(Topic.ESCALATION_TASKS)[0]
    with Sender(settings, broker.client("heed-dispatcher")) as provider:
        fields = {
            "command_id": command.command_id,
            "status": "DELIVERED",
            "channel": command.channel,
            "provider": "p",
        }
        provider.send(Topic.RECEIPTS, envelope(command.patient_id, AT) | fields)
    with Sender(settings, broker.client("heed-console")) as console:
        fields = {"task_id": task.task_id, "kind": "CLAIMED", "by": "book-1", "role": task.role}
        console.send(Topic.RESOLUTIONS, envelope(task.patient_id, AT) | fields)


def _people_ask(
    broker: SecuredKafka,
    folder: Path,
    patch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    policy: Path,
) -> None:
    """The commands that people type, as the user meant for them."""
    become(patch, broker.by_password("heed-auditor", folder) | {"HEED_POLICY": str(policy)}, folder)
    for words in (["topics", "check"], ["explain", "--patient", "P2"], ["dead-letters", "list"], ["verify"]):
        assert main(words) == 0, (words, capsys.readouterr())
    resume = [
        sys.executable,
        "-m",
        "streams",
        "resume",
        "--partition",
        "0",
        "--by",
        "auditor-1",
        "--because",
        "INC-1",
    ]
    refused = subprocess.run(resume, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert "this user may not write" in refused.stderr
    become(patch, broker.by_certificate("heed-operator"), folder)
    assert main(["dead-letters", "requeue", "--all"]) == 0
    assert main(["resume", "--partition", "0", "--by", "sre-1", "--because", "INC-1"]) == 0


def _nothing_is_told(folder: Path, broker: SecuredKafka) -> None:
    """No secret and no patient in any log line, at the loudest level."""
    said = "".join(log.read_text() for log in folder.glob("*.log"))
    assert '"listening"' in said
    for secret in (
        *broker.passwords.values(),
        "SAFETY_DOMESTIC_ABUSE",
        "07700900001",
        "+447700900001",
        "9990548609",
        "Ada",
    ):
        assert secret not in said


# Who may not.


def test_the_broker_allows_what_the_table_says_and_nothing_else(broker: SecuredKafka) -> None:
    names = TopicCollection([str(plan.topic) for plan in CATALOGUE])
    for name in (*(principal.name for principal in EVERY), STRANGER):
        admin = AdminClient(broker.client(name))
        described = admin.describe_topics(names, include_authorized_operations=True)
        may = {topic: _operations(answer.result) for topic, answer in described.items()}
        assert may == {str(plan.topic): _as_granted(name, plan.topic) for plan in CATALOGUE}, name


_NAMED = {
    AclOperation.READ: Operation.READ, AclOperation.WRITE: Operation.WRITE, AclOperation.CREATE: Operation.CREATE,
    AclOperation.DESCRIBE: Operation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS: Operation.DESCRIBE_CONFIGS,
}  # fmt: skip


def _operations(answer: Callable[[float], Any]) -> set[Operation]:
    try:
        return {_NAMED[operation] for operation in answer(30).authorized_operations}
    except KafkaException as hidden:
        if hidden.args[0].code() != KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise
        return set()  # not even that it is there


def _as_granted(name: str, topic: Topic) -> set[Operation]:
    """With what Kafka adds by itself: whoever reads or writes a topic may also describe it."""
    found = {o for principal in EVERY if principal.name == name for o in Operation if principal.may(o, topic)}
    return found | {Operation.DESCRIBE} if found & {Operation.READ, Operation.WRITE} else found


@pytest.mark.parametrize(
    ("user", "forbidden"),
    [
        (STRANGER, [plan.topic for plan in CATALOGUE]),
        ("heed-recorder", [Topic.SEND_COMMANDS, Topic.OBJECTIONS, Topic.PATIENT_TABLE]),
        ("heed-worker", [Topic.RECORDS]),
        ("heed-dispatcher", [Topic.SEND_COMMANDS, Topic.PATIENT_TABLE, Topic.RECORDS]),
        ("heed-feed-events", [Topic.OBJECTIONS, Topic.PATIENTS, Topic.RESOLUTIONS, Topic.SEND_COMMANDS]),
        ("heed-auditor", [*INPUT_TOPICS, Topic.SEND_COMMANDS]),
        ("heed-operator", [Topic.SEND_COMMANDS, Topic.PATIENT_TABLE, Topic.RECORDS]),
    ],
)
def test_who_has_no_right_cannot_write(broker: SecuredKafka, user: str, forbidden: list[Topic]) -> None:
    refused: dict[str, int] = {}
    producer = Producer(broker.client(user) | {"message.timeout.ms": 10_000})
    for topic in forbidden:
        producer.produce(
            str(topic), b"{}", b"P1", 0,
            on_delivery=lambda error, message: refused.update({message.topic(): error.code() if error else 0}),
        )  # fmt: skip
    assert producer.flush(20) == 0
    assert refused == {str(topic): KafkaError.TOPIC_AUTHORIZATION_FAILED for topic in forbidden}


def test_nobody_else_can_fence_a_worker(broker: SecuredKafka) -> None:
    for user in (STRANGER, "heed-recorder"):
        producer = Producer(broker.client(user) | {"transactional.id": "heed-worker-0"})
        with pytest.raises(KafkaException) as refused:
            producer.init_transactions(20)
        assert refused.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_nobody_else_can_take_a_worker_s_partitions(broker: SecuredKafka) -> None:
    consumer = Consumer(broker.client("heed-operator") | {"group.id": "heed-worker"})
    consumer.subscribe([str(Topic.OBJECTIONS)])
    try:
        with pytest.raises(KafkaException) as refused:
            raise KafkaException(_error(consumer))
        assert refused.value.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED
    finally:
        consumer.close()


def _error(consumer: Consumer) -> KafkaError:
    message = consumer.poll(20)
    assert message is not None
    error = message.error()
    assert error is not None
    return error

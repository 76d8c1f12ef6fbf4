"""Recorder processes on a real broker: whatever was emitted has exactly one entry, whoever dies."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.domain.records import RecordEntry
from streams.domain.time import DAY
from streams.domain.vocabulary import Topic
from streams.kafka import topics
from streams.kafka.broker import LocalKafka
from streams.kafka.client import connection
from streams.kafka.partitioner import partition_for
from streams.settings import Settings
from tests.support.outside import Sender, appointment, committed, encoded, now, objection, outputs, patient
from tests.support.registry import RegistryStandIn
from tests.support.running import Heed, outlasted, until

pytestmark = pytest.mark.timeout(240)


def emit(settings: Settings) -> None:
    """A worker emits messages and tasks for 300 patients, 100 of whom object."""
    with Sender(settings) as sender:
        for number in range(300):
            sender.send(Topic.PATIENTS, patient(f"P{number}", now()))
            if number % 3 == 0:
                sender.send(Topic.OBJECTIONS, objection(f"P{number}", now()))
        sender.flush()
        for number in range(300):
            sender.send(Topic.APPOINTMENTS, appointment(f"P{number}", now(), now() + 9 * DAY))
    with Heed("worker", settings):
        until(lambda: len(outputs(settings, Topic.DECISIONS)) >= 300, 60)


@pytest.fixture
def emitted(at_once: Settings) -> Settings:
    """Topics on which a worker has emitted."""
    emit(at_once)
    return at_once


def wanted(settings: Settings) -> Counter[str]:
    """What must be on record: commands, every version of every task, every change of an objection."""
    commands = [command.command_id for command in outputs(settings, Topic.SEND_COMMANDS)]
    tasks = [f"{task.task_id}/{task.version}" for task in outputs(settings, Topic.ESCALATION_TASKS)]
    changes = {(m.key(), m.value()) for m in committed(settings, Topic.OBJECTIONS)}
    return Counter(commands + tasks + ["O1/1"] * len(changes))


def entries(settings: Settings) -> list[RecordEntry]:
    return outputs(settings, Topic.RECORDS)


def assert_each_once(settings: Settings) -> None:
    found = entries(settings)
    assert Counter(entry.emitted_id for entry in found) == wanted(settings)
    assert len({entry.record_id for entry in found}) == len(found)


def test_killed_recorders_leave_exactly_one_entry_for_each_thing_emitted(emitted: Settings) -> None:
    expected = sum(wanted(emitted).values())
    with Heed("recorder", emitted, "one") as one:
        until(lambda: entries(emitted))
        one.kill()
    with Heed("recorder", emitted, "two") as two:
        with Sender(emitted) as sender:
            for number in range(100):
                sender.send(Topic.OBJECTIONS, objection(f"Q{number}", now()))
        until(lambda: two.metric("heed_record_entries_total") > 0)
        two.kill()
    with Heed("recorder", emitted, "three") as three, Heed("recorder", emitted, "four"):
        until(lambda: len(entries(emitted)) >= expected + 100, 60)
        assert_each_once(emitted)
        assert three.terminate() == 0


def test_the_broker_away_for_a_while_loses_and_doubles_no_entry(
    own_kafka: LocalKafka, settings: Settings, at_once_policy: Path
) -> None:
    ours = msgspec.structs.replace(settings, bootstrap_servers=own_kafka.bootstrap, policy=at_once_policy)
    asyncio.run(topics.create(ours))
    emit(ours)
    with Heed("recorder", ours) as recorder:
        until(lambda: entries(ours))
        with Sender(ours) as sender:
            for number in range(300):
                sender.send(Topic.OBJECTIONS, objection(f"Q{number}", now()))
        own_kafka.kill()  # in the middle of it
        time.sleep(20)
        own_kafka.restart()
        outlasted(recorder, lambda: len(entries(ours)) >= sum(wanted(ours).values()))
        assert_each_once(ours)
        assert recorder.terminate() == 0


def test_offsets_set_back_by_hand_lead_to_no_second_entry(emitted: Settings) -> None:
    with Heed("recorder", emitted) as recorder:
        until(lambda: len(entries(emitted)) >= sum(wanted(emitted).values()))
        assert recorder.terminate() == 0
    asyncio.run(_to_the_beginning(emitted))
    with Sender(emitted) as sender:
        sender.send(Topic.OBJECTIONS, objection("Q1", now()))
    with Heed("recorder", emitted, "again"):
        until(lambda: len(entries(emitted)) >= sum(wanted(emitted).values()))
        assert_each_once(emitted)


def test_an_objection_delivered_twice_is_on_record_once(created: Settings) -> None:
    event = objection("P1", now())
    with Sender(created) as sender:
        sender.send(Topic.OBJECTIONS, event)
    with Heed("recorder", created) as recorder:
        until(lambda: entries(created))
        recorder.kill()
    with Sender(created) as sender:
        sender.send(Topic.OBJECTIONS, event)
        sender.raw(Topic.OBJECTIONS, b"P1", b"unreadable")
        sender.send(Topic.OBJECTIONS, objection("P1", now(), version=2, action="WITHDRAWN"))
    with Heed("recorder", created, "again") as again:
        until(lambda: len(entries(created)) == 2)
        assert again.metric("heed_record_duplicates_total") >= 1
        assert again.metric("heed_record_unreadable_total") == 1
    assert [entry.summary for entry in entries(created)] == [
        "Contact wishes recorded.",
        "Contact wishes withdrawn.",
    ]


def test_the_registry_away_holds_up_one_partition_and_neither_a_rebalance_nor_a_stop(
    created: Settings,
) -> None:
    """Objections of one patient are under an id that only the registry knows, their producer's own."""
    theirs = partition_for(b"P1", 4)
    others = [name for name in (f"Q{n}" for n in range(40)) if partition_for(name.encode(), 4) != theirs]

    def recorded() -> Counter[str]:
        return Counter(entry.patient_id for entry in entries(created))

    def waits(recorder: Heed) -> bool:
        return "the schema registry does not answer" in recorder.get("/readyz")[1]

    def owned(*recorders: Heed) -> list[float]:
        return [one.metric("heed_record_partitions_owned") for one in recorders]

    with RegistryStandIn() as registry, RegistryStandIn() as other, Sender(created) as sender:
        data = encoded(Topic.OBJECTIONS, objection("P1", now()))
        for one in registry, other:
            one.texts[4711] = one.texts[int.from_bytes(data[1:5], "big")]
        with Heed("recorder", created, "one", HEED_SCHEMA_REGISTRY_URL=registry.url) as first:
            registry.away = True
            sender.raw(Topic.OBJECTIONS, b"P1", b"\0" + (4711).to_bytes(4, "big") + data[5:], theirs)
            sender.flush()
            until(lambda: waits(first))
            for name in others:
                sender.send(Topic.OBJECTIONS, objection(name, now()))
            sender.flush()
            until(lambda: recorded() == dict.fromkeys(others, 1))
            begun = time.monotonic()
            with Heed("recorder", created, "two", HEED_SCHEMA_REGISTRY_URL=other.url) as second:
                until(lambda: owned(first, second) == [2, 2])
                assert time.monotonic() - begun < 15, "nobody was thrown out of the group"
                second.kill()
            until(lambda: owned(first) == [4])
            assert first.terminate() == 0
        with Heed("recorder", created, "three", HEED_SCHEMA_REGISTRY_URL=other.url):
            until(lambda: len(recorded()) == len(others) + 1)
    assert set(recorded().values()) == {1}


async def _to_the_beginning(settings: Settings) -> None:
    """What an operator does who has lost faith: offsets to the earliest."""
    consumer = AIOKafkaConsumer(
        group_id=settings.recorder_group, enable_auto_commit=False, **connection(settings)
    )
    await consumer.start()
    try:
        partitions = [
            TopicPartition(settings.topic(topic), partition)
            for topic in (Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.OBJECTIONS)
            for partition in range(4)
        ]
        consumer.assign(partitions)
        await consumer.commit({partition: OffsetAndMetadata(0, "") for partition in partitions})
    finally:
        await consumer.stop()
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(settings.recorder_group)
        assert {at.offset for at in found.values()} == {0}
    finally:
        await admin.close()

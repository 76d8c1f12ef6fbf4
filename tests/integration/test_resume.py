"""``heed resume`` on a real broker: what an unreadable objection or too many bad records stopped goes on, not before."""

from asyncio import run

import pytest

from streams.cli.main import main
from streams.domain.records import Decision, SafetyEntry
from streams.domain.time import DAY
from streams.domain.vocabulary import Reason, Topic
from streams.kafka.codec import Codec
from streams.kafka.partitioner import key_of, partition_for
from streams.settings import Settings
from streams.triage.resuming import key_for
from streams.verify.run import Plan, verify
from tests.support.outside import Sender, appointment, committed, now, objection, patient
from tests.support.running import Heed, set_environment, until

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def configured(at_once: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Deciding at once; ``heed resume`` is called in this process."""
    set_environment(monkeypatch, at_once)
    return at_once


def reasons(settings: Settings, subject: str) -> list[Reason]:
    """Why an appointment was decided as it was, in order; at night a message may well wait for the morning."""
    codec = Codec.local()
    decisions = [
        codec.decode_output(Topic.DECISIONS, r.value() or b"") for r in committed(settings, Topic.DECISIONS)
    ]
    return [one.reason for one in decisions if isinstance(one, Decision) and one.subject.id == subject]


def test_a_stopped_partition_sends_again_after_resume(configured: Settings) -> None:
    stopped = partition_for(key_of("P1"), 4)
    with Heed("worker", configured):
        with Sender(configured) as sender:
            sender.send(Topic.PATIENTS, patient("P1", now()))
            sender.raw(Topic.OBJECTIONS, None, b"nobody can read this", partition=stopped)
        until(lambda: len(committed(configured, Topic.DEAD_LETTERS)) == 1, 60)
        with Sender(configured) as sender:
            sender.send(Topic.APPOINTMENTS, appointment("P1", now(), now() + 20 * DAY))
        until(lambda: reasons(configured, "A1") == [Reason.FAIL_CLOSED], 60)
        assert main(["resume", "--partition", str(stopped), "--by", "sre-1", "--because", "INC-1"]) == 0
        with Sender(configured) as sender:
            sender.send(Topic.APPOINTMENTS, appointment("P1", now(), now() + 21 * DAY, appointment_id="A2"))
        until(lambda: reasons(configured, "A2"), 60)
        assert Reason.FAIL_CLOSED not in reasons(configured, "A2")
    assert main(["resume", "--partition", "99", "--by", "sre-1", "--because", "INC-1"]) == 2


def test_a_topic_stopped_by_bad_records_is_read_on_without_a_restart(configured: Settings) -> None:
    """Objections: nothing else of the partition can be decided meanwhile, not even a resolution."""
    place = partition_for(key_of("P1"), 4)
    words = [
        "resume",
        "--partition",
        str(place),
        "--topic",
        "objections",
        "--by",
        "sre-1",
        "--because",
        "INC-2",
    ]

    def letters() -> int:
        return len(committed(configured, Topic.DEAD_LETTERS))

    with Heed("worker", configured) as worker:
        with Sender(configured) as sender:
            sender.send(Topic.PATIENTS, patient("P1", now()))
            for _ in range(180):
                sender.raw(Topic.OBJECTIONS, b"P1", b"nobody can read this", partition=place)
            sender.send(Topic.OBJECTIONS, objection("P1", now()))
        until(lambda: worker.get("/readyz")[1].startswith(f"objections[{place}]: stopped"), 60)
        until(lambda: letters() >= 50)  # readiness tells what is decided, the topic what is true
        assert letters() == 50
        assert main(words) == 0
        until(lambda: letters() == 100)  # as watchful as ever
        until(lambda: worker.metric("heed_topic_partitions_stopped") == 1)
        assert main([*words, "--through", "9999"]) == 2
        assert main([*words, "--through", "180"]) == 0
        until(lambda: worker.get("/readyz") == (200, "ok\n"))
        assert letters() == 180
        until(lambda: worker.metric("heed_topic_partitions_stopped") == 0)
        until(lambda: len(incidents(configured, "topic_resumed")) == 2)
        with Sender(configured) as sender:
            sender.send(Topic.APPOINTMENTS, appointment("P1", now(), now() + 20 * DAY, appointment_id="A3"))
        until(lambda: reasons(configured, "A3"), 60)
    assert not committed(configured, Topic.SEND_COMMANDS)
    assert run(verify(configured, Plan(slack=0))).clean


def incidents(settings: Settings, kind: str) -> list[SafetyEntry]:
    codec = Codec.local()
    log = [
        codec.decode_output(Topic.SAFETY_LOG, r.value() or b"") for r in committed(settings, Topic.SAFETY_LOG)
    ]
    return [one for one in log if isinstance(one, SafetyEntry) and one.kind == kind]


@pytest.mark.parametrize("partition", range(12))
def test_the_key_of_a_resolution_lies_in_the_partition_it_is_for(partition: int) -> None:
    assert partition_for(key_of(key_for(partition, 12)), 12) == partition

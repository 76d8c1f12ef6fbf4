"""A batch that a disk has damaged: nothing behind it is guessed at, and what lies before it is decided."""

import asyncio
import json
from pathlib import Path

import pytest

from streams.domain.time import DAY
from streams.domain.vocabulary import Outcome, Reason, Topic
from streams.kafka import topics
from streams.kafka.broker import LocalKafka
from streams.kafka.partitioner import partition_for
from streams.settings import Settings, load
from tests.support.outside import Sender, appointment, committed, decided, now, objection, send_patients
from tests.support.running import Heed, until

pytestmark = pytest.mark.timeout(240)

PARTITIONS = 2
NAMES = [f"P{number}" for number in range(8)]
MARK = b"on-a-bad-sector"


@pytest.fixture
def alone(own_kafka: LocalKafka, at_once_policy: Path, tmp_path: Path) -> Settings:
    settings = load(
        environ={
            "HEED_BOOTSTRAP_SERVERS": own_kafka.bootstrap, "HEED_PARTITIONS": str(PARTITIONS),
            "HEED_REPLICATION_FACTOR": "1", "HEED_STATE_DIR": str(tmp_path / "heed"), "HEED_POLICY": str(at_once_policy),
        }
    )  # fmt: skip
    asyncio.run(topics.create(settings))
    return settings


def two_patients(settings: Settings) -> tuple[int, str]:
    """The partition of P0, and who lives in another one."""
    send_patients(settings, len(NAMES))
    here = partition_for(b"P0", PARTITIONS)
    return here, next(name for name in NAMES if partition_for(name.encode(), PARTITIONS) != here)


def damage(kafka: Path, place: str) -> None:
    """One bit, in the batch that holds MARK."""
    [segment] = kafka.rglob(f"{place}/00000000000000000000.log")
    whole = segment.read_bytes()
    assert whole.count(MARK) == 1
    segment.write_bytes(whole.replace(MARK, MARK[:-1] + bytes([MARK[-1] ^ 1])))


def test_a_batch_with_a_wrong_checksum_is_stopped_at_and_holds_up_nothing_else(
    alone: Settings, own_kafka: LocalKafka, tmp_path: Path
) -> None:
    here, elsewhere = two_patients(alone)
    with Sender(alone) as sender:
        for number, source in enumerate(("before", MARK.decode(), "behind")):
            booked = appointment("P0", now(), now() + 9 * DAY, appointment_id=f"A{number}", source=source)
            sender.send(Topic.APPOINTMENTS, booked)
            sender.flush()  # a batch of its own
        sender.send(Topic.APPOINTMENTS, appointment(elsewhere, now(), now() + 9 * DAY))
    own_kafka.stop()
    damage(tmp_path / "own-kafka", f"appointments-{here}")
    own_kafka.start()
    with Heed("worker", alone) as worker:
        until(lambda: len(decided(alone)) == 2 and "batch_unreadable" in worker.said())
        [said] = [json.loads(line) for line in worker.said().splitlines() if "batch_unreadable" in line]
        with Sender(alone) as sender:  # the same patient, through a topic that can be read
            sender.raw(Topic.RESULTS, b"P0", b"no record", partition=here)
        until(lambda: committed(alone, Topic.DEAD_LETTERS))
        until(lambda: worker.metric("heed_consumer_lag") == 2)
        assert not worker.ended
    assert {(d.patient_id, d.subject.id) for d in decided(alone)} == {("P0", "A0"), (elsewhere, "A1")}
    place = {"topic": "appointments", "partition": here, "offset": 1, "error": "CorruptRecordException"}
    assert said.items() >= place.items()
    assert said["next"].endswith("(runbook: unreadable batch)")


def test_where_it_is_of_objections_nothing_is_sent(
    alone: Settings, own_kafka: LocalKafka, tmp_path: Path
) -> None:
    here, elsewhere = two_patients(alone)
    with Sender(alone) as sender:
        sender.send(Topic.OBJECTIONS, objection("P0", now(), source=MARK.decode()))
    own_kafka.stop()
    damage(tmp_path / "own-kafka", f"objections-{here}")
    own_kafka.start()
    with Sender(alone) as sender:
        for name in ("P0", elsewhere):
            sender.send(Topic.APPOINTMENTS, appointment(name, now(), now() + 9 * DAY))
    with Heed("worker", alone) as worker:
        until(lambda: len(decided(alone)) == 2, 60)
        assert "sends are held (rule 3.1)" in worker.get("/readyz")[1]
    found = {d.patient_id: (d.outcome, d.reason) for d in decided(alone)}
    assert found.pop("P0") == (Outcome.HOLD, Reason.FAIL_CLOSED)
    [(_, reason)] = found.values()
    assert reason is not Reason.FAIL_CLOSED, "another partition has its own objections"

"""``heed resume`` on a real broker: a partition stopped by an unreadable objection sends again, and not before."""

from pathlib import Path

import msgspec
import pytest

from streams.cli.main import main
from streams.domain.records import Decision
from streams.domain.time import DAY
from streams.domain.vocabulary import Reason, Topic
from streams.kafka.codec import Codec
from streams.kafka.partitioner import key_of, partition_for
from streams.settings import Settings
from streams.triage.resuming import key_for
from tests.support.outside import Sender, appointment, committed, now, patient
from tests.support.running import Heed, environment, until

pytestmark = pytest.mark.timeout(240)


def reasons(settings: Settings, subject: str) -> list[Reason]:
    """Why an appointment was decided as it was, in order; at night a message may well wait for the morning."""
    codec = Codec.local()
    decisions = [
        codec.decode_output(Topic.DECISIONS, r.value() or b"") for r in committed(settings, Topic.DECISIONS)
    ]
    return [one.reason for one in decisions if isinstance(one, Decision) and one.subject.id == subject]


def test_a_stopped_partition_sends_again_after_resume(
    created: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text('version: "test"\nsettle_s: {appointment: 0, result: 0}\n')
    settings = msgspec.structs.replace(created, policy=policy)
    for name, value in environment(settings).items():
        if name.startswith("HEED_"):
            monkeypatch.setenv(name, value)
    stopped = partition_for(key_of("P1"), 4)
    with Heed("worker", settings):
        with Sender(settings) as sender:
            sender.send(Topic.PATIENTS, patient("P1", now()))
            sender.raw(Topic.OBJECTIONS, None, b"nobody can read this", partition=stopped)
        until(lambda: len(committed(settings, Topic.DEAD_LETTERS)) == 1, 60)
        with Sender(settings) as sender:
            sender.send(Topic.APPOINTMENTS, appointment("P1", now(), now() + 20 * DAY))
        until(lambda: reasons(settings, "A1") == [Reason.FAIL_CLOSED], 60)
        assert main(["resume", "--partition", str(stopped), "--by", "sre-1", "--because", "INC-1"]) == 0
        with Sender(settings) as sender:
            sender.send(Topic.APPOINTMENTS, appointment("P1", now(), now() + 21 * DAY, appointment_id="A2"))
        until(lambda: reasons(settings, "A2"), 60)
        assert Reason.FAIL_CLOSED not in reasons(settings, "A2")
    assert main(["resume", "--partition", "99", "--by", "sre-1", "--because", "INC-1"]) == 2


@pytest.mark.parametrize("partition", range(12))
def test_the_key_of_a_resolution_lies_in_the_partition_it_is_for(partition: int) -> None:
    assert partition_for(key_of(key_for(partition, 12)), 12) == partition

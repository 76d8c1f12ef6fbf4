"""A running worker and its policy file: each decision names the version that made it (C213, C214)."""

from pathlib import Path

import msgspec
import pytest

from streams.domain.time import DAY
from streams.domain.vocabulary import Topic
from streams.settings import Settings
from streams.worker.clock import RealClock
from tests.support.outside import Sender, appointment, decided, patient
from tests.support.running import Heed, until

pytestmark = pytest.mark.timeout(120)
now = RealClock().now


def test_a_new_policy_file_is_used_without_a_restart_and_a_bad_one_is_not(
    created: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text('version: "one"\nsettle_s: {appointment: 0, result: 0}\n')
    settings = msgspec.structs.replace(created, policy=file)

    def decide_one_more(number: int) -> None:
        event = appointment("P1", now(), now() + number * DAY, appointment_id=f"A{number}")
        sender.send(Topic.APPOINTMENTS, event)
        sender.flush()
        until(lambda: len(decided(settings)) == number - 8)

    with Heed("worker", settings) as worker, Sender(settings) as sender:
        sender.send(Topic.PATIENTS, patient("P1", now()))
        decide_one_more(9)
        file.write_text('version: "two"\nsettle_s: {appointment: 0, result: 0}\nshort_notice_hours: 24\n')
        until(lambda: 'heed_policy_info{version="two+' in worker.get("/metrics")[1])
        decide_one_more(10)
        file.write_text('version: "three"\nsettle_s: {appointment: 0, result: 0}\nshort_notice_hours: 72\n')
        until(lambda: worker.metric("heed_config_rejected_total") == 1)
        decide_one_more(11)
        status, body = worker.get("/readyz")
        said = worker.said()
    assert [d.policy_version.partition("+")[0] for d in decided(settings)] == ["one", "two", "two"]
    assert status == 200
    assert "note: the policy file was rejected, still deciding by two+" in body
    assert f"{file}:3: short_notice_hours: is 72" in body
    assert said.count('"event": "policy_rejected"') == 1

"""``heed policy diff --topics`` on a real broker: reads what is there, writes nothing, joins no group."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streams.cli.main import main
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import Topic
from streams.kafka.topics import CATALOGUE
from streams.settings import Settings
from tests.support.outside import Sender, appointment, committed, now, objection, patient
from tests.support.running import environment

pytestmark = pytest.mark.timeout(120)

INPUTS = {Topic.PATIENTS: 3, Topic.OBJECTIONS: 1, Topic.APPOINTMENTS: 3}


def test_a_back_test_reads_a_period_and_leaves_no_trace(
    created: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sender(created) as sender:
        for name in ("P1", "P2", "P3"):
            sender.send(Topic.PATIENTS, patient(name, now()))
        sender.send(Topic.OBJECTIONS, objection("P2", now(), channels=["sms"]))
        for name in ("P1", "P2", "P3"):
            sender.send(Topic.APPOINTMENTS, appointment(name, now(), now() + 9 * DAY))
    for name, value in environment(created).items():
        monkeypatch.setenv(name, value)
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text('version: "1"\n')
    new.write_text('version: "2"\npermission_model: explicit\n')
    begin = datetime.fromtimestamp((now() - HOUR) / 1000, UTC).isoformat()
    end = datetime.fromtimestamp((now() + HOUR) / 1000, UTC).isoformat()
    asked = ["policy", "diff", str(old), str(new), "--topics", "--from", begin, "--to", end, "--json"]
    assert main(asked) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["compared"].startswith("7 records from ")
    assert report["changed_in_outcome_reason_or_rule"] == 3
    assert report["counts"]["reason"]["ESCALATE no_permission"] == {"before": 0, "after": 3}
    assert report["changes"][0]["examples"][0]["place"].startswith("appointments[")
    assert {plan.topic: len(committed(created, plan.topic)) for plan in CATALOGUE} == (
        dict.fromkeys((plan.topic for plan in CATALOGUE), 0) | INPUTS
    )
    earlier = datetime.fromtimestamp((now() - 3 * HOUR) / 1000, UTC).isoformat()
    assert main([*asked[:-5], "--from", earlier, "--to", begin]) == 0
    assert "0 records from " in capsys.readouterr().out

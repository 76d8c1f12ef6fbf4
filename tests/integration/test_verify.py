"""``heed verify`` as an operator types it."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from streams.domain.time import DAY
from streams.domain.vocabulary import Topic
from streams.settings import Settings
from tests.support.outside import Sender, appointment, decided, now, send_patients
from tests.support.running import PROJECT, Heed, environment, until

pytestmark = pytest.mark.timeout(240)


def typed(settings: Settings, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "streams", "verify", *words],
        env=environment(settings), cwd=PROJECT, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip


def test_nothing_fed_is_clean(created: Settings) -> None:
    done = typed(created, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["checked"]["inputs"] == report["waiting"] == 0
    assert not any(report["differences"].values())


def test_words_end_with_the_verdict(created: Settings) -> None:
    assert typed(created).stdout.splitlines()[-1].startswith("clean")


def test_without_topics_it_cannot_be_told(settings: Settings) -> None:
    done = typed(settings)
    assert done.returncode == 2
    assert "not found" in done.stderr


def worked(settings: Settings, policy: Path, appointment_id: str, patients: list[str]) -> None:
    """A worker with this policy decides an appointment of each."""
    before = len(decided(settings))
    with Sender(settings) as sender:
        for name in patients:
            event = appointment(name, now(), now() + 9 * DAY, appointment_id=appointment_id)
            sender.send(Topic.APPOINTMENTS, event)
    with Heed("worker", msgspec.structs.replace(settings, policy=policy), policy.stem) as worker:
        until(lambda: len(decided(settings)) == before + len(patients), 60)
        assert worker.terminate() == 0


def test_a_policy_that_has_changed_wants_each_file_that_was_in_force(
    created: Settings, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text('version: "one"\nsettle_s: {appointment: 0, result: 0}\n')
    two.write_text('version: "two"\nsettle_s: {appointment: 0, result: 0}\ncoalesce_min: 0\n')
    patients = send_patients(created, 20)
    worked(created, one, "A1", patients)
    worked(created, two, "A2", patients)
    done = typed(created, "--policy", str(two))
    assert done.returncode == 2
    assert "policy one+" in done.stderr
    done = typed(created, "--json", "--policy", str(two), "--policy", str(one))
    report = json.loads(done.stdout)
    assert done.returncode == 0, report["findings"]
    assert report["checked"]["turns decided again"] == report["checked"]["turns"]
    assert not report["notes"]
    done = typed(created, "--no-model")
    assert done.returncode == 0
    assert "NOT PROVEN: nothing was decided again" in done.stdout

"""Heartbeats go the whole way through real processes, and leave nothing behind that concerns a patient."""

import json
import subprocess
import sys
import time

import pytest

from streams.domain.heartbeat import HEARTBEAT_KEY
from streams.domain.vocabulary import Topic
from streams.settings import Settings
from tests.support.outside import committed
from tests.support.running import PROJECT, Heed, environment, until

pytestmark = pytest.mark.timeout(240)  # on a machine that may be busy


def test_a_heartbeat_goes_the_whole_way_and_touches_nobody(created: Settings) -> None:
    often, begun = {"HEED_HEARTBEAT_S": "1"}, time.monotonic()
    quiet = {"HEED_LOG": "error"}  # where they listen is told all the same
    with Heed("worker", created, **quiet) as worker, Heed("recorder", created, **often, **quiet) as recorder:
        until(lambda: recorder.metric("heed_heartbeat_seconds_count") >= 2 * created.partitions, 30)
        taken = recorder.metric("heed_heartbeat_seconds_sum") / recorder.metric(
            "heed_heartbeat_seconds_count"
        )
        assert 0 < taken < time.monotonic() - begun
        assert "Last heartbeat" in recorder.get("/")[1]
        assert 'heed_events_consumed_total{result="heartbeat",topic="receipts"}' in worker.get("/metrics")[1]
        for untouched in (
            "table_patients",
            "decisions_total",
            "requests_total",
            "dead_letter_total",
            "timers",
        ):
            assert worker.metric(f"heed_{untouched}") == 0, untouched
        assert worker.metric("heed_decision_seconds_count") == 0
        assert recorder.metric("heed_record_entries_total") == 0

        worker.terminate()
        until(lambda: recorder.metric("heed_heartbeat_age_seconds") > 5 * created.partitions, 60)
        old, heard = (recorder.metric(f"heed_heartbeat_{name}") for name in ("age_seconds", "seconds_count"))
        worker.start().until_ready()  # restores a table whose turns took heartbeats
        until(lambda: recorder.metric("heed_heartbeat_seconds_count") >= heard + created.partitions, 60)
        until(lambda: recorder.metric("heed_heartbeat_age_seconds") < old, 60)
    for topic in (
        Topic.DECISIONS,
        Topic.SEND_COMMANDS,
        Topic.ESCALATION_TASKS,
        Topic.RECORDS,
        Topic.DEAD_LETTERS,
    ):
        assert not list(committed(created, topic)), topic
    beats = list(committed(created, Topic.HEARTBEATS))
    assert {beat.key() for beat in beats} == {HEARTBEAT_KEY}
    assert {beat.partition() for beat in beats} == set(range(created.partitions))
    verdict = subprocess.run(
        [sys.executable, "-m", "streams", "verify", "--json"],
        env=environment(created), cwd=PROJECT, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    report = json.loads(verdict.stdout)
    assert verdict.returncode == 0, verdict.stdout
    assert report["checked"]["inputs"] == 0
    assert report["checked"]["turns"] > 0

"""/metrics and / of a real worker and a real recorder, after a load in which nearly everything happens."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.demo.day import DayPlan, generate
from streams.demo.lines import bytes_of
from streams.domain.events import Event
from streams.kafka.codec import Codec
from streams.settings import Settings
from streams.worker.measuring import LOOK_EVERY_S
from tests.support.browser import look
from tests.support.labels import strange
from tests.support.outside import Sender
from tests.support.prometheus import run
from tests.support.running import Heed, until

TELEPHONE = 390  # CSS pixels
MOST_SERIES = 300  # a process: what a Prometheus of a trust should keep of one

#: Half an hour of the generated day a second, so that settle times, deadlines and reassignments come up too.
CLOCK = "2026-10-13T11:00:00+01:00@{now}x300"


@pytest.fixture
def loaded(created: Settings) -> Iterator[tuple[Heed, Heed]]:
    """A worker and a recorder that have taken a mixed load."""
    clock = {"HEED_CLOCK": CLOCK.format(now=time.time_ns() // 1_000_000), "HEED_CLOCK_ALLOWED": "demo"}  # noqa: TID251
    codec = Codec.local()
    day = generate(DayPlan(200, 900, 11))
    with Heed("worker", created, **clock) as worker, Heed("recorder", created, **clock) as recorder:
        with Sender(created) as sender:
            for record in (*day.before, *day.during):
                event = record.value
                topic = event.topic if isinstance(event, Event) else record.topic
                sender.raw(topic, record.key, bytes_of(record, codec))
        until(lambda: worker.metric("heed_events_consumed_total") >= len(day.during), 60)
        until(lambda: worker.metric("heed_consumer_lag") == 0, 60)
        until(lambda: worker.metric("heed_wakes_total") > 50, 60)
        until(lambda: recorder.metric("heed_record_entries_total") > 100, 60)
        yield worker, recorder


def test_what_people_and_prometheus_see_after_a_mixed_load(loaded: tuple[Heed, Heed], tmp_path: Path) -> None:
    for process in loaded:
        status, text = process.get("/metrics")
        assert status == 200
        run("promtool", "check", "metrics", given=text)
        series = [line for line in text.splitlines() if not line.startswith("#")]
        print(process.command, len(series), "series")  # noqa: T201
        assert len(series) <= MOST_SERIES
        assert all(line.startswith(("heed_", "process_")) for line in series)
        assert list(strange(series)) == []
        assert "pat-" not in text
    worker, recorder = loaded
    _pages_are_fit_to_show(worker, recorder, tmp_path)
    assert worker.metric("heed_unjustified_objected_sends_total") == 0
    assert worker.metric("heed_conservation_gap") == 0
    assert worker.metric("heed_tasks_unowned") == 0
    assert recorder.metric("heed_record_unjustified_objected_sends_total") == 0
    assert worker.metric("heed_escalations_open") > 0
    assert worker.metric("heed_escalation_oldest_seconds") > 0
    assert worker.metric("heed_decision_seconds_count") > 0
    assert worker.metric("heed_objection_propagation_seconds_count") > 0
    assert abs(worker.metric("heed_clock_skew_seconds")) < 1
    assert worker.metric("heed_short_notice_total") > 0
    assert worker.metric("heed_short_notice_time_left_seconds_count") == worker.metric(
        "heed_short_notice_total"
    )
    assert worker.metric("heed_contacts_unverified_ratio") >= 0
    assert worker.metric("heed_ready") == 1
    assert recorder.metric("heed_heartbeat_seconds_count") >= 4, "one a partition"
    assert recorder.metric("heed_heartbeat_age_seconds") < 240
    recorder.terminate()
    until(lambda: worker.metric("heed_unrecorded_seconds") > 1, 30)
    recorder.start().until_ready()
    until(lambda: worker.metric("heed_unrecorded_seconds") == 0, 30)
    time.sleep(3 * LOOK_EVERY_S)  # nothing tells of a look that finds nothing
    assert worker.metric("heed_unrecorded_seconds") < 2, "the last marker of a partition is not waited for"
    _pages_read_well_on_a_telephone(tmp_path)


def _pages_are_fit_to_show(worker: Heed, recorder: Heed, folder: Path) -> None:
    until(lambda: "R-BOOK" in worker.get("/")[1], 30)  # as of the last look at open tasks
    for process in (worker, recorder):
        status, html = process.get("/")
        assert status == 200
        assert "Safety: must be 0" in html
        assert "pat-" not in html
        assert "<script" not in html
        (folder / f"{process.command}.html").write_text(html)


def _pages_read_well_on_a_telephone(folder: Path) -> None:
    """Last of all: where there is no browser the test is skipped here, and everything above has passed."""
    for name, words in (
        ("worker", ("Heed worker", "Tasks by role", "R-BOOK", "Shards")),
        ("recorder", ("Heed recorder", "Work")),
    ):
        seen = look(folder / f"{name}.html", TELEPHONE, folder / f"{name}.png")
        assert seen.beyond == ()
        assert seen.width == TELEPHONE
        assert [word for word in ("Safety: must be 0", *words) if word not in seen.words] == []

"""An ordinary hour, fifteen times as fast: real processes, a real Prometheus, every rule, and nobody is called.

The hospital's clock and every duration of the rules run 15 times as fast as the world, so that an hour of theirs is
4 minutes of ours; thresholds stay, so that a second of ours counts as much as one of theirs. By ``make monitoring``.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.draw_dashboards import draw_all
from streams.domain.time import MINUTE
from streams.settings import Settings
from tests.support.everyday import PATIENTS, Everyday
from tests.support.monitored import Hospital
from tests.support.outside import now
from tests.support.running import until
from tests.support.scraping import COMPRESSION
from tests.support.times import uk

pytestmark = [pytest.mark.monitoring, pytest.mark.timeout(500)]

#: What has not happened in an ordinary hour has no series yet: Grafana says "no data".
MAY_BE_EMPTY = {
    "Messages on an objected channel",
    "Set aside",
    "Incidents and near misses",
    "Moved on",
    "Sends that failed",
}
BEGAN = uk("Tue 13 Oct 2026 09:50")


class WholeHospital(Hospital):
    compress = ("alerts.yaml", "objectives.yaml")
    rules_later = True


def test_nobody_is_called(created: Settings, tmp_path: Path) -> None:
    wall = now()
    clock = {
        "HEED_CLOCK": f"2026-10-13T09:50:00+01:00@{wall}x{COMPRESSION}", "HEED_CLOCK_ALLOWED": "demo",
    }  # fmt: skip

    def hospital_time() -> int:
        return BEGAN + (now() - wall) * COMPRESSION

    hospital = WholeHospital(created, tmp_path, **clock)
    with hospital.worker, hospital.recorder, Everyday(created, hospital_time) as day:
        day.know()
        until(lambda: hospital.recorder.metric("heed_record_entries_total") >= PATIENTS // 20, 60)
        until(
            lambda: (
                hospital.worker.metric("heed_lag_seconds") + hospital.worker.metric("heed_unrecorded_seconds")
                == 0
            ),
            60,
        )
        with hospital.prometheus:  # counts from here on: that all were made known at once is no ordinary hour
            until(hospital.prometheus.scraped)
            hospital.prometheus.apply_rules()
            an_hour(hospital, day, hospital_time, tmp_path)


def an_hour(hospital: Hospital, day: Everyday, hospital_time: Callable[[], int], folder: Path) -> None:
    fired, pending = dict[str, float](), set[str]()
    begun, from_here = time.monotonic(), hospital_time()
    for minute in range(1, 61):
        day.minute()
        while hospital_time() < from_here + minute * MINUTE:
            day.answer()
            for alert in hospital.prometheus.firing() - fired.keys():
                fired[alert] = time.monotonic() - begun
            pending |= hospital.prometheus.alerts("pending")
    decided = hospital.worker.metric("heed_decisions_total")
    messages = hospital.worker.metric("heed_send_commands_total")
    tasks = hospital.worker.metric("heed_escalations_total")
    asked = hospital.worker.metric("heed_decisions_total", 'outcome="ESCALATE"')
    print(  # noqa: T201
        f"{day.fed} events, {decided:.0f} decisions, {asked:.0f} of them to ask somebody, {messages:.0f} messages, {tasks:.0f} tasks"
    )
    print(f"pending for a while: {sorted(pending)}")  # noqa: T201
    empty = draw_all(hospital.prometheus.url, 5, folder / "dashboards")
    print(f"dashboards: {folder / 'dashboards'}")  # noqa: T201
    assert not fired
    assert {title for titles in empty.values() for title in titles} <= MAY_BE_EMPTY
    assert messages > 1_000
    assert tasks > 20

"""Real faults that show in time: overload, a wrong clock, holds nobody handles, a policy that runs out.

As test_real_faults.py: real processes, a real Prometheus, the rules of deploy/. Run by ``make monitoring``.
"""

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import Topic
from streams.kafka import topics
from streams.kafka.broker import LocalKafka
from streams.settings import Settings
from tests.support.monitored import Hospital
from tests.support.outside import Sender, appointment, now, patient
from tests.support.running import meanwhile, until
from tests.support.scraping import COMPRESSION

pytestmark = [pytest.mark.monitoring, pytest.mark.timeout(500)]

QUICK = "settle_s: {appointment: 0, result: 0}\n"
LIBFAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


@contextmanager
def fed(settings: Settings, each_second: int) -> Iterator[None]:
    """Somebody keeps feeding appointments of a hundred patients."""
    numbers = itertools.count()

    def feed(over: threading.Event) -> None:
        with Sender(settings) as sender:
            while not over.wait(0.1):
                for number in itertools.islice(numbers, each_second // 10):
                    event = appointment(
                        f"P{number % 100}", now(), now() + 20 * DAY, appointment_id=f"A{number}"
                    )
                    sender.send(Topic.APPOINTMENTS, event)

    with meanwhile(feed):
        yield


class OverloadedHospital(Hospital):
    """A process without a processor answers late: it is given as long as Prometheus gives by default."""

    scrape_s = 10


class Squeeze:
    """Less and less of a processor for a worker, until what waits for it grows older as fast as the clock runs."""

    def __init__(self, hospital: Hospital) -> None:
        self._hospital = hospital
        self._looked = time.monotonic()
        self._lag = 0.0
        self.share = 0.1

    def look(self) -> float:
        """Squeeze, if need be; gives the lag in seconds."""
        lag = self._hospital.prometheus.value("max(heed_lag_seconds)") or 0.0
        if time.monotonic() - self._looked > 25:
            if lag < self._lag + 10:
                self.share *= 0.6
            self._looked, self._lag = time.monotonic(), lag
        return lag


def test_more_arrives_than_a_worker_can_decide(created: Settings, tmp_path: Path) -> None:
    """The machine is overloaded: 300 events a second, and less and less of a processor to decide them with."""
    hospital = OverloadedHospital(created, tmp_path)
    with hospital.worker, hospital.recorder, hospital.prometheus:
        with Sender(created) as sender:
            for number in range(100):
                sender.send(Topic.PATIENTS, patient(f"P{number}", now()))
        with fed(created, 300):
            hospital.calm(5)  # with a whole processor it keeps up
            squeeze = Squeeze(hospital)
            with hospital.worker.starved(lambda: squeeze.share):
                until(lambda: squeeze.look() > 60, 170)
                hospital.fires("LagHigh", 120)
        hospital.clears(
            "LagHigh", remembers=150 * COMPRESSION
        )  # what waits must be decided: some 30,000 events


def test_heartbeats_that_do_not_come_through(created: Settings, tmp_path: Path) -> None:
    """The worker hangs; the recorder, which sends and receives them, sees it from the other end."""
    hospital = Hospital(created, tmp_path)
    with hospital.worker, hospital.recorder, hospital.prometheus:
        until(lambda: hospital.recorder.metric("heed_heartbeat_seconds_count") >= 4)
        hospital.calm(5)
        with hospital.worker.frozen():
            hospital.fires("HeartbeatLost", 60 * COMPRESSION + 30)  # lost means a minute
        hospital.clears("HeartbeatLost", remembers=20 * COMPRESSION)  # the next ones come within 10 s
        hospital.clears("PartitionsUnowned")


def test_a_clock_that_is_wrong(created: Settings, tmp_path: Path) -> None:
    """The worker's machine is 10 s ahead of the broker's; then its clock is put right while it runs."""
    if not LIBFAKETIME.exists():
        pytest.fail("libfaketime is not installed (Debian, Ubuntu: apt-get install faketime)", pytrace=False)
    clock = tmp_path / "clock"
    clock.write_text("+0")
    ahead = {
        "LD_PRELOAD": str(LIBFAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    hospital = Hospital(created, tmp_path, ahead)
    with hospital.worker, hospital.recorder, hospital.prometheus:
        hospital.send(Topic.PATIENTS, patient("P1", now()))
        with fed(created, 10):  # the clocks are compared at each commit
            hospital.calm(5)
            clock.write_text("+10")
            hospital.fires("ClockSkew", 120)
            clock.write_text("+0")
            hospital.clears("ClockSkew")


def test_holds_nobody_handles(own_kafka: LocalKafka, settings: Settings, tmp_path: Path) -> None:
    """The broker hangs while messages wait for their time, and the time passes. Minutes are seconds here."""
    policy = tmp_path / "policy.yaml"
    policy.write_text('version: "two minutes"\nsettle_s: {appointment: 120, result: 0}\n')  # 6 s here
    ours = msgspec.structs.replace(settings, bootstrap_servers=own_kafka.bootstrap, policy=policy)
    asyncio.run(topics.create(ours))
    wall = now()
    clock = {"HEED_CLOCK": f"2026-10-13T10:00:00+01:00@{wall}x20", "HEED_CLOCK_ALLOWED": "demo"}
    began = 1_791_882_000_000
    hospital = Hospital(ours, tmp_path, **clock)
    with hospital.worker, hospital.recorder, hospital.prometheus:
        with Sender(ours) as sender:
            for number in range(20):
                sender.send(Topic.PATIENTS, patient(f"P{number}", began))
        hospital.calm(3)
        with Sender(ours) as sender:
            for number in range(20):
                at = began + 20 * (now() - wall)
                sender.send(Topic.APPOINTMENTS, appointment(f"P{number}", at, at + 200 * HOUR))
        until(lambda: hospital.worker.metric("heed_holds_open") > 0, 10)
        own_kafka.pause()
        try:
            hospital.fires(
                "HoldOverdue", (6 + 3) * COMPRESSION + 120
            )  # due in 6 s; a minute late is 3 s here
        finally:
            own_kafka.resume()
        hospital.clears("HoldOverdue", remembers=15 * COMPRESSION)
        until(lambda: hospital.worker.metric("heed_holds_open") == 0)


def test_a_policy_that_runs_out(created: Settings, tmp_path: Path) -> None:
    """A changed file is taken over without a restart: first it ends too soon, then it is renewed."""

    def written(days: int) -> None:
        end = datetime.fromtimestamp((now() + days * DAY) / 1000, UTC).isoformat(timespec="seconds")
        file.write_text(f'version: "{days} days"\n{QUICK}override_policies: {{G3: {{valid_to: "{end}"}}}}\n')

    file = tmp_path / "policy.yaml"
    written(100)
    hospital = Hospital(msgspec.structs.replace(created, policy=file), tmp_path)
    with hospital.worker, hospital.recorder, hospital.prometheus:
        hospital.calm(5)
        written(29)
        hospital.fires("PolicyExpiring", 5 * COMPRESSION + 15 * 60)  # the file is looked at every few seconds
        written(365)
        hospital.clears("PolicyExpiring", remembers=5 * COMPRESSION)

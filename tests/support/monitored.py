"""Real processes at fixed ports, a real Prometheus that scrapes them with the real rules, and whoever feeds them.

Durations in the rules are divided by ``COMPRESSION`` (scraping.py); thresholds stay as they are.
"""

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from streams.domain.vocabulary import Topic
from streams.settings import Settings
from tests.support.outside import Sender
from tests.support.running import Heed, until
from tests.support.scraping import COMPRESSION, Prometheus, free_port

LOOK_S: Final = 2 + 1  # the worker's look, an evaluation; a scrape comes in between
SLACK_S: Final = 8  # a busy machine
NONE: Final[Mapping[str, str]] = {}


class Hospital:
    """Processes at fixed ports, and whoever feeds them."""

    #: The rule files whose durations are divided.
    compress: tuple[str, ...] = ("alerts.yaml",)
    #: Whether rules hold only once they are applied.
    rules_later = False
    #: Between two scrapes, and how long one may take.
    scrape_s = 2

    def __init__(
        self, settings: Settings, folder: Path, only_worker: Mapping[str, str] = NONE, /, **both: str
    ) -> None:
        """``only_worker``: more variables of the worker's environment, ``both``: of both processes'."""
        self._settings = settings
        ports = {"heed-worker": free_port(), "heed-recorder": free_port()}
        self.worker = Heed(
            "worker", settings, HEED_HTTP_PORT=str(ports["heed-worker"]), **both, **only_worker
        )
        self.recorder = Heed("recorder", settings, HEED_HTTP_PORT=str(ports["heed-recorder"]), **both)
        self.prometheus = Prometheus(
            folder / "prometheus", ports, self.compress, later=self.rules_later, every_s=self.scrape_s
        )

    def send(self, topic: Topic, fields: dict[str, Any]) -> None:
        with Sender(self._settings) as sender:
            sender.send(topic, fields)

    def raw(self, topic: Topic, key: bytes, value: bytes) -> None:
        with Sender(self._settings) as sender:
            sender.raw(topic, key, value)

    def calm(self, seconds: float) -> None:
        """Nothing fires for so long, once everything has been scraped."""
        until(self.prometheus.scraped)
        time.sleep(3)  # an evaluation has seen it
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert not self.prometheus.firing()
            time.sleep(0.5)

    def fires(self, alert: str, lasting: float, also: Callable[[], object] = lambda: None) -> None:
        """The alert fires within its ``for`` (as written in the rules, seconds) plus one evaluation."""
        begun = time.monotonic()

        def firing() -> bool:
            also()
            return alert in self.prometheus.firing()

        until(firing, lasting / COMPRESSION + LOOK_S + self.scrape_s + SLACK_S)
        print(f"{alert} fired after {time.monotonic() - begun:.1f} s")  # noqa: T201

    def pages(self, alerts: Collection[str], lasting: float) -> set[str]:
        """Somebody is paged: one of these fires within so long (as ``fires``); gives all that fire then."""
        begun = time.monotonic()
        until(
            lambda: self.prometheus.firing() & set(alerts),
            lasting / COMPRESSION + LOOK_S + self.scrape_s + SLACK_S,
        )
        firing = self.prometheus.firing()
        print(f"{sorted(firing)} fired after {time.monotonic() - begun:.1f} s")  # noqa: T201
        return firing

    def start_what_ended(self) -> None:
        """As Kubernetes would: who gave up when its broker went away is started again."""
        for process in (self.worker, self.recorder):
            if process.ended:
                process.start().until_ready()

    def clears(self, alert: str, remembers: float = 0) -> None:
        """It stops firing; ``remembers``: how long the rule looks back (as written in it, seconds)."""
        until(
            lambda: alert not in self.prometheus.firing(),
            remembers / COMPRESSION + LOOK_S + self.scrape_s + SLACK_S,
        )

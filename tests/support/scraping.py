"""A real Prometheus that scrapes real processes, with the real rules in compressed time."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote

import yaml

from tests.support.prometheus import tool
from tests.support.running import until

RULES: Final = Path(__file__).resolve().parents[2] / "deploy" / "prometheus" / "rules"
#: A minute of `for` and of every window is four seconds here; thresholds stay as they are.
COMPRESSION: Final = 15
_RULE_FILES: Final = ("alerts.yaml", "objectives.yaml")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def compressed(text: str) -> str:
    """Every duration in rules, divided by COMPRESSION."""

    def shorter(found: re.Match[str]) -> str:
        seconds = int(found[2]) * _SECONDS[found[3]] / COMPRESSION
        return f"{found[1]}{max(1, round(seconds))}s"

    return re.sub(r"(\[|offset |for: )(\d+)([smhd])(?=[\])\s]|$)", shorter, text, flags=re.MULTILINE)


class Prometheus:
    """Scrapes ``targets`` (job to port) and evaluates every second; ``with`` starts and stops it.

    ``compress``: the rule files whose durations are divided. ``later``: rules only from ``apply_rules`` on.
    ``every_s``: between scrapes, and how long one may take.
    """

    def __init__(
        self,
        folder: Path,
        targets: Mapping[str, int],
        compress: Sequence[str] = ("alerts.yaml",),
        *,
        later: bool = False,
        every_s: int = 2,
    ) -> None:
        self._compress = compress
        self._later = later
        self._every = f"{every_s}s"
        self._folder = folder
        self._targets = targets
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Prometheus":
        self._folder.mkdir(parents=True)
        for name in _RULE_FILES:
            rules = (RULES / name).read_text("utf-8")
            (self._folder / name).write_text(compressed(rules) if name in self._compress else rules)
        self._configure([] if self._later else _RULE_FILES)
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    tool("prometheus"), f"--config.file={self._folder}/prometheus.yaml",
                    f"--storage.tsdb.path={self._folder}/data", f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        until(self._answers, 30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        if error is not None:
            print((self._folder / "log").read_text()[-2_000:])  # noqa: T201

    def _configure(self, rules: Sequence[str]) -> None:
        """On a busy machine a page takes more than a second, and one that is missed begins each ``for`` anew."""
        config = {
            "global": {
                "scrape_interval": self._every,
                "scrape_timeout": self._every,
                "evaluation_interval": "1s",
            },
            "rule_files": list(rules),
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
                for job, port in self._targets.items()
            ],
        }
        (self._folder / "prometheus.yaml").write_text(yaml.safe_dump(config))

    def apply_rules(self) -> None:
        """From now on: what was before, processes that had not begun, was no failure."""
        self._configure(_RULE_FILES)
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)
        until(lambda: self.value("heed:available:bool") == 1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def value(self, query: str) -> float | None:
        """What a query that gives one number gives now; None for nothing."""
        result = self._get(f"/api/v1/query?query={quote(query)}")["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def scraped(self) -> bool:
        """Whether everything answers."""
        result = self._get("/api/v1/query?query=up")["data"]["result"]
        return len(result) == len(self._targets) and all(one["value"][1] == "1" for one in result)

    def firing(self) -> set[str]:
        """Names of the alerts that fire now."""
        return self.alerts("firing")

    def alerts(self, state: str) -> set[str]:
        """Names of the alerts in this state; with its objective where there is one."""
        found = self._get("/api/v1/alerts")["data"]["alerts"]
        return {
            " ".join(filter(None, (alert["labels"]["alertname"], alert["labels"].get("slo"))))
            for alert in found
            if alert["state"] == state
        }

    def _answers(self) -> bool:
        try:
            return bool(self._get("/api/v1/query?query=vector(1)")["status"] == "success")
        except (OSError, HTTPException, ValueError):
            return False

    def _get(self, path: str) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", path)
            return dict(json.loads(connection.getresponse().read()))
        finally:
            connection.close()

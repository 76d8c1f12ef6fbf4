"""``heed demo`` from the command line: a small day adds up, on a broker that is there; Ctrl-C leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any
from urllib.request import urlopen

import pytest

from streams.settings import Settings
from tests.support.running import PROJECT, environment, until

pytestmark = pytest.mark.timeout(600)
_PROC = Path("/proc")


def demo(settings: Settings, *words: str, into: "IO[str] | int" = subprocess.PIPE) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "streams", "demo", *words],
        env=environment(settings), cwd=PROJECT, stdout=into, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def processes_of(settings: Settings) -> list[str]:
    """Command lines of what still runs with this test's folder in its environment or arguments."""
    mark, found = str(settings.state_dir).encode(), []
    for process in _PROC.glob("[0-9]*"):
        try:
            if process.name != str(os.getpid()) and mark in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has ended meanwhile, or is somebody else's
    return [line for line in found if line.strip()]


def running_of(settings: Settings, command: str) -> bool:
    return any(f"streams {command}" in line for line in processes_of(settings))


def place(said: str, process: str) -> str:
    """Where the demo says that this process serves its metrics."""
    found = re.search(rf"^ +{process}\b.* (http://127\.0\.0\.1:\d+) +/metrics", said, re.MULTILINE)
    assert found, said
    return found[1]


def metric(url: str, name: str) -> float:
    """The sum of a metric over its labels."""
    with urlopen(f"{url}/metrics", timeout=10) as answer:  # noqa: S310
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}[ {{]", line))


def explained(settings: Settings, prefix: str) -> list[dict[str, Any]]:
    words = [sys.executable, "-m", "streams", "explain", "--patient", "pat-000040", "--json"]
    variables = environment(settings, HEED_TOPIC_PREFIX=prefix)
    done = subprocess.run(words, env=variables, cwd=PROJECT, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_small_day_adds_up_and_can_be_explained_afterwards(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "summary.json"
    size = ("--events", "300", "--patients", "80", "--duration", "1", "--step", "10")
    running = demo(settings, "--once", *size, "--json", str(file))
    said, _ = running.communicate()
    assert running.returncode == 0, said
    summary = json.loads(file.read_text())
    assert summary["holds"]
    assert all(check["holds"] for check in summary["checks"])
    assert "Do the sums come out?" in said
    assert sum(summary["day"]["outcomes"].values()) == summary["day"]["accepted"]
    assert {"SEND", "ESCALATE", "SUPPRESS", "QUARANTINE"} <= summary["day"]["outcomes"].keys()
    assert explained(settings, summary["topic_prefix"])
    assert not list(settings.state_dir.glob("demo-*")), "a demo that went well leaves no folder"


def test_interrupted_it_stops_everything_it_started(settings: Settings) -> None:
    running = demo(settings, "--events", "300", "--patients", "80")
    try:
        until(lambda: all(running_of(settings, name) for name in ("worker", "recorder")), 60)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
        assert running.returncode == 130
        until(lambda: not processes_of(settings), 15)
    finally:
        running.kill()


def test_without_once_another_day_begins_slowly_until_ctrl_c(settings: Settings, tmp_path: Path) -> None:
    log = tmp_path / "said"
    size = ("--events", "300", "--patients", "80", "--duration", "1", "--step", "10")
    with log.open("w") as into:
        running = demo(settings, *size, into=into)
    try:
        until(lambda: "heed dead-letters list" in log.read_text() or running.poll() is not None, 240)
        assert running.poll() is None, log.read_text()
        worker, recorder = (place(log.read_text(), name) for name in ("worker", "recorder"))
        decided, recorded = (
            metric(worker, "heed_decisions_total"),
            metric(recorder, "heed_record_entries_total"),
        )
        assert decided > 0
        assert recorded > 0
        until(lambda: metric(worker, "heed_decisions_total") > decided, 120)
        until(lambda: metric(recorder, "heed_record_entries_total") > recorded, 120)
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
        until(lambda: not processes_of(settings), 15)
        assert not list(settings.state_dir.glob("demo-*"))
    finally:
        running.kill()
        running.wait()


def test_killed_it_takes_its_processes_along(settings: Settings) -> None:
    running = demo(settings, "--events", "300", "--patients", "80")
    until(lambda: running_of(settings, "worker"), 60)
    running.kill()
    running.communicate()
    until(lambda: not processes_of(settings), 30)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--events", "0"], "a whole number of 1 or more"),
        (["--events", "500", "--patients", "2"], "500 events do not fit"),
        (["--once", "--json", "/no/such/folder/x.json"], "there is no folder /no/such/folder"),
        (["--workers", "9"], "invalid choice: 9"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(words: list[str], says: str, settings: Settings) -> None:
    running = demo(settings, *words)
    said, _ = running.communicate()
    assert running.returncode == 2
    assert says in said
    assert said.count("\n") == 1


def test_an_unreachable_broker_is_one_line_and_exit_code_2(settings: Settings) -> None:
    words = [sys.executable, "-m", "streams", "demo", "--once"]
    variables = environment(settings, HEED_BOOTSTRAP_SERVERS="127.0.0.1:9")
    done = subprocess.run(words, env=variables, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no Kafka answers at 127.0.0.1:9" in done.stderr

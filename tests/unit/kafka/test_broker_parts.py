"""The parts of the local broker that need none: ports, settings, engines, messages, and the guard."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import yaml

from streams.errors import BrokerUnreachable
from streams.kafka.broker import background, engines, guard, maven, properties
from streams.kafka.broker.readiness import PortTaken, wait_until_ready

DOCKER = """#!/bin/sh
echo "$@" >> "$DOCKER_LOG"
case "$*" in
  *"config --images"*) echo apache/kafka:4.1.1 ;;
  $DOCKER_FAILS) exit 1 ;;
esac
"""


def command(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(script, encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``docker`` that writes down what it was asked and fails where DOCKER_FAILS matches."""
    command(tmp_path / "bin", "docker", DOCKER)
    log = tmp_path / "docker.log"
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_LOG", str(log))
    monkeypatch.setenv("DOCKER_FAILS", "nothing")
    return log


def gone(pid: int) -> bool:
    """Whether the process has ended; a zombie has."""
    return not background.command_line(pid)


def wait_for(happened: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.02)
    return False


def test_ports_are_free_differ_and_lie_below_those_for_outgoing_connections() -> None:
    ports = properties.free_ports()
    assert ports.client != ports.controller
    assert all(20_000 <= port < 32_000 for port in ports)
    with socket.socket() as taken:
        taken.bind((properties.HOST, ports.client))


def test_docker_gets_the_same_settings_as_java() -> None:
    compose = yaml.safe_load((maven.DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    given = compose["services"]["kafka"]["environment"]
    for key, value in properties.NODE.items():
        assert given["KAFKA_" + key.upper().replace(".", "_")] == value
    assert compose["services"]["kafka"]["ports"][0].startswith("127.0.0.1:")
    kafka_version = maven.POM.read_text(encoding="utf-8").partition("<kafka.version>")[2].partition("<")[0]
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{kafka_version}"


def test_docker_comes_first_where_an_engine_answers(docker: Path, tmp_path: Path) -> None:
    engine = engines.choose(tmp_path / "kafka", tmp_path / "cache", lambda _: None)
    launch = engine.launch(properties.Ports(20_001, 20_002))
    assert engine.name == "docker"
    assert launch.run[:4] == ["env", "HEED_KAFKA_PORT=20001", "HEED_KAFKA_CONTROLLER_PORT=20002", "docker"]
    assert launch.forget is not None
    assert launch.forget[-4:] == ["down", "--volumes", "--timeout", "5"]
    assert launch.mark in launch.run


def test_docker_is_not_used_where_no_engine_answers(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_FAILS", "version*")
    assert not engines.docker_answers()


def test_java_is_tried_when_docker_cannot_fetch_the_image(
    docker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(tmp_path / "bin", "docker", DOCKER.replace("$DOCKER_FAILS)", "image*|pull*)"))
    command(tmp_path / "bin", "java", "#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    said: list[str] = []
    with pytest.raises(BrokerUnreachable):
        engines.choose(tmp_path / "kafka", tmp_path / "cache", said.append)
    assert any("trying Java" in line for line in said)


def test_neither_docker_nor_java_is_one_line_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(BrokerUnreachable) as refused:
        engines.choose(tmp_path / "kafka", tmp_path / "cache", lambda _: None)
    assert "start Docker, or install Java 17 or newer and Maven" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "usable"),
    [('openjdk version "17.0.15" 2025-04-15', True), ('java version "21" 2023', True), ('version "1.8.0_402"', False),
     ('openjdk version "11.0.2"', False), ("what?", False)],
)  # fmt: skip
def test_java_must_be_17_or_newer(
    said: str, usable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(tmp_path / "bin", "java", f"#!/bin/sh\necho '{said}' >&2\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert (maven.java() is not None) is usable


def test_maven_without_a_network_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command(
        tmp_path / "bin",
        "mvn",
        "#!/bin/sh\necho '[ERROR] Could not transfer artifact'\necho '[ERROR] more'\nexit 1\n",
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(BrokerUnreachable, match="^Maven could not fetch Kafka: Could not transfer artifact$"):
        maven.class_path(tmp_path / "cache", lambda _: None)


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (b"", BrokerUnreachable, "it said nothing"),
        (b"INFO fine\njava.lang.RuntimeException: no\n", BrokerUnreachable, "java.lang.RuntimeException: no"),
        (b"java.net.BindException: Address already in use\n", PortTaken, "20001 or 20002"),
    ],
)
def test_a_broker_that_ends_at_once_says_why(
    said: bytes, kind: type[Exception], message: str, tmp_path: Path
) -> None:
    log = tmp_path / "broker.log"
    log.write_bytes(b"Kafka Server started, an earlier time\n" + said)
    with pytest.raises(kind, match=message):
        wait_until_ready(log, log.stat().st_size - len(said), properties.Ports(20_001, 20_002), lambda: False)


def guarded(
    tmp_path: Path, run: list[str], at_end: list[str] | None = None
) -> "tuple[subprocess.Popen[str], int]":
    plan = json.dumps({"run": run, "log": str(tmp_path / "log"), "finally": at_end})
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__, plan],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def test_the_guard_ends_its_command_when_the_pipe_closes(tmp_path: Path) -> None:
    process, pid = guarded(tmp_path, ["sleep", "60"], ["touch", str(tmp_path / "ended")])
    process.communicate("", timeout=10)
    assert gone(pid)
    assert (tmp_path / "ended").exists()


def test_the_guard_leaves_the_last_command_out_when_told_to_keep(tmp_path: Path) -> None:
    process, pid = guarded(tmp_path, ["sleep", "60"], ["touch", str(tmp_path / "ended")])
    process.communicate("keep\n", timeout=10)
    assert gone(pid)
    assert not (tmp_path / "ended").exists()


def test_the_guard_ends_a_frozen_command(tmp_path: Path) -> None:
    process, pid = guarded(tmp_path, ["sleep", "60"])
    os.kill(pid, signal.SIGSTOP)
    process.communicate("", timeout=10)
    assert gone(pid)


#: A killed guard ends nothing any more: the kernel has to, and only Linux has a call that asks it to (prctl).
ONLY_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux ends the children of a killed process"
)


@pytest.mark.parametrize("sent", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=ONLY_LINUX)])
def test_the_command_ends_with_the_guard(tmp_path: Path, sent: signal.Signals) -> None:
    process, pid = guarded(tmp_path, ["sleep", "60"])
    process.send_signal(sent)
    process.communicate(timeout=10)
    assert wait_for(lambda: gone(pid))


def test_ctrl_c_is_left_to_the_parent(tmp_path: Path) -> None:
    process, pid = guarded(tmp_path, ["sleep", "60"])
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert not gone(pid)
    process.communicate("", timeout=10)
    assert gone(pid)


def test_a_state_file_of_a_process_that_is_gone_counts_for_nothing(tmp_path: Path) -> None:
    state = background.Running(
        os.getpid(), "127.0.0.1:1", "java", str(tmp_path), mark="/no/such/server.properties"
    )
    (tmp_path / "state.json").write_bytes(msgspec.json.encode(state))
    assert background.running(tmp_path) is None
    (tmp_path / "state.json").write_text("{", encoding="utf-8")
    assert background.running(tmp_path) is None

"""The command line: quick help, one line when refused, exit codes of contract 4."""

import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka.errors import RequestTimedOutError

from streams.cli import main as cli


def heed(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "streams", *words], capture_output=True, text=True, check=False, env=variables
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "the following arguments are required: COMMAND (see heed --help)"),
        (["dance"], "invalid choice: 'dance'"),
        (["topics"], "required: ACTION (see heed topics --help)"),
        (["kafka"], "required: ACTION (see heed kafka --help)"),
        (["topics", "burn"], "invalid choice: 'burn'"),
        (
            ["topics", "check", "--frobnicate"],
            "unrecognized arguments: --frobnicate (see heed topics --help)",
        ),
        (["worker", "--foo"], "unrecognized arguments: --foo (see heed worker --help)"),
        (["policy", "check", "--foo"], "unrecognized arguments: --foo (see heed policy check --help)"),
        (["dead-letters", "list", "x"], "unrecognized arguments: x (see heed dead-letters list --help)"),
        (["--foo", "worker"], "unrecognized arguments: --foo (see heed --help)"),
        (["topics", "check"], "no Kafka is configured: set HEED_BOOTSTRAP_SERVERS"),
        (["--config", "missing.toml", "topics", "check"], "missing.toml: there is no such file"),
        (["topics", "check", "--config", "missing.toml"], "missing.toml: there is no such file"),
        (["day", "--out", "x", "--events", "many"], "--events: 'many' is not a whole number of 1 or more"),
        (["day", "--out", "x", "--patients", "0"], "--patients: '0' is not a whole number of 1 or more"),
        (["report", "--month", "2026-11", "--months", "x"], "--months: 'x' is not a whole number, 2 to 13"),
        (["feed", "x", "--rate", "fast"], "--rate: 'fast' is not a number above 0"),
        (["demo", "--duration", "-5"], "--duration: '-5' is not a number above 0"),
        (["demo", "--duration", "nan"], "--duration: 'nan' is not a number above 0"),
        (["verify", "--slack-ms", "-3"], "--slack-ms: '-3' is not a whole number of 0 or more"),
        (["policy", "diff", "a", "b", "--examples", "-1"], "--examples: '-1' is not a whole number of 0"),
        (["demo", "--json", "ABSENT/x.json"], "--json ABSENT/x.json: there is no folder ABSENT"),
        (["demo", "--json", "/"], "--json /: is a folder; name a file"),
        (["simulate", "/", "--junit", "ABSENT/x.xml"], "--junit ABSENT/x.xml: there is no folder"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    words: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """ABSENT: a folder that is not there."""
    absent = str(tmp_path / "absent")
    words, says = [word.replace("ABSENT", absent) for word in words], says.replace("ABSENT", absent)
    monkeypatch.setenv("HEED_STATE_DIR", absent)
    monkeypatch.delenv("HEED_BOOTSTRAP_SERVERS", raising=False)
    assert cli.main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("heed: ")
    assert says in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("name", ["explain", "dead_letters", "resume", "verify", "report", "rebuild", "feed"])
def test_a_broker_that_fails_on_the_way_is_one_line_and_exit_code_2(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(args: object, settings: object) -> int:
        raise RequestTimedOutError

    words = {
        "explain": ["--patient", "P1"],
        "dead_letters": ["list"],
        "resume": ["--partition", "0", "--by", "x", "--because", "y"],
        "report": ["--month", "2026-11"],
    }
    monkeypatch.setattr(f"streams.cli.{name}.run", fails)
    assert cli.main([name.replace("_", "-"), *words.get(name, [])]) == 2
    said = capsys.readouterr().err
    assert said.startswith("heed: Kafka does not answer as it should (RequestTimedOutError): ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["worker", "recorder"])
def test_a_process_that_is_kept_running_ends_with_its_trace(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2 would say that starting it again is of no use."""

    def fails(args: object, settings: object) -> int:
        raise RequestTimedOutError

    monkeypatch.setattr(f"streams.cli.{name}.run", fails)
    with pytest.raises(RequestTimedOutError):
        cli.main([name])


def test_every_command_has_help_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for name in cli.COMMANDS:
        with pytest.raises(SystemExit) as ended:
            cli.main([name.replace("_", "-"), "--help"])
        assert ended.value.code == 0
        assert "examples:" in capsys.readouterr().out, name


def test_help_does_not_wait_for_kafka_libraries() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "streams", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert not imported & {"aiokafka", "faust", "fastavro", "prometheus_client", "rich", "yaml", "holidays"}


def test_a_broker_that_does_not_answer_is_exit_code_2() -> None:
    done = heed("topics", "check", HEED_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("heed: no Kafka answers at 127.0.0.1:1")
    assert done.stderr.count("\n") == 1


def test_a_misspelt_variable_is_exit_code_2() -> None:
    done = heed("kafka", "status", HEED_BOOTSTRAP="x:1")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "did you mean HEED_BOOTSTRAP_SERVERS?" in done.stderr


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("heed 0.")

"""``heed feed`` on a real broker: everything or nothing from files, what is right from a stream, another topic."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from streams.cli.main import main
from streams.domain.events import Event
from streams.domain.vocabulary import Topic
from streams.kafka.codec import Codec
from streams.kafka.partitioner import partition_for
from streams.settings import Settings
from tests.support.outside import Sender, committed, encoded
from tests.support.outside import appointment as written_outside
from tests.support.running import set_environment


@pytest.fixture
def configured(created: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    set_environment(monkeypatch, created)
    return created


def booking(number: int, **fields: Any) -> dict[str, Any]:
    plain = {
        "event_id": f"e{number}", "patient_id": f"P{number}", "version": 1, "source": "test",
        "occurred_at": "2026-10-12T09:00:00+01:00", "appointment_id": f"A{number}", "status": "BOOKED",
        "starts_at": "2026-10-20T09:00:00+01:00",
    }  # fmt: skip
    return plain | fields


def lines(*events: dict[str, Any]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def on_topic(settings: Settings, topic: Topic = Topic.APPOINTMENTS) -> list[Event]:
    codec = Codec.local()
    return [codec.decode(topic, message.key(), message.value()) for message in committed(settings, topic)]


def test_a_file_is_fed_in_order_to_each_patients_partition(configured: Settings, tmp_path: Path) -> None:
    file = tmp_path / "appointments.jsonl"
    file.write_text(
        lines(*(booking(number) for number in range(40)), booking(3, version=2, event_id="later"))
    )
    assert main(["feed", str(file)]) == 0
    messages = committed(configured, Topic.APPOINTMENTS)
    assert len(messages) == 41
    assert all(message.partition() == partition_for(message.key() or b"", 4) for message in messages)
    assert [e.envelope.event_id for e in on_topic(configured) if e.envelope.patient_id == "P3"] == [
        "e3",
        "later",
    ]


def test_a_file_with_a_wrong_line_feeds_nothing(
    configured: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(lines(booking(1, topic="appointments")))
    bad.write_text(
        lines(booking(2, topic="appointments"), booking(3, topic="appointments", starts_at="soon"))
    )
    assert main(["feed", str(good), str(bad)]) == 2
    said = capsys.readouterr().err
    assert f"{bad}:2: starts_at: expected" in said
    assert "nothing was fed" in said
    assert committed(configured, Topic.APPOINTMENTS) == []


def test_keep_going_leaves_wrong_lines_out_and_says_so(
    configured: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "appointments.jsonl"
    file.write_text("{\n" + lines(booking(1), booking(2)))
    assert main(["feed", str(file), "--keep-going", "--rate", "1000"]) == 1
    said = capsys.readouterr()
    assert f"{file}:1: is not JSON" in said.err
    assert "fed 2 appointments; left out 1" in said.out
    assert len(on_topic(configured)) == 2


def test_standard_input_is_fed_as_it_comes(
    configured: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(lines(booking(1), booking(2, version="x"), booking(3))))
    assert main(["feed", "-", "--topic", "appointments"]) == 1
    assert "standard input:2: version: expected" in capsys.readouterr().err
    assert len(on_topic(configured)) == 2


def test_another_topic_is_taken_the_same_way(
    configured: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Framed Avro as it is and JSON lines; what is neither is left out and named by its place."""
    with Sender(configured) as sender:
        event = written_outside("P7", 1_790_000_000_000, 1_790_100_000_000)
        sender.raw(Topic.RESULTS, b"P7", encoded(Topic.APPOINTMENTS, event), partition=0)
        sender.raw(Topic.RESULTS, b"any", json.dumps(booking(8)).encode(), partition=0)
        sender.raw(Topic.RESULTS, b"P9", b"neither", partition=0)
    other = configured.topic(Topic.RESULTS)
    assert main(["feed", "--from-topic", other, "--topic", "appointments"]) == 1
    assert f"{other}[0]@2: undecodable" in capsys.readouterr().err
    assert sorted(event.envelope.patient_id for event in on_topic(configured)) == ["P7", "P8"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["feed"], "name a file"),
        (["feed", "missing.jsonl"], "missing.jsonl: cannot be read"),
        (["feed", "x.jsonl", "--topic", "decisions"], "invalid choice"),
        (["feed", "-", "--rate", "0"], "a number above 0"),
        (["feed", "--from-topic", "no-such-topic", "--topic", "results"], "no-such-topic not found"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    words: list[str], says: str, configured: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1

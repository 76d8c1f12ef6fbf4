"""Trace context through real processes, and log lines that lead to a patient only for those who may know."""

import json

import pytest

from streams.cli.main import main
from streams.domain.time import DAY
from streams.domain.vocabulary import Topic
from streams.ops.person import hash_of
from streams.settings import Settings
from tests.support.outside import Sender, appointment, committed, encoded, now, objection, patient
from tests.support.running import Heed, set_environment, until

pytestmark = pytest.mark.timeout(240)

KEY = "0123456789abcdef0123456789abcdef"


def traced(number: int) -> tuple[str, bytes]:
    return "traceparent", b"00-%032x-00f067aa0ba902b7-01" % number


def contexts(settings: Settings, topic: Topic) -> list[bytes]:
    """The trace contexts of a topic's records."""
    return [
        value
        for message in committed(settings, topic)
        for name, value in message.headers() or ()
        if name == "traceparent"
    ]


def test_from_an_input_to_its_record_and_from_a_log_line_to_its_patient(
    at_once: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Heed("worker", at_once, HEED_LOG_KEY=KEY) as worker, Heed("recorder", at_once):
        with Sender(at_once) as sender:
            sender.send(Topic.PATIENTS, patient("Pat-1", now()))
            sender.send(Topic.PATIENTS, patient("Pat-2", now()))
            wish = encoded(Topic.OBJECTIONS, objection("Pat-2", now(), reason="SAFETY_DOMESTIC_ABUSE"))
            sender.raw(Topic.OBJECTIONS, b"Pat-2", wish, headers=[traced(3)])
        with Sender(at_once) as sender:
            for number in (1, 2):
                event = encoded(Topic.APPOINTMENTS, appointment(f"Pat-{number}", now(), now() + 20 * DAY))
                sender.raw(Topic.APPOINTMENTS, b"Pat-%d" % number, event, headers=[traced(number)])
            sender.raw(Topic.RESULTS, b"Pat-1", b"no record at all", headers=[traced(4)])
        until(lambda: {traced(n)[1] for n in (2, 3)} <= set(contexts(at_once, Topic.RECORDS)), 60)
        until(lambda: "set_aside" in worker.said(), 30)
    # Whether there is a command depends on the hour: tests/unit/worker/test_turn.py has both.
    assert traced(2)[1] in contexts(at_once, Topic.ESCALATION_TASKS)
    assert {traced(1)[1], traced(2)[1]} <= set(contexts(at_once, Topic.DECISIONS))

    said = worker.said()
    assert "Pat-" not in said
    (line,) = [json.loads(line) for line in said.splitlines() if "set_aside" in line]
    assert line["trace_id"] == f"{4:032x}"
    assert (line["topic"], line["reason"]) == ("results", "undecodable")
    assert line["patient"] == hash_of("Pat-1", KEY)

    set_environment(monkeypatch, at_once, HEED_LOG_KEY=KEY)
    capsys.readouterr()
    assert main(["explain", "--hash", line["patient"], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["decision"]["patient_id"] for one in found} == {"Pat-1"}
    assert main(["explain", "--hash", "0" * 16]) == 1
    monkeypatch.delenv("HEED_LOG_KEY")
    assert main(["explain", "--hash", line["patient"]]) == 2

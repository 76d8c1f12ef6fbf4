"""``heed explain`` and ``heed dead-letters`` on a real broker, with a worker that has decided."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from streams.cli.main import main
from streams.domain.time import DAY
from streams.domain.vocabulary import Topic
from streams.settings import Settings
from tests.support.outside import Sender, appointment, committed, now, objection, patient
from tests.support.running import Heed, set_environment, until

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def decided(at_once: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """One patient who objects to texts for a protected reason, a booking of hers, and two unreadable records."""
    set_environment(monkeypatch, at_once)
    with Heed("worker", at_once):
        with Sender(at_once) as sender:
            sender.send(Topic.PATIENTS, patient("P1", now()))
            sender.send(Topic.OBJECTIONS, objection("P1", now(), reason="SAFETY_DOMESTIC_ABUSE"))
        with Sender(at_once) as sender:
            sender.send(Topic.APPOINTMENTS, appointment("P1", now(), now() + 20 * DAY))
            sender.raw(Topic.RESULTS, b"P1", b"no record at all")
            sender.raw(Topic.RESULTS, b"P2", b"\0\0\0\xff\xff nor this")
        until(lambda: len(committed(at_once, Topic.DEAD_LETTERS)) == 2, 60)
        until(lambda: len(committed(at_once, Topic.DECISIONS)) >= 2, 60)
        yield at_once


def answer(words: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> Any:
    capsys.readouterr()
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def explains_a_patient_and_one_decision(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(["explain", "--patient", "P1"], capsys)
    about = [one for one in found if one["decision"]["input"]["topic"] == "appointments"]
    assert [one["decision"]["outcome"] for one in about][-1] == "ESCALATE"
    last = about[-1]
    assert last["path"]
    assert all(step["says"] for step in last["path"])
    assert last["tasks"][0]["reason"] == "protected_objection"
    assert answer(["explain", "--decision", last["decision"]["decision_id"]], capsys) == [last]


def says_so_in_sentences_without_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--patient", "P1"]) == 0
    said = capsys.readouterr().out
    assert "given to staff" in said
    assert "the rules that spoke, in order" in said
    for secret in ("SAFETY_DOMESTIC_ABUSE", "+447700900001", "Ada"):
        assert secret not in said


def has_nothing_about_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["explain", "--patient", "nobody"], capsys, 1) == []
    assert answer(["explain", "--decision", "none"], capsys, 1) == []


def lists_letters_without_their_payload(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    letters: list[dict[str, Any]] = answer(["dead-letters", "list"], capsys)
    assert [letter["topic"] for letter in letters] == ["results", "results"]
    assert {letter["reason"] for letter in letters} <= {"undecodable", "unknown_schema"}
    assert not any(letter["requeued"] for letter in letters)
    assert main(["dead-letters", "list"]) == 0
    said = capsys.readouterr().out
    assert "no record at all" not in said
    assert "2 dead letters, 2 of them not put back" in said
    assert answer(["dead-letters", "list", "--topic", "appointments"], capsys) == []
    return letters


def puts_a_letter_back_once(
    letter: dict[str, Any], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The original bytes, in their partition, marked; the worker sets them aside anew."""
    words = ["dead-letters", "requeue", "--id", letter["id"]]
    assert answer(words, capsys)["requeued"] == [letter["id"]]
    back = [message for message in committed(settings, Topic.RESULTS) if message.headers()]
    assert [message.headers() for message in back] == [[("heed.requeued-from", letter["id"].encode())]]
    original = next(
        message for message in committed(settings, Topic.RESULTS)
        if (message.partition(), message.offset()) == (letter["partition"], letter["offset"])
    )  # fmt: skip
    assert (back[0].partition(), back[0].key(), back[0].value()) == (
        original.partition(), original.key(), original.value(),
    )  # fmt: skip
    until(lambda: len(answer(["dead-letters", "list"], capsys)) == 3, 60)
    refused = answer(words, capsys, 1)
    assert refused["requeued"] == []
    assert "--again" in refused["left"][0]["why"]
    assert answer([*words, "--again"], capsys)["requeued"] == [letter["id"]]


def test_triage_from_explaining_to_putting_back(
    decided: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """One worker, one broker: what an operator does in turn."""
    explains_a_patient_and_one_decision(capsys)
    says_so_in_sentences_without_the_reason(capsys)
    has_nothing_about_others(capsys)
    letters = lists_letters_without_their_payload(capsys)
    puts_a_letter_back_once(letters[0], decided, capsys)
    assert answer(["dead-letters", "requeue", "--id", "0-999"], capsys, 1)["unknown"] == ["0-999"]
    assert letters[1]["id"] in answer(["dead-letters", "requeue", "--all"], capsys)["requeued"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["explain"], "one of the arguments --patient --decision --hash is required"),
        (["dead-letters", "requeue"], "say which"),
        (["dead-letters", "requeue", "--id", "x"], "--id x: an id is PARTITION-OFFSET"),
        (["dead-letters", "requeue", "--all", "--topic", "results"], "say which"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1

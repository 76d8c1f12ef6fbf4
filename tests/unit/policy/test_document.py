"""YAML as people write it: line numbers, no surprises, every problem noted."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from streams.domain.london import day_number
from streams.domain.vocabulary import Channel, Level
from streams.errors import BadPolicy
from streams.policy.document import Document, parse, read
from streams.policy.items import Item, Problem, Problems
from tests.support.times import uk

TEXT = """\
plain: text
quoted: "21:00"
time: 21:00
off: off
count: 3
share: 0.02
nothing:
list:
  - a
  - b: 1
"""


def test_values_are_what_was_written() -> None:
    assert parse(TEXT, "f").data == {
        "plain": "text",
        "quoted": "21:00",
        "time": "21:00",
        "off": "off",
        "count": 3,
        "share": 0.02,
        "nothing": None,
        "list": ["a", {"b": 1}],
    }
    assert parse("a: true\nb: 'true'\nc: |\n  5\nd: 2027-01-01", "f").data == {
        "a": True,
        "b": "true",
        "c": "5\n",
        "d": "2027-01-01",
    }


def test_every_key_has_its_line_and_what_is_missing_the_nearest() -> None:
    document = parse(TEXT, "f")
    assert document.line(("share",)) == 6
    assert document.line(("list", "1", "b")) == 10
    assert document.line(("list", "1", "missing", "deeper")) == 10
    assert document.line(("absent",)) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "f:2: a: is there twice"),
        ("a: [1", "f:2: is not YAML"),
        ("a: 1\n  b: 2", "f:2: is not YAML"),
        ("- a", "f:1: expected keys and values"),
        ("", "f:1: expected keys and values"),
        ("? [a]\n: 1", "is no plain key"),
        ("a: \x00", "characters that YAML does not allow"),
        ("a: &a\n  b: *a", "f:1: a.b.b...: is nested too deep"),
    ],
)
def test_unreadable(text: str, message: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        parse(text, "f")
    assert message in str(refused.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy, match=r"absent\.yaml: cannot be read: No such file"):
        read(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    with pytest.raises(BadPolicy, match="is not UTF-8 text"):
        read(tmp_path / "latin.yaml")


def looked_at(value: object, look: Callable[[Item], object]) -> tuple[object, list[str]]:
    problems = Problems(Document("f", {}, {}))
    answer = look(Item(value, ("key",), problems))
    return answer, [str(problem) for problem in problems.found]


@pytest.mark.parametrize(
    ("value", "look", "answer"),
    [
        ("x ", lambda i: i.text(), "x"),
        (3, lambda i: i.text(), "3"),
        (True, lambda i: i.flag(), True),
        ("off", lambda i: i.flag(), False),
        ("On", lambda i: i.flag(), True),
        (3, lambda i: i.whole(0, 3), 3),
        (3, lambda i: i.number(0, 3), 3.0),
        (0.5, lambda i: i.number(0, 3, above=True), 0.5),
        ("L1", lambda i: i.choice(Level), Level.L1),
        (False, lambda i: i.choice(Level, spellings={False: Level.L0}), Level.L0),
        ("sms", lambda i: i.choices(Channel), (Channel.SMS,)),
        (["sms", "email"], lambda i: i.choices(Channel), (Channel.SMS, Channel.EMAIL)),
        ("21:00", lambda i: i.time_of_day(), 1260),
        (1260, lambda i: i.time_of_day(), 1260),  # what YAML 1.1 makes of 21:00
        ("2027-01-01", lambda i: i.day(), day_number(date(2027, 1, 1))),
        (date(2027, 1, 1), lambda i: i.day(), day_number(date(2027, 1, 1))),
        ("2027-06-01", lambda i: i.start_of_day(), uk("Tue 01 Jun 2027 00:00")),
        ("2027-06-01T09:00:00+01:00", lambda i: i.start_of_day(), uk("Tue 01 Jun 2027 09:00")),
        ("2027-06-01T09:00:00+01:00", lambda i: i.moment(), uk("Tue 01 Jun 2027 09:00")),
        (datetime(2027, 6, 1, 8, tzinfo=UTC), lambda i: i.moment(), uk("Tue 01 Jun 2027 09:00")),
        (datetime(2027, 6, 1, 8, tzinfo=UTC), lambda i: i.start_of_day(), uk("Tue 01 Jun 2027 09:00")),
        ({"a": 1}, lambda i: sorted(i.table(("a", "b"))), ["a"]),
        ({"a": None}, lambda i: sorted(i.table(("a", "b"))), []),
    ],
)
def test_read(value: object, look: Callable[[Item], object], answer: object) -> None:
    assert looked_at(value, look) == (answer, [])


@pytest.mark.parametrize(
    ("value", "look", "message"),
    [
        (True, lambda i: i.text(), "f: key: is true or false; allowed: text"),
        ([], lambda i: i.text(), "f: key: is a list; allowed: text"),
        ("x" * 9, lambda i: i.text(8), "f: key: is longer than 8 characters"),
        (1, lambda i: i.flag(), "f: key: is a number; allowed: true or false"),
        (None, lambda i: i.flag(), "f: key: is empty; allowed: true or false"),
        (4, lambda i: i.whole(0, 3), "f: key: is 4; allowed: a whole number from 0 to 3"),
        (True, lambda i: i.whole(0, 3), "f: key: is true; allowed: a whole number from 0 to 3"),
        (1.5, lambda i: i.whole(0, 3), "f: key: is 1.5; allowed: a whole number from 0 to 3"),
        (0, lambda i: i.number(0, 3, above=True), "f: key: is 0; allowed: a number above 0 and at most 3"),
        ("1", lambda i: i.number(0, 3), "f: key: is '1'; allowed: a number from 0 to 3"),
        ("L6", lambda i: i.choice(Level), "f: key: is 'L6'; allowed: L0, L1, L2, L3, L4, L5"),
        ("x" * 99, lambda i: i.choice(Level), "f: key: is a long text; allowed: L0, L1, L2, L3, L4, L5"),
        (
            date(2027, 1, 1),
            lambda i: i.whole(0, 1),
            "f: key: is 2027-01-01; allowed: a whole number from 0 to 1",
        ),
        ({}, lambda i: i.whole(0, 1), "f: key: is a mapping; allowed: a whole number from 0 to 1"),
        (object, lambda i: i.whole(0, 1), "f: key: is something else; allowed: a whole number from 0 to 1"),
        (["sms", "sms"], lambda i: i.choices(Channel), "f: key: names something twice"),
        ({}, lambda i: i.entries(), "f: key: is a mapping; allowed: a list"),
        (1441, lambda i: i.time_of_day(), "f: key: is 1441; allowed: a time of day, HH:MM"),
        ("9:00", lambda i: i.time_of_day(), "f: key: is '9:00'; allowed: a time of day, HH:MM"),
        ("1 May", lambda i: i.day(), "f: key: is '1 May'; allowed: a date, YYYY-MM-DD"),
        (
            "2027-06-01T09:00:00",
            lambda i: i.moment(),
            "f: key: is '2027-06-01T09:00:00'; allowed: a time with its offset, for example 2027-03-31T17:00:00+01:00",
        ),
        (
            datetime(2027, 6, 1),  # noqa: DTZ001 - what YAML makes of a time without offset
            lambda i: i.moment(),
            "f: key: is 2027-06-01 00:00:00; allowed: a time with its offset, for example 2027-03-31T17:00:00+01:00",
        ),
        (5, lambda i: i.table(("a", "b")), "f: key: is a number; allowed: a mapping with a, b"),
        (5, lambda i: i.open_table(), "f: key: is a number; allowed: a mapping"),
        ({"aa": 1}, lambda i: i.table(("a",)), "f: key.aa: is not a key here; did you mean a?"),
        ({"zzz": 1}, lambda i: i.table(("a",)), "f: key.zzz: is not a key here; allowed: a"),
        ({}, lambda i: i.table(("a",), required=("a",)), "f: key.a: is missing"),
    ],
)
def test_wrong(value: object, look: Callable[[Item], object], message: str) -> None:
    assert looked_at(value, look)[1] == [message]


def test_a_problem_is_noted_once() -> None:
    problems = Problems(parse("a: 1", "f"))
    for _ in range(2):
        problems.note(("a",), "is wrong")
    assert problems.found == [Problem("f", 1, "a", "is wrong")]
    assert str(Problem("f", None, "", "is wrong")) == "f: is wrong"

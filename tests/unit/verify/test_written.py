"""Behind a gap, what is written and must not be shows, also in topics to which nothing had to be written."""

from pathlib import Path

import pytest

from streams.domain.records import SafetyEntry, Subject
from streams.domain.time import HOUR, MINUTE
from streams.domain.vocabulary import SubjectKind, Topic
from streams.verify.findings import Kind
from streams.verify.policies import read_policies
from tests.unit.verify.test_model import CODEC, Life, differences, lived, person


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "one.yaml"
    file.write_text('version: "one"\nsettle_s: {appointment: 0, result: 0}\ncoalesce_min: 0\n')
    return file


def quiet(policy: Path) -> Life:
    """Everything was decided hours ago; since then nothing had to be said."""
    life = lived(policy)
    for name in ("P7", "P8", "P9"):
        life.clock.at += HOUR
        life.turn(person(name))
    life.clock.at += HOUR
    return life


def letter(life: Life) -> None:
    headers = {
        "heed.reason": b"unreadable", "heed.topic": b"results", "heed.partition": b"0", "heed.offset": b"0", "heed.at": b"1",
    }  # fmt: skip
    life._append(life.topics[Topic.DEAD_LETTERS], Topic.DEAD_LETTERS, b"P1", b"rubbish", headers)


def incident(life: Life) -> None:
    entry = SafetyEntry(
        "s", "P1", "incident", Subject(SubjectKind.APPOINTMENT, "a-P1", 1), None, None, life.clock.at
    )
    life._append(life.topics[Topic.SAFETY_LOG], Topic.SAFETY_LOG, b"P1", CODEC.encode(entry), {})


def message(life: Life) -> None:
    sent = life.topics[Topic.SEND_COMMANDS][-1]
    life._append(life.topics[Topic.SEND_COMMANDS], Topic.SEND_COMMANDS, sent.key, sent.value, {})


@pytest.mark.parametrize("surplus", [letter, incident, message])
def test_surplus_shows_where_nothing_had_to_be_written(policy: Path, surplus: object) -> None:
    life, policies = quiet(policy), read_policies([policy])
    rows = life.compacted(len(life.changelog) - 3)
    ledger = life.ledger(rows)
    assert ledger.begin is not None
    assert differences(life, policies, rows) == {}
    assert callable(surplus)
    surplus(life)
    assert differences(life, policies, rows) == {Kind.INVENTED: 1}


def test_what_was_written_before_the_gap_is_left_alone_whatever_its_stamp_says(policy: Path) -> None:
    """A commit may take a moment, and a broker's clock be another one than a worker's."""
    life, policies = quiet(policy), read_policies([policy])
    rows = life.compacted(len(life.changelog) - 3)
    ledger = life.ledger(rows)
    assert ledger.begin is not None
    life.clock.at = ledger.turns[ledger.begin.index][1].at + 5 * MINUTE
    incident(life)
    assert differences(life, policies, rows) == {}

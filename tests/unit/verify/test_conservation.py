"""What the verification must see: one thing at a time is wrong with a history made by real turns.

The model sees most of it too; this is what is left where turns are compacted away and nothing can be decided again.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.domain.records import Decision, RecordEntry, SendCommand
from streams.domain.time import SECOND
from streams.domain.vocabulary import Mode, Outcome, Topic
from streams.kafka.reading import Stored
from streams.recorder.entries import message_entry
from streams.settings import load
from streams.verify.conservation import Conservation
from streams.verify.findings import Findings, Kind
from streams.verify.ledger import Ledger, decoded
from streams.verify.model import Model
from streams.verify.policies import PolicyOfTurn, read_policies
from streams.verify.run import Plan, Verification
from streams.verify.written import compare
from tests.support.policies import policy
from tests.unit.verify.test_model import CODEC, Life, lived, moved

Tamper = Callable[[Life], object]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    at_once = tmp_path / "policy.yaml"
    at_once.write_text('version: "one"\nsettle_s: {appointment: 0, result: 0}\ncoalesce_min: 0\n')
    return at_once


@pytest.fixture
def life(file: Path) -> Life:
    return lived(file)


def conserved(ledger: Ledger) -> dict[Kind, int]:
    findings = Findings()
    Conservation(ledger, CODEC, 1, findings).check()
    return dict(findings.counts)


def last_sent(life: Life) -> tuple[int, Decision]:
    return next((n, d) for n, d in reversed([*enumerate(life.decisions())]) if d.outcome is Outcome.SEND)


def put(life: Life, topic: Topic, record: Any, at: int | None = None) -> None:
    """Write a record over the one at this offset, or behind all."""
    log = life.topics[topic]
    beside = log[-1 if at is None else at] if log else life.topics[Topic.DECISIONS][-1]
    value, offset = CODEC.encode(record), len(log) if at is None else at
    stored = Stored(topic, 0, offset, beside.timestamp, beside.key, value, {})
    log[offset : offset + 1] = [stored]


def a_second_end(life: Life) -> None:
    _, sent = last_sent(life)
    fields: Any = {"outcome": Outcome.SUPPRESS, "command_id": None, "task_ids": ()}
    put(life, Topic.DECISIONS, msgspec.structs.replace(sent, decision_id="another", **fields))


def the_last_two_swapped(life: Life) -> None:
    (at, one), (later, two) = [(n, d) for n, d in enumerate(life.decisions()) if d.patient_id == "P1"][-2:]
    put(life, Topic.DECISIONS, two, at)
    put(life, Topic.DECISIONS, one, later)


def sent_without_a_message(life: Life) -> None:
    at, sent = last_sent(life)
    put(life, Topic.DECISIONS, msgspec.structs.replace(sent, command_id=None), at)
    log = life.topics[Topic.SEND_COMMANDS]
    commands = [decoded(CODEC, Topic.SEND_COMMANDS, stored) for stored in log]
    del log[
        next(
            n
            for n, c in enumerate(commands)
            if isinstance(c, SendCommand) and c.command_id == sent.command_id
        )
    ]


def about_another_partition(life: Life) -> None:
    at, sent = last_sent(life)
    elsewhere = msgspec.structs.replace(sent.input, partition=1)
    put(life, Topic.DECISIONS, msgspec.structs.replace(sent, input=elsewhere), at)


def entry(life: Life) -> RecordEntry:
    command = decoded(CODEC, Topic.SEND_COMMANDS, life.topics[Topic.SEND_COMMANDS][-1])
    assert isinstance(command, SendCommand)
    return message_entry(command, policy(), life.clock.at)


def recorded(life: Life) -> None:
    put(life, Topic.RECORDS, entry(life))


def recorded_twice(life: Life) -> None:
    recorded(life)
    put(life, Topic.RECORDS, msgspec.structs.replace(entry(life), record_id="another"))


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (lambda life: None, {}),
        (recorded, {}),
        (a_second_end, {Kind.DUPLICATED: 1}),
        (the_last_two_swapped, {Kind.OUT_OF_ORDER: 1}),
        (sent_without_a_message, {Kind.UNLINKED: 1}),
        (about_another_partition, {Kind.INVENTED: 1}),
        (recorded_twice, {Kind.DUPLICATED: 1}),
    ],
    ids=lambda given: getattr(given, "__name__", None),
)
def test_each_thing_that_is_wrong_is_found(life: Life, tamper: Tamper, found: dict[Kind, int]) -> None:
    tamper(life)
    assert conserved(life.ledger()) == found


def with_journal(ledger: Ledger, at: int, **changes: Any) -> Ledger:
    offset, journal = ledger.turns[at]
    ledger.turns[at] = offset, msgspec.structs.replace(journal, **changes)
    return ledger


@pytest.mark.parametrize(("unread", "found"), [(0, {}), (1, {Kind.OFFSETS: 1}), (2, {Kind.OFFSETS: 2})])
def test_what_was_decided_has_been_read(life: Life, unread: int, found: dict[Kind, int]) -> None:
    """The table says that it reads on with the very record that was decided."""
    ledger = life.ledger()
    read_to = {**ledger.read_to, Topic.APPOINTMENTS: ledger.read_to[Topic.APPOINTMENTS] - unread}
    assert conserved(with_journal(ledger, -1, read_to=read_to)) == found


def to_video(life: Life) -> None:
    """The one appointment of P3 becomes a video call: a change, and its link."""
    life.turn(moved("P3", 1))
    event = moved("P3", 2)
    link: dict[str, Any] = {"mode": Mode.VIDEO, "join_link_ref": "https://video.example.org/a"}
    life.turn(msgspec.structs.replace(event, body=msgspec.structs.replace(event.body, **link)))
    life.clock.at += SECOND
    life.turn(wakes=(b"P3",))


def test_the_link_that_follows_a_notice_is_a_request_of_its_own(life: Life, file: Path) -> None:
    to_video(life)
    notice, link = life.decisions()[-2:]
    assert (notice.outcome, link.outcome) == (Outcome.SEND, Outcome.SEND)
    assert link.event_id == f"{notice.event_id}#link:sms"
    assert conserved(life.ledger()) == {}
    assert decided_again(life, life.ledger(), file) == {}
    a_second_end(life)
    assert conserved(life.ledger()) == {Kind.DUPLICATED: 1}


# The journals themselves.


def decided_again(life: Life, ledger: Ledger, file: Path) -> dict[Kind, int]:
    findings = Findings()
    model = Model(ledger, CODEC, PolicyOfTurn(read_policies((file,)), life.decisions()), 1, findings)
    model.replay()
    compare(ledger, model.expected, model.table, findings)
    return dict(findings.counts)


def test_two_turns_with_the_same_number_are_two_writers(life: Life, file: Path) -> None:
    ledger = life.ledger()
    assert decided_again(life, ledger, file) == {}
    number = ledger.turns[2][1].number
    assert decided_again(life, with_journal(ledger, 3, number=number), file) == {Kind.TABLE: 1}


@pytest.mark.parametrize("by", [-1, 1])
def test_a_turn_reads_on_from_where_it_ended(life: Life, file: Path, by: int) -> None:
    ledger = life.ledger()
    read_to = {**ledger.read_to, Topic.APPOINTMENTS: ledger.read_to[Topic.APPOINTMENTS] + by}
    assert decided_again(life, with_journal(ledger, -1, read_to=read_to), file) == {Kind.OFFSETS: 1}


# What is summed over all partitions.


def verification() -> Verification:
    return Verification(load(environ={}), Plan(), CODEC, {}, 1, {})


@pytest.mark.parametrize(("arrived", "found"), [(0, {Kind.LOST: 1}), (1, {}), (2, {Kind.DUPLICATED: 1})])
def test_what_is_sent_on_to_another_patients_key_arrives_once(arrived: int, found: dict[Kind, int]) -> None:
    whole = verification()
    whole._forwarded, whole._arrived = Counter({b"same": 1}), Counter({b"same": arrived})
    whole.forwards()
    assert dict(whole.findings.counts) == found


class Committed:
    def __init__(self, ahead: int) -> None:
        self._ahead = ahead

    async def committed(self, group: str, asked: list[tuple[str, int]]) -> dict[tuple[str, int], int | None]:
        return {at: self._ahead if at[0] == Topic.APPOINTMENTS else None for at in asked}


@pytest.mark.parametrize(("ahead", "found"), [(-1, {}), (0, {}), (1, {Kind.OFFSETS: 1})])
async def test_the_group_is_not_ahead_of_the_table(life: Life, ahead: int, found: dict[Kind, int]) -> None:
    ledger = life.ledger()
    begin = ledger.read_to[Topic.APPOINTMENTS] - 1
    ledger = with_journal(ledger, -1, read_to={**ledger.read_to, Topic.APPOINTMENTS: begin})
    offsets: Any = Committed(begin + ahead)
    whole = verification()
    await whole._offsets(offsets, ledger)
    assert dict(whole.findings.counts) == found

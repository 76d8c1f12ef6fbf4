"""Two ways in which something could go missing unnoticed: a lost timer, and a record passed on to its own partition."""

from collections import Counter

import msgspec
import pytest

from streams.domain.time import DAY, HOUR, MINUTE, SECOND, Instant
from streams.domain.vocabulary import Topic
from streams.kafka.partitioner import partition_for
from streams.verify.conservation import Conservation
from streams.verify.findings import Findings, Kind
from streams.verify.ledger import Ledger
from streams.verify.misplaced import Passed, missing
from streams.verify.overdue import check_overdue
from tests.unit.verify.conftest import EVENING, due
from tests.unit.verify.test_model import CODEC, NOW, Life, person

MORNING = NOW + 22 * HOUR  # when what waits is due


def work(life: Life, begin: Instant, minutes: int, every: int = 30 * SECOND) -> None:
    """Turns without anything for P1."""
    for at in range(begin, begin + minutes * MINUTE + 1, every):
        life.clock.at = at
        life.turn()


def overdue(life: Life) -> dict[Kind, int]:
    findings = Findings()
    check_overdue(life.ledger(), findings)
    return dict(findings.counts)


def test_a_lost_timer_is_found(held: Life) -> None:
    work(held, MORNING - 5 * MINUTE, 19)
    assert overdue(held) == {}, "14 minutes: a worker may be slow"
    work(held, MORNING + 15 * MINUTE, 1)
    assert overdue(held) == {Kind.OVERDUE: 1}


@pytest.mark.parametrize(("begin", "found"), [(MORNING - 1, {}), (MORNING, {Kind.OVERDUE: 1})])
def test_a_lost_timer_is_found_after_a_quarter_of_an_hour(
    held: Life, begin: Instant, found: dict[Kind, int]
) -> None:
    held.turn(person("P2"))  # has nothing due
    work(held, begin, 15)
    assert overdue(held) == found


def test_whose_row_is_new_is_given_time(held: Life) -> None:
    work(held, MORNING, 15)
    newer = person("P1")
    held.turn(
        msgspec.structs.replace(
            newer, envelope=msgspec.structs.replace(newer.envelope, version=2, event_id="p2")
        )
    )
    assert due(held) == MORNING, "details that change nothing about it"
    assert overdue(held) == {}


def test_a_patient_who_was_woken_is_not_overdue(held: Life) -> None:
    held.clock.at = MORNING + 10 * MINUTE
    held.turn(wakes=(b"P1",))
    work(held, MORNING + 11 * MINUTE, 30)
    assert overdue(held) == {}


@pytest.mark.parametrize("kept", [(), (b"P1",)])
def test_nor_one_whose_wakes_could_not_be_written(held: Life, kept: tuple[bytes, ...]) -> None:
    """It stays due; a person is told, and no timer was lost."""
    for minutes in range(40):
        held.clock.at = MORNING + minutes * MINUTE
        held.turn(wakes=(b"P1",), refused=(b"P1",), kept=kept)
    assert due(held) <= MORNING
    assert overdue(held) == {}
    work(held, MORNING + 40 * MINUTE, 17)
    assert overdue(held) == {Kind.OVERDUE: 1}, "until it is not woken any more"


def test_a_worker_that_was_away_may_take_its_time(held: Life) -> None:
    held.clock.at = MORNING + SECOND
    held.turn()  # due a second ago, and then the worker is gone for a day
    work(held, MORNING + DAY, 10)
    assert overdue(held) == {}
    work(held, MORNING + DAY + 10 * MINUTE, 10)
    assert overdue(held) == {Kind.OVERDUE: 1}


def test_a_clock_that_was_ahead_makes_nothing_overdue(held: Life) -> None:
    work(held, EVENING + HOUR, 30)
    ledger, findings = held.ledger(), Findings()
    ledger.turns = [
        (o, msgspec.structs.replace(j, at=j.at + (12 * HOUR if i % 2 else 0)))
        for i, (o, j) in enumerate(ledger.turns)
    ]
    check_overdue(ledger, findings)
    assert not findings.counts


def elsewhere(life: Life, partitions: int) -> tuple[Ledger, bytes]:
    """A person whose partition is not 0, logged there, and taken."""
    name = next(n for n in map("Q{}".format, range(99)) if partition_for(n.encode(), partitions))
    life.turn(person(name))
    ledger = life.ledger()
    ledger.table.pop(name.encode())
    return ledger, name.encode()


def test_what_was_passed_on_is_counted(held: Life) -> None:
    ledger, key = elsewhere(held, 2)
    ledger.inputs = {topic: [s for s in records if s.key == key] for topic, records in ledger.inputs.items()}
    conservation = Conservation(ledger, CODEC, 2, Findings())
    conservation.check()
    (one,) = conservation.passed_on
    assert (one.place.topic, one.to) == (Topic.PATIENTS, 1)
    ledger.turns[-1] = (ledger.turns[-1][0], msgspec.structs.replace(ledger.turns[-1][1], read_to={}))
    unread = Conservation(ledger, CODEC, 2, Findings())
    unread.check()
    assert unread.passed_on == [], "nobody has taken it yet"


@pytest.mark.parametrize(
    ("there", "removed", "found"),
    [
        (2, 0, {}),
        (3, 0, {}),
        (1, 0, {Kind.LOST: 1}),
        (0, 0, {Kind.LOST: 2}),
        (0, NOW + 1, {Kind.LOST: 1}),
        (1, NOW + 1, {}),
    ],
)
def test_each_that_was_passed_on_must_arrive(
    held: Life, there: int, removed: Instant, found: dict[Kind, int]
) -> None:
    place = held.ledger().place(Topic.PATIENTS, 7)
    sent = [Passed(place, 1, b"same", NOW), Passed(place, 1, b"same", NOW + HOUR)]
    findings = Findings()
    missing(sent, Counter({b"same": there}), removed, findings)
    assert dict(findings.counts) == found

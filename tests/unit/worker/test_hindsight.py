"""When a patient table is older than what was decided with it."""

import msgspec
import pytest

from streams.domain.records import Decision, InputRef, Subject
from streams.domain.time import MINUTE
from streams.domain.vocabulary import Outcome, Reason, SubjectKind, Topic
from streams.worker.hindsight import Made, is_behind
from streams.worker.journal import Journal

AT = 1_796_122_800_000
JOURNAL = Journal(7, AT, (), {Topic.APPOINTMENTS: 100})
ENDS = {Topic.APPOINTMENTS: 140}


def decision(offset: int, decided_at: int) -> Decision:
    return Decision(
        "d", "e", InputRef("appointments", 0, offset), "P1", Outcome.SEND, Reason.PREFERRED, "7.1", ("7.1",), None,
        Subject(SubjectKind.APPOINTMENT, "A1", 1), None, None, None, (), 1, "v", AT, decided_at,
    )  # fmt: skip


def made(offset: int, decided_at: int, appended: int | None = None) -> Made:
    return Made(decision(offset, decided_at), decided_at if appended is None else appended)


@pytest.mark.parametrize(
    ("offset", "decided_at", "behind"),
    [
        (99, AT, False),  # this very turn
        (100, AT, True),  # about something the table has not read
        (99, AT + MINUTE, False),  # a hold that ended, by a clock that is ahead
        (99, AT + 11 * MINUTE, True),  # a hold that ended since
        (500, AT - MINUTE, False),  # before the topic was made anew
        (139, AT, True),  # the last record there is
        (140, AT, False),  # held since before the topic was made anew, and ended in this very turn
        (140, AT + 11 * MINUTE, True),  # the same in a turn since
    ],
)
def test_what_a_decision_tells_of_the_table(offset: int, decided_at: int, behind: bool) -> None:
    assert is_behind(JOURNAL, [made(offset, decided_at)], ENDS) is behind


def test_a_clock_that_was_ahead_and_was_put_right_is_no_backup() -> None:
    assert not is_behind(JOURNAL, [made(98, AT + 30 * MINUTE), made(99, AT)], ENDS)


def test_nor_when_the_last_decision_was_made_by_it_and_turns_without_any_followed() -> None:
    assert not is_behind(JOURNAL, [made(99, AT + 60 * MINUTE, appended=AT - MINUTE)], ENDS)


def test_a_clock_that_is_behind_for_the_table_and_its_decisions_alike_is_no_backup() -> None:
    assert not is_behind(JOURNAL, [made(99, AT, appended=AT + 60 * MINUTE)], ENDS)


def test_an_empty_table_is_behind_any_decision_and_only_then() -> None:
    assert is_behind(Journal(), [made(0, AT)], ENDS)
    assert not is_behind(Journal(), [], ENDS)
    assert not is_behind(msgspec.structs.replace(JOURNAL, read_to={}), [], ENDS)

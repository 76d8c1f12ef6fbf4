"""The walk through the table: the first outcome ends it, and every row that spoke is named once."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions.decide import decide
from streams.decisions.rules import ANY, Rule
from streams.domain.decision import Hold, Suppress
from streams.domain.vocabulary import Channel, Reason
from streams.errors import CannotDecide
from tests.support.charts import NOW, case, known

CASE: Final = case(known(Channel.SMS))


def row(rule_id: str, answer: Any) -> Rule:
    def ask(asked: Any) -> Any:
        return answer(asked) if callable(answer) else answer

    return Rule(rule_id, rule_id, (), "S0 line 1", ANY, ask)


def fails(_: Any) -> None:
    raise ValueError("Ada Test, 9990548609")


PAST: Final = Suppress(Reason.PAST)


def test_the_first_outcome_ends_it() -> None:
    ruling = decide(CASE, (row("1", None), row("2", PAST), row("3", fails)))
    assert (ruling.verdict, ruling.rule, ruling.path, ruling.case) == (PAST, "2", ("2",), CASE)


def test_rows_that_change_the_context_are_named_once() -> None:
    def no_override(asked: Any) -> Any:
        return replace(asked, no_override=True)

    ruling = decide(CASE, (row("2.6", no_override), row("2.6", no_override), row("2.7", PAST)))
    assert ruling.path == ("2.6", "2.7")
    assert ruling.case.no_override


def test_marks_of_the_event_begin_the_path() -> None:
    marked = replace(CASE, asked=replace(CASE.asked, flags=("1.6",)))
    assert decide(marked, (row("2.4", PAST),)).path == ("1.6", "2.4")


@pytest.mark.parametrize(
    ("rule_id", "reason", "ended_by"),
    [
        ("7.1", Reason.QUIET_HOURS, "B6"),
        ("9.5", Reason.CHANNEL_WINDOW, "B6"),
        ("2.1", Reason.SETTLE, "2.1"),
        ("3.10", Reason.SURGE, "3.10"),
    ],
)
def test_a_message_that_waits_was_ended_by_b6(rule_id: str, reason: Reason, ended_by: str) -> None:
    assert decide(CASE, (row(rule_id, Hold(reason, NOW + 1)),)).rule == ended_by


def test_a_row_that_fails_is_named_and_says_nothing_of_the_patient() -> None:
    with pytest.raises(CannotDecide) as raised:
        decide(CASE, (row("4.4", fails),))
    assert str(raised.value) == "rule 4.4 failed: ValueError"


def test_a_machine_without_memory_is_no_mistake_of_a_row() -> None:
    """Another machine would decide otherwise: nothing is decided, and the worker stops and begins anew."""

    def exhausted(_: Any) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        decide(CASE, (row("9.9", exhausted),))


def test_a_table_that_does_not_answer_is_a_fault() -> None:
    with pytest.raises(CannotDecide, match="last row"):
        decide(CASE, (row("1", None),))

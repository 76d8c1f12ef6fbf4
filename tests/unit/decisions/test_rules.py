"""The table of B3: its order, its ids, and that no row gives a reason it does not name."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from streams.decisions.grounds import GROUND_TASKS
from streams.decisions.purposes import GROUND_OF, LEVEL_OF, NEVER_SENT, OUT_OF_SCOPE, RAISERS
from streams.decisions.rules import INTAKE_ROWS, OTHER_ROWS, ROWS, RULES, RULES_FOR, title_of
from streams.decisions.traits import EVERY
from streams.domain.records import Decision
from streams.domain.vocabulary import Ground, Purpose, Reason, SubjectKind
from streams.policy.load import default_path, read
from streams.scenarios import Stage, play, read_files

SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"
IDS: Final = [rule.id for rule in RULES]
#: Rows that decisions.md asks at another place than their number says, and why.
ELSEWHERE: Final = {
    "1.2": "the status of an appointment is known once the feed has settled",
    "6.3": "who is left out is known before stage 5 chooses",
    "9.8": "a person's approval comes before the choice of a channel",
    "7.3": "7.2 sends to stage 9 first", "7.4": "", "7.5": "", "7.6": "",
}  # fmt: skip
STAGES: Final = (1, 2, 3, 4, 6, 9)


def numbers(stage: int) -> list[float]:
    """The numbers of a stage's rows, in the order of the table; a row asked again later counts once."""
    found = [rule_id.split(".") for rule_id in dict.fromkeys(IDS) if rule_id not in ELSEWHERE]
    return [int(parts[1]) for parts in found if parts[0] == str(stage) and len(parts) == 2]


@pytest.mark.parametrize("stage", STAGES)
def test_rows_of_a_stage_stand_in_the_order_of_b3(stage: int) -> None:
    assert numbers(stage) == sorted(numbers(stage))
    assert numbers(stage)


def test_stages_follow_each_other() -> None:
    first = {rule_id: IDS.index(rule_id) for rule_id in IDS}
    marks = ["1.7", "B10.1", "1.11", "2.1", "3.1", "B10.4", "4.2", "6.3", "B11.2", "B11.1", "6.1", "7", "7.1"]
    marks += ["9.0", "9.7", "7.3", "7.6"]
    assert [first[one] for one in marks] == sorted(first[one] for one in marks)


def test_results_are_asked_in_the_order_of_b10() -> None:
    rows = [int(rule_id[4:]) for rule_id in IDS if rule_id.startswith("B10.")]
    units = rows.index(9)
    assert rows[units] == 9, "units_differ only adds a task, before row 7 asks for the agreement"
    rows.pop(units)
    assert rows == list(range(1, 12))


def test_recipients_are_asked_in_the_order_that_b11_says() -> None:
    rows = [int(rule_id[4:]) for rule_id in IDS if rule_id.startswith("B11.")]
    checked_before = [2, 5, 8, 9, 10, 11]
    assert rows[: len(checked_before)] == checked_before
    assert sorted(rows[len(checked_before) :]) == [1, 3, 4, 6, 7, 13], "row 12 is part of E5"
    assert rows[-1] == 1


def test_no_row_stands_twice() -> None:
    twice = Counter((rule.id, rule.ask) for rule in RULES).most_common(1)[0]
    assert twice[1] == 1
    assert len({rule.title for rule in RULES}) == len(RULES)
    same_id = {rule_id for rule_id, count in Counter(IDS).items() if count > 1}
    assert same_id == {"1.2", "1.11", "2.3", "4.6", "B10.9"}


def test_the_last_row_of_every_table_always_answers() -> None:
    assert {rules[-1].id for rules in RULES_FOR.values()} == {"7.6"}
    assert len(RULES_FOR) == 3 * (EVERY + 1)


def test_every_row_names_its_source_and_has_a_title() -> None:
    for rule in RULES:
        assert rule.title
        assert rule.source.split(" line ")[0] in {"S0", "S1", "S2"}, rule.id
        assert int(rule.source.split(" line ")[1]) > 0
    for row_id, title, source in (*INTAKE_ROWS, *OTHER_ROWS):
        assert title_of(row_id) == title
        assert source.startswith("S")


def test_rows_are_named_in_words() -> None:
    assert title_of("7.5") == "No usable contact detail"
    assert title_of("0.0") == "A row of an earlier version"
    assert len(ROWS) == len(set(ROWS))
    assert "7" not in ROWS


#: Reasons of decisions that end outside the table (B17).
ELSEWHERE_REASONS: Final = {
    "1.1": {Reason.UNDECODABLE, Reason.UNKNOWN_SCHEMA, Reason.NULL_VALUE},
    "1.2": {Reason.FIELD_TOO_LONG, Reason.CONTROL_CHARACTERS, Reason.BAD_TIME},
    "1.3": {Reason.BAD_NHS_NUMBER, Reason.KEY_MISMATCH},
    "1.4": {Reason.DUPLICATE},
    "1.5": {Reason.STALE_VERSION, Reason.VERSION_CONFLICT},
    "1.6": {Reason.CLOCK_FAR_AHEAD},
    "2.2": {Reason.SUPERSEDED},
    "B6": {Reason.QUIET_HOURS, Reason.CHANNEL_WINDOW, Reason.CONTACT_LINE_CLOSED},
    "B6.2": {Reason.UNCONTACTABLE, Reason.DATA_QUALITY},
    "10": {Reason.UNKNOWN_COMMAND},
    "fault": {Reason.DATA_QUALITY},
}


@cache
def decisions() -> tuple[Decision, ...]:
    stage = Stage(read(default_path()))
    verdicts = [play(scenario, stage) for scenario in read_files([SCENARIOS])]
    return tuple(
        one.record for verdict in verdicts for one in verdict.emitted if isinstance(one.record, Decision)
    )


def test_every_reason_is_among_its_rows_reasons() -> None:
    named = {rule_id: set(found) for rule_id, found in ELSEWHERE_REASONS.items()}
    for rule in RULES:
        named.setdefault(rule.id, set()).update(rule.reasons)
    for decision in decisions():
        assert decision.reason in named[decision.rule], (decision.rule, decision.reason)


def test_the_last_row_of_a_path_decided() -> None:
    held_back = {"B6", "B6.2", "9.8"}
    for decision in decisions():
        assert decision.rule in ROWS
        assert set(decision.rule_path) <= set(ROWS)
        assert decision.rule in held_back or decision.rule_path[-1] == decision.rule


def test_every_ground_has_an_owner_and_approvers() -> None:
    assert set(GROUND_TASKS) == set(Ground)
    for plan in GROUND_TASKS.values():
        assert len(plan.approvers) == 2
        assert all(plan.approvers)


def test_every_purpose_has_its_place() -> None:
    never = OUT_OF_SCOPE | set(NEVER_SENT) | {Purpose.UNKNOWN}
    assert set(LEVEL_OF) == set(Purpose) - never
    assert set(RAISERS) == set(GROUND_OF) - {Purpose.APPT_VIRTUAL_INVITE}


def test_kinds_of_request_have_tables() -> None:
    assert {kind for kind, _ in RULES_FOR} == {
        SubjectKind.APPOINTMENT,
        SubjectKind.RESULT,
        SubjectKind.REQUEST,
    }

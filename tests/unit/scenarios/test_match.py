"""What counts as "as expected": one instant in any order, instants in order, nothing extra."""

from collections.abc import Sequence
from typing import Final

import pytest

from streams.domain.records import (
    Basis,
    DeadLetter,
    Decision,
    EscalationTask,
    InputRef,
    ObjectionConsidered,
    SafetyEntry,
    SendCommand,
    Subject,
    TemplateRef,
)
from streams.domain.vocabulary import (
    Channel,
    Level,
    Outcome,
    Priority,
    Purpose,
    Reason,
    RecipientRole,
    Role,
    SubjectKind,
    TaskStatus,
)
from streams.scenarios.match import Emitted, Fault, judge
from streams.scenarios.parse import read_string

CLOCK: Final = 1_796_122_800_000  # Tue 01 Dec 2026 11:00 GMT
HEAD: Final = "scenario: a name\nclock: 2026-12-01T11:00:00+00:00\n"
SUBJECT: Final = Subject(SubjectKind.APPOINTMENT, "A1", 1)
TEMPLATE: Final = TemplateRef("t", 1, "h")


def send(channel: Channel = Channel.SMS, after: int = 0) -> Emitted:
    considered = (ObjectionConsidered("O1", 1, True), ObjectionConsidered("O2", 3, False))
    basis = Basis(
        "6(1)(e)", "9(2)(h)", "implied_consent", RecipientRole.PATIENT, None, Purpose.APPT_CANCEL, Level.L1,
        Reason.PREFERRED, None, None, considered, TEMPLATE, ("2.2", "7.1"), "c", "p", 1, 0, 0, 0,
    )  # fmt: skip
    command = SendCommand(
        "c1", "d1", "P1", Purpose.APPT_CANCEL, SUBJECT, channel, RecipientRole.PATIENT, None, "x", "t", 1,
        {"site": "Main", "when": "noon"}, "en", Level.L1, Reason.PREFERRED, basis, None, 1, "p", 0, 0, None, CLOCK,
    )  # fmt: skip
    return Emitted(CLOCK + after, command)


def task(
    role: Role = Role.BOOK, after: int = 0, version: int = 1, status: TaskStatus = TaskStatus.OPEN
) -> Emitted:
    record = EscalationTask(
        "t1", version, status, "P1", "d1", role, (Role.DQ, Role.IG), Priority.P1, Reason.NO_CONTACT_DETAIL, SUBJECT,
        None, CLOCK + 3_600_000, CLOCK, "o", ("phone",), (), None, None, "p", CLOCK,
    )  # fmt: skip
    return Emitted(CLOCK + after, record)


def decision(outcome: Outcome, after: int = 0, path: tuple[str, ...] = ("2.2", "7.1")) -> Emitted:
    record = Decision(
        "d1", "e1", InputRef("appointments", 0, 1), "P1", outcome, Reason.PREFERRED, "7.1", path, None, SUBJECT,
        None, None, None, (), 1, "p", 0, 0,
    )  # fmt: skip
    return Emitted(CLOCK + after, record)


SAFETY: Final = Emitted(CLOCK, SafetyEntry("s", "P1", "near_miss", SUBJECT, None, None, CLOCK))
DEAD: Final = Emitted(
    CLOCK, DeadLetter(None, None, Reason.BAD_TIME, "appointments", 0, 1, None, "starts_at", CLOCK)
)


def faults(body: str, emitted: Sequence[Emitted]) -> list[Fault]:
    [scenario] = read_string(HEAD + body)
    return [problem.fault for problem in judge(scenario, emitted)]


def test_nothing_expected_and_nothing_seen() -> None:
    assert faults("", []) == []


def test_what_is_not_listed_fails_unless_any_is_allowed() -> None:
    assert faults("", [send()]) == [Fault.EXTRA]
    assert faults("sends: any", [send()]) == []
    assert faults("sends: any", [task()]) == [Fault.EXTRA]
    assert faults("tasks: any", [task()]) == []


def test_safety_log_dead_letters_and_decisions_are_never_extra() -> None:
    assert faults("", [SAFETY, DEAD, decision(Outcome.SUPPRESS)]) == []
    assert (
        faults("then: [{safety: {kind: near_miss}}, {dead_letter: {reason: bad_time}}]", [SAFETY, DEAD]) == []
    )
    assert faults("then: [{safety: {kind: other}}]", [SAFETY]) == [Fault.MISSING]


def test_what_is_missing_is_named_even_where_any_is_allowed() -> None:
    assert faults("sends: any\nthen: [{send: {channel: email}}]", [send()]) == [Fault.MISSING]
    assert faults("then: [{send: {channel: email}}]", [send()]) == [Fault.MISSING, Fault.EXTRA]


def test_records_of_one_instant_match_in_any_order() -> None:
    assert faults("then: [{send: {channel: sms}}, {escalate: {}}]", [task(), send()]) == []
    # the first expectation fits both records, the second only one of them
    seen = [send(Channel.SMS), send(Channel.EMAIL)]
    assert faults("then: [{send: {}}, {send: {channel: sms}}]", seen) == []
    assert faults("then: [{send: {channel: email}}, {send: {}}]", seen) == []


def test_instants_match_in_order() -> None:
    seen = [send(Channel.SMS, 0), send(Channel.EMAIL, 1)]
    assert faults("then: [{send: {channel: sms}}, {send: {channel: email}}]", seen) == []
    assert faults("then: [{send: {channel: email}}, {send: {channel: sms}}]", seen) == [Fault.MISSING]
    assert faults("then: [{send: {}}, {send: {}}]", seen) == []
    assert faults("then: [{send: {}}]", seen) == [Fault.EXTRA]
    assert faults("then: [{send: {}}, {send: {}}, {send: {}}]", seen) == [Fault.MISSING]


def test_at_is_exact() -> None:
    assert faults("then: [{send: {at: +30s}}]", [send(after=30_000)]) == []
    assert faults("then: [{send: {at: +30s}}]", [send(after=30_001)]) == [Fault.MISSING, Fault.EXTRA]


def test_due_within_counts_from_the_tasks_creation_and_is_closed() -> None:
    assert faults("then: [{escalate: {due_within: 60m}}]", [task()]) == []
    assert faults("then: [{escalate: {due_within: 59m}}]", [task()]) == [Fault.MISSING, Fault.EXTRA]


def test_only_the_first_version_of_a_task_counts_unless_a_status_is_named() -> None:
    seen = [task(), task(after=1, version=2), task(after=2, version=3, status=TaskStatus.CLOSED)]
    assert faults("then: [{escalate: {}}]", seen) == []
    assert faults("then: [{escalate: {}}, {escalate: {status: CLOSED}}]", seen) == []
    assert faults("then: [{escalate: {}}, {escalate: {status: OPEN, version: 2}}]", seen) == []
    assert faults("then: [{escalate: {}}, {escalate: {version: 2}}]", seen) == [Fault.MISSING]
    assert faults("then: [{escalate: {}}]\nnever: [{escalate: {version: 2}}]", seen) == []
    assert faults("then: [{escalate: {}}]\nnever: [{escalate: {status: CLOSED}}]", seen) == [Fault.FORBIDDEN]


def test_never_means_at_no_time() -> None:
    assert faults("sends: any\nnever: [{send: {channel: sms}}]", [send(), send(after=5)]) == [
        Fault.FORBIDDEN,
        Fault.FORBIDDEN,
    ]
    assert faults("sends: any\nnever: [{send: {channel: email}}]", [send()]) == []


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ("copy_roles: [R-IG, R-DQ]", True),
        ("copy_roles: [R-DQ]", False),
        ("copy_roles: [R-DQ, R-DQ]", False),
        ("copy_roles: []", False),
        ("options: phone", True),
        ("subject: {id: A1}", True),
        ("subject.id: A2", False),
        ("ground: null", True),
        ("purpose: APPT_CANCEL", False),
    ],
)
def test_fields_of_a_task(fields: str, fits: bool) -> None:
    found = faults(f"then: [{{escalate: {{{fields}}}}}]", [task()])
    assert (found == []) is fits


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ("basis.objections_considered: [{id: O2}, {id: O1, covers: true}]", True),
        ("basis.objections_considered: [{id: O1, covers: false}, {}]", False),
        ("basis.objections_considered: [{id: O1}]", False),
        ("basis: {template.id: t}", True),
        ("parameters: {site: Main}", True),
        ("parameters: {site: Other}", False),
        ("parameters: {room: '1'}", False),
        ("override.ground: G3", False),
        ("override: null", True),
        ("provider_fallback: FORBIDDEN", True),
        ("template_version: 1", True),
    ],
)
def test_fields_of_a_command(fields: str, fits: bool) -> None:
    found = faults(f"then: [{{send: {{{fields}}}}}]", [send()])
    assert (found == []) is fits


def test_a_rule_path_matches_in_its_own_order() -> None:
    assert faults("decisions: [{rule_path: ['2.2', '7.1']}]", [decision(Outcome.SEND)]) == []
    assert faults("decisions: [{rule_path: ['7.1', '2.2']}]", [decision(Outcome.SEND)]) == [Fault.UNDECIDED]


def test_decisions_appear_in_order_with_others_between() -> None:
    seen = [decision(Outcome.HOLD), decision(Outcome.SUPPRESS, 1), decision(Outcome.SEND, 2)]
    assert faults("decisions: [{outcome: HOLD}, {outcome: SEND}]", seen) == []
    assert faults("decisions: [{outcome: SEND}, {outcome: HOLD}]", seen) == [Fault.UNDECIDED]
    assert faults("decisions: [{outcome: HOLD}, {outcome: HOLD}]", seen) == [Fault.UNDECIDED]
    same = [decision(Outcome.HOLD), decision(Outcome.SEND)]
    assert faults("decisions: [{outcome: SEND}, {outcome: HOLD}]", same) == []  # one instant

"""Every slip of the pen in a scenario file is refused, with its place and what is allowed."""

import pytest

from streams.scenarios.parse import read_string
from streams.scenarios.reading import BadScenario

HEAD = "scenario: a name\nclock: 2026-12-01T11:00:00+00:00\n"


def refusal(body: str) -> str:
    with pytest.raises(BadScenario) as refused:
        list(read_string(body, "s.yaml"))
    return str(refused.value)


WRONG = [
    ("clock: 2026-12-01T11:00:00Z", "s.yaml:1 (document 1): scenario: every document begins with"),
    ("scenario: ''\nclock: 2026-12-01T11:00:00Z", "scenario: the name is empty"),
    ("scenario: a", "clock: every scenario says when it starts"),
    (
        "scenario: a\nclock: 2026-12-01T11:00:00",
        "s.yaml:2 (document 1): clock: 2026-12-01T11:00:00 is not a time",
    ),
    (HEAD + "give: []", "s.yaml:3 (document 1): give: unknown key; allowed: clock, decisions, given"),
    (HEAD + "given: [{appointmen: {}}]", "given[0].appointmen: unknown key; allowed: appointment, objection"),
    (HEAD + "given: [{at: +1s, result: {}}]", "given[0].at: unknown key"),
    (HEAD + "when: [{at: -1s, result: {}}]", "when[0].at: is before the clock: write it under given"),
    (HEAD + "when: [{at: soon, result: {}}]", "when[0].at: soon is not a time; allowed: a time with offset"),
    (HEAD + "when: [{at: +1s}]", "when[0]: one event to each entry"),
    (HEAD + "when: [{result: {}, receipt: {}}]", "when[0]: one event to each entry"),
    (HEAD + "when: [{appointment: {}}]", "when[0].appointment.starts_at: is needed here and has no default"),
    (HEAD + "when: [{appointment: {start: +1d}}]", "when[0].appointment.start: unknown key"),
    (
        HEAD + "when: [{result: {reviewed: maybe}}]",
        "result.reviewed: maybe is neither true nor false; allowed: true",
    ),
    (HEAD + "when: [{result: {version: one}}]", "result.version: one is not a whole number"),
    (HEAD + "when: [{result: {version: null}}]", "result.version: may not be null"),
    (
        HEAD + "when: [{result: {status: DONE}}]",
        "result.status: DONE is not in the list; allowed: PRELIMINARY, FINAL",
    ),
    (
        HEAD + "given: [{patient: {contacts: [smss]}}]",
        "contacts[0].channel: smss is not in the list; allowed: nhs_app",
    ),
    (HEAD + "given: [{patient: {contacts: sms}}]", "patient.contacts: a list is needed here"),
    (
        HEAD + "given: [{patient: {identity: {name: A}}}]",
        "patient.identity.name: unknown key; allowed: aliases",
    ),
    (
        HEAD + "when: [{receipt: {status: READ, command: first}}]",
        "receipt.command: first names nothing; allowed: last",
    ),
    (
        HEAD + "when: [{receipt: {status: READ, command: last, command_id: c}}]",
        "receipt.command_id: cannot be given together with command",
    ),
    (HEAD + "when: [{raw: {topic: results}}]", "when[0].raw: topic and value_hex are needed"),
    (HEAD + "when: [{raw: {topic: records, value_hex: '00'}}]", "raw.topic: records is not an input"),
    (
        HEAD + "when: [{raw: {topic: results, value_hex: xyz}}]",
        "raw.value_hex: is not a row of hexadecimal digits",
    ),
    (HEAD + "until: -1s", "until: is before the last event"),
    (HEAD + "tasks: none", "tasks: can only be switched to any; allowed: any"),
    (
        HEAD + "then: [{sent: {}}]",
        "then[0].sent: unknown key; allowed: send, escalate, safety, dead_letter, decision",
    ),
    (HEAD + "then: [{send: {}, escalate: {}}]", "then[0]: one record to each entry"),
    (HEAD + "then: [{send: {chanel: sms}}]", "then[0].send.chanel: no such field; allowed: at, command_id"),
    (HEAD + "then: [{send: {basis.chanel: sms}}]", "then[0].send.basis.chanel: no such field"),
    (HEAD + "then: [{send: {due_within: 1h}}]", "then[0].send.due_within: no such field"),
    (
        HEAD + "then: [{escalate: {due_within: soon}}]",
        "due_within: soon is not a duration; allowed: 90s, 60m",
    ),
    (HEAD + "then: [{escalate: {role: R-FOO}}]", "escalate.role: R-FOO is not in the list; allowed: R-ADMIN"),
    (HEAD + "then: [{escalate: {role: null}}]", "escalate.role: is never null"),
    (HEAD + "decisions: [{outcom: SEND}]", "decisions[0].outcom: no such field"),
    (HEAD + "policy: hybrid", "policy: a mapping of keys and values is needed here"),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=lambda value: value[-40:])
def test_a_slip_of_the_pen_is_refused_with_place_and_help(text: str, message: str) -> None:
    said = refusal(text)
    assert said.startswith("s.yaml:")
    assert message in said


def test_the_place_counts_documents_and_lines() -> None:
    said = refusal(HEAD + "---\n" + HEAD + "given:\n - result: {}\n - resul: {}\n")
    assert said.startswith("s.yaml:8 (document 2): given[1].resul: unknown key")

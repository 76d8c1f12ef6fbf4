"""Scenario files into frozen scenarios, with the defaults of contract 2."""

from pathlib import Path

import pytest

from streams.domain.events import (
    Appointment,
    Event,
    Objection,
    PatientSections,
    Receipt,
    Request,
    Resolution,
    Result,
)
from streams.domain.vocabulary import Channel, ObjectionReason, ProxyBasis, Role, Scope
from streams.scenarios.parse import read_files, read_string
from streams.scenarios.reading import BadScenario
from streams.scenarios.story import Kind, Raw, Scenario

CLOCK = 1_796_122_800_000  # Tue 01 Dec 2026 11:00 GMT
HEAD = "scenario: a name\nclock: 2026-12-01T11:00:00+00:00\n"
DAY = 86_400_000


def one(body: str) -> Scenario:
    [scenario] = read_string(HEAD + body, "s.yaml")
    return scenario


def events(body: str) -> list[Event]:
    return [step.what for step in one(body).given if isinstance(step.what, Event)]


def test_the_smallest_scenario() -> None:
    scenario = one("")
    assert (scenario.name, scenario.clock, scenario.until) == ("a name", CLOCK, CLOCK + 600_000)
    assert scenario.then == scenario.never == scenario.decisions == ()
    assert scenario.when == scenario.given == ()
    assert not scenario.any_sends
    assert not scenario.any_tasks


def test_defaults_of_a_patient() -> None:
    [event] = events("given: [{patient: {contacts: [sms, email, nhs_app, letter]}}]")
    assert (event.envelope.event_id, event.envelope.patient_id, event.envelope.version) == ("e1", "P1", 1)
    assert (event.envelope.source, event.envelope.occurred_at, event.envelope.replay) == (
        "test",
        CLOCK,
        False,
    )
    body = event.body
    assert isinstance(body, PatientSections)
    assert body.identity is not None
    assert (body.identity.nhs_number, body.identity.born) == ("9990548609", "1980-01-01")
    assert body.identity.last_seen_at == CLOCK - 30 * DAY
    assert body.contacts is not None
    assert [(c.channel, c.value) for c in body.contacts] == [
        (Channel.SMS, "+447700900001"),
        (Channel.EMAIL, "ada@example.org"),
        (Channel.NHS_APP, "9990548609"),
        (Channel.LETTER, "1 Test Street, Leeds, LS1 4AP"),
    ]
    assert {c.verified_at for c in body.contacts} == {CLOCK - 10 * DAY}
    assert body.permissions is None


def test_an_app_contact_is_the_patients_own_number() -> None:
    first, second = events(
        "given:\n - patient: {identity: {nhs_number: 9434765919}, contacts: [nhs_app]}\n"
        " - patient: {contacts: [nhs_app]}"
    )
    for event in (first, second):
        assert isinstance(event.body, PatientSections)
        assert event.body.contacts is not None
        assert event.body.contacts[0].value == "9434765919"


def test_later_sections_that_are_left_out_stay_unchanged_and_versions_rise() -> None:
    first, second, other = events(
        "given:\n - patient: {}\n - patient: {preferences: {channels: [sms], from: 08:00}}\n"
        " - patient: {patient_id: P2, version: 7}"
    )
    assert isinstance(second.body, PatientSections)
    assert second.body.identity is None
    assert second.body.preferences is not None
    assert second.body.preferences.from_ == "08:00"
    assert [first.envelope.version, second.envelope.version, other.envelope.version] == [1, 2, 7]
    assert isinstance(other.body, PatientSections)
    assert other.body.identity is not None


def test_a_section_given_in_part_takes_the_rest_from_the_defaults() -> None:
    _, event = events("given:\n - patient: {}\n - patient: {identity: {death: FORMAL}}")
    assert isinstance(event.body, PatientSections)
    assert event.body.identity is not None
    assert event.body.identity.family_name == "Test"


def test_defaults_of_proxies() -> None:
    [event] = events("given: [{patient: {proxies: [{contacts: [sms]}]}}]")
    assert isinstance(event.body, PatientSections)
    assert event.body.proxies is not None
    [proxy] = event.body.proxies
    assert (proxy.basis, proxy.verified, proxy.own_organisation) == (ProxyBasis.PARENTAL, True, True)
    assert proxy.primary  # alone
    assert proxy.contacts[0].value == "+447700900001"
    [event] = events("given: [{patient: {proxies: [{}, {basis: LPA}]}}]")
    assert isinstance(event.body, PatientSections)
    assert event.body.proxies is not None
    assert [(p.proxy_id, p.primary) for p in event.body.proxies] == [("X1", False), ("X2", False)]


def test_defaults_of_the_other_events() -> None:
    appointment, result, objection, request = events(
        "given:\n - appointment: {starts_at: +1d}\n - result: {}\n - objection: {received_at: -1d}\n"
        " - request: {purpose: ADMIN_REPLY}"
    )
    assert isinstance(appointment.body, Appointment)
    assert (appointment.body.appointment_id, appointment.body.service_code) == ("A1", "GEN")
    assert appointment.body.starts_at == CLOCK + DAY
    assert isinstance(result.body, Result)
    assert (result.body.result_id, result.body.reviewed) == ("R1", True)
    assert isinstance(objection.body, Objection)
    assert (objection.body.scope, objection.body.reason) == (
        Scope.METHOD,
        ObjectionReason.PREFERS_OTHER_METHOD,
    )
    assert objection.body.received_at == CLOCK - DAY
    assert isinstance(request.body, Request)
    assert request.body.request_id == "Q1"
    assert [e.envelope.event_id for e in (appointment, result, objection, request)] == [
        "e1",
        "e2",
        "e3",
        "e4",
    ]


def test_an_assessment_and_an_agreement_may_be_short() -> None:
    objection, patient = events(
        "given:\n - objection: {assessment: {grounds: [G3]}}\n - patient: {agreements: [{unit: g/L}]}"
    )
    assert isinstance(objection.body, Objection)
    assert objection.body.assessment is not None
    assert (objection.body.assessment.acceptable, objection.body.assessment.assessed_at) == (True, CLOCK)
    assert isinstance(patient.body, PatientSections)
    assert patient.body.agreements is not None
    assert patient.body.agreements[0].test_code == "FBC"


def test_parameters_are_texts_and_a_null_list_is_empty() -> None:
    request, objection = events(
        "given:\n - request: {purpose: ADMIN_REPLY, parameters: {count: 3}}\n - objection: {channels: null}"
    )
    assert isinstance(request.body, Request)
    assert request.body.parameters == {"count": "3"}
    assert isinstance(objection.body, Objection)
    assert objection.body.channels == ()


def test_versions_count_each_entity() -> None:
    scenario = events(
        "given:\n - appointment: {starts_at: +1d}\n - appointment: {starts_at: +2d}\n"
        " - appointment: {appointment_id: A2, starts_at: +2d}\n - appointment: {version: 9, starts_at: +3d}\n"
        " - appointment: {starts_at: +4d}"
    )
    assert [event.envelope.version for event in scenario] == [1, 2, 1, 9, 10]


def test_events_happen_in_order_of_time_and_without_at_with_the_one_before() -> None:
    scenario = one(
        "when:\n - at: +1h\n   result: {}\n - result: {result_id: R2}\n - at: +1s\n   result: {result_id: R3}\n"
    )
    assert [step.at - CLOCK for step in scenario.when] == [1_000, 3_600_000, 3_600_000]
    assert scenario.until == CLOCK + 3_600_000 + 600_000


def test_receipts_and_resolutions_speak_of_the_latest_unless_told_otherwise() -> None:
    steps = one(
        "when:\n - receipt: {status: DELIVERED}\n - receipt: {status: READ, command_id: c1, channel: sms}\n"
        " - resolution: {kind: CLAIMED, task: last}\n - resolution: {kind: CLOSED, task: {role: R-DQ}}\n"
        " - resolution: {kind: STANDING_DECISION}\n - resolution: {kind: CONTACTED, task: null}\n"
    ).when
    assert [step.refers is not None for step in steps] == [True, False, True, True, False, False]
    assert steps[0].left_out == {"channel"}
    assert isinstance(steps[1].what, Event)
    assert isinstance(steps[1].what.body, Receipt)
    assert steps[1].what.body.command_id == "c1"
    assert steps[3].refers is not None
    assert steps[3].refers.kind is Kind.ESCALATE
    assert steps[3].refers.checks[0].value is Role.DQ
    assert isinstance(steps[4].what, Event)
    assert isinstance(steps[4].what.body, Resolution)
    assert steps[4].what.body.task_id is None


def test_raw_bytes() -> None:
    raws = [
        step.what
        for step in one(
            "when:\n - raw: {topic: objections, value_hex: 00ff}\n"
            " - raw: {topic: results, key: null, value_hex: null}\n"
            " - raw: {topic: results, key_hex: ff, value_hex: ''}\n - raw: {topic: results, key: P2, value_hex: null}"
        ).when
    ]
    assert [(raw.key, raw.value) for raw in raws if isinstance(raw, Raw)] == [
        (b"P1", b"\x00\xff"),
        (None, None),
        (b"\xff", b""),
        (b"P2", None),
    ]


def test_what_is_expected() -> None:
    scenario = one(
        "then:\n - send: {at: +30s, channel: sms, basis.selection_reason: preferred, subject: {id: A1}, override: null}\n"
        " - escalate: {due_within: 60m, copy_roles: R-DQ, due_at: +1h, status: OPEN}\n"
        "never: [{send: {}}, {decision: {rule: '7.1'}}, {safety: {kind: x}}, {dead_letter: {reason: bad_time}}]\n"
        "decisions: [{outcome: SEND, rule_path: ['7.1'], at: +1s}]\n"
        "tasks: any\nsends: any\n"
    )
    send, task = scenario.then
    assert send.at == CLOCK + 30_000
    assert [check.path for check in send.checks] == [
        ("channel",),
        ("basis", "selection_reason"),
        ("subject", "id"),
        ("override",),
    ]
    assert (task.due_within, task.names_status) == (3_600_000, True)
    assert task.checks[0].value == (Role.DQ,)
    assert task.checks[1].value == CLOCK + 3_600_000
    assert len(scenario.never) == 4
    assert scenario.decisions[0].checks[1].in_order
    assert scenario.any_tasks
    assert scenario.any_sends


def test_a_list_of_records_and_a_mapping_of_texts_can_be_expected() -> None:
    [send] = one(
        "then: [{send: {basis.objections_considered: [{id: O1, covers: true}], parameters: {site: Main}}}]"
    ).then
    considered, site = send.checks
    assert [check.path for check in considered.value[0]] == [("id",), ("covers",)]
    assert (site.path, site.value) == (("parameters", "site"), "Main")


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(HEAD.replace("a name", "b"), encoding="utf-8")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.yml").write_text(HEAD.replace("a name", "a"), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no scenario", encoding="utf-8")
    assert [scenario.name for scenario in read_files([tmp_path])] == ["b", "a"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadScenario, match=r"this folder holds no \*\.yaml file"):
        list(read_files([tmp_path / "empty"]))

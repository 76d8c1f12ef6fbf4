"""Responding to facts: the same inputs give the same outputs, inputs stay as they were, faults go to a person."""

from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from streams.decisions import Environment, adopt, respond, wake
from streams.domain.packing import pack
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import DeadLetter, Decision, EscalationTask, SendCommand
from streams.domain.vocabulary import Channel, Purpose, Reason, RecordStatus, Topic
from streams.policy.load import default_path, read
from streams.scenarios import Stage, play, read_files
from tests.support.charts import (
    IN_TWO_WEEKS,
    NOW,
    PATIENT,
    SETTLED,
    Chart,
    appointment,
    cancelled,
    contact,
    identity,
    known,
    objection,
    of,
    proxy,
    reasons,
    request,
    result,
    sections,
)
from tests.support.policies import policy

SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"
MINUTE: Final = 60_000
STAGE: Final = Stage(read(default_path()))


def test_every_scenario_comes_out_the_same_twice() -> None:
    """I7: outcome, ids and rule path depend on inputs, policy and clock only."""
    for scenario in read_files([SCENARIOS]):
        assert play(scenario, STAGE).emitted == play(scenario, STAGE).emitted


@pytest.mark.parametrize(
    "body",
    [
        cancelled(),
        result(),
        request(Purpose.PRESCRIPTION_READY),
        objection(Channel.SMS),
        sections(Channel.EMAIL),
        sections(Channel.SMS, identity=identity(record_status=RecordStatus.SUPERSEDED, superseded_by="P2")),
    ],
)
def test_the_state_given_is_left_as_it_was(body: object) -> None:
    chart = Chart()
    chart.hear(sections(Channel.SMS, Channel.EMAIL, proxies=(proxy(),)))
    chart.hear(appointment())
    chart.hear(objection(Channel.EMAIL, objection_id="O9"))
    assert chart.patient is not None
    before, packed = chart.patient, pack(chart.patient)
    event = chart.event(body)  # type: ignore[arg-type]
    respond(PATIENT, before, event, Position(event.topic, 0, 99, NOW), chart.env())
    wake(PATIENT, before, replace(chart.env(), now=IN_TWO_WEEKS))
    assert pack(before) == packed


def test_nothing_is_kept_of_somebody_nobody_knows() -> None:
    chart = Chart()
    answer = chart.hear(replace(result(), nhs_number="9990548600"))
    assert chart.patient is None or chart.patient.identity is None
    assert reasons(answer) == ["QUARANTINE bad_nhs_number"]


def test_state_that_does_not_say_who_this_is_does_not_end_the_grace() -> None:
    """3.2: only an identity makes a patient known."""
    chart = Chart()
    assert reasons(chart.hear(appointment(IN_TWO_WEEKS))) == ["HOLD state_grace"]
    chart.now += MINUTE
    assert reasons(chart.hear(replace(sections(Channel.SMS), identity=None))) == []
    assert reasons(chart.hear(sections(Channel.SMS, contacts=None))) == ["SEND app_default"]


def test_an_impossible_date_of_birth_is_a_task_for_data_quality() -> None:
    chart = Chart()
    chart.hear(sections(Channel.SMS, identity=identity(born="1980-02-30")))
    answer = chart.hear(appointment(IN_TWO_WEEKS))
    assert reasons(answer) == ["ESCALATE data_quality"]
    (task,) = of(EscalationTask, answer)
    assert (task.role, task.priority) == ("R-DQ", "P1")
    letter = next(one for one in answer if isinstance(one, DeadLetter))
    assert letter.reason is Reason.RULE_FAILED
    assert "1980" not in letter.error


def test_a_request_that_was_held_can_fail_too() -> None:
    chart = Chart(policy=policy())
    chart.hear(sections(Channel.SMS))
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.hear(sections(Channel.SMS, identity=identity(born="unknown")))
    assert reasons(chart.wait(NOW + MINUTE)) == ["ESCALATE data_quality"]
    assert chart.patient is not None
    assert not chart.patient.asked


def test_a_hold_that_ends_is_decided_once() -> None:
    chart = Chart(policy=policy())
    chart.hear(sections(Channel.SMS))
    chart.hear(appointment(IN_TWO_WEEKS))
    chart.hear(result())
    assert sorted(reasons(chart.wait(NOW + MINUTE))) == ["SEND app_default", "SEND app_default"]
    assert reasons(chart.wait(NOW + 30 * MINUTE)) == []


def test_an_event_under_another_patients_key_is_set_aside() -> None:
    chart = Chart(known(Channel.SMS))
    answer = chart.hear(appointment(), patient_id="P2")
    assert reasons(answer) == ["QUARANTINE key_mismatch"]
    assert of(SendCommand, answer) == []


@pytest.mark.parametrize("body", [appointment(), result(), objection(Channel.SMS), sections(Channel.SMS)])
def test_adopting_the_same_fact_twice_changes_nothing_but_the_count(body: object) -> None:
    chart = Chart()
    env = Environment(policy(**SETTLED), NOW)
    event = chart.event(body)  # type: ignore[arg-type]
    at = Position(Topic.PATIENTS, 0, 1, NOW)
    once = adopt(PATIENT, None, event, at, env)
    twice = adopt(PATIENT, once, event, at, env)
    assert replace(twice, version=once.version, recent=once.recent) == once


def test_adopting_decides_nothing_and_counts_as_told() -> None:
    env = Environment(policy(**SETTLED), NOW)
    chart = Chart()
    state: PatientState | None = None
    for body in (sections(Channel.SMS), appointment(), result(), request(Purpose.PRESCRIPTION_READY)):
        state = adopt(PATIENT, state, chart.event(body), Position(Topic.PATIENTS, 0, 1, NOW), env)
    assert state is not None
    assert state.appointments["A1"].told is not None
    assert state.results["R1"].told_version == 1
    assert "Q1" in state.requests
    assert not state.asked
    chart.patient = state
    assert reasons(chart.hear(appointment(room="B2"), version=2)) == ["SUPPRESS immaterial"]


def test_each_decision_names_the_state_it_was_made_in() -> None:
    chart = Chart()
    chart.hear(sections(Channel.SMS))
    chart.hear(appointment(IN_TWO_WEEKS))
    (decision,) = chart.all(Decision)
    assert chart.patient is not None
    assert decision.state_version == chart.patient.version


def test_a_detail_of_somebody_else_is_not_theirs() -> None:
    """I14: one address, the recipient's own."""
    chart = Chart(known(contacts=(contact(Channel.SMS, value="07700 900123"),)))
    (command,) = of(SendCommand, chart.hear(appointment(IN_TWO_WEEKS)))
    assert command.address == "07700 900123"

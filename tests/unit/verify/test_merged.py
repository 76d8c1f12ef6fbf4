"""A merge in a history made by real turns: what was told goes on to the survivor, and is proven with the rest."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from streams.decisions.merges import Mark, mark_of
from streams.domain.events import Event, PatientSections
from streams.domain.vocabulary import Outcome, Reason, RecordStatus, Topic
from streams.verify.findings import Findings
from streams.verify.model import Model
from streams.verify.policies import PolicyOfTurn, read_policies
from tests.unit.verify.test_model import CODEC, Life, differences, moved, person


def merged(into: str) -> Event:
    event = person("P1")
    assert isinstance(event.body, PatientSections)
    assert event.body.identity is not None
    identity = replace(event.body.identity, record_status=RecordStatus.SUPERSEDED, superseded_by=into)
    return replace(
        event,
        envelope=replace(event.envelope, event_id="merge", version=2),
        body=PatientSections(identity),
    )


def arrives(life: Life) -> Event:
    """The survivor's next turn takes what was sent on."""
    stored = life.topics[Topic.APPOINTMENTS].pop()
    event = CODEC.decode(Topic.APPOINTMENTS, stored.key, stored.value)
    life.turn(event)
    return event


@pytest.fixture
def life(tmp_path: Path) -> Life:
    policy = tmp_path / "policy.yaml"
    policy.write_text('version: "one"\nsettle_s: {appointment: 0, result: 0}\ncoalesce_min: 0\n')
    life = Life(policy)
    life.turn(person("P1"), person("P2"))
    life.turn(moved("P1", 1))
    life.turn(merged("P2"))
    return life


def test_what_was_told_arrives_and_is_compared_with(life: Life, tmp_path: Path) -> None:
    told = arrives(life)
    assert (told.envelope.patient_id, mark_of(told)) == ("P2", Mark.SENT)
    later = moved("P2", 2)
    life.turn(replace(later, body=replace(later.body, appointment_id="a-P1")))
    said = [(one.patient_id, one.outcome, one.purpose) for one in life.decisions()]
    assert said.pop(1)[:2] == ("P2", Outcome.SUPPRESS)
    assert said == [
        ("P1", Outcome.SEND, "APPT_CONFIRM"),
        ("P2", Outcome.SEND, "APPT_CHANGE"),
    ]
    assert life.decisions()[1].reason is Reason.NO_NET_CHANGE
    policies = read_policies([tmp_path / "policy.yaml"])
    assert differences(life, policies) == {}
    model = Model(life.ledger(), CODEC, PolicyOfTurn(policies, life.decisions()), 1, Findings())
    model.replay()
    assert model.forwarded.total() == 1

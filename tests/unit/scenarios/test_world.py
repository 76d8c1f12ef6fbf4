"""The simulated shard: time runs in order, given facts only set state, references find their record."""

from typing import Final

import pytest

from streams.domain.records import Decision, EscalationTask, SendCommand
from streams.domain.vocabulary import Channel, Outcome, Reason
from streams.policy.load import default_path, read
from streams.scenarios import BadScenario, Scenario, Stage, play, read_string
from streams.scenarios.match import Fault

HEAD: Final = "scenario: a name\nclock: 2026-12-01T11:00:00+00:00\n"
STAGE: Final = Stage(read(default_path()))
NIGHT: Final = """
scenario: held overnight
clock: 2026-12-01T23:00:00+00:00
given:
  - patient: {contacts: [sms]}
  - appointment: {starts_at: 2026-12-02T14:00:00+00:00}
when:
  - appointment: {status: CANCELLED, starts_at: 2026-12-02T14:00:00+00:00}
"""


def one(body: str) -> Scenario:
    [scenario] = read_string(body if body.startswith("\n") else HEAD + body)
    return scenario


def test_given_facts_emit_nothing_and_count_for_nothing() -> None:
    verdict = play(
        one(
            "given:\n - patient: {contacts: [sms]}\n - objection: {channels: [email], reason: NOT_GIVEN}\n"
            " - appointment: {starts_at: +10d}\n - result: {}\n - result: {result_id: R2, critical: true}\n"
            "until: +30d\n"
        ),
        STAGE,
    )
    assert verdict.passed
    assert verdict.emitted == ()


def test_an_event_at_the_instant_of_a_timer_comes_after_it() -> None:
    verdict = play(
        one(
            "given:\n - patient: {contacts: [sms]}\nwhen:\n - appointment: {starts_at: +10d}\n"
            " - at: +30s\n   receipt: {status: DELIVERED}\nthen:\n - send: {at: +30s}"
        ),
        STAGE,
    )
    assert verdict.passed


@pytest.mark.parametrize("noun", ["receipt: {status: READ}", "resolution: {kind: CLAIMED}"])
def test_a_reference_to_nothing_says_so(noun: str) -> None:
    verdict = play(one(f"when: [{{{noun}}}]"), STAGE)
    [problem] = verdict.problems
    assert problem.fault is Fault.BROKEN
    assert "line 3: no " in problem.remark


def test_the_latest_record_that_fits_is_meant() -> None:
    verdict = play(
        one(
            "given:\n - patient: {contacts: [sms, email]}\nwhen:\n - appointment: {starts_at: +10d}\n"
            " - at: +1m\n   receipt: {status: TECHNICAL_FAILURE}\n"
            " - at: +2m\n   receipt: {status: DELIVERED, command: {channel: sms}}\n"
            "then:\n - send: {channel: sms}\n - send: {channel: email}"
        ),
        STAGE,
    )
    assert verdict.passed


def test_overrides_that_cannot_be_are_refused_with_the_place() -> None:
    with pytest.raises(BadScenario, match=r"<text>:3 \(document 1\): .*settle"):
        play(one("policy: {settle_s.appointment: soon}"), STAGE)


def test_a_world_that_slept_does_what_is_overdue_first() -> None:
    """C053: down past the wake of a hold. The message still helps, so it goes; it is decided once."""
    scenario = one(NIGHT)
    world = STAGE.world(scenario)
    for step in scenario.given:
        world.adopt(step)
    for step in scenario.when:
        world.play(step)
    world.advance(scenario.clock + 60_000)
    world.now = scenario.clock + 10 * 3_600_000  # 09:00; the hold was until 08:00
    world.advance(world.now)
    sent = [one for one in world.emitted if isinstance(one.record, SendCommand)]
    assert [(one.at, one.record.channel) for one in sent if isinstance(one.record, SendCommand)] == [
        (world.now, Channel.SMS)
    ]


def test_a_world_that_slept_too_long_gives_it_to_a_person() -> None:
    """C053: past needed_by the late rule takes over; nothing is silently lost."""
    scenario = one(NIGHT)
    world = STAGE.world(scenario)
    for step in scenario.given:
        world.adopt(step)
    for step in scenario.when:
        world.play(step)
    world.advance(scenario.clock + 60_000)
    world.now = scenario.clock + 14 * 3_600_000  # 13:00, an hour before the start
    world.advance(world.now)
    tasks = [one.record for one in world.emitted if isinstance(one.record, EscalationTask)]
    assert Reason.CALL_IN_PARALLEL in {task.reason for task in tasks}
    sends = [one for one in world.emitted if isinstance(one.record, SendCommand)]
    assert len(sends) == 1
    decided = [one.record for one in world.emitted if isinstance(one.record, Decision)]
    assert [d.outcome for d in decided if d.outcome is not Outcome.HOLD] == [Outcome.SEND]


def test_patients_can_be_looked_at() -> None:
    scenario = one("given: [{patient: {contacts: [sms]}}]")
    world = STAGE.world(scenario)
    assert world.patient("P1") is None
    world.adopt(scenario.given[0])
    patient = world.patient("P1")
    assert patient is not None
    assert patient.known

"""B16, invariants that compare two stories: what is added may only protect, and nobody's story is another's."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from streams.domain.records import Decision, EscalationTask, SendCommand
from streams.domain.time import DAY
from streams.domain.vocabulary import Channel, Outcome, Reason
from streams.scenarios.match import Emitted

from .stories import START, StepText, channels, objections, placed, rarely, some_channels, steps
from .telling import told

SOME: Final = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],  # many stories send nothing
)
HOUR: Final = 3_600_000
details = st.lists(channels, min_size=1, max_size=4, unique=True)
starts = st.sampled_from([336 * HOUR, 72 * HOUR, 47 * HOUR, 22 * HOUR, 3 * HOUR])
happenings: st.SearchStrategy[StepText] = st.one_of(
    starts.map(lambda start: {"appointment": placed({"starts_at": start}, START)}),
    st.just({"result": {}}),
    st.just({"request": {"purpose": "PRESCRIPTION_READY"}}),
)
protections = st.one_of(
    objections().map(lambda fields: {"objection": {**fields, "action": "RECORDED"}}),
    st.sampled_from(
        [
            {"patient": {"identity": {"death": "INFORMAL"}}},
            {"patient": {"identity": {"sensitive_flag": True}}},
            {"patient": {"hold": {"owner_role": "R-CG"}}},
            {"patient": {"safe_contact": {"channels": []}}},
        ]
    ),
    some_channels.map(lambda safe: {"patient": {"safe_contact": {"channels": safe}}}),
)


def first_sent(*story: StepText) -> SendCommand | None:
    """The first command of a story that ends an hour after it began; None when there is none."""
    timed = [{"at": "+0s", **step} for step in story]
    commands = [
        one.record for one in told(timed, until="+10m").emitted if isinstance(one.record, SendCommand)
    ]
    return commands[0] if commands else None


def introduced(details: list[str], wish: list[str] | None = None, **more: Any) -> StepText:
    wishes = {} if wish is None else {"preferences": {"channels": wish}}
    return {"patient": {"contacts": details, **wishes, **more}}


@SOME
@given(details, happenings, protections)
def test_a_protection_never_enlarges_what_may_be_used(
    details: list[str], happening: StepText, protection: StepText
) -> None:
    """I8: what is sent with an objection, a flag or a death on file could have been sent without it."""
    guarded = first_sent(introduced(details), protection, happening)
    assume(guarded is not None)
    assert guarded is not None
    free = first_sent(introduced(details, [guarded.channel]), happening)
    assert free is not None
    assert free.channel is guarded.channel
    assert free.level >= guarded.level


@SOME
@given(details, happenings, some_channels, some_channels)
def test_a_preference_only_reorders(
    details: list[str], happening: StepText, one: list[str], other: list[str]
) -> None:
    """I9: whether anything can be sent does not depend on the order in which channels are wished for."""
    first = first_sent(introduced(details, one), happening)
    second = first_sent(introduced(details, other), happening)
    assert (first is None) == (second is None)
    if first is not None:
        assert first_sent(introduced(details, [first.channel]), happening) is not None


@SOME
@given(details, happenings, channels, st.sampled_from(["L0", "L1", "L3", "L4"]), rarely(True, False))
def test_a_permission_never_defeats_an_objection(
    details: list[str], happening: StepText, objected: str, level: str, late: bool
) -> None:
    """I10: opting in to a channel, before or after, does not lift an objection to it."""
    permission: StepText = {
        "patient": {"permissions": [{"channel": objected, "state": "OPTED_IN", "max_level": level}]}
    }
    objection: StepText = {"objection": {"channels": [objected]}}
    between = (objection, permission) if late else (permission, objection)
    sent = first_sent(introduced(details), *between, happening)
    assert sent is None or sent.channel is not Channel(objected)


@settings(SOME, max_examples=40)
@given(steps(), steps("appointment", "objection", "result", "patient"))
def test_nobodys_story_is_anothers(one: list[StepText], other: list[StepText]) -> None:
    """I15: what happens to one patient never changes what happens to another."""
    mine = [_of("P1", index, step) for index, step in enumerate(one)]
    theirs = [_of("P2", index, step) for index, step in enumerate(other)]
    together = sorted([*mine, *theirs], key=lambda step: str(step["at"]))
    assert _seen("P1", mine) == _seen("P1", together)
    assert _seen("P2", theirs) == _seen("P2", together)


def _of(patient_id: str, index: int, step: StepText) -> StepText:
    [name] = [key for key in step if key != "at"]
    return {
        "at": step["at"],
        name: {**step[name], "patient_id": patient_id, "event_id": f"{patient_id}-{index}"},
    }


def _seen(patient_id: str, story: list[StepText]) -> list[tuple[Any, ...]]:
    """What one patient's story came to, without what names the offsets of its records: ids.

    Only what every telling reaches: the combined story may go on longer than each of its halves.
    """
    return [
        _plain(one)
        for one in told(story, until="+3d").emitted
        if one.at <= START + 3 * DAY and _whose(one) == patient_id
    ]


def _whose(one: Emitted) -> str | None:
    patient_id = getattr(one.record, "patient_id", None)
    return str(patient_id) if patient_id is not None else None


def _plain(one: Emitted) -> tuple[Any, ...]:
    match one.record:
        case Decision() as d:
            return one.at, d.outcome, d.reason, d.rule_path, len(d.task_ids), d.hold_until
        case SendCommand() as c:
            return one.at, c.channel, c.level, c.address, c.basis.rule_path, c.valid_until
        case EscalationTask() as t:
            return one.at, t.version, t.status, t.role, t.priority, t.reason, t.due_at
        case record:
            return one.at, type(record).__name__


def test_a_story_of_two_is_not_vacuous() -> None:
    """The comparison above sees decisions, commands and tasks of both."""
    story = [
        _of("P1", 0, {"at": "2026-12-01T11:00:00+00:00", "patient": {"contacts": ["sms"]}}),
        _of(
            "P1",
            1,
            {"at": "2026-12-01T11:00:00+00:00", "appointment": {"starts_at": "2026-12-15T10:00:00+00:00"}},
        ),
        _of("P2", 0, {"at": "2026-12-01T11:00:00+00:00", "result": {"critical": True}}),
    ]
    assert [Outcome.SEND in row for row in _seen("P1", story)].count(True) == 1
    assert [Channel.SMS in row for row in _seen("P1", story)].count(True) == 1
    assert Reason.CRITICAL_RESULT in _seen("P2", story)[0]

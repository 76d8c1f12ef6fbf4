"""B16 over random stories: any order, repeats, gaps, delays; the table packed and unpacked at every step.

A failing story is written as a scenario file and its path printed: ``heed simulate FILE`` plays it again, and
``python -m tests.property.rerun FILE`` checks it again.
"""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from streams.decisions.rules import INTAKE_ROWS
from streams.domain.events import Event
from streams.domain.packing import pack, unpack
from streams.domain.records import Decision, EscalationTask, SendCommand
from streams.domain.time import DAY
from streams.domain.vocabulary import DECIDING_TOPICS, Outcome, Topic
from streams.recorder.entries import message_entry, task_entry
from streams.scenarios import play, read_files
from streams.scenarios.match import Emitted
from streams.scenarios.times import written

from .invariants import Ledger, broken_by_decision, broken_by_send, broken_by_task, live_twice
from .stories import (
    START,
    StepText,
    appointments,
    channels,
    gaps,
    objections,
    placed,
    rarely,
    receipts,
    requests,
    resolutions,
    results,
    sections,
)
from .telling import STAGE, Telling, never_seen

INTAKE: Final = frozenset(row[0] for row in INTAKE_ROWS)
#: Holds that wait for a person or for the shard, not for a time of their own.
LONGEST_HOLD: Final = 60 * DAY


class Story(RuleBasedStateMachine):
    """One patient's life; after every step each new record is held against the invariants."""

    def __init__(self) -> None:
        super().__init__()
        self.telling = Telling()
        self.ledger = Ledger()
        self.at = START
        self.checked = 0
        self.accepted: list[Event] = []
        self.sent_again: list[tuple[str, StepText, Event]] = []

    # --- what may happen -------------------------------------------------------------------------

    @initialize(details=st.lists(channels, min_size=1, max_size=4, unique=True), known=rarely(False, True))
    def begin(self, details: list[str], known: bool) -> None:
        """Most stories begin with a patient who is known; in some the patient is never introduced."""
        if known:
            self._tell(0, "patient", {"contacts": details})

    @rule(gap=gaps, fields=sections())
    def patient(self, gap: int, fields: StepText) -> None:
        self._tell(gap, "patient", fields)

    @rule(gap=gaps, fields=objections(), late=rarely(True, False))
    def objection(self, gap: int, fields: StepText, late: bool) -> None:
        self._tell(gap, "objection", self._aged(fields, late))

    @rule(gap=gaps, fields=appointments(), late=rarely(True, False))
    def appointment(self, gap: int, fields: StepText, late: bool) -> None:
        self._tell(gap, "appointment", self._aged(fields, late))

    @rule(gap=gaps, fields=appointments())
    def another_appointment(self, gap: int, fields: StepText) -> None:
        """Appointments are what most stories are about."""
        self._tell(gap, "appointment", fields)

    @rule(gap=gaps, fields=results())
    def result(self, gap: int, fields: StepText) -> None:
        self._tell(gap, "result", fields)

    @rule(gap=gaps, fields=requests())
    def request(self, gap: int, fields: StepText) -> None:
        self._tell(gap, "request", fields)

    @precondition(lambda self: self._has(SendCommand))
    @rule(gap=gaps, fields=receipts)
    def receipt(self, gap: int, fields: StepText) -> None:
        self._tell(gap, "receipt", fields)

    @precondition(lambda self: self._has(EscalationTask))
    @rule(gap=gaps, fields=resolutions())
    def resolution(self, gap: int, fields: StepText) -> None:
        self._tell(gap, "resolution", fields)

    @precondition(lambda self: bool(self.sent_again))
    @rule(gap=gaps, data=st.data(), new_id=st.booleans())
    def repeat(self, gap: int, data: st.DataObject, new_id: bool) -> None:
        """The same event again: redelivered, or reissued under a new id (C006, C007)."""
        name, fields, event = data.draw(st.sampled_from(self.sent_again))
        envelope = event.envelope
        again = {**fields, "version": envelope.version, "occurred_at": written(envelope.occurred_at)}
        if name == "objection" and "received_at" not in fields:
            again["received_at"] = written(envelope.occurred_at)
        if not new_id:
            again["event_id"] = envelope.event_id
        self._tell(gap, name, again)

    @rule(gap=gaps)
    def wait(self, gap: int) -> None:
        self.at += gap
        self._advance()

    # --- what must hold --------------------------------------------------------------------------

    def again(self, at: int, name: str, fields: StepText) -> None:
        """A step of a kept story (``rerun``)."""
        self._tell(max(at - self.at, 0), name, fields)

    def _aged(self, fields: StepText, late: bool) -> StepText:
        """Now and then the version before the newest: out of order, stale or in conflict."""
        return {**fields, "version": 1} if late else fields

    def _has(self, record: type) -> bool:
        return any(isinstance(one.record, record) for one in self.telling.emitted)

    def _tell(self, gap: int, name: str, fields: StepText) -> None:
        self.at += gap
        self._advance()
        fields = placed(fields, self.at)
        with self._kept():
            step = self.telling.tell({"at": written(self.at), name: fields})
        if isinstance(step.what, Event):
            self.ledger.apply(step.what)
            self.accepted.append(step.what)
            if name in ("appointment", "objection", "request") and "event_id" not in fields:
                self.sent_again.append((name, fields, step.what))
        self._check()

    def _advance(self) -> None:
        with self._kept():
            self.telling.world.advance(self.at)
        self._check()

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """A story that the rules cannot bear is written down too."""
        try:
            yield
        except Exception as error:
            path = self.telling.keep("broken-rules", [])
            note(f"the story is in {path}")
            raise AssertionError(f"{type(error).__name__} (heed simulate {path})") from error

    def _check(self) -> None:
        world = self.telling.world
        state = world.patient("P1")
        for one in self.telling.emitted[self.checked :]:
            self._require(one, list(self._broken(one)))
        self.checked = len(self.telling.emitted)
        if state is not None:
            self._require(None, ["I11: two live commands"] if live_twice(state) else [])
            assert unpack(pack(state)) == state

    def _broken(self, one: Emitted) -> Any:
        state = self.telling.world.patient("P1")
        match one.record:
            case SendCommand() as command:
                if self.telling.world.shard.paused:
                    yield "I2: sent while the shard is paused"
                assert state is not None
                yield from broken_by_send(one, command, state, self.ledger)
            case EscalationTask() as task:
                yield from broken_by_task(one, task, state)
            case Decision() as decision:
                yield from broken_by_decision(decision)

    def _require(self, one: Emitted | None, broken: list[str]) -> None:
        if not broken:
            return
        fields = {SendCommand: ("channel", "level"), EscalationTask: ("role", "reason"), Decision: ("rule",)}
        never = [] if one is None else list(never_seen(one, *fields.get(type(one.record), ())))
        path = self.telling.keep("broken-invariant", never)
        note(f"the story is in {path}")
        pytest.fail(f"{'; '.join(broken)} (heed simulate {path})", pytrace=False)

    # --- at the end ------------------------------------------------------------------------------

    def teardown(self) -> None:
        self._everything_ends()
        self._recorded_once()
        self._same_again()

    def _everything_ends(self) -> None:
        """I3 and I13: every hold wakes and ends, every accepted request has one terminal outcome."""
        self.at += LONGEST_HOLD
        self._advance()
        state = self.telling.world.patient("P1")
        if state is not None and state.asked:
            self._require(None, [f"I13: still held: {[(a.key, a.reason) for a in state.asked.values()]}"])
        ends: defaultdict[str, list[Decision]] = defaultdict(list)
        for one in self.telling.emitted:
            if isinstance(one.record, Decision) and one.record.outcome is not Outcome.HOLD:
                ends[one.record.event_id].append(one.record)
        for event in self.accepted:
            if event.topic in DECIDING_TOPICS and event.topic is not Topic.RECEIPTS:
                self._require(None, list(_wrong_ends(ends[event.envelope.event_id])))

    def _recorded_once(self) -> None:
        """I6: one entry for each message and each version of a task, whatever is read again."""
        now, policy = self.at, self.telling.world.policy
        ids = [
            message_entry(one.record, policy, now).record_id
            if isinstance(one.record, SendCommand)
            else task_entry(one.record, now).record_id
            for one in self.telling.emitted
            if isinstance(one.record, SendCommand | EscalationTask)
        ]
        if len(ids) != len(set(ids)):
            self._require(None, ["I6: two messages or tasks share a record entry"])

    def _same_again(self) -> None:
        """I7: the same story gives the same records, ids and paths."""
        again = Telling()
        for step in self.telling.story:
            again.tell(step)
        again.world.advance(self.at)
        if again.emitted != self.telling.emitted:
            self._require(None, ["I7: told again, the story ends differently"])


def _wrong_ends(ends: list[Decision]) -> Iterator[str]:
    """One terminal outcome; only what was sent may end again, when it did not arrive (B6.2) or a person acts (9.8).

    What intake set aside (1.1 to 1.6) may come again, so that it can be put back once it was mended.
    """
    own = [one for one in ends if one.rule not in INTAKE]
    if not ends:
        yield "I3: a request without an outcome"
    for before, after in pairwise(own):
        goes_on = before.outcome is Outcome.SEND or {"10", "9.8"} & {*before.rule_path, *after.rule_path}
        if not goes_on:
            yield f"I3: ended twice, {before.reason} and then {after.reason}"


Story.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestStory = pytest.mark.timeout(600)(Story.TestCase)  # long stories, on a machine that may be busy


def test_a_message_is_checked_when_its_request_has_been_pruned() -> None:
    story = Story()
    story.begin(details=["nhs_app", "sms", "letter"], known=True)
    story.request(fields={"purpose": "APPT_REMINDER", "request_id": "Q1"}, gap=0)
    story.objection(fields={"objection_id": "O1", "channels": ["letter"]}, gap=0, late=False)
    story.teardown()


def test_a_kept_story_can_be_checked_again() -> None:
    story = Story()
    story.again(START, "patient", {"contacts": ["sms"]})
    story.again(START + DAY, "appointment", {"starts_at": "2026-12-15T10:00:00+00:00"})
    story.again(START + 2 * DAY, "receipt", {"status": "DELIVERED"})
    kept = story.telling.keep("kept", [{"send": {"channel": "email"}}])
    rerun = importlib.import_module("tests.property.rerun")
    rerun.rerun(kept)
    [verdict] = [play(scenario, STAGE) for scenario in read_files([kept])]
    assert verdict.passed

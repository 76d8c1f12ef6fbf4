"""What an explanation says of a message or a task that its topic no longer keeps. No broker."""

import msgspec

from streams.domain.records import Decision, InputRef, RecordEntry
from streams.domain.vocabulary import Level, Outcome, Purpose, Reason
from streams.kafka.codec import OutputRecord
from streams.policy.model import Policy
from streams.recorder.entries import message_entry, task_entry
from streams.triage.explain import Explanation, as_json, explained
from streams.triage.telling import tell
from tests.support.emitted import NOW, SUBJECT, command, task
from tests.support.policies import policy

SENT = Decision(
    "d1", "e1", InputRef("appointments", 2, 7), "P1", Outcome.SEND, Reason.PREFERRED, "7.1", ("7.1",), Purpose.APPT_CANCEL,
    SUBJECT, Level.L1, None, "c1", ("t1",), 7, "p1", NOW, NOW,
)  # fmt: skip


def _one(*kept: OutputRecord) -> Explanation:
    (found,) = explained([SENT], kept)
    return found


def _said(explanation: Explanation) -> str:
    return "\n".join(tell([explanation]))


def _entries(of: Policy) -> tuple[RecordEntry, RecordEntry]:
    return message_entry(command(of), of, NOW), task_entry(task(), NOW)


def test_what_is_still_there_is_shown_and_nothing_is_gone() -> None:
    found = _one(command(policy()), task())
    assert found.gone == ()
    assert "no longer" not in _said(found)


def test_a_message_of_last_month_is_told_from_its_entry_and_not_in_its_words() -> None:
    of = policy()
    entry, task_kept = _entries(of)
    assert entry.mode == "EXACT"
    said = _said(_one(entry, task_kept))
    assert "  message c1: no longer in send-commands, which keeps 7 days" in said
    assert f"{command(of).template_id} v{command(of).template_version}, by text" in said
    assert entry.record_id in said
    assert entry.summary not in said
    assert "  task t1: no longer in escalation-tasks, which keeps 90 days" in said
    assert "Task for R-BOOK about an appointment: opened" in said


def test_what_no_topic_has_is_named_all_the_same() -> None:
    found = _one()
    assert [(one.id, one.kept_days, one.entry) for one in found.gone] == [("c1", 7, None), ("t1", 90, None)]
    assert _said(found).count("and the record has no entry of it") == 2
    assert [one["id"] for one in as_json([found])[0]["gone"]] == ["c1", "t1"]


def test_a_decision_that_led_to_nothing_has_lost_nothing() -> None:
    nothing = msgspec.structs.replace(SENT, outcome=Outcome.SUPPRESS, command_id=None, task_ids=())
    assert explained([nothing], [])[0].gone == ()

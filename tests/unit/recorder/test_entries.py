"""What goes into the record: one entry each, without reasons, hidden where reading it could hurt (C196)."""

import msgspec
import pytest

from streams.domain.events import Envelope, Event, Objection
from streams.domain.records import (
    Override,
    TemplateRef,
)
from streams.domain.vocabulary import (
    PROTECTED_REASONS,
    Channel,
    Ground,
    ObjectionAction,
    ObjectionReason,
    Purpose,
    Reason,
    Role,
    Scope,
    TaskStatus,
    Topic,
)
from streams.ops.metrics import value
from streams.recorder.entries import MessageBasis, basis_of, message_entry, objection_entry, task_entry
from streams.recorder.metrics import count
from tests.support.emitted import NOW, command, task
from tests.support.policies import policy


def objection(
    reason: ObjectionReason, action: ObjectionAction = ObjectionAction.RECORDED, version: int = 1
) -> Event:
    body = Objection("O1", action, Scope.METHOD, (Channel.SMS,), reason=reason, received_at=NOW)
    return Event(Topic.OBJECTIONS, Envelope(f"e{version}", "P1", version, NOW, "test"), body)


def test_an_exact_copy_is_the_text_that_was_sent() -> None:
    of = policy()
    entry = message_entry(command(of), of, NOW + 5)
    assert (entry.kind, entry.mode, entry.emitted_id) == ("MESSAGE", "EXACT", "c1")
    assert "((" not in entry.summary
    assert of.templates.organisation.name("en") in entry.summary
    assert (entry.emitted_at, entry.recorded_at) == (NOW, NOW + 5)


def test_a_summary_names_the_wording_and_no_address() -> None:
    of = policy(record_mode__APPT_CANCEL="summary")
    entry = message_entry(command(of), of, NOW)
    assert entry.mode == "SUMMARY"
    assert entry.summary.startswith("Text message about an appointment, wording ")
    assert "447700" not in entry.summary


def test_a_wording_that_is_no_longer_on_file_is_summarised() -> None:
    of = policy()
    old = msgspec.structs.replace(command(of).basis, template=TemplateRef("gone", 1, "hash"))
    assert message_entry(command(of, basis=old), of, NOW).mode == "SUMMARY"


def test_an_override_is_on_record_with_its_ground_and_decision() -> None:
    of = policy()
    override = Override(Ground.G3, "one_off", "O1", 1, ("s1", "s2"), "decision-9", ("phone",), 1_000)
    assert "override G3, decision decision-9" in message_entry(command(of, override=override), of, NOW).basis


def test_the_basis_says_what_it_was_about_and_how_it_went() -> None:
    of = policy()
    override = Override(Ground.G3, "one_off", "O1", 1, ("s1", "s2"), "decision-9", ("phone",), 1_000)
    entry = message_entry(command(of, override=override), of, NOW)
    assert basis_of(entry) == MessageBasis("APPT_CANCEL", "sms", "G3")
    usual = message_entry(command(of), of, NOW)
    assert basis_of(usual) == MessageBasis("APPT_CANCEL", "sms", None)
    earlier = msgspec.structs.replace(
        usual, basis="GDPR 6(1)(e), 9(2)(h); duty; channel: preferred; policy p1"
    )
    assert basis_of(earlier) == MessageBasis()


def test_a_threat_is_hidden_and_reads_like_any_other() -> None:
    of = policy()
    usual = message_entry(command(of), of, NOW)
    hidden = message_entry(command(of, purpose=Purpose.THREAT_CONTACT), of, NOW)
    assert (usual.online_visibility, hidden.online_visibility) == ("NORMAL", "HIDDEN")


@pytest.mark.parametrize(("ground", "visibility"), [(Ground.G3, "NORMAL"), (Ground.G7, "HIDDEN")])
def test_what_was_sent_because_of_a_threat_is_hidden_whatever_it_was_about(
    ground: Ground, visibility: str
) -> None:
    of = policy()
    override = Override(ground, "override_one_off", "O1", 1, ("s1", "s2"), "decision-9", (), 1_000)
    assert message_entry(command(of, override=override), of, NOW).online_visibility == visibility


def test_each_version_of_a_task_has_an_entry_of_its_own() -> None:
    first, closed = task_entry(task(), NOW), task_entry(task(version=2, status=TaskStatus.CLOSED), NOW)
    assert (first.emitted_id, closed.emitted_id) == ("t1/1", "t1/2")
    assert first.record_id != closed.record_id
    assert (first.summary, closed.summary) == (
        "Task for R-BOOK about an appointment: opened.",
        "Task for R-BOOK about an appointment: closed.",
    )


@pytest.mark.parametrize(
    ("changes", "visibility"),
    [
        ({}, "NORMAL"),
        ({"reason": Reason.PROTECTED_OBJECTION}, "HIDDEN"),
        ({"reason": Reason.THREAT}, "HIDDEN"),
        ({"reason": Reason.EXCLUDED_PERSON}, "HIDDEN"),
        ({"reason": Reason.SENSITIVE_FLAG}, "HIDDEN"),
        ({"reason": Reason.OBJECTION_UNREADABLE}, "HIDDEN"),
        ({"ground": Ground.G7}, "HIDDEN"),
        ({"role": Role.SAFE}, "HIDDEN"),
        ({"safe_contact_ref": "plan-1"}, "HIDDEN"),
        ({"reason": Reason.BAD_NEWS, "role": Role.CLIN}, "HIDDEN"),  # told by a person, not by the record
        ({"reason": Reason.CRITICAL_RESULT, "role": Role.DUTY}, "HIDDEN"),
        ({"reason": Reason.NO_CONTACT_DETAIL, "role": Role.DQ}, "NORMAL"),
    ],
)
def test_which_tasks_are_hidden(changes: dict[str, object], visibility: str) -> None:
    assert task_entry(task(**changes), NOW).online_visibility == visibility


@pytest.mark.parametrize("reason", list(ObjectionReason))
def test_no_entry_tells_why_somebody_objects(reason: ObjectionReason) -> None:
    entry = objection_entry(objection(reason), NOW)
    assert entry.summary == "Contact wishes recorded."
    assert reason.value not in str(entry)
    assert entry.online_visibility == ("HIDDEN" if reason in PROTECTED_REASONS else "NORMAL")


def test_the_life_of_an_objection() -> None:
    told = [
        objection_entry(objection(ObjectionReason.COST, action, version), NOW)
        for version, action in enumerate(
            (ObjectionAction.RECORDED, ObjectionAction.AMENDED, ObjectionAction.WITHDRAWN), start=1
        )
    ]
    assert [entry.summary for entry in told] == [
        "Contact wishes recorded.", "Contact wishes amended.", "Contact wishes withdrawn.",
    ]  # fmt: skip
    assert [entry.emitted_id for entry in told] == ["O1/1", "O1/2", "O1/3"]
    assert len({entry.record_id for entry in told}) == 3


def test_the_same_thing_has_the_same_id_whenever_it_is_recorded() -> None:
    of = policy()
    assert message_entry(command(of), of, NOW).record_id == message_entry(command(of), of, NOW + 99).record_id
    assert task_entry(task(), NOW).record_id == task_entry(task(), NOW + 99).record_id


def test_how_long_it_took_is_told_of_messages_and_new_tasks_only() -> None:
    """A task that is closed two hours after it was raised was put on record at once (S7)."""
    of = policy()
    late = NOW + 7_200_000
    before = value("heed_record_lag_seconds_count"), value("heed_record_lag_seconds_sum")
    count(
        [
            task_entry(task(version=2, status=TaskStatus.CLOSED), late),
            objection_entry(objection(ObjectionReason.COST), late),
        ]
    )
    assert (value("heed_record_lag_seconds_count"), value("heed_record_lag_seconds_sum")) == before
    count([message_entry(command(of), of, NOW + 1_000), task_entry(task(), NOW + 2_000)])
    assert value("heed_record_lag_seconds_count") == before[0] + 2
    assert value("heed_record_lag_seconds_sum") == before[1] + 3

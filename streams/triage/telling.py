"""An explanation in sentences."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from streams.domain.plain_words import CHANNELS, in_words, of_role
from streams.domain.time import Instant
from streams.domain.vocabulary import Outcome, Topic
from streams.triage.explain import Considered, Entry, Explanation, Gone, Message, TaskSeen

_LONDON: Final = ZoneInfo("Europe/London")
_HEADLINE: Final = {
    Outcome.SEND: "a message was sent",
    Outcome.ESCALATE: "given to staff",
    Outcome.SUPPRESS: "no message was needed",
    Outcome.QUARANTINE: "set aside",
    Outcome.HOLD: "held",
}


def when(at: Instant) -> str:
    """London time, for people: ``Tue 13 Oct 2026 09:14:05``."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(_LONDON).strftime("%a %d %b %Y %H:%M:%S")


def tell(explanations: Sequence[Explanation]) -> Iterator[str]:
    """Line by line, oldest decision first."""
    for explanation in explanations:
        yield from _one(explanation)
        yield ""


def _one(explanation: Explanation) -> Iterator[str]:
    decision = explanation.decision
    subject = decision.subject
    about = f"{subject.kind} {subject.id}".strip() + (
        f" version {subject.version}" if subject.version else ""
    )
    purpose = f", {decision.purpose}" if decision.purpose else ""
    yield f"{when(decision.decided_at)}  {about}{purpose}"
    yield f"  {decision.outcome}: {_HEADLINE[decision.outcome]}, {_because(explanation)}"
    if decision.hold_until:
        yield f"  until {when(decision.hold_until)}"
    if explanation.path:
        yield "  the rules that spoke, in order:"
        for step in explanation.path:
            yield f"    {step.rule:<7} {step.says}"
    yield f"  ended by rule {decision.rule}, policy {decision.policy_version}"
    if explanation.message is not None:
        yield from _message(explanation.message)
    for task in explanation.tasks:
        yield from _task(task)
    for gone in explanation.gone:
        yield from _gone(gone)
    place = decision.input
    yield f"  decision {decision.decision_id}, event {decision.event_id} at {place.topic}[{place.partition}]@{place.offset}"


def _because(explanation: Explanation) -> str:
    decision = explanation.decision
    if explanation.message is not None:
        channel = CHANNELS.get(explanation.message.channel, explanation.message.channel)
        return f"by {channel}: {in_words(decision.reason)} ({decision.reason})"
    return f"{in_words(decision.reason)} ({decision.reason})"


def _message(message: Message) -> Iterator[str]:
    yield (
        f"  message {message.command_id}: {message.template} to the {message.recipient.lower()}, level {message.level},"
        f" to be delivered before {when(message.valid_until)}"
    )
    for objection in message.objections:
        yield f"    considered: objection {objection.objection_id} version {objection.version}, {_covers(objection)}"
    if message.override is not None:
        over = message.override
        yield (
            f"    against objection {over.objection_id} version {over.objection_version}: {over.mode}, ground {over.ground},"
            f" decided by {', '.join(over.decided_by)}, see {over.decision_ref}"
        )


def _gone(gone: Gone) -> Iterator[str]:
    """What a topic keeps no longer: never as if it had not been."""
    what = "message" if gone.topic is Topic.SEND_COMMANDS else "task"
    yield f"  {what} {gone.id}: no longer in {gone.topic}, which keeps {gone.kept_days} days"
    if gone.entry is None:
        yield "    and the record has no entry of it"
    else:
        yield f"    its entry in the record is kept: {_kept(gone.entry)}"


def _kept(entry: Entry) -> str:
    by = f"by {CHANNELS.get(entry.channel, entry.channel)}" if entry.channel else ""
    ground = f"against an objection, ground {entry.ground}" if entry.ground else ""
    said = ", ".join(part for part in (entry.wording, by, ground, entry.summary) if part)
    return f"{entry.record_id}" + (f" ({said.rstrip('.')})" if said else "")


def _covers(objection: Considered) -> str:
    return "which covers this channel" if objection.covers else "which leaves this channel free"


def _task(task: TaskSeen) -> Iterator[str]:
    copies = f", in copy {', '.join(of_role(role) for role in task.copy_roles)}" if task.copy_roles else ""
    yield f"  task {task.task_id}: {of_role(task.role)}{copies}, {task.priority}, due {when(task.due_at)}, {task.status}"
    yield f"    {in_words(task.reason)} ({task.reason})" + (f", ground {task.ground}" if task.ground else "")
    if task.do_not_use:
        yield f"    not to be used: {', '.join(CHANNELS.get(one, one) for one in task.do_not_use)}"

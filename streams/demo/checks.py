"""Whether the sums come out, from the topics alone. Each check says what it found and where it failed."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from streams.demo.account import ALWAYS_DECIDED, Request, requests_of, tasks_of
from streams.demo.evidence import Evidence, Given, Place, Written
from streams.demo.objection_check import forbidden_by
from streams.demo.plain import Plain

_SHOWN: Final = 5
_LATE_MS: Final = 30 * 60_000  # simulated; three of the larger steps of the demo's clock


class Check(msgspec.Struct, frozen=True):
    """One statement about the day, whether it holds, the figures, and a few places where it does not."""

    says: str
    holds: bool
    figures: str
    where: tuple[str, ...] = ()


def run_checks(evidence: Evidence) -> list[Check]:
    """Every check, in the order in which a person would ask."""
    requests = requests_of(evidence)
    return [check(evidence, requests) for check in _CHECKS]


def _every_request_ends(evidence: Evidence, requests: list[Request]) -> Check:
    """Accepted requests = sends + tasks + suppressed + quarantined + open holds; none without, none unknown."""
    decided = {request.place for request in requests}
    due = {place for place in evidence.given if place[0] in ALWAYS_DECIDED}
    lost = due - decided
    invented = decided - evidence.given.keys()
    ends = Counter(request.outcome for request in requests)
    parts = [ends.pop(name, 0) for name in ("SEND", "ESCALATE", "SUPPRESS", "QUARANTINE", "HOLD")]
    beside = sum(request.place not in due for request in requests)
    copies = len(requests) - len(due & decided) - beside
    figures = (
        f"{len(due):,} appointment changes, results and requests + {beside:,} looked at because of other news"
        f" + {copies:,} copies and links = " + " + ".join(f"{part:,}" for part in parts)
    )
    forgotten = [f"hold of {request.event_id} is over" for request in _overdue(evidence, requests)]
    holds = (
        not lost and not invented and not ends and not forgotten and len(due) + beside + copies == sum(parts)
    )
    says = "every accepted request was told, given to staff, needed no message, was set aside, or still waits"
    return Check(says, holds, figures, (*_places(lost | invented), *_some(forgotten)))


def _overdue(evidence: Evidence, requests: list[Request]) -> list[Request]:
    """Requests that still wait though the time they waited for has passed (I13)."""
    latest = max((w.record["decided_at"] for w in evidence.decisions), default=0) - _LATE_MS
    return [r for r in requests if r.outcome == "HOLD" and (r.last["hold_until"] or 0) < latest]


def _decided_once(evidence: Evidence, requests: list[Request]) -> Check:
    """No decision, command or task version exists twice; a second end has a cause."""
    twice = [
        *_repeated(w.record["decision_id"] for w in evidence.decisions),
        *_repeated(w.record["command_id"] for w in evidence.commands),
        *_repeated(f"{w.record['task_id']} v{w.record['version']}" for w in evidence.tasks),
    ]
    again = [r for r in requests if sum(w.record["outcome"] != "HOLD" for w in r.decisions) > 1]
    groundless = [request.last["decision_id"] for request in again if not _had_cause(evidence, request)]
    figures = (
        f"{len(evidence.decisions):,} decisions, {len(evidence.commands):,} messages, "
        f"{len(evidence.tasks):,} task versions; {len(again):,} decided again after news"
    )
    return Check(
        "nothing was decided, sent or asked for twice",
        not twice and not groundless,
        figures,
        _some([*twice, *groundless]),
    )


def _had_cause(evidence: Evidence, request: Request) -> bool:
    """Sent once and never confirmed, or news about this patient arrived in between."""
    ends = [w for w in request.decisions if w.record["outcome"] != "HOLD"]
    for first, second in itertools.pairwise(ends):
        if first.record["outcome"] == "SEND":
            continue  # a message that did not arrive goes on to the next channel, or to a person
        news = evidence.events_of(first.record["patient_id"])
        if not any(first.timestamp <= given.timestamp <= second.timestamp for given in news):
            return False
    return True


def _sends_are_commands(evidence: Evidence, _: list[Request]) -> Check:
    """Each SEND names one command that exists, and each command its SEND; likewise for tasks."""
    sends = {
        w.record["command_id"]: w.record["decision_id"]
        for w in evidence.decisions
        if w.record["outcome"] == "SEND"
    }
    commands = {w.record["command_id"]: w.record["decision_id"] for w in evidence.commands}
    tasks = tasks_of(evidence)
    missing = [
        id_ for w in evidence.decisions if w.record["outcome"] == "ESCALATE"
        for id_ in w.record["task_ids"] or ["no task"] if id_ not in tasks
    ]  # fmt: skip
    astray = list(sends.keys() ^ commands.keys()) + [id_ for id_ in sends if commands.get(id_) != sends[id_]]
    figures = f"{len(sends):,} decisions to send, {len(commands):,} messages; {len(tasks):,} tasks"
    return Check(
        "every decision to send is one message, every escalation a task",
        not missing and not astray,
        figures,
        _some([*missing, *astray]),
    )


def _recorded_once(evidence: Evidence, _: list[Request]) -> Check:
    """One record entry for each message and each task version, and none for what was never emitted (I6)."""
    emitted = Counter(w.record["command_id"] for w in evidence.commands)
    emitted.update(f"{w.record['task_id']}:{w.record['version']}" for w in evidence.tasks)
    recorded: Counter[str] = Counter()
    other = 0
    for written in evidence.records:
        if written.record["kind"] == "OBJECTION":
            other += 1
        else:
            recorded[_emitted(written.record)] += 1
    wrong = [name for name in emitted.keys() | recorded.keys() if emitted[name] != recorded[name]]
    figures = f"{sum(emitted.values()):,} messages and task versions, {sum(recorded.values()):,} entries (+ {other:,} of objections)"
    return Check("every message and task is in the record exactly once", not wrong, figures, _some(wrong))


def _emitted(entry: Plain) -> str:
    """The record names a command by its id, a task by id and version (contract 3)."""
    return str(entry["emitted_id"]).replace("/", ":").replace("@", ":")


def _objections_kept(evidence: Evidence, _: list[Request]) -> Check:
    """No message on a channel objected to, unless the patient agreed to it or a person decided so."""
    objections, resolutions = evidence.objections_of(), evidence.resolutions_of()
    decisions = {w.record["decision_id"]: w for w in evidence.decisions}
    of_objectors = 0
    broken = []
    for written in evidence.commands:
        command = written.record
        known = _before(objections.get(command["patient_id"], []), written)
        if not known:
            continue
        of_objectors += 1
        about = _about(evidence, decisions.get(command["decision_id"]))
        settled = _before(resolutions.get(command["patient_id"], []), written)
        if forbidden_by(command, _service(about), _starts(evidence, about), known, settled):
            broken.append(command["command_id"])
    people = len(objections)
    figures = f"{people:,} patients objected to something; {of_objectors:,} messages to them looked at"
    return Check("no message went where the patient had objected to it", not broken, figures, _some(broken))


def _before(given: list[Given], written: Written) -> list[Plain]:
    """What had arrived when this was written."""
    return [one.event for one in given if one.event is not None and one.timestamp < written.timestamp]


def _about(evidence: Evidence, decision: Written | None) -> Plain:
    """The newest event that tells of the subject of a decision, up to the version decided."""
    if decision is None:
        return {}
    subject = decision.record["subject"]
    field = {"appointment": "appointment_id", "result": "result_id", "request": "request_id"}.get(
        subject["kind"], ""
    )
    found: Plain = {}
    for given in evidence.events_of(decision.record["patient_id"]):
        event = given.event or {}
        if event.get(field) == subject["id"] and event["version"] == subject["version"]:
            found = event
    return found


def _service(event: Plain) -> str:
    return str(event.get("service_code", ""))


def _starts(evidence: Evidence, event: Plain) -> Iterable[int]:
    """When the appointment is, and when it was before: what short notice may be counted from."""
    if "appointment_id" not in event:
        return ()
    versions = [given.event or {} for given in evidence.events_of(event["patient_id"])]
    same = [e for e in versions if e.get("appointment_id") == event["appointment_id"] and "starts_at" in e]
    return [e["starts_at"] for e in same if e["version"] <= event["version"]]


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _places(places: Iterable[Place]) -> tuple[str, ...]:
    return _some(f"{topic}[{partition}]@{offset}" for topic, partition, offset in sorted(places))


def _some(names: Iterable[str]) -> tuple[str, ...]:
    found = sorted(names)
    return (*found[:_SHOWN], f"and {len(found) - _SHOWN:,} more") if len(found) > _SHOWN else tuple(found)


_CHECKS: Final[tuple[Callable[[Evidence, list[Request]], Check], ...]] = (
    _every_request_ends,
    _decided_once,
    _sends_are_commands,
    _recorded_once,
    _objections_kept,
)

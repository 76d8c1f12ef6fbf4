"""Adds up a day from the topics alone: what became of every request, and whether the sums come out.

A *request* is one record on a deciding topic (a change of an appointment, a result, something asked for) and
what it is about; and likewise every other input that led to a decision: a receipt, an objection for which
an open request was looked at again. A copy for a nominated person is a request of its own. The *outcome* of
a request is its latest decision; HOLD is the only outcome that is not an end.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from hashlib import sha256
from statistics import median
from typing import Final

import msgspec

from streams.demo.evidence import Evidence, Place, Written
from streams.demo.plain import Plain
from streams.domain.time import Instant
from streams.domain.vocabulary import Topic

#: Every record here must end in an outcome. Receipts and state need one only when they lead to one.
ALWAYS_DECIDED: Final = (Topic.APPOINTMENTS, Topic.RESULTS, Topic.REQUESTS)


class Request(msgspec.Struct):
    """One accepted request and every decision about it, in order."""

    place: Place
    event_id: str
    decisions: list[Written]

    @property
    def last(self) -> Plain:
        return self.decisions[-1].record

    @property
    def kind(self) -> str:
        return str(self.last["subject"]["kind"])

    @property
    def outcome(self) -> str:
        return str(self.last["outcome"])


class Task(msgspec.Struct):
    """One escalation task over its versions."""

    first: Plain
    last: Plain


class Account(msgspec.Struct):
    """What a day came to. Counts by name; instants are simulated UTC ms, durations say their unit."""

    fed: dict[str, int] = {}
    accepted: int = 0
    outcomes: dict[str, int] = {}
    by_kind: dict[str, dict[str, int]] = {}
    reasons: dict[str, dict[str, int]] = {}
    commands: int = 0
    channels: dict[str, int] = {}
    purposes: dict[str, int] = {}
    tasks: int = 0
    tasks_by_role: dict[str, dict[str, int]] = {}
    task_reasons: dict[str, int] = {}
    tasks_ended: dict[str, int] = {}
    dead_letters: dict[str, int] = {}
    records: int = 0
    decided_again: int = 0
    seconds_to_tell: float = 0.0
    milliseconds_to_decide: float = 0.0
    fingerprint: str = ""


def requests_of(evidence: Evidence) -> list[Request]:
    """Gather decisions by what they decide."""
    found: dict[tuple[Place, str, str], Request] = {}
    for written in evidence.decisions:
        named = written.record["input"]
        place = (str(named["topic"]), int(named["partition"]), int(named["offset"]))
        event_id = str(written.record["event_id"])
        about = (place, event_id, str(written.record["subject"]["id"]))
        found.setdefault(about, Request(place, event_id, [])).decisions.append(written)
    return list(found.values())


def tasks_of(evidence: Evidence) -> dict[str, Task]:
    found: dict[str, Task] = {}
    for written in evidence.tasks:
        record = written.record
        task = found.setdefault(record["task_id"], Task(record, record))
        if record["version"] >= task.last["version"]:
            task.last = record
        if record["version"] < task.first["version"]:
            task.first = record
    return found


_ALWAYS: Final = 1 << 62


def add_up(evidence: Evidence, since: Instant = 0, until: Instant = _ALWAYS) -> Account:
    """Count what was first decided after the simulated moment ``since``, up to ``until``."""
    requests = [r for r in requests_of(evidence) if since < r.decisions[0].record["decided_at"] <= until]
    commands = [w.record for w in evidence.commands if since < w.record["created_at"] <= until]
    tasks = {
        id_: task for id_, task in tasks_of(evidence).items() if since < task.first["created_at"] <= until
    }
    return Account(
        fed=dict(Counter(place[0] for place in evidence.given)),
        accepted=len(requests),
        outcomes=_counted(r.outcome for r in requests),
        by_kind=_table((r.kind, r.outcome) for r in requests),
        reasons=_table((r.outcome, r.last["reason"]) for r in requests),
        commands=len(commands),
        channels=_counted(c["channel"] for c in commands),
        purposes=_counted(c["purpose"] for c in commands),
        tasks=len(tasks),
        tasks_by_role=_table((t.first["role"], t.first["priority"]) for t in tasks.values()),
        task_reasons=_counted(t.first["reason"] for t in tasks.values()),
        tasks_ended=_counted(t.last["status"] for t in tasks.values()),
        dead_letters=_counted(
            letter.headers.get("heed.reason", b"").decode()
            for letter in evidence.dead_letters
            if _is_letter(letter.headers)
        ),
        records=len(evidence.records),
        decided_again=sum(len(_ends(r)) > 1 for r in requests),
        seconds_to_tell=_median(
            (r.last["decided_at"] - r.last["occurred_at"]) / 1000 for r in requests if r.outcome == "SEND"
        ),
        milliseconds_to_decide=_median(_real_delays(evidence, requests)),
        fingerprint=fingerprint(requests),
    )


def _is_letter(headers: dict[str, bytes]) -> bool:
    """Not the mark that a dead letter was put back."""
    return "heed.requeued" not in headers


def _ends(request: Request) -> list[Plain]:
    return [w.record for w in request.decisions if w.record["outcome"] != "HOLD"]


def _real_delays(evidence: Evidence, requests: list[Request]) -> Iterable[float]:
    """From an event's arrival in Kafka to the first thing decided about it, on the machine's own clock."""
    for request in requests:
        given = evidence.given.get(request.place)
        if given is not None:
            yield request.decisions[0].timestamp - given.timestamp


def fingerprint(requests: Iterable[Request]) -> str:
    """A short text that is the same for two runs exactly when every request ended the same way in both."""
    ends = sorted(
        f"{r.event_id} {r.last['subject']['id']} {r.outcome} {r.last['reason']} {r.last['rule']}"
        for r in requests
    )
    return sha256("\n".join(ends).encode()).hexdigest()[:16]


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _table(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for row, column in pairs:
        rows[row][column] += 1
    return {row: dict(sorted(columns.items())) for row, columns in sorted(rows.items())}


def _median(numbers: Iterable[float]) -> float:
    found = list(numbers)
    return round(median(found), 1) if found else 0.0

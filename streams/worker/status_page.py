"""What the worker's status page says: shards, lag, holds, tasks by role and age, safety, policy and version."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from streams.domain.london import wall
from streams.domain.plain_words import in_words, of_role
from streams.domain.time import SECOND
from streams.domain.vocabulary import Priority
from streams.ops.metrics import value
from streams.ops.status import Figure, Section, Status, Table, age

from .host import Host
from .measuring import Measuring
from .open_work import OpenWork
from .parts import Parts

#: From here on the page asks for a look: where LagHigh, ObjectionLag and RecordMissing fire. Seconds.
LAG_S: Final = 60.0
OBJECTION_LAG_S: Final = 10.0
UNRECORDED_S: Final = 300.0


def status_of(parts: Parts, host: Host, measuring: Measuring, reasons: Sequence[str]) -> Status:
    """The page of a worker, as of the last look (``measuring``), some 2 s ago."""
    at = datetime.fromtimestamp(wall(parts.clock.now()) / SECOND, UTC)  # London's wall clock
    return Status(
        "Heed worker",
        (
            f"Policy {parts.policy.version}, Heed {_version()}, {at:%d %B %Y %H:%M:%S} in London",
            "Figures are of this worker's partitions; the other workers have pages of their own.",
        ),
        tuple(reasons),
        (
            Section("Safety: must be 0", _safety(measuring.open_work)),
            Section("Time", _time(measuring)),
            Section("Tasks by role", _tasks(measuring.open_work), _incomplete(measuring.open_work)),
            Section("Waiting on purpose", _holds(measuring.open_work)),
            Section("Shards", _shards(host, measuring)),
        ),
    )


def _version() -> str:
    from importlib import metadata

    return metadata.version("heed")


def _safety(work: OpenWork) -> tuple[Figure, ...]:
    counted = (
        ("Sends in spite of an objection", value("heed_unjustified_objected_sends_total")),
        ("Protected objections set aside by a machine", value("heed_protected_overrides_total")),
        ("Requests without an outcome", value("heed_conservation_gap")),
        ("Tasks without an owner", work.unowned),
        ("Partitions sending nothing", value("heed_shards_paused")),
        ("Topic partitions stopped", value("heed_topic_partitions_stopped")),
    )
    return tuple(Figure(name, f"{number:.0f}", number > 0) for name, number in counted)


def _time(measuring: Measuring) -> tuple[Figure, ...]:
    lag = max(measuring.lag.values(), default=0.0)
    objections = value("heed_objection_lag_seconds")
    overdue = value("heed_holds_overdue")
    work = measuring.open_work
    return (
        Figure("Oldest event not decided", age(lag), lag > LAG_S),
        Figure("Oldest objection not applied", age(objections), objections > OBJECTION_LAG_S),
        Figure("Oldest message not on record", age(measuring.unrecorded), measuring.unrecorded > UNRECORDED_S),
        Figure("Due and not looked at", f"{overdue:.0f}", overdue > 0),
        Figure("Changes at risk within 2 h", str(work.at_risk), work.at_risk > 0),
        Figure("Oldest critical result nobody has", age(work.critical), work.critical > 600),
        Figure("Urgent tasks not acknowledged in time", str(work.unacknowledged["urgent"]), work.unacknowledged["urgent"] > 0),
        Figure("Urgent tasks past their deadline", str(work.overdue["urgent"]), work.overdue["urgent"] > 0),
    )  # fmt: skip


def _tasks(work: OpenWork) -> Table:
    roles = sorted(work.oldest, key=lambda role: -work.oldest[role])
    rows = tuple(
        (
            _role(role),
            *(str(work.open[role, priority] or "") for priority in Priority),
            age(work.oldest[role]),
        )
        for role in roles
    )
    return Table(("For", *Priority, "Oldest"), rows, frozenset({*Priority, "Oldest"}), "No open task.")


def _role(role: str) -> str:
    """In words, with the code that alerts and dashboards use."""
    return f"{of_role(role)} ({role})"


def _incomplete(work: OpenWork) -> str:
    return "Patients are still being counted after a restart: more may come." if work.incomplete else ""


def _holds(work: OpenWork) -> Table:
    rows = tuple((in_words(reason), f"{count:,}") for reason, count in sorted(work.holds.items()) if count)
    return Table(("Reason", "Requests"), rows, frozenset({"Requests"}), "Nothing waits.")


def _shards(host: Host, measuring: Measuring) -> Table:
    rows = []
    for partition in sorted({*host.shards, *(host.assigned_partitions or ())}):
        shard = host.shards.get(partition)
        if shard is None:
            rows.append((str(partition), "restoring", "", "", "", ""))
            continue
        state = "sends nothing" if shard.state.paused else "working" if shard.flowing else "waiting"
        inbox = shard.intake.inbox
        if inbox.stopped:
            state = f"stopped: {', '.join(sorted(inbox.stopped))}"
        lag = measuring.lag.get(partition)
        rows.append(
            (
                str(partition), state, "" if lag is None else age(lag), f"{measuring.behind.get(partition, 0):,}",
                f"{len(shard.table):,}", f"{shard.table.size / 1e6:,.1f} MB",
            )
        )  # fmt: skip
    columns = ("Partition", "State", "Lag", "Behind", "Patients", "Memory")
    return Table(
        columns, tuple(rows), frozenset({"Lag", "Behind", "Patients", "Memory"}), "No partition yet."
    )

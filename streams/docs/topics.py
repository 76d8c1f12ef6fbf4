"""topics.md: the topic catalogue."""

from __future__ import annotations

from typing import Final

from streams.domain.time import DAY
from streams.domain.vocabulary import DECIDING_TOPICS, INPUT_TOPICS, STATE_TOPICS, Topic
from streams.kafka.codec import SCHEMA_ON
from streams.kafka.topics import CATALOGUE, Plan
from streams.settings import LOCAL_PARTITIONS, PRODUCTION_PARTITIONS

from .page import code, page, table

_HOLDS: Final[dict[Topic, str]] = {
    Topic.APPOINTMENTS: "Snapshots of appointments, from booking systems",
    Topic.RESULTS: "Test results and their release, never their values",
    Topic.OBJECTIONS: "Objections as they are recorded, amended and withdrawn",
    Topic.PATIENTS: "What is known of patients, section by section",
    Topic.REQUESTS: "Messages that a person or system asks for",
    Topic.RECEIPTS: "What became of a message, from providers",
    Topic.RESOLUTIONS: "What people did: tasks, approvals, standing decisions",
    Topic.SEND_COMMANDS: "One message each: one channel, one recipient, with its basis",
    Topic.ESCALATION_TASKS: "Tasks for people, in each of their versions",
    Topic.DECISIONS: "Every outcome with its rule path, also those that send nothing",
    Topic.PATIENT_TABLE: "The packed state of each patient: the table's changelog",
    Topic.RECORDS: "Entries for the patient's record, written by the recorder only",
    Topic.SAFETY_LOG: "Incidents and near misses",
    Topic.DEAD_LETTERS: "Records set aside, original bytes; headers say why",
    Topic.HEARTBEATS: "Records that go the whole way of an event and concern nobody; they come in with receipts",
}


def topics() -> str:
    return page(
        "Topics",
        "streams/kafka/topics.py",
        "All topics are keyed by `patient_id` (UTF-8; `dead-letters` keep the original key, `heartbeats` have one of their own, "
        "`patient-table` also holds each shard's row) and have the same number of partitions: "
        f"{PRODUCTION_PARTITIONS} unless HEED_PARTITIONS says otherwise, {LOCAL_PARTITIONS} on the local broker. Names carry HEED_TOPIC_PREFIX. "
        "`heed topics create` makes those that are missing; `heed topics check`, and every worker at its start, refuse "
        "unequal partition counts, clean-up that could lose what must be remembered, and a `decisions` topic that the broker does "
        "not stamp with its own time: a worker's clock is told from it. Each topic also has `min.insync.replicas=2` where "
        "there are 3 replicas.",
        table(
            ("Topic", "", "Holds", "Kept", "Clean-up", "Largest batch", "Other settings", "Record"),
            (
                (
                    code(plan.topic),
                    _direction(plan.topic),
                    _HOLDS[plan.topic],
                    _kept(plan),
                    plan.configs["cleanup.policy"],
                    _bytes(plan),
                    _others(plan),
                    _record(plan.topic),
                )
                for plan in CATALOGUE
            ),
        ),
        f"State-bearing inputs are {_listed(STATE_TOPICS)}: whatever was acknowledged there before a deciding event was "
        f"appended is applied before that event is decided. Deciding inputs are {_listed(DECIDING_TOPICS)}.",
    )


def _direction(topic: Topic) -> str:
    if topic in INPUT_TOPICS:
        return "in"
    return "internal" if topic in (Topic.PATIENT_TABLE, Topic.HEARTBEATS) else "out"


def _kept(plan: Plan) -> str:
    if plan.configs["cleanup.policy"] == "compact":
        return "newest of each patient"
    return "for ever" if plan.kept_forever else f"{int(plan.configs['retention.ms']) // DAY} days"


def _bytes(plan: Plan) -> str:
    return plan.configs.get("max.message.bytes", "the broker's own")


def _others(plan: Plan) -> str:
    """What a topic is created with, beside what has a column of its own."""
    told = ("cleanup.policy", "retention.ms", "retention.bytes", "max.message.bytes")
    return ", ".join(code(f"{name}={value}") for name, value in plan.configs.items() if name not in told)


def _record(topic: Topic) -> str:
    name = SCHEMA_ON.get(topic)
    return "bytes" if name is None else f"[{name}](schemas.md#{name.lower()})"


def _listed(topics: tuple[Topic, ...]) -> str:
    return ", ".join(map(code, topics))

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
        f"All topics are keyed by `patient_id` (UTF-8) and have the same number of partitions: {PRODUCTION_PARTITIONS} "
        f"unless HEED_PARTITIONS says otherwise, {LOCAL_PARTITIONS} on the local broker. Names carry HEED_TOPIC_PREFIX. "
        "`heed topics create` makes those that are missing; `heed topics check`, and every worker at its start, refuse "
        "unequal partition counts and clean-up that could lose what must be remembered.",
        table(
            ("Topic", "", "Holds", "Kept", "Clean-up", "Largest batch", "Record"),
            (
                (
                    code(plan.topic),
                    _direction(plan.topic),
                    _HOLDS[plan.topic],
                    _kept(plan),
                    plan.configs["cleanup.policy"],
                    _bytes(plan),
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


def _record(topic: Topic) -> str:
    name = SCHEMA_ON.get(topic)
    return "bytes" if name is None else f"[{name}](schemas.md#{name.lower()})"


def _listed(topics: tuple[Topic, ...]) -> str:
    return ", ".join(map(code, topics))

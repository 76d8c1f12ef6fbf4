"""The topics of contract 1, and what each of them is to the deciding worker."""

from enum import StrEnum
from typing import Final


class Topic(StrEnum):
    """The topics of contract 1, without prefix."""

    APPOINTMENTS = "appointments"
    RESULTS = "results"
    OBJECTIONS = "objections"
    PATIENTS = "patients"
    REQUESTS = "requests"
    RECEIPTS = "receipts"
    RESOLUTIONS = "resolutions"
    SEND_COMMANDS = "send-commands"
    ESCALATION_TASKS = "escalation-tasks"
    DECISIONS = "decisions"
    PATIENT_TABLE = "patient-table"
    RECORDS = "records"
    SAFETY_LOG = "safety-log"
    DEAD_LETTERS = "dead-letters"
    HEARTBEATS = "heartbeats"


STATE_TOPICS: Final = (Topic.OBJECTIONS, Topic.PATIENTS, Topic.RESOLUTIONS)
DECIDING_TOPICS: Final = (Topic.APPOINTMENTS, Topic.RESULTS, Topic.REQUESTS, Topic.RECEIPTS)
INPUT_TOPICS: Final = STATE_TOPICS + DECIDING_TOPICS

"""Workload 1, the plain join, for the Python peers: the same records and the same rule as bench/join.py.

Standard library and fastavro only; every peer's virtual environment has it. Schemas are read from the file that
the bench writes, with logical types left out, so that times stay numbers: the fastest way that fastavro offers.
"""

import json
import os
import time
from io import BytesIO
from pathlib import Path

import fastavro

BROKER = os.environ["BENCH_BROKER"]
PREFIX = os.environ["BENCH_PREFIX"]
GROUP = os.environ["BENCH_GROUP"]
STATE_DIR = Path(os.environ["BENCH_STATE_DIR"])
PARTITIONS = int(os.environ["BENCH_PARTITIONS"])

APPOINTMENTS = PREFIX + "appointments"
DECISIONS = PREFIX + "decisions"
COMMANDS = PREFIX + "send-commands"
TABLE = PREFIX + "patient-table"

_FOUND = json.loads(Path(os.environ["BENCH_SCHEMAS"]).read_text(encoding="utf-8"))
_HEADER = {name: b"\0" + found["id"].to_bytes(4, "big") for name, found in _FOUND.items()}
_EVENT, _DECISION, _COMMAND = (
    fastavro.parse_schema(_FOUND[name]["schema"]) for name in ("AppointmentEvent", "Decision", "SendCommand")
)
_DAY_MS = 86_400_000
_TEMPLATE = {"id": "appt_confirm", "version": 1, "hash": "0000000000000000"}


def decode(value: bytes) -> dict:
    body = BytesIO(value)
    body.seek(5)
    return fastavro.schemaless_reader(body, _EVENT, None)


def _encode(schema: dict, header: bytes, record: dict) -> bytes:
    body = BytesIO()
    body.write(header)
    fastavro.schemaless_writer(body, schema, record)
    return body.getvalue()


def encode_decision(decision: dict) -> bytes:
    return _encode(_DECISION, _HEADER["Decision"], decision)


def encode_command(command: dict) -> bytes:
    return _encode(_COMMAND, _HEADER["SendCommand"], command)


def join(row: dict | None, event: dict, partition: int, offset: int) -> tuple[dict, dict, dict | None]:
    """The patient's row and an event; the new row, the decision, and the command if there is one."""
    now = time.time_ns() // 1_000_000
    seen = 1 if row is None else row["seen"] + 1
    send = event["status"] == "BOOKED"
    starts_at, occurred_at, event_id = event["starts_at"], event["occurred_at"], event["event_id"]
    decision = {
        "decision_id": "d-" + event_id,
        "event_id": event_id,
        "input": {"topic": "appointments", "partition": partition, "offset": offset},
        "patient_id": event["patient_id"],
        "outcome": "SEND" if send else "SUPPRESS",
        "reason": "preferred" if send else "stale_version",
        "rule": "7.1" if send else "4.1",
        "rule_path": ["4.1", "7.1"],
        "purpose": "APPT_CONFIRM",
        "subject": {"kind": "appointment", "id": event["appointment_id"], "version": event["version"]},
        "level": "L2",
        "hold_until": None if row is None else row["starts_at"],
        "command_id": "c-" + event_id if send else None,
        "task_ids": [],
        "state_version": seen,
        "policy_version": "join",
        "occurred_at": occurred_at,
        "decided_at": now,
    }
    after = {"seen": seen, "starts_at": starts_at, "occurred_at": occurred_at}
    return after, decision, _command(event, decision, now) if send else None


def _command(event: dict, decision: dict, now: int) -> dict:
    until = event["starts_at"] - _DAY_MS
    shared = {
        "recipient_role": "PATIENT",
        "proxy_ref": None,
        "purpose": "APPT_CONFIRM",
        "level": "L2",
        "selection_reason": "preferred",
        "policy_version": "join",
        "state_version": decision["state_version"],
        "valid_until": until,
    }
    return {
        **shared,
        "command_id": decision["command_id"],
        "decision_id": decision["decision_id"],
        "patient_id": decision["patient_id"],
        "subject": decision["subject"],
        "channel": "sms",
        "address": "+447700900001",
        "template_id": "appt_confirm",
        "template_version": 1,
        "parameters": {"site": event["generic_site"], "starts_at": str(event["starts_at"])},
        "language": "en",
        "basis": {
            **shared,
            "gdpr_art6": "6(1)(e)",
            "gdpr_art9": "9(2)(h)",
            "cldc_basis": "direct care",
            "preference_version": None,
            "permission_ref": None,
            "objections_considered": [],
            "template": _TEMPLATE,
            "rule_path": decision["rule_path"],
            "config_version": "join",
            "occurred_at": decision["occurred_at"],
            "decided_at": now,
        },
        "override": None,
        "not_before": now,
        "supersedes": None,
        "provider_fallback": "FORBIDDEN",
        "created_at": now,
    }

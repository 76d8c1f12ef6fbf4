"""What one decision costs, without Kafka: decide, respond and the codec, for a typical appointment change.

    python -m bench.decide

CPU microseconds, the least of several rounds: what the code costs when nothing disturbs it. ``unpack`` and
``decode`` stand beside it as a measure of the machine; compare ratios, not numbers of different days.
"""

import json
import time
from collections.abc import Callable
from typing import Final

import msgspec
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.decisions import Environment, respond
from streams.decisions.decide import decide
from streams.decisions.facts import apply
from streams.decisions.framing import frame
from streams.domain.events import Appointment, Contact, Envelope, Event, Identity
from streams.domain.packing import pack, unpack
from streams.domain.patient import Asked, PatientState
from streams.domain.position import Position
from streams.domain.records import Decision, SendCommand
from streams.domain.time import DAY, HOUR, Instant
from streams.domain.vocabulary import AppointmentStatus, Channel, InitiatedBy, SubjectKind, Topic
from streams.kafka.codec import Codec
from streams.policy.load import default_path, load_overrides, read

NOW: Final[Instant] = 1_796_122_800_000  # Tuesday 1 December 2026, 11:00 in London
ROUNDS: Final = 7
TIMES: Final = 4_000


def least(work: Callable[[], object]) -> float:
    """CPU microseconds of one call, in the best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(TIMES):
            work()
        best = min(best, time.process_time() - begun)
    return round(best / TIMES * 1e6, 2)


def appointment(version: int, starts_at: Instant) -> Event:
    body = Appointment(
        "A1",
        AppointmentStatus.BOOKED,
        starts_at,
        service_code="GEN",
        site="Main Hospital",
        generic_site="Main Hospital",
        initiated_by=InitiatedBy.PROVIDER,
    )
    return Event(Topic.APPOINTMENTS, Envelope(f"e{version}", "P1", version, NOW - 1_000, "pas"), body)


class Calls(msgspec.Struct, frozen=True):
    """What is measured, by name, ready to be called; and how large the patient's packed state is."""

    by_name: dict[str, Callable[[], object]]
    state_bytes: int


def calls() -> Calls:
    """A typical change of an appointment: decided, encoded, packed, appended."""
    unsettled = {"settle_s.appointment": 0, "surge.minimum": 1_000_000}
    env = Environment(load_overrides(read(default_path()), unsettled), NOW)
    at = Position(Topic.APPOINTMENTS, 0, 1, NOW)
    details = (
        (Channel.NHS_APP, "9990548609"),
        (Channel.SMS, "+447700900001"),
        (Channel.EMAIL, "ada@example.org"),
        (Channel.LETTER, "1 Test Street, Leeds, LS1 4AP"),
    )
    ada = PatientState(
        identity=Identity("9990548609", "Test", "Ada", born="1980-01-01", last_seen_at=NOW - 30 * DAY),
        contacts=tuple(Contact(channel, channel, value, NOW - 10 * DAY) for channel, value in details),
    )
    told = respond("P1", ada, appointment(1, NOW + 30 * HOUR), at, env).patient
    assert told is not None
    change = appointment(2, NOW + 33 * HOUR)
    asked = Asked(SubjectKind.APPOINTMENT, "A1", 2, "e2", at, NOW - 1_000)
    case = frame("P1", apply(told, change, NOW, NOW), asked, env)
    codec, packed = Codec.local(), pack(told)
    value = codec.encode_event(change)
    outputs = respond("P1", told, change, at, env).outputs
    decision, command = (next(o for o in outputs if type(o) is kind) for kind in (Decision, SendCommand))
    encoded = codec.encode(decision)

    def append() -> None:
        batch = BatchBuilder(1 << 20, 0, is_transactional=1)
        for _ in range(100):
            batch.append(timestamp=None, key=b"P1", value=encoded, headers=[])

    return Calls(
        {
            "decode": lambda: codec.decode(Topic.APPOINTMENTS, b"P1", value),
            "unpack": lambda: unpack(packed),
            "decide": lambda: decide(case),
            "respond": lambda: respond("P1", told, change, at, env),
            "pack": lambda: pack(told),
            "encode_decision": lambda: codec.encode(decision),
            "encode_command": lambda: codec.encode(command),
            "append_100": append,
        },
        len(packed),
    )


def figures() -> dict[str, float]:
    """CPU microseconds by name, and the size of the state in bytes."""
    found = calls()
    return {name: least(call) for name, call in found.by_name.items()} | {"state_bytes": found.state_bytes}


def main() -> None:
    print(json.dumps(figures()))


if __name__ == "__main__":
    main()

"""One partition under one policy: its patients, their timers and the shard's own state, in memory.

Fed with what lies on the topics, in the order and with the clock of its records. Decides through the rules
alone; what they emit is handed back, never written.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Final

from streams.decisions import Environment, Response, adopt, refuse, respond, wake
from streams.domain.events import Envelope, Event, Receipt, Resolution
from streams.domain.packing import next_due
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import Output, SendCommand
from streams.domain.shard import ShardState
from streams.domain.time import MINUTE, Instant
from streams.domain.vocabulary import ReceiptStatus, Topic
from streams.errors import BadRecord
from streams.policy.model import Policy
from streams.worker.timers import Timers

__all__ = ["Side"]

#: A patient due again at once for this often waits a minute, as in a worker (worker/shard.py).
_WAKES_IN_A_ROW: Final = 20


class Side:
    """What the facts come to under ``policy``. ``answered``: commands whose receipts are on the topic.

    A message that this history has no receipt for is taken as having arrived: nobody can know otherwise,
    and to fall back from it would invent a failure.
    """

    def __init__(self, policy: Policy, answered: Container[str]) -> None:
        self._policy = policy
        self._answered = answered
        self._patients: dict[str, PatientState] = {}
        self._timers = Timers()
        self._shard = ShardState()
        self._stuck: dict[str, int] = {}

    def adopt(self, event: Event, at: Position) -> None:
        """Take an event from before the period as state: told, not decided, counted by nothing."""
        patient_id = event.envelope.patient_id
        env = Environment(self._policy, at.ingested_at, self._shard)
        self._keep(patient_id, adopt(patient_id, self._patients.get(patient_id), event, at, env))

    def copy_from(self, other: Side) -> None:
        """Begin with another side's patients; states are values, so they can be shared."""
        self._patients = dict(other._patients)
        for patient_id, patient in self._patients.items():
            self._timers.set(patient_id.encode(), next_due(patient))
        self._shard = other._shard

    def take(self, event: Event, at: Position) -> Iterator[tuple[Instant, Output]]:
        """Decide an event of the period."""
        patient = self._patients.get(event.envelope.patient_id)
        if not _has_no_counterpart(event, patient):
            yield from self._respond(event, patient, at)

    def refuse(
        self, patient_id: str | None, bad: BadRecord, at: Position
    ) -> Iterator[tuple[Instant, Output]]:
        """Set a record aside that cannot be read."""
        patient = None if patient_id is None else self._patients.get(patient_id)
        env = Environment(self._policy, at.ingested_at, self._shard)
        yield from self._settle(patient_id, refuse(patient_id, patient, bad, None, None, at, env), at)

    def advance(self, to: Instant) -> Iterator[tuple[Instant, Output]]:
        """Do everything that falls due up to and including ``to``, each at its own time."""
        while (due := self._timers.next()) is not None and due <= to:
            for key in self._timers.take(due, 1):
                yield from self._wake(key.decode(), due)

    def _wake(self, patient_id: str, now: Instant) -> Iterator[tuple[Instant, Output]]:
        response = wake(patient_id, self._patients[patient_id], Environment(self._policy, now, self._shard))
        yield from self._settle(patient_id, response, Position(Topic.PATIENT_TABLE, 0, 0, now))
        if not 0 < next_due(self._patients[patient_id]) <= now:
            self._stuck.pop(patient_id, None)
            return
        self._stuck[patient_id] = self._stuck.get(patient_id, 0) + 1
        if self._stuck[patient_id] >= _WAKES_IN_A_ROW:
            self._timers.set(patient_id.encode(), now + MINUTE)

    def _respond(
        self, event: Event, patient: PatientState | None, at: Position
    ) -> Iterator[tuple[Instant, Output]]:
        env = Environment(self._policy, at.ingested_at, self._shard)
        response = respond(event.envelope.patient_id, patient, event, at, env)
        yield from self._settle(event.envelope.patient_id, response, at)

    def _settle(
        self, patient_id: str | None, response: Response, at: Position
    ) -> Iterator[tuple[Instant, Output]]:
        self._shard = response.shard
        if patient_id is not None and response.patient is not None:
            self._keep(patient_id, response.patient)
        for output in response.outputs:
            yield at.ingested_at, output
        for output in response.outputs:
            if isinstance(output, SendCommand) and output.command_id not in self._answered:
                yield from self._respond(_arrived(output, at), self._patients[output.patient_id], at)

    def _keep(self, patient_id: str, patient: PatientState) -> None:
        self._patients[patient_id] = patient
        self._timers.set(patient_id.encode(), next_due(patient))


def _has_no_counterpart(event: Event, patient: PatientState | None) -> bool:
    """About a message or task that does not exist under this policy, or was there before the period."""
    body = event.body
    if isinstance(body, Receipt):
        return patient is None or body.command_id not in patient.sent
    if isinstance(body, Resolution) and body.task_id is not None:
        return patient is None or body.task_id not in patient.tasks
    return False


def _arrived(command: SendCommand, at: Position) -> Event:
    envelope = Envelope(f"arrived-{command.command_id}", command.patient_id, 1, at.ingested_at, "backtest")
    return Event(Topic.RECEIPTS, envelope, Receipt(command.command_id, ReceiptStatus.READ, command.channel))

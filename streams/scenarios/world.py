"""A shard without Kafka: patients in a dict, a clock that is set, and what the rules emit.

Patients are kept packed, as in the patient table, so that every event also proves that nothing is lost in between.
Timers run in order of their due time, those due at an event's own instant before the event. Decides nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from streams.decisions import Environment, Response, adopt, refuse, respond, wake
from streams.domain.events import Event, Receipt, Resolution
from streams.domain.limits import patient_named
from streams.domain.packing import due_of, pack, unpack
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import EscalationTask, Forward, Output, SendCommand
from streams.domain.shard import ShardState
from streams.domain.time import Instant
from streams.domain.vocabulary import Channel, Topic
from streams.errors import BadRecord, HeedError
from streams.kafka.codec import Codec
from streams.policy.model import Policy

from .match import Emitted, holds
from .story import Kind, Raw, Reference, Step

#: A patient who is woken this often at one instant has a hold that does not end.
_MOST_WAKES: Final = 1_000


class CannotPlay(HeedError):
    """The scenario asks for something that is not there, or the rules do not come to rest."""


class World:
    """One shard of one partition, and everything emitted since the clock started."""

    def __init__(self, policy: Policy, clock: Instant, codec: Callable[[], Codec]) -> None:
        self.now = clock
        self.policy = policy
        self.emitted: list[Emitted] = []
        self.shard = ShardState()
        self._codec = codec
        self._patients: dict[str, bytes] = {}
        self._offset = 0

    def patient(self, patient_id: str) -> PatientState | None:
        packed = self._patients.get(patient_id)
        return None if packed is None else unpack(packed)

    def adopt(self, step: Step) -> None:
        """Apply a ``given`` event as state only: told, not decided, counted by nothing."""
        event = self._settled(step)
        patient_id = event.envelope.patient_id
        at = self._next_position(event.topic)
        self._keep(patient_id, adopt(patient_id, self.patient(patient_id), event, at, self._environment()))

    def play(self, step: Step) -> None:
        """Let the clock reach the event, and the event happen."""
        self.advance(step.at)
        if isinstance(step.what, Raw):
            self._receive(step.what)
        else:
            self._deliver(self._settled(step))

    def advance(self, to: Instant) -> None:
        """Do everything that is due up to and including ``to``, then set the clock to it.

        Raises CannotPlay when one patient is due again and again without end.
        """
        wakes = 0
        at = self.now
        while (due := self._next_due()) is not None and due[0] <= to:
            self.now = max(self.now, due[0])
            wakes = wakes + 1 if self.now == at else 0
            at = self.now
            if wakes > _MOST_WAKES:
                raise CannotPlay("a hold or deadline is due again and again at the same instant")
            patient_id = due[1]
            state = unpack(self._patients[patient_id])
            for event in self._take(patient_id, wake(patient_id, state, self._environment())):
                self._deliver(event)
        self.now = max(self.now, to)

    def _next_due(self) -> tuple[Instant, str] | None:
        """The earliest due time, and whose; patients due together go in the order they were first seen."""
        earliest: tuple[Instant, str] | None = None
        for patient_id, packed in self._patients.items():
            due = due_of(packed)
            if due and (earliest is None or due < earliest[0]):
                earliest = (due, patient_id)
        return earliest

    def _deliver(self, event: Event) -> None:
        """Decide an event, and those it sends on to another patient's key."""
        waiting = deque([event])
        while waiting:
            one = waiting.popleft()
            patient_id = one.envelope.patient_id
            at = self._next_position(one.topic)
            response = respond(patient_id, self.patient(patient_id), one, at, self._environment())
            waiting.extend(self._take(patient_id, response))

    def _receive(self, raw: Raw) -> None:
        """Take bytes the way the worker does: decode, and refuse what cannot be."""
        try:
            event = self._codec().decode(raw.topic, raw.key, raw.value)
        except BadRecord as bad:
            patient_id = patient_named(raw.key)
            state = None if patient_id is None else self.patient(patient_id)
            at = self._next_position(raw.topic)
            response = refuse(patient_id, state, bad, raw.key, raw.value, at, self._environment())
            for sent_on in self._take(patient_id, response):
                self._deliver(sent_on)
        else:
            self._deliver(event)

    def _take(self, patient_id: str | None, response: Response) -> list[Event]:
        """Keep the new state, note the outputs; returns the events to be sent on."""
        self.shard = response.shard
        if patient_id is not None and response.patient is not None:
            self._keep(patient_id, response.patient)
        self.emitted.extend(Emitted(self.now, output) for output in response.outputs)
        return [output.event for output in response.outputs if isinstance(output, Forward)]

    def _keep(self, patient_id: str, state: PatientState) -> None:
        self._patients[patient_id] = pack(state)

    def _environment(self) -> Environment:
        return Environment(self.policy, self.now, self.shard)

    def _next_position(self, topic: Topic) -> Position:
        self._offset += 1
        return Position(topic, 0, self._offset, self.now)

    def _settled(self, step: Step) -> Event:
        """The event with the command or task filled in that it speaks of."""
        event = step.what
        if isinstance(event, Raw):
            raise CannotPlay("raw bytes cannot be given beforehand")
        if step.refers is None:
            return event
        meant = self._meant(step.refers, step)
        match event.body, meant:
            case Receipt() as receipt, SendCommand():
                body: Receipt | Resolution = _about_command(receipt, meant, step)
            case Resolution() as resolution, EscalationTask():
                body = _about_task(resolution, meant, step)
            case _:
                raise CannotPlay(f"line {step.place.line}: there is no such command or task to speak of")
        return msgspec.structs.replace(event, body=body)

    def _meant(self, reference: Reference, step: Step) -> Output:
        wanted = SendCommand if reference.kind is Kind.SEND else EscalationTask
        for one in reversed(self.emitted):
            record = one.record
            if isinstance(record, wanted) and holds(reference.checks, record):
                return record
        noun = "command" if reference.kind is Kind.SEND else "task"
        raise CannotPlay(f"line {step.place.line}: no {noun} had been emitted that fits: {reference.written}")


def _about_command(receipt: Receipt, command: SendCommand, step: Step) -> Receipt:
    channel = command.channel if "channel" in step.left_out else receipt.channel
    return msgspec.structs.replace(receipt, command_id=command.command_id, channel=Channel(channel))


def _about_task(resolution: Resolution, task: EscalationTask, step: Step) -> Resolution:
    role = task.role if "role" in step.left_out else resolution.role
    return msgspec.structs.replace(resolution, task_id=task.task_id, role=role)

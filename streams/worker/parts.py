"""What a shard works with, named by what it needs of each; ``bootstrap`` picks the real ones."""

from typing import Protocol

import msgspec

from streams.decisions import Environment, Response
from streams.domain.events import Event
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.vocabulary import Topic
from streams.errors import BadRecord
from streams.kafka.codec import Codec
from streams.ops.policy_file import PolicyFile
from streams.ops.tracing import PassOn, Traces
from streams.policy.model import Policy

from .clock import Clock


class Engine(Protocol):
    """The pure core (``streams.decisions``): a function of event, patient state, policy and now."""

    def respond(
        self, patient_id: str, patient: PatientState | None, event: Event, at: Position, env: Environment
    ) -> Response: ...

    def wake(self, patient_id: str, patient: PatientState, env: Environment) -> Response: ...

    def wake_refused(self, patient_id: str, patient: PatientState, env: Environment) -> Response: ...

    def refuse(
        self,
        patient_id: str | None,
        patient: PatientState | None,
        bad: BadRecord,
        key: bytes | None,
        value: bytes | None,
        at: Position,
        env: Environment,
    ) -> Response: ...


class Names(msgspec.Struct, frozen=True):
    """Topic names with the configured prefix, and how many partitions each has."""

    prefix: str
    partitions: int

    def topic(self, topic: Topic) -> str:
        """The name of a topic on this cluster, as ``Settings.topic`` gives it."""
        return self.prefix + topic

    def named(self, name: str) -> Topic:
        """The topic of that name. Raises ValueError for a name that is not one of ours."""
        return Topic(name.removeprefix(self.prefix))


class Parts(msgspec.Struct, frozen=True):
    """Shared by every shard of a worker. ``policy`` may change between turns, so a turn asks for it once."""

    engine: Engine
    codec: Codec
    clock: Clock
    policy_file: PolicyFile
    names: Names
    traces: Traces = PassOn()

    @property
    def policy(self) -> Policy:
        """The policy in force now."""
        return self.policy_file.current

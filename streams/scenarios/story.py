"""A scenario as one frozen value: what is known beforehand, what happens when, what must come of it.

Written by ``parse``, played by ``play``. Instants are UTC milliseconds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec

from streams.domain.events import Event
from streams.domain.records import (
    DeadLetter,
    Decision,
    EscalationTask,
    Output,
    SafetyEntry,
    SendCommand,
)
from streams.domain.time import Instant, Millis
from streams.domain.vocabulary import Topic

from .reading import Place


class Kind(StrEnum):
    """What an expectation speaks about, in the words of the scenario file."""

    SEND = "send"
    ESCALATE = "escalate"
    SAFETY = "safety"
    DEAD_LETTER = "dead_letter"
    DECISION = "decision"


RECORD_OF: Final[dict[Kind, type[Output]]] = {
    Kind.SEND: SendCommand,
    Kind.ESCALATE: EscalationTask,
    Kind.SAFETY: SafetyEntry,
    Kind.DEAD_LETTER: DeadLetter,
    Kind.DECISION: Decision,
}


class Check(msgspec.Struct, frozen=True):
    """One field that matters: the path to it and what must stand there.

    ``value`` is a plain value or enum member; a tuple for a list; a tuple of tuples of Check for a list of records.
    """

    path: tuple[str, ...]
    value: Any
    in_order: bool = False  # a list whose order means something (rule_path)


class Expectation(msgspec.Struct, frozen=True):
    """One record that must (``then``, ``decisions``) or may not (``never``) appear."""

    kind: Kind
    checks: tuple[Check, ...]
    place: Place
    at: Instant | None = None
    due_within: Millis | None = None

    @property
    def names_status(self) -> bool:
        """Only a task's first version counts unless its status is spoken of."""
        return any(check.path == ("status",) for check in self.checks)


class Reference(msgspec.Struct, frozen=True):
    """Which command or task of this run an event is about: the latest one that all ``checks`` fit."""

    kind: Kind
    checks: tuple[Check, ...]
    written: str


class Raw(msgspec.Struct, frozen=True):
    """Bytes as they would lie on a topic; ``value`` None is a null value."""

    topic: Topic
    key: bytes | None
    value: bytes | None


class Step(msgspec.Struct, frozen=True):
    """One event and when it arrives. ``refers`` and ``left_out`` are settled when it is played."""

    at: Instant
    place: Place
    what: Event | Raw
    refers: Reference | None = None
    left_out: frozenset[str] = frozenset()


class Scenario(msgspec.Struct, frozen=True):
    """One document of a scenario file."""

    name: str
    place: Place
    clock: Instant
    policy: dict[str, Any]
    policy_place: Place
    given: tuple[Step, ...]
    when: tuple[Step, ...]
    until: Instant
    then: tuple[Expectation, ...]
    never: tuple[Expectation, ...]
    decisions: tuple[Expectation, ...]
    any_tasks: bool
    any_sends: bool

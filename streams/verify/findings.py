"""What a verification says: differences by kind, and where each was found. Never who it is about."""

from collections import Counter
from enum import StrEnum
from typing import Final

import msgspec

#: Places kept of each kind; the rest is counted.
_KEPT: Final = 50


class Kind(StrEnum):
    LOST = "lost"
    DUPLICATED = "duplicated"
    INVENTED = "invented"
    OUT_OF_ORDER = "out of order"
    OBJECTED = "objected"
    UNLINKED = "unlinked"
    TABLE = "table"
    OFFSETS = "offsets"
    OVERDUE = "overdue"


#: What each kind means, for people.
MEANING: Final[dict[Kind, str]] = {
    Kind.LOST: "an input, or what had to follow from it, has no trace",
    Kind.DUPLICATED: "decided, sent, asked for or recorded more than once",
    Kind.INVENTED: "written, and nothing in the inputs leads to it",
    Kind.OUT_OF_ORDER: "one patient's inputs were not decided in the order in which they were logged",
    Kind.OBJECTED: "a message on a channel to which its patient had objected before",
    Kind.UNLINKED: "a decision names a command or task that does not exist, or the other way round",
    Kind.TABLE: "the patient table is not what the inputs make it",
    Kind.OFFSETS: "the offsets do not say what was read",
    Kind.OVERDUE: "something was due for a patient, and the turns since have not looked at it",
}


class Place(msgspec.Struct, frozen=True, order=True):
    """A record: topic without prefix, partition, offset."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


class Finding(msgspec.Struct, frozen=True):
    kind: Kind
    place: Place
    says: str


class Findings:
    """Collects differences; keeps the first places of each kind, counts all."""

    def __init__(self) -> None:
        self.counts: Counter[Kind] = Counter()
        self.kept: list[Finding] = []

    def add(self, kind: Kind, place: Place, says: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= _KEPT:
            self.kept.append(Finding(kind, place, says))


class Report(msgspec.Struct, frozen=True):
    """The whole answer. ``checked`` counts what was looked at, by name; ``notes``: what could not be proven, in sentences for people.

    ``waiting``: inputs not yet taken by a worker; ``unrecorded``: messages, tasks and objections that no
    recorder has taken yet.
    """

    checked: dict[str, int]
    differences: dict[str, int]
    findings: list[Finding]
    waiting: int
    unrecorded: int
    notes: list[str]
    seconds: float

    @property
    def clean(self) -> bool:
        return not any(self.differences.values())

"""Who may do what on the cluster: the least that each process and each person's command needs.

The one source: the users of deploy/kubernetes/strimzi, the table in docs/reference/rights.md and the access-control
lists of the tests are made from it. Kafka lets whoever may read or write a topic also describe it.
Source: catalogue A0-46 and A0-51, C192.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.settings import Settings

from .topics import CATALOGUE

__all__ = ["Kind", "Operation", "Principal", "Right", "principals", "requeue_id"]


class Kind(StrEnum):
    """What a right is about, as Strimzi names it."""

    TOPIC = "topic"
    GROUP = "group"
    TRANSACTIONAL_ID = "transactionalId"


class Operation(StrEnum):
    """What is allowed, as Kafka names it."""

    READ = "Read"
    WRITE = "Write"
    CREATE = "Create"
    DESCRIBE = "Describe"
    DESCRIBE_CONFIGS = "DescribeConfigs"


class Right(msgspec.Struct, frozen=True):
    """Some operations on one resource; ``prefixed``: on all whose name begins so."""

    kind: Kind
    name: str
    operations: tuple[Operation, ...]
    prefixed: bool = False


class Principal(msgspec.Struct, frozen=True):
    """A user of the cluster: ``name`` is also the CN of its certificate; ``does`` completes "may"."""

    name: str
    does: str
    rights: tuple[Right, ...]

    def may(self, operation: Operation, topic: str) -> bool:
        return any(right.name == topic and operation in right.operations for right in self.rights)


_EVERY: Final = tuple(plan.topic for plan in CATALOGUE)
_WRITTEN: Final = (
    Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.DECISIONS, Topic.PATIENT_TABLE, Topic.SAFETY_LOG, Topic.DEAD_LETTERS,
    Topic.HEARTBEATS,
)  # fmt: skip
_RECORDED: Final = (Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.OBJECTIONS)
#: Each process checks at its start, and then again and again, that the topics are safe to use.
_CHECKED: Final = (_EVERY, (Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS))
_READ: Final = (Operation.READ,)
_WRITE: Final = (Operation.WRITE,)

#: Operations on topics, several at a time.
_Grants = Iterable[tuple[Iterable[Topic], tuple[Operation, ...]]]


def principals(settings: Settings) -> tuple[Principal, ...]:
    """Every user, with the topic prefix and the groups of these settings."""
    worker, recorder = settings.worker_group, settings.recorder_group
    return (
        Principal(
            "heed-worker",
            "decide: the only writer of commands, tasks, decisions and the patient table. Also for `heed rebuild`",
            (
                *_topics(
                    settings,
                    [
                        (INPUT_TOPICS, _READ),
                        ((Topic.PATIENT_TABLE,), _READ),
                        # At the start: which message and task was the last, to tell how far the record is behind; and
                        # whether the newest decisions were made with the table as it is.
                        ((Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.DECISIONS), _READ),
                        (_WRITTEN, _WRITE),
                        # A record that a foreign partitioner or a merge has put into the wrong partition is passed on.
                        (INPUT_TOPICS, _WRITE),
                        _CHECKED,
                    ],
                ),
                Right(Kind.GROUP, worker, (Operation.READ, Operation.DESCRIBE)),
                Right(Kind.GROUP, recorder, (Operation.DESCRIBE,)),  # how far the record is behind
                _transactions(worker),
            ),
        ),
        Principal(
            "heed-recorder",
            "record: the only writer of the record",
            (
                *_topics(
                    settings, [
                        (_RECORDED, _READ),
                        ((Topic.RECORDS,), (*_READ, *_WRITE)),
                        # Heartbeats go in with the receipts and come back by themselves.
                        ((Topic.RECEIPTS,), _WRITE),
                        ((Topic.HEARTBEATS,), _READ),
                        _CHECKED,
                    ]
                ),
                Right(Kind.GROUP, recorder, (Operation.READ, Operation.DESCRIBE)),
                _transactions(recorder),
            ),
        ),
        Principal(
            "heed-dispatcher",
            "hand commands to providers and report receipts",
            (
                *_topics(settings, [((Topic.SEND_COMMANDS,), _READ), ((Topic.RECEIPTS,), _WRITE)]),
                Right(Kind.GROUP, "heed-dispatcher", (Operation.READ, Operation.DESCRIBE)),
            ),
        ),
        Principal(
            "heed-feed-events",
            "say what happened: appointments, results, requests. A booking system gets no more",
            _topics(settings, [((Topic.APPOINTMENTS, Topic.RESULTS, Topic.REQUESTS), _WRITE)]),
        ),
        Principal(
            "heed-feed-people",
            "say who patients are and what they object to. Whoever may write here may withdraw an objection",
            _topics(settings, [((Topic.PATIENTS, Topic.OBJECTIONS), _WRITE)]),
        ),
        Principal(
            "heed-console",
            "show tasks to the people who own them and pass on what they did and decided",
            (
                *_topics(settings, [((Topic.ESCALATION_TASKS,), _READ), ((Topic.RESOLUTIONS,), _WRITE)]),
                Right(Kind.GROUP, "heed-console", (Operation.READ, Operation.DESCRIBE)),
            ),
        ),
        Principal(
            "heed-auditor",
            "read everything and write nothing: `heed explain`, `verify`, `report`, `dead-letters list`, `policy diff`, `topics check`",
            (
                *_topics(settings, [(_EVERY, _READ), _CHECKED]),
                Right(Kind.GROUP, worker, (Operation.DESCRIBE,)),
                Right(Kind.GROUP, recorder, (Operation.DESCRIBE,)),
            ),
        ),
        Principal(
            "heed-operator",
            "put events in or back: `heed feed`, `resume`, `dead-letters requeue`. For a person, and for the time it takes",
            (
                *_topics(
                    settings,
                    [
                        ((*INPUT_TOPICS, Topic.DEAD_LETTERS), (*_READ, *_WRITE)),  # a letter put back is marked
                        _CHECKED,
                    ],
                ),
                Right(
                    Kind.TRANSACTIONAL_ID, requeue_id(settings), (Operation.WRITE, Operation.DESCRIBE)
                ),
            ),
        ),
        Principal(
            "heed-topics",
            "create the topics: `heed topics create`. Nobody may delete or alter one",
            _topics(settings, [(_EVERY, (Operation.CREATE,)), _CHECKED]),
        ),
    )  # fmt: skip


def _topics(settings: Settings, grants: _Grants) -> tuple[Right, ...]:
    """One right a topic, in the order of the catalogue, with every operation granted on it."""
    allowed: dict[Topic, set[Operation]] = {}
    for topics, operations in grants:
        for topic in topics:
            allowed.setdefault(topic, set()).update(operations)
    return tuple(
        Right(Kind.TOPIC, settings.topic(topic), tuple(one for one in Operation if one in allowed[topic]))
        for topic in _EVERY
        if topic in allowed
    )


def requeue_id(settings: Settings) -> str:
    """The transactional id under which dead letters are put back: one requeue at a time."""
    return f"{settings.topic_prefix}{settings.worker_group}-requeue"


def _transactions(group: str) -> Right:
    """One transactional id a partition: GROUP-0, GROUP-1, ... Whoever may write one may fence its owner."""
    return Right(Kind.TRANSACTIONAL_ID, f"{group}-", (Operation.WRITE, Operation.DESCRIBE), prefixed=True)

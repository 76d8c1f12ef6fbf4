"""Everything Heed raises on purpose.

HeedError
├── BadRecord             this record is wrong: quarantine it and go on
│   ├── Undecodable           the bytes do not match the schema they name
│   ├── UnknownSchema         no schema was ever registered under that id
│   └── KeyMismatch           message key and payload name different patients
├── CannotDecide          a rule failed: raise a task for a person, quarantine, go on
├── ShardLost             this shard cannot continue here: close it and rebuild it
│   ├── CommitUnknown         the broker did not say whether the commit happened
│   └── Fenced                another worker owns the shard now
├── RegistryUnreachable   a schema cannot be looked up: the record waits, ask again; whoever cannot wait refuses to start
└── RefuseToStart         unsafe configuration or topics: say why and exit with code 2
    ├── BadUsage              the command line or a file given on it is wrong
    ├── BadPolicy             a threshold, ground or template contradicts the rules
    ├── BrokerUnreachable     no Kafka answers at the configured address
    │   └── NotAdmitted           one answers, but one does not trust the other: password, certificate, protocol
    ├── PartitionMismatch     topics that are joined differ in partition count
    └── UnsafeTopic           a topic is missing, or could lose objections

The first level says what the catcher does. A message says what was wrong, where, and what to do,
in the reader's words, with no patient in it.
"""

from __future__ import annotations


class HeedError(Exception):
    """The root: everything Heed raises on purpose."""


class BadRecord(HeedError):
    """This record is wrong: quarantine it and go on. ``reason`` is a code of the closed list."""

    def __init__(self, reason: str, error: str, *, schema_id: int | None = None) -> None:
        super().__init__(f"{reason}: {error}")
        self.reason = reason
        self.error = error
        self.schema_id = schema_id


class Undecodable(BadRecord):
    def __init__(self, error: str, *, schema_id: int | None = None) -> None:
        super().__init__("undecodable", error, schema_id=schema_id)


class UnknownSchema(BadRecord):
    def __init__(self, schema_id: int) -> None:
        super().__init__("unknown_schema", f"schema id {schema_id} is not registered", schema_id=schema_id)


class KeyMismatch(BadRecord):
    """``event`` is what was decoded, when anything was: rule 1.3 asks how urgent it is."""

    def __init__(self, error: str, *, schema_id: int | None = None, event: object = None) -> None:
        super().__init__("key_mismatch", error, schema_id=schema_id)
        self.event = event


class CannotDecide(HeedError):
    """A rule failed; a person must look. Names the rule, never the patient."""


class ShardLost(HeedError):
    """This shard cannot continue in this process."""


class CommitUnknown(ShardLost):
    pass


class Fenced(ShardLost):
    pass


class RegistryUnreachable(HeedError):
    """The Schema Registry did not answer, which says nothing about the record: to guess or to quarantine is wrong."""


class RefuseToStart(HeedError):
    """Unsafe or impossible to run like this: the command line prints the message, exit code 2."""


class BadUsage(RefuseToStart):
    pass


class BadPolicy(RefuseToStart):
    pass


class BrokerUnreachable(RefuseToStart):
    pass


class NotAdmitted(BrokerUnreachable):
    """A broker listens, but one of the two does not trust the other. Names the user, never the password."""


class PartitionMismatch(RefuseToStart):
    pass


class UnsafeTopic(RefuseToStart):
    pass

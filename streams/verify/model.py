"""The model: every turn decided again, single-threaded, from the inputs alone.

What comes out of a shard depends on the order in which it took its inputs and on its clock, and both depend
on how fast machines and networks were. Each turn wrote them down (``worker.journal``); given them, the
rules are a function, so that every byte must come out again: decisions, commands, tasks, safety log and
dead letters in their order, and the table at the end. That the order itself was lawful is checked here too:
every input taken once, in the order of its topic, with no turn missing.

Shares the rules and the codec with the worker, and nothing else of it. What was really written is held against it by
``written``.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Final

import msgspec

from streams import decisions
from streams.decisions import Environment, Response
from streams.domain.events import Event
from streams.domain.limits import patient_named
from streams.domain.packing import pack, unpack
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import DeadLetter, Decision, EscalationTask, Forward, SafetyEntry, SendCommand
from streams.domain.shard import ShardState
from streams.domain.time import Instant
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.errors import BadRecord, UnknownSchema
from streams.kafka.codec import LONGEST_KEY, Codec
from streams.kafka.framing import schema_id_of
from streams.kafka.partitioner import partition_for
from streams.kafka.reading import Stored
from streams.ops.tracing import traceparent_of
from streams.policy.model import Policy
from streams.worker.journal import Journal, Step
from streams.worker.refusals import refusal
from streams.worker.table import SHARD_KEY

from .findings import Findings, Kind, Place
from .ledger import Ledger
from .written import MODELLED, Digest, Expected, digest, letter_digest

_TOPIC_OF: Final[dict[type, Topic]] = {
    Decision: Topic.DECISIONS,
    SendCommand: Topic.SEND_COMMANDS,
    EscalationTask: Topic.ESCALATION_TASKS,
    SafetyEntry: Topic.SAFETY_LOG,
}


class Model:
    """One partition, decided again: all of it, or what follows the gap where turns are missing (``Ledger.begin``).

    ``policy_of``: what a turn was decided with.
    """

    def __init__(
        self,
        ledger: Ledger,
        codec: Codec,
        policy_of: Callable[[Journal], Policy],
        partitions: int,
        findings: Findings,
    ) -> None:
        self._ledger = ledger
        self._codec = codec
        self._policy_of = policy_of
        self._partitions = partitions
        self._findings = findings
        self._shard = ShardState()
        self._table: dict[bytes, bytes] = {}
        self._next = dict.fromkeys(INPUT_TOPICS, 0)  # index into the ledger's inputs
        self._read_to: dict[Topic, int] = {}
        self._unknown_then = ledger.unknown_then()
        self._number = 0
        self._stamp: Instant = 0  # of this turn
        self.turns = ledger.turns
        if ledger.gap is not None:
            self._begin()
        self.expected: dict[Topic, list[Expected]] = {topic: [] for topic in MODELLED}
        self.forwarded: Counter[Digest] = Counter()  # to another patient's key: (topic, key, value)

    def _begin(self) -> None:
        begin = self._ledger.begin
        self.turns = [] if begin is None else self._ledger.turns[begin.index + 1 :]
        if begin is None:
            return
        journal = self._ledger.turns[begin.index][1]
        self._shard, self._number, self._read_to = begin.shard, journal.number, dict(journal.read_to)
        self._table = {key: row.packed for key, row in begin.rows.items() if row.packed is not None}
        for topic, records in self._ledger.inputs.items():
            self._next[topic] = bisect_left(records, journal.read_to.get(topic, 0), key=attrgetter("offset"))

    @property
    def table(self) -> dict[bytes, bytes]:
        """The table as the last turn left it."""
        return self._table

    @property
    def first(self) -> int:
        """The number of the first turn that is decided again; of the next one, where none can be."""
        return self.turns[0][1].number if self.turns else self._ledger.turns[-1][1].number + 1

    def replay(self) -> None:
        """Decide the turns again, in their order."""
        for offset, journal in self.turns:
            place = self._ledger.place(Topic.PATIENT_TABLE, offset)
            if journal.number <= self._number:
                says = f"turn {journal.number} follows turn {self._number}: the table was not taken over"
                self._findings.add(Kind.TABLE, place, says)
            self._number = journal.number
            self._policy = self._policy_of(journal)
            self._stamp = self._ledger.stamps[offset]
            self._turn(journal, place)

    # One turn.

    def _turn(self, journal: Journal, place: Place) -> None:
        touched: dict[bytes, PatientState | None] = {}
        for step in journal.steps:
            self._shard = msgspec.structs.replace(self._shard, recovering=step.fail_closed)
            if step.topic is None:
                for key in step.keys:
                    self._wake(key, journal, touched, place)
            else:
                for stored in self._taken(step, step.topic):
                    self._record(step.topic, stored, journal, touched)
        self._shard = msgspec.structs.replace(self._shard, recovering=False)
        for key, patient in touched.items():
            if patient is not None:
                self._table[key] = pack(patient)
            else:
                self._table.pop(key, None)
        if journal.read_to != self._read_to:
            self._findings.add(
                Kind.OFFSETS, place, "the table reads on from elsewhere than where this turn ended"
            )
            self._read_to = dict(journal.read_to)

    def _taken(self, step: Step, topic: Topic) -> Iterator[Stored]:
        """The records of a step; what was passed over or taken before is a difference."""
        records, index = self._ledger.inputs[topic], self._next[topic]
        while index < len(records) and records[index].offset < step.start:
            passed = self._ledger.place(topic, records[index].offset)
            self._findings.add(Kind.LOST, passed, "no turn has taken this input")
            index += 1
        if step.start < self._read_to.get(topic, 0) and step.start < step.end:
            again = self._ledger.place(topic, step.start)
            self._findings.add(Kind.DUPLICATED, again, "taken by a second turn")
            while index > 0 and records[index - 1].offset >= step.start:
                index -= 1
        while index < len(records) and records[index].offset < step.end:
            yield records[index]
            index += 1
        self._next[topic] = index
        self._read_to[topic] = step.end

    def _load(self, key: bytes, touched: dict[bytes, PatientState | None]) -> PatientState | None:
        if key not in touched:
            packed = self._table.get(key)
            touched[key] = None if packed is None else unpack(packed)
        return touched[key]

    def _record(
        self, topic: Topic, stored: Stored, journal: Journal, touched: dict[bytes, PatientState | None]
    ) -> None:
        key, value, patient, keeps = stored.key, stored.value, None, False
        name = patient_named(key)
        cause = self._ledger.place(topic, stored.offset)
        is_patient = key is not None and key != SHARD_KEY and len(key) <= LONGEST_KEY
        if is_patient:
            assert key is not None
            known = key in self._table or key in touched
            elsewhere = not known and partition_for(key, self._partitions) != self._ledger.partition
            if elsewhere and key not in journal.refused:
                return  # passed on to its own partition
            keeps = key not in journal.refused or (key in journal.kept and not elsewhere)
            if topic is Topic.OBJECTIONS and not keeps and not elsewhere:
                name = None  # no room even for the hold: the partition is stopped
            patient = self._load(key, touched)
        at = Position(
            topic, self._ledger.partition, stored.offset, journal.at, traceparent_of(stored.headers.items())
        )
        env = Environment(self._policy, journal.at, self._shard)
        try:
            if key in journal.refused:
                raise refusal(failed=key in journal.failed)
            event = self._decode(topic, stored)
        except BadRecord as bad:
            response = decisions.refuse(name, patient, bad, key, value, at, env)
            self._write(response, key, None, cause)
        else:
            response = decisions.respond(event.envelope.patient_id, patient, event, at, env)
            self._write(response, key, value, cause)
        if keeps:
            assert key is not None
            touched[key] = response.patient

    def _decode(self, topic: Topic, stored: Stored) -> Event:
        """As the worker could read it then: what it knew by itself, or had from a registry that may know more by now."""
        if (topic, stored.offset) in self._unknown_then and stored.value is not None:
            schema_id = schema_id_of(stored.value)
            if not self._codec.is_own(schema_id):
                raise UnknownSchema(schema_id)
        return self._codec.decode(topic, stored.key, stored.value)

    def _wake(
        self, key: bytes, journal: Journal, touched: dict[bytes, PatientState | None], place: Place
    ) -> None:
        patient = self._load(key, touched)
        if patient is None:
            self._findings.add(Kind.TABLE, place, "a patient was woken of whom the inputs say nothing")
            return
        env = Environment(self._policy, journal.at, self._shard)
        refused = key in journal.refused
        response = (decisions.wake_refused if refused else decisions.wake)(key.decode(), patient, env)
        self._write(response, key, None, place)
        if not refused or key in journal.kept:
            touched[key] = response.patient

    def _write(self, response: Response, key: bytes | None, value: bytes | None, cause: Place) -> None:
        self._shard = response.shard
        for output in response.outputs:
            if isinstance(output, Forward):
                event = output.event
                written = self._codec.encode_event(event)
                self.forwarded[digest(event.topic.encode(), event.envelope.patient_id.encode(), written)] += 1
            elif isinstance(output, DeadLetter):
                if output.value is None and value is not None:
                    output = msgspec.structs.replace(output, key=key, value=value)
                content = letter_digest(output)
                self.expected[Topic.DEAD_LETTERS].append(Expected(content, cause, self._stamp))
            else:
                patient = output.patient_id.encode()
                content = digest(patient, self._codec.encode(output))
                self.expected[_TOPIC_OF[type(output)]].append(Expected(content, cause, self._stamp))

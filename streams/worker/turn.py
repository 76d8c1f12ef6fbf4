"""One turn: records and due patients in order against the table, nothing outside its own memory changed.

Each touched patient is unpacked once, however often it is touched, and packed once. What the turn
decides goes straight into an outbox; the shard makes it true (``kafka.transaction``) and only then folds
``changes`` into the table.
"""

from collections.abc import Container

import msgspec

from streams.decisions import Environment, Response
from streams.domain.heartbeat import HEARTBEAT_KEY, unpack_heartbeat
from streams.domain.limits import patient_named
from streams.domain.packing import pack, unpack
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.shard import ShardState
from streams.domain.time import Instant
from streams.domain.vocabulary import Topic
from streams.errors import BadRecord, UnknownSchema
from streams.kafka.batch import Record
from streams.kafka.codec import LONGEST_KEY
from streams.kafka.outbox import Header, Outbox, Unwritable
from streams.kafka.partitioner import partition_for
from streams.ops.logging import get_logger, place_of
from streams.ops.tracing import traceparent_of

from .census import Change
from .clock import RealClock
from .inbox import Portion
from .journal import Journal, Step, following, pack_shard
from .loaded import Loaded
from .outputs import Outputs
from .parts import Parts
from .poison import Became, Breaker
from .refusals import NO_REFUSALS, Refusals, refusal
from .table import SHARD_KEY, PatientTable
from .tally import Tally

log = get_logger("heed.worker")
#: Compared with for each record.
_ACCEPTED, _HEARTBEAT, _SET_ASIDE = Became


class Turn:
    """One attempt at deciding a turn.

    ``refusals``: patients whose changes cannot be written; ``unknown_schemas``: ids that the registry was asked for lately, in vain.
    """

    def __init__(
        self,
        parts: Parts,
        partition: int,
        table: PatientTable,
        shard: ShardState,
        outbox: Outbox,
        refusals: Refusals = NO_REFUSALS,
        unknown_schemas: Container[int] = (),
    ) -> None:
        self._parts = parts
        self._partition = partition
        self._table = table
        self._outbox = outbox
        self._refusals = refusals
        self._refused = refusals.keys
        self._unknown_schemas = unknown_schemas
        self._touched: dict[bytes, Loaded] = {}
        self._steps: list[Step] = []
        self._woken: list[bytes] = []
        self._uncounted = False
        self.now: Instant = parts.clock.now()
        self.env = Environment(parts.policy, self.now, shard)
        self.tally = Tally(RealClock().now(), parts.policy)
        self._outputs = Outputs(parts, partition, outbox, self.tally)
        # Asked for with each record.
        self._decode = parts.codec.decode
        self._respond = parts.engine.respond

    # Records.

    def apply(self, portion: Portion, breaker: Breaker) -> int:
        """Decide the records of a portion in order; how many, fewer than all when the breaker opened."""
        self.fail_closed(portion.fail_closed)
        topic = portion.topic
        done = accepted = heartbeats = 0
        for record in portion.records:
            done += 1
            became = self._apply_record(topic, record)
            if became is _ACCEPTED:
                accepted += 1
                breaker.row = 0
            elif became is _HEARTBEAT:
                heartbeats += 1
            elif breaker.bad(record.offset):
                break
        breaker.good_seen(accepted)
        self._note(portion, done)
        if portion.fail_closed:
            self.tally.add("fail_closed", topic, count=done)
        if heartbeats:
            self.tally.add("consumed", topic, "heartbeat", count=heartbeats)
        self.tally.add("consumed", topic, "accepted", count=accepted)
        if set_aside := done - accepted - heartbeats:
            self.tally.add("consumed", topic, "dead_lettered", count=set_aside)
        return done

    def _note(self, portion: Portion, done: int) -> None:
        records = portion.records
        end = portion.end if done == len(records) else records[done - 1].offset + 1
        start = records[0].offset if records else end
        self._steps.append(Step(portion.topic, start, end, portion.fail_closed))

    def _apply_record(self, topic: Topic, record: Record) -> Became:
        """Decide one record."""
        key, value = record.key, record.value
        loaded = None if key is None else self._touched.get(key)
        if loaded is None and key is not None and key != SHARD_KEY and len(key) <= LONGEST_KEY:
            packed = self._table.get(key)
            if packed is None and (became := self._elsewhere(topic, record, key)) is not None:
                return became
            patient = None if packed is None else unpack(packed)
            loaded = self._touched[key] = Loaded(packed, patient, patient)
        else:
            patient = None if loaded is None else loaded.patient
        trace = traceparent_of(record.headers) if record.headers else None
        at = Position(topic, self._partition, record.offset, self.now, trace)
        try:
            if key in self._refused:
                raise refusal(failed=key in self._refusals.failed)
            event = self._decode(topic, key, value)
        except UnknownSchema as unknown:
            if unknown.schema_id not in self._unknown_schemas:
                raise  # the registry may know it: ask, then decide the turn again
            return self._refuse(record, unknown, at, loaded)
        except BadRecord as bad:
            return self._refuse(record, bad, at, loaded)
        response = self._respond(event.envelope.patient_id, patient, event, at, self.env)
        headers = None if trace is None else self._outputs.traced(trace, at)
        self._write(response, key, value, headers)
        try:
            self.tally.look(patient, event, response.patient, response.outputs, record)
        except Exception as error:  # noqa: BLE001  # see there
            self._not_counted(error)
        if loaded is not None:
            loaded.patient = response.patient
        return _ACCEPTED

    def _refuse(self, record: Record, bad: BadRecord, at: Position, loaded: Loaded | None) -> Became:
        key, value = record.key, record.value
        patient = None if loaded is None else loaded.patient
        name = patient_named(key)
        if at.topic is Topic.OBJECTIONS and loaded is not None and self._has_no_room(key, loaded):
            name = None  # held nowhere, it would be forgotten: what stops is the partition
        response = self._parts.engine.refuse(name, patient, bad, key, value, at, self.env)
        self._write(response, key)
        for output in response.outputs:
            self.tally.write(output, record)
        if loaded is not None and self._keeps(key, loaded):
            loaded.patient = response.patient
        return _SET_ASIDE

    def _keeps(self, key: bytes | None, loaded: Loaded) -> bool:
        """Whether a refusal changes the patient: not if there is no room, nor in a partition that is not theirs."""
        return key not in self._refused or (key in self._refusals.kept and self._at_home(key, loaded))

    def _has_no_room(self, key: bytes | None, loaded: Loaded) -> bool:
        """Whether not even a refusal can be written of a patient of this partition."""
        return key in self._refused and key not in self._refusals.kept and self._at_home(key, loaded)

    def _at_home(self, key: bytes | None, loaded: Loaded) -> bool:
        return (
            loaded.packed is not None or partition_for(key, self._parts.names.partitions) == self._partition
        )

    def _elsewhere(self, topic: Topic, record: Record, key: bytes) -> Became | None:
        """Pass on a heartbeat, or a record that a foreign partitioner put into the wrong partition; None: decide it here.

        Its patient lives in another shard: applied here, an objection would be looked up in vain there.
        Only keys that this shard does not know are checked: what it knows was once found to be its own.
        """
        if key == HEARTBEAT_KEY and topic is Topic.RECEIPTS and unpack_heartbeat(record.value) is not None:
            self._outbox.add(self._parts.names.topic(Topic.HEARTBEATS), key, record.value)
            return _HEARTBEAT
        right = partition_for(key, self._parts.names.partitions)
        if right == self._partition:
            return None
        if key in self._refused:  # too large to be passed on
            if topic is Topic.OBJECTIONS:  # unreadable there too, so that their messages stop
                self._outbox.add_to((self._parts.names.topic(topic), right), key, b"")
            return None
        self._outbox.add_to((self._parts.names.topic(topic), right), key, record.value, list(record.headers))
        self.tally.add("misplaced", topic)
        return _ACCEPTED

    # Due patients.

    def wake(self, key: bytes) -> None:
        """Do what is due for one patient."""
        loaded = self._touched.get(key)
        if loaded is None:
            packed = self._table.get(key)
            patient = None if packed is None else unpack(packed)
            loaded = self._touched[key] = Loaded(packed, patient, patient)
        if loaded.patient is None:
            return
        if not self._woken:
            self._steps.append(Step(None, fail_closed=self.env.shard.recovering))
        self._woken.append(key)
        if key in self._refused:
            self._wake_refused(key, loaded, loaded.patient)
            return
        response = self._parts.engine.wake(key.decode(), loaded.patient, self.env)
        headers = self._outputs.traced_before(loaded.patient, response)
        self._write(response, key, headers=headers)
        try:
            self.tally.look(loaded.patient, None, response.patient, response.outputs)
        except Exception as error:  # noqa: BLE001  # see there
            self._not_counted(error)
        loaded.patient = response.patient

    def _wake_refused(self, key: bytes, loaded: Loaded, patient: PatientState) -> None:
        """What is due cannot be written: a person is told, and it stays due."""
        response = self._parts.engine.wake_refused(key.decode(), patient, self.env)
        self._write(response, key)
        for output in response.outputs:
            self.tally.write(output, None)
        if self._keeps(key, loaded):
            loaded.patient = response.patient

    def fail_closed(self, recovering: bool) -> None:
        """Tell the rules whether objections may still be missing from what is decided next (rule 3.1)."""
        if recovering != self.env.shard.recovering:
            self._set_shard(msgspec.structs.replace(self.env.shard, recovering=recovering))

    def _not_counted(self, error: Exception) -> None:
        """A defect in what counts must not keep anybody's decision from being made. Said once a turn."""
        if not self._uncounted:
            self._uncounted = True
            log.error(
                "not_counted", partition=self._partition, error=type(error).__name__, where=place_of(error)
            )

    # Writing.

    def _write(
        self,
        response: Response,
        key: bytes | None,
        value: bytes | None = None,
        headers: list[Header] | None = None,
    ) -> None:
        self._outputs.write(response.outputs, key, value, headers)
        if response.shard is not self.env.shard:
            self._set_shard(response.shard)

    def _set_shard(self, shard: ShardState) -> None:
        self.env = Environment(self.env.policy, self.now, shard)  # one policy a turn (C214)

    def finish(self, before: Journal) -> tuple[dict[bytes, bytes | None], Journal]:
        """Pack what changed and write it to the changelog; the changes to fold in after the commit.

        The shard's own row comes last and in every turn, with the journal that follows ``before``.

        Raises Unwritable for a patient whose state no record can hold, or that cannot be packed.
        """
        self.fail_closed(False)  # of the moment, never of the table
        if self._woken:
            self.tally.add("wakes", count=len(self._woken))
        changelog = (self._parts.names.topic(Topic.PATIENT_TABLE), self._partition)
        changes: dict[bytes, bytes | None] = {}
        for key, loaded in self._touched.items():
            patient = loaded.patient
            if patient is loaded.before:
                continue
            packed = None if patient is None else _packed(key, patient)
            if packed != loaded.packed:
                self._outbox.add_to(changelog, key, packed)
                changes[key] = packed
        journal = following(before, self.now, self._steps, self._woken, self._refusals)
        self._outbox.add_to(changelog, SHARD_KEY, pack_shard(self.env.shard, journal))
        return changes, journal

    def changed(self) -> list[Change]:
        """Every patient that is no longer what they were, for the census."""
        return [
            (key, loaded.before, loaded.patient)
            for key, loaded in self._touched.items()
            if loaded.patient is not loaded.before
        ]


def _packed(key: bytes, patient: PatientState) -> bytes:
    try:
        return pack(patient)
    except MemoryError:
        raise  # nobody's trouble but the machine's (decisions.faults)
    except Exception as error:
        raise Unwritable(key) from error

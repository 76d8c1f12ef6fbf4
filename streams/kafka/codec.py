"""Bytes to facts, and decisions to bytes. What cannot be read is refused here, by name and reason.

A value written with our own newest schema is read in a straight line. Any other way of having written
it goes the careful way: an older or newer schema is resolved to ours, a symbol we do not know becomes
``UNKNOWN``, and what is damaged is refused. Nothing here judges what an event says, and no error quotes it.
"""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import fastavro

from streams.domain.events import Event
from streams.domain.mapping import build, event_from_mapping
from streams.domain.records import Decision, EscalationTask, RecordEntry, SafetyEntry, SendCommand
from streams.domain.vocabulary import INPUT_TOPICS, Reason, Topic
from streams.errors import BadRecord, KeyMismatch, Undecodable, UnknownSchema
from streams.kafka.compiled_reader import NOT_USUAL, Reader, event_reader, record_reader
from streams.kafka.compiled_writer import Writer, event_writer, record_writer
from streams.kafka.framing import HEADER_SIZE, frame_header, schema_id_of
from streams.kafka.long_numbers import refuse_long_numbers
from streams.kafka.schemas import Schema, SchemaSet, inline, schema_directory
from streams.kafka.unknown_schemas import UnknownSchemas

__all__ = ["LONGEST_KEY", "OUTPUT_ON", "SCHEMA_ON", "Codec", "OutputRecord", "SchemaSource"]

OutputRecord: TypeAlias = Decision | SendCommand | EscalationTask | SafetyEntry | RecordEntry

#: Which output record each topic carries.
OUTPUT_ON: Final[dict[Topic, type[OutputRecord]]] = {
    Topic.DECISIONS: Decision,
    Topic.SEND_COMMANDS: SendCommand,
    Topic.ESCALATION_TASKS: EscalationTask,
    Topic.SAFETY_LOG: SafetyEntry,
    Topic.RECORDS: RecordEntry,
}

#: The name of the schema on each topic.
SCHEMA_ON: Final[dict[Topic, str]] = {
    Topic.APPOINTMENTS: "AppointmentEvent",
    Topic.RESULTS: "ResultEvent",
    Topic.OBJECTIONS: "ObjectionEvent",
    Topic.PATIENTS: "PatientEvent",
    Topic.REQUESTS: "RequestEvent",
    Topic.RECEIPTS: "ReceiptEvent",
    Topic.RESOLUTIONS: "ResolutionEvent",
    **{topic: record.__name__ for topic, record in OUTPUT_ON.items()},
}


#: No patient's id is longer (128 characters, of at most four bytes): such a key is nobody's, and whatever was made of
#: it would be too large to be written. Bytes.
LONGEST_KEY: Final = 512


class SchemaSource(Protocol):
    """Where a schema that we have not seen can be asked for: a Schema Registry."""

    async def schema(self, schema_id: int) -> Schema | None:
        """Look up a schema; None when the source has no such id, however often it is asked."""
        ...


class Codec:
    """Reads and writes every record of the contract.

    ``ids`` says under which id each of our newest schemas is known to readers, by record name;
    ``known`` holds the schemas that values may name. Use ``local`` unless a registry is configured.
    """

    def __init__(
        self,
        schemas: SchemaSet,
        ids: Mapping[str, int],
        known: Mapping[int, Schema],
        source: SchemaSource | None = None,
    ) -> None:
        self._heads = schemas.heads
        self._known = dict(known) | {number: schemas.heads[name] for name, number in ids.items()}
        self._own = frozenset(self._known)
        self._in_vain = UnknownSchemas()
        self._source = source
        full = {name: inline(head.raw) for name, head in schemas.heads.items()}
        headers = {name: frame_header(number) for name, number in ids.items()}
        self._straight: dict[Topic, Reader] = {
            topic: event_reader(full[name], topic)
            if topic in INPUT_TOPICS
            else record_reader(full[name], OUTPUT_ON[topic])
            for topic, name in SCHEMA_ON.items()
        }
        #: By topic, the headers after which a body can be read in a straight line.
        self._readers: dict[Topic, dict[bytes, Reader]] = {topic: {} for topic in SCHEMA_ON}
        for number, schema in self._known.items():
            self._note(number, schema)
        self._event_writers: dict[Topic, Writer] = {
            topic: event_writer(full[SCHEMA_ON[topic]], topic, headers[SCHEMA_ON[topic]])
            for topic in INPUT_TOPICS
        }
        #: Writes an output record, framed, with our newest schema.
        self.writers: Mapping[type[OutputRecord], Writer] = {
            record: record_writer(full[SCHEMA_ON[topic]], record, headers[SCHEMA_ON[topic]])
            for topic, record in OUTPUT_ON.items()
        }

    @classmethod
    def local(cls, directory: Path | None = None) -> "Codec":
        """Make a codec from committed schemas and their ids alone.

        Errors: RefuseToStart when the schemas cannot be read.
        """
        schemas = SchemaSet.load(directory or schema_directory())
        return cls(schemas, {name: schemas.id_of_head(name) for name in schemas.heads}, schemas.by_id)

    def decode(self, topic: Topic, key: bytes | None, value: bytes | None) -> Event:
        """Read an input record.

        Errors: BadRecord with reason ``null_value`` or ``field_too_long`` (its key); Undecodable; UnknownSchema (then ``learn`` may
        help); KeyMismatch when the key is missing, unreadable or not the payload's patient (rule 1.3).
        """
        if value is None:
            raise BadRecord(Reason.NULL_VALUE, "the record has no value; nothing is withdrawn by one")
        if key is not None and len(key) > LONGEST_KEY:
            raise BadRecord(Reason.FIELD_TOO_LONG, "the key is longer than any patient's")
        read = self._readers[topic].get(value[:HEADER_SIZE])
        if read is None:
            event = self._event_carefully(topic, value)
        else:
            try:
                event = read(value, HEADER_SIZE)
            except NOT_USUAL:
                event = self._event_carefully(topic, value)
        if key != event.envelope.patient_id.encode() or not key:
            raise _wrong_key(key, event, schema_id_of(value))
        return event

    def decode_output(self, topic: Topic, value: bytes) -> OutputRecord:
        """Read a record that Heed wrote. Errors: Undecodable, UnknownSchema."""
        read = self._readers[topic].get(value[:HEADER_SIZE])
        if read is not None:
            try:
                record: OutputRecord = read(value, HEADER_SIZE)
            except NOT_USUAL:
                pass
            else:
                return record
        return build(OUTPUT_ON[topic], self._resolve(topic, value), strict=False)

    def encode(self, record: OutputRecord) -> bytes:
        """Write an output record, framed, with our newest schema."""
        return self.writers[type(record)](record)

    def encode_event(self, event: Event) -> bytes:
        """Write an input event, framed, with our newest schema.

        Errors: Undecodable when a text or number in it has no place in Avro: half a surrogate pair,
        more than 64 bits. Other systems' events never have; what a person typed may.
        """
        try:
            return self._event_writers[event.topic](event)
        except (UnicodeEncodeError, OverflowError) as error:
            raise Undecodable(f"the event cannot be written as Avro ({type(error).__name__})") from None

    @property
    def can_learn(self) -> bool:
        """Whether there is anybody to ask for a schema that we do not know."""
        return self._source is not None

    async def learn(self, schema_id: int) -> bool:
        """Ask for a schema that ``decode`` did not know. True: it is known now, decode again.

        The source asks again with back-off. Errors: as the source raises when it cannot be reached;
        that says nothing about the record.
        """
        if schema_id in self._known:
            return True
        schema = None if self._source is None else await self._source.schema(schema_id)
        if schema is None:
            return False
        self._known[schema_id] = schema
        self._note(schema_id, schema)
        return True

    def names_nothing_new(self, value: bytes | None) -> bool:
        """Whether there is nothing to ask about the schema that a value names, or nobody, or it was just asked in vain."""
        if self._source is None or value is None:
            return True
        try:
            schema_id = schema_id_of(value)
        except Undecodable:
            return True
        if schema_id in self._known:
            return True
        self._in_vain.forget_expired()
        return schema_id in self._in_vain

    async def learn_named(self, value: bytes | None) -> None:
        """Ask for the schema that a value names, unless ``names_nothing_new``. Errors: as ``learn``."""
        if value is None or self.names_nothing_new(value):
            return
        schema_id = schema_id_of(value)
        if not await self.learn(schema_id):
            self._in_vain.note(schema_id)

    def is_own(self, schema_id: int) -> bool:
        """Whether this id was known from the start, without having been learnt."""
        return schema_id in self._own

    def _note(self, schema_id: int, schema: Schema) -> None:
        """Remember on which topics this id needs no resolution."""
        for topic, name in SCHEMA_ON.items():
            if schema.name == name and schema.same_as(self._heads[name]):
                self._readers[topic][frame_header(schema_id)] = self._straight[topic]

    def _event_carefully(self, topic: Topic, value: bytes) -> Event:
        mapping = self._resolve(topic, value)
        try:
            return event_from_mapping(topic, mapping, strict=False)
        except Undecodable as bad:
            raise Undecodable(bad.error, schema_id=schema_id_of(value)) from None

    def _resolve(self, topic: Topic, value: bytes) -> dict[str, Any]:
        """Read a value as the schema it names, then as ours."""
        schema_id = schema_id_of(value)
        writer = self._known.get(schema_id)
        if writer is None:
            raise UnknownSchema(schema_id)
        head = self._heads[SCHEMA_ON[topic]]
        if writer.name != head.name:
            error = f"schema {schema_id} is a {writer.name}; {topic} carries {head.name}"
            raise Undecodable(error, schema_id=schema_id)
        body = BytesIO(value)
        body.seek(HEADER_SIZE)
        try:
            reader = None if writer.same_as(head) else head.parsed
            refuse_long_numbers(writer.parsed, value, HEADER_SIZE)
            mapping = fastavro.schemaless_reader(body, writer.parsed, reader)
        except Exception as error:  # noqa: BLE001  # whatever damaged bytes set off, it is the record that is wrong
            raise Undecodable(_misfit(error, schema_id), schema_id=schema_id) from None
        left = len(value) - body.tell()
        if left or not isinstance(mapping, dict):
            raise Undecodable(f"{left} bytes are left over behind the record", schema_id=schema_id)
        return mapping


def _misfit(error: Exception, schema_id: int) -> str:
    """Say what went wrong; only the kind of error, since its text may quote the record."""
    return f"the bytes do not match schema {schema_id} ({type(error).__name__})"


def _wrong_key(key: bytes | None, event: Event, schema_id: int) -> KeyMismatch:
    if not key:
        return KeyMismatch("the record has no key", schema_id=schema_id, event=event)
    try:
        key.decode()
    except UnicodeDecodeError:
        return KeyMismatch("the key is not UTF-8", schema_id=schema_id, event=event)
    return KeyMismatch("the key is not the payload's patient_id", schema_id=schema_id, event=event)

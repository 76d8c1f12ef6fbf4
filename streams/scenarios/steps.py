"""Reads the events of a scenario, one step each, with what the writer left out (contract 2).

Everything a person could mistype is refused with file, line, document, key and what is allowed.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from streams.domain.events import (
    Appointment,
    Body,
    Envelope,
    Event,
    Identity,
    Objection,
    PatientSections,
    Receipt,
    Request,
    Resolution,
    Result,
    entity_id,
)
from streams.domain.time import Instant
from streams.domain.vocabulary import INPUT_TOPICS, Channel, ResolutionKind, Role, Topic

from .defaults import PATIENT_ID, Known, Numbering, omitted
from .expecting import read_checks
from .filling import Filling, complete, fields_of, given_fields, read_scalar, read_time
from .reading import Mapping, Node, Scalar, as_mapping, as_scalar, only_keys, refuse
from .story import RECORD_OF, Kind, Raw, Reference, Step

#: The name of each kind of event in a scenario file.
_EVENTS: Final[dict[str, tuple[Topic, type[Body]]]] = {
    "patient": (Topic.PATIENTS, PatientSections),
    "objection": (Topic.OBJECTIONS, Objection),
    "appointment": (Topic.APPOINTMENTS, Appointment),
    "result": (Topic.RESULTS, Result),
    "request": (Topic.REQUESTS, Request),
    "receipt": (Topic.RECEIPTS, Receipt),
    "resolution": (Topic.RESOLUTIONS, Resolution),
}
_REFERS: Final = {
    "receipt": ("command", "command_id", Kind.SEND),
    "resolution": ("task", "task_id", Kind.ESCALATE),
}
_STANDING: Final = frozenset({ResolutionKind.STANDING_DECISION, ResolutionKind.STANDING_REVOKED})


class StepReader:
    """Reads the events of one scenario in the order written, counting ids and versions as it goes."""

    def __init__(self, clock: Instant) -> None:
        self._clock = clock
        self._numbering = Numbering()

    def given(self, item: Node, path: str) -> Step:
        mapping = as_mapping(item, path)
        only_keys(mapping, path, _EVENTS)
        return self._step(mapping, path, self._clock)

    def when(self, item: Node, path: str, after: Instant) -> Step:
        mapping = as_mapping(item, path)
        only_keys(mapping, path, ("at", *_EVENTS, "raw"))
        at = mapping.entries.get("at")
        sent_at = after if at is None else read_time(as_scalar(at, f"{path}.at"), f"{path}.at", self._clock)
        if sent_at < self._clock:
            refuse(mapping.place_of("at"), f"{path}.at", "is before the clock: write it under given")
        return self._step(mapping, path, sent_at)

    def _step(self, mapping: Mapping, path: str, sent_at: Instant) -> Step:
        names = [key for key in mapping.entries if key != "at"]
        if len(names) != 1:
            refuse(mapping.place, path, "one event to each entry", _EVENTS)
        [name] = names
        path = f"{path}.{name}"
        fields = as_mapping(mapping.entries[name], path)
        if name == "raw":
            return Step(sent_at, fields.place, _raw(fields, path))
        topic, record = _EVENTS[name]
        shorthand = _REFERS.get(name)
        allowed = {**fields_of(Envelope), **fields_of(record), **({shorthand[0]: None} if shorthand else {})}
        only_keys(fields, path, allowed)
        envelope = given_fields(fields, Envelope, path, self._filling(sent_at, ""))
        patient_id = envelope.setdefault("patient_id", PATIENT_ID)
        envelope.setdefault("event_id", self._numbering.event_id())
        occurred_at = envelope.setdefault("occurred_at", sent_at)
        envelope.setdefault("source", "test")
        body, refers, left_out = self._body(name, record, fields, path, patient_id, occurred_at)
        entity = "" if shorthand else entity_id(body)
        version = self._numbering.version(patient_id, topic, entity, envelope.get("version"))
        envelope["version"] = version
        return Step(sent_at, fields.place, Event(topic, Envelope(**envelope), body), refers, left_out)

    def _filling(self, sent_at: Instant, nhs_number: str) -> Filling:
        return Filling(self._clock, partial(omitted, Known(self._clock, sent_at, nhs_number)))

    def _body(
        self, name: str, record: type[Body], fields: Mapping, path: str, patient_id: str, sent_at: Instant
    ) -> tuple[Body, Reference | None, frozenset[str]]:
        if record is PatientSections:
            return self._sections(fields, path, patient_id, sent_at), None, frozenset()
        filling = self._filling(sent_at, self._numbering.nhs_number(patient_id))
        given = given_fields(fields, record, path, filling)
        if name not in _REFERS:
            body: Body = complete(given, record, path, fields.place, filling)
            return body, None, frozenset()
        return self._referring(name, record, given, fields, path, filling)

    def _sections(self, fields: Mapping, path: str, patient_id: str, sent_at: Instant) -> PatientSections:
        """Identity first: a contact's default value may be the NHS number that it says."""
        identity: Identity | None = None
        filling = self._filling(sent_at, "")
        if "identity" in fields.entries or self._numbering.is_first(patient_id):
            nothing = Mapping(fields.place, {}, {})
            written = as_mapping(fields.entries.get("identity", nothing), f"{path}.identity")
            only_keys(written, f"{path}.identity", fields_of(Identity))
            given = given_fields(written, Identity, f"{path}.identity", filling)
            identity = complete(given, Identity, f"{path}.identity", written.place, filling)
            self._numbering.met(patient_id, identity.nhs_number)
        filling = self._filling(sent_at, self._numbering.nhs_number(patient_id))
        rest = {key: node for key, node in fields.entries.items() if key != "identity"}
        sections = given_fields(
            Mapping(fields.place, rest, fields.key_places), PatientSections, path, filling
        )
        return PatientSections(**{**sections, "identity": identity})

    def _referring(
        self,
        name: str,
        record: type[Body],
        given: dict[str, object],
        fields: Mapping,
        path: str,
        filling: Filling,
    ) -> tuple[Body, Reference | None, frozenset[str]]:
        """A receipt or resolution: which command or task it means is only known when it is played."""
        shorthand, id_field, kind = _REFERS[name]
        written = fields.entries.get(shorthand)
        standing = given.get("kind") in _STANDING
        refers: Reference | None = None
        if written is not None:
            if id_field in given:
                refuse(
                    fields.place_of(id_field),
                    f"{path}.{id_field}",
                    f"cannot be given together with {shorthand}",
                )
            refers = _reference(written, kind, f"{path}.{shorthand}", self._clock)
        elif id_field not in given and not standing:
            refers = Reference(kind, (), "last")
        guesses: dict[str, object] = (
            {"channel": Channel.UNKNOWN} if name == "receipt" else {"role": Role.BOOK}
        )
        left_out = frozenset(guesses.keys() - given.keys())
        if refers is not None:
            given[id_field] = ""
        body: Body = complete({**guesses, **given}, record, path, fields.place, filling)
        return body, refers, left_out


def _reference(node: Node, kind: Kind, path: str, clock: Instant) -> Reference | None:
    """``last``, null for none, or the fields of the record that is meant (the latest such one)."""
    if isinstance(node, Mapping):
        checks = read_checks(node, RECORD_OF[kind], path, clock)
        return Reference(kind, checks, ", ".join(node.entries))
    scalar = as_scalar(node, path)
    if scalar.is_null:
        return None
    if scalar.text != "last":
        refuse(node.place, path, f"{scalar.text} names nothing", ("last", "fields of the record meant"))
    return Reference(kind, (), "last")


class _RawRecord(msgspec.Struct, frozen=True):
    topic: Topic


def _raw(fields: Mapping, path: str) -> Raw:
    only_keys(fields, path, ("topic", "key", "key_hex", "value_hex"))
    if "topic" not in fields.entries or "value_hex" not in fields.entries:
        refuse(fields.place, path, "topic and value_hex are needed", ("topic", "key", "key_hex", "value_hex"))
    topic_kind = fields_of(_RawRecord)["topic"].type
    topic: Topic = read_scalar(
        as_scalar(fields.entries["topic"], f"{path}.topic"), topic_kind, f"{path}.topic", 0
    )
    if topic not in INPUT_TOPICS:
        refuse(fields.place_of("topic"), f"{path}.topic", f"{topic} is not an input", INPUT_TOPICS)
    if "key_hex" in fields.entries:
        key = _hex(fields.entries["key_hex"], f"{path}.key_hex")
    elif "key" in fields.entries:
        text = as_scalar(fields.entries["key"], f"{path}.key")
        key = None if text.is_null else text.text.encode()
    else:
        key = PATIENT_ID.encode()
    return Raw(topic, key, _hex(fields.entries["value_hex"], f"{path}.value_hex"))


def _hex(node: Node, path: str) -> bytes | None:
    scalar: Scalar = as_scalar(node, path)
    if scalar.is_null:
        return None
    try:
        return bytes.fromhex(scalar.text)
    except ValueError:
        refuse(scalar.place, path, "is not a row of hexadecimal digits", ("00ff", "null"))

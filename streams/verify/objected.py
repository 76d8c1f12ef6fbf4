"""Was a message sent on a channel to which its patient had objected before? From B4, journals and timestamps alone.

What its turn had read, its journal says, by offset: a message is held to every objection below, with no slack and
whatever the clocks said. What its turn *had to* have read, no offset says, since Kafka orders nothing across topics: an
objection counts as logged first when its record was made at least ``slack`` before the record that led to the message, or,
for a message that waited, before the moment at which it was due; its producer had its acknowledgement by then.

Without a journal, objections logged since may or may not have been applied; a message is wrong when no number of them makes
it right, and when one that waited was due is not known. Shares no code with the rules, on purpose.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable

import msgspec

from streams.domain.events import Appointment, Event, Objection, Request, Result
from streams.domain.records import Decision, InputRef, SendCommand
from streams.domain.time import HOUR, Instant, Millis
from streams.domain.vocabulary import (
    ELECTRONIC,
    Channel,
    ChannelGroup,
    ObjectionAction,
    RecipientRole,
    Scope,
    SubjectKind,
    Topic,
)
from streams.errors import BadRecord
from streams.kafka.codec import Codec
from streams.kafka.reading import Stored

from .findings import Findings, Kind, Place
from .ledger import Ledger
from .turns import Had, TurnOf

_SHORT_NOTICE = 48 * HOUR
_OF_METHOD = frozenset({Scope.METHOD, Scope.METHOD_GROUP, Scope.METHOD_AND_SERVICE})


class Change(msgspec.Struct, frozen=True):
    """One objection event as it was logged; ``timestamp`` is its producer's, UTC ms."""

    timestamp: Instant
    version: int
    body: Objection
    offset: int = 0


class Looked(msgspec.Struct, frozen=True):
    """``messages`` to patients who object to something; ``raced``: right, but only because of the slack. Made in the moment of an
    objection, so that it cannot be told which was first."""

    messages: int
    raced: int


class Subject(msgspec.Struct):
    """What the inputs say of one appointment, result or request: its services by version, and its starts."""

    services: dict[int, str] = {}
    starts: list[Instant] = []


def check_objections(
    ledger: Ledger,
    codec: Codec,
    decisions: Iterable[tuple[Place, Decision]],
    commands: Iterable[tuple[Place, SendCommand]],
    slack: Millis,
    findings: Findings,
) -> Looked:
    """Look at every command of the partition."""
    changes = _changes(ledger, codec)
    made_by = {d.decision_id: d.input for _, d in decisions if d.patient_id in changes}
    of_objectors = [(place, c) for place, c in commands if c.patient_id in changes]
    subjects = _subjects(ledger, codec, changes.keys())
    written = {stored.offset: stored.timestamp for stored in ledger.outputs[Topic.SEND_COMMANDS]}
    turn_of, raced = TurnOf(ledger), 0
    for place, command in of_objectors:
        cause = made_by.get(command.decision_id)
        if cause is None:
            continue  # no decision stands behind it: found elsewhere
        history, stamp = changes[command.patient_id], written[place.offset]
        had = turn_of(command, stamp)
        since = max(_timestamp(ledger, cause), min(had.come, stamp))
        about = subjects.get((command.patient_id, command.subject.kind, command.subject.id), Subject())
        known = _known(history, had, since - slack, stamp + slack)
        if not any(rightful(command, history[:count], about) for count in known):
            findings.add(
                Kind.OBJECTED, place, "sent on a channel objected to before, without a decision on file"
            )
            continue
        known = _known(history, had, since, stamp + slack)
        raced += not any(rightful(command, history[:count], about) for count in known)
    return Looked(len(of_objectors), raced)


def _known(history: list[Change], had: Had, since: Instant, until: Instant) -> range:
    """How many changes may have been known: at least those logged by ``since`` and those its turn began with, at most those it
    had read; where its turn is not known, those logged by ``until``."""
    must = _logged_by(history, since)
    may = max(must, _logged_by(history, until))
    if had.end is None:
        return range(must, may + 1)
    least, most = (bisect_left(history, end, key=_offset_of) for end in (had.start, had.end))
    if most < must:  # not all of what it had to know: whatever it may have known must not make it wrong
        return range(must, may + 1)
    return range(max(must, least), most + 1)


def rightful(command: SendCommand, history: list[Change], about: Subject) -> bool:
    """Whether this message may go when exactly these changes are known."""
    return all(
        not covers(change.body, command, about)
        or _excepted(change.body, command, about)
        or _decided(change, command)
        for change in in_force(history)
    )


def in_force(history: Iterable[Change]) -> list[Change]:
    """The newest version of each objection that is not withdrawn."""
    newest: dict[str, Change] = {}
    for change in history:
        known = newest.get(change.body.objection_id)
        if known is None or change.version > known.version:
            newest[change.body.objection_id] = change
    return [change for change in newest.values() if change.body.action is not ObjectionAction.WITHDRAWN]


def covers(objection: Objection, command: SendCommand, about: Subject) -> bool:
    """B4; what cannot be read forbids more."""
    service = about.services.get(command.subject.version)
    here = not objection.services or service is None or service in objection.services
    match objection.scope:
        case Scope.RECIPIENT:
            named = objection.recipient_ref  # nobody named: every proxy
            return command.recipient_role is RecipientRole.PROXY and (not named or named == command.proxy_ref)
        case Scope.SERVICE:
            return here
        case Scope.METHOD | Scope.METHOD_GROUP | Scope.METHOD_AND_SERVICE:
            if command.recipient_role is RecipientRole.PROXY and objection.patient_only:
                return False
            if objection.scope is Scope.METHOD_AND_SERVICE and not here:
                return False
            return command.channel in _channels(objection)
        case _:
            return True


def _channels(objection: Objection) -> frozenset[Channel]:
    if objection.scope is Scope.METHOD_GROUP:
        return ELECTRONIC if objection.channel_group is ChannelGroup.ELECTRONIC else frozenset(Channel)
    if not objection.channels or Channel.UNKNOWN in objection.channels:
        return frozenset(Channel)
    return frozenset(objection.channels)


def _excepted(objection: Objection, command: SendCommand, about: Subject) -> bool:
    soon = any(0 < start - command.created_at <= _SHORT_NOTICE for start in about.starts)
    return objection.scope in _OF_METHOD and any(
        command.purpose in exception.purposes
        and command.channel in exception.channels
        and (soon or not exception.short_notice_only)
        for exception in objection.exceptions
    )


def _decided(change: Change, command: SendCommand) -> bool:
    """A person's decision, with evidence that names this very version among what was considered."""
    override = command.override
    if override is None or not override.decided_by or change.body.scope not in _OF_METHOD:
        return False
    named = (change.body.objection_id, change.version)
    return any((one.id, one.version) == named and one.covers for one in command.basis.objections_considered)


def _logged_by(history: list[Change], moment: Instant) -> int:
    """How many changes were certainly logged: all up to the last one made by then."""
    for known in range(len(history), 0, -1):
        if history[known - 1].timestamp <= moment:
            return known
    return 0


def _timestamp(ledger: Ledger, cause: InputRef) -> Instant:
    records = ledger.inputs[Topic(cause.topic)]
    at = bisect_left(records, cause.offset, key=_offset)
    return records[at].timestamp if at < len(records) and records[at].offset == cause.offset else 0


def _offset_of(change: Change) -> int:
    return change.offset


def _offset(stored: Stored) -> int:
    return stored.offset


def _changes(ledger: Ledger, codec: Codec) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = defaultdict(list)
    for stored in ledger.inputs[Topic.OBJECTIONS]:
        event = _event(codec, Topic.OBJECTIONS, stored)
        if event is not None and isinstance(event.body, Objection):
            envelope = event.envelope
            change = Change(stored.timestamp, envelope.version, event.body, stored.offset)
            found[envelope.patient_id].append(change)
    return found


def _subjects(
    ledger: Ledger, codec: Codec, patients: Iterable[str]
) -> dict[tuple[str, SubjectKind, str], Subject]:
    """What the inputs say about the subjects of these patients."""
    keys = {patient.encode() for patient in patients}
    found: dict[tuple[str, SubjectKind, str], Subject] = defaultdict(lambda: Subject({}, []))
    for topic in (Topic.APPOINTMENTS, Topic.RESULTS, Topic.REQUESTS):
        for stored in ledger.inputs[topic]:
            event = _event(codec, topic, stored) if stored.key in keys else None
            if event is None:
                continue
            patient, version = event.envelope.patient_id, event.envelope.version
            match event.body:
                case Appointment() as body:
                    about = found[patient, SubjectKind.APPOINTMENT, body.appointment_id]
                    about.starts += [at for at in (body.starts_at, body.previous_starts_at) if at]
                    about.services.setdefault(version, body.service_code)
                case Result() as body:
                    found[patient, SubjectKind.RESULT, body.result_id].services.setdefault(
                        version, body.service_code
                    )
                case Request() as body:
                    found[patient, SubjectKind.REQUEST, body.request_id].services.setdefault(
                        version, body.service_code
                    )
    return found


def _event(codec: Codec, topic: Topic, stored: Stored) -> Event | None:
    try:
        return codec.decode(topic, stored.key, stored.value)
    except BadRecord:
        return None

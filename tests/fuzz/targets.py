"""What is held against what: the codec and the rules, and what must be true whatever they are given.

- Unreadable bytes set off BadRecord and nothing else; the rules set off nothing at all.
- What nobody could read leads to no message, and no message leaves against an objection.
- Whatever is decided can be written, and put on record: outputs and entries as Avro, the patient's state and back.
"""

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Final

from streams.decisions import Environment, Response, refuse, respond, wake
from streams.demo.day import DayPlan, generate
from streams.demo.lines import bytes_of
from streams.domain.events import Event, Objection
from streams.domain.packing import due_of, pack, unpack
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import DeadLetter, EscalationTask, Forward, SendCommand
from streams.domain.shard import ShardState
from streams.domain.time import DAY, HOUR, Instant
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.errors import BadRecord, Undecodable
from streams.kafka.codec import OUTPUT_ON, Codec, OutputRecord
from streams.policy.load import load_policy
from streams.recorder.entries import message_entry, objection_entry, task_entry
from streams.recorder.evidence import unjustified

from .absurd import NAMES, absurd_event, distorted
from .mutations import mutated

#: The generated day itself, Tuesday 13 October 2026, eight in the morning in London.
START: Final[Instant] = 1_791_874_800_000
_TOPICS: Final = (*INPUT_TOPICS, *OUTPUT_ON)


class Broken(AssertionError):
    """A promise was not kept."""


@cache
def codec() -> Codec:
    return Codec.local()


@cache
def corpus() -> tuple[tuple[Topic, bytes, bytes], ...]:
    """Topic, key and value of a generated day's records."""
    day = generate(DayPlan(60, 300, 7))
    found = []
    for record in (*day.before, *day.during):
        value = bytes_of(record, codec())
        if value is not None and isinstance(record.value, Event):
            found.append((record.value.topic, record.key or b"", value))
    return tuple(found)


@cache
def _people() -> tuple[tuple[Event, ...], ...]:
    """Everything sound about each patient of the day, in order."""
    about: dict[str, list[Event]] = {}
    for topic, key, value in corpus():
        try:
            event = codec().decode(topic, key, value)
        except BadRecord:
            continue  # the day has some that are wrong on purpose
        about.setdefault(event.envelope.patient_id, []).append(event)
    return tuple(tuple(events) for events in about.values() if events[0].topic is Topic.PATIENTS)


@cache
def _written() -> tuple[tuple[Topic, bytes], ...]:
    """Some of each output record that the sound day leads to, as Heed writes it."""
    found: dict[Topic, list[bytes]] = {topic: [] for topic in OUTPUT_ON}
    topic_of = {kind: topic for topic, kind in OUTPUT_ON.items()}
    for number, person in enumerate(_people()):
        life = _Life(Random(number), person)
        life.keeps = lambda record: found[topic_of[type(record)]].append(codec().encode(record))
        for event in person:
            life.take_event(event)
            life.later(30_000)
        life.later(DAY)
    return tuple((topic, value) for topic, values in found.items() for value in values[:200])


@cache
def _values() -> tuple[bytes, ...]:
    return (*(value for _, _, value in corpus()), *(value for _, value in _written()))


def prepare() -> None:
    """Make what every case draws from."""
    _values()


def read_mutated(rng: Random) -> str:
    """The codec alone; what became of it."""
    if rng.random() < 0.3:
        topic, value = rng.choice(_written())
        key = b"P1"
    else:
        topic, key, value = rng.choice(corpus())
    value = mutated(rng, value, _values())
    if rng.random() < 0.1:
        topic = rng.choice(_TOPICS)
    event = _read(topic, key, value)
    return "read" if event is not None else "refused"


def _read(topic: Topic, key: bytes | None, value: bytes | None) -> object | None:
    try:
        if topic in OUTPUT_ON:
            return codec().decode_output(topic, value or b"")
        return codec().decode(topic, key, value)
    except BadRecord as bad:
        if "MemoryError" in bad.error:
            raise Broken("what a damaged length says was asked of the memory") from bad
        return None


def live_absurdly(rng: Random) -> str:
    """A few patients of one shard, and what befalls them; how it ended."""
    life = _Life(rng, rng.choice(_people()))
    life.begin()
    for _ in range(rng.randint(1, 14)):
        life.step()
    return "sent" if life.sent else "silent"


class _Life:
    """One shard in memory, as the worker keeps it: packed patients, one state, a clock that goes on."""

    def __init__(self, rng: Random, person: tuple[Event, ...]) -> None:
        self._rng = rng
        self._person = person
        self._now = START
        self._patients: dict[str, bytes] = {}
        self._shard = ShardState()
        self._policy = load_policy(None)
        self._offset = 0
        self.sent = 0
        self.keeps: Callable[[OutputRecord], object] = codec().encode

    def begin(self) -> None:
        """With most of what is known of the patient."""
        for event in self._person:
            if event.topic is Topic.PATIENTS and self._rng.random() < 0.9:
                self._event(event)

    def step(self) -> None:
        rng = self._rng
        self.later(rng.choice((0, 1, 1_000, 30_000, 10 * 60_000, HOUR, DAY, 3 * DAY)))
        kind = rng.random()
        if kind < 0.15:
            topic, key, value = rng.choice(corpus())
            self._take(topic, rng.choice((key, b"P1", None)), mutated(rng, value, _values()))
        elif kind < 0.3:
            self._event(absurd_event(rng, self._now))
        elif kind < 0.65:
            self._event(distorted(rng, rng.choice(self._person), self._now))
        else:
            self._event(rng.choice(self._person))

    def later(self, milliseconds: int) -> None:
        self._now += milliseconds
        self._wake()

    def _event(self, event: Event) -> None:
        rng = self._rng
        key = (event.envelope.patient_id if rng.random() < 0.97 else rng.choice(NAMES)).encode()
        try:
            value = codec().encode_event(event)
        except Undecodable:
            return  # text or a number without a place in Avro: no other system could send it either
        self._take(event.topic, key, value)
        if rng.random() < 0.1:
            self._take(event.topic, key, value)  # once more

    def _take(self, topic: Topic, key: bytes | None, value: bytes) -> None:
        at = Position(topic, 0, self._offset, self._now)
        self._offset += 1
        name = key.decode(errors="replace") if key else None
        patient = self._patient(name)
        try:
            event = codec().decode(topic, key, value)
        except BadRecord as bad:
            response = refuse(name, patient, bad, key, value, at, self._environment())
            if any(isinstance(output, SendCommand) for output in response.outputs):
                raise Broken("a message from what nobody could read") from bad
            self._keep(name, response)
        else:
            self.take_event(event, at)

    def take_event(self, event: Event, at: Position | None = None) -> None:
        """What the worker does with it, and what the recorder does if it is an objection."""
        name = event.envelope.patient_id
        at = at or Position(event.topic, 0, 0, self._now)
        self._keep(name, respond(name, self._patient(name), event, at, self._environment()))
        if isinstance(event.body, Objection):
            self.keeps(objection_entry(event, self._now))

    def _wake(self) -> None:
        """Everyone who is due, as often as they are, within reason: a timer that never moves would be endless."""
        for name in list(self._patients):
            for _ in range(200):
                due = due_of(self._patients[name])
                if not 0 < due <= self._now:
                    break
                self._keep(name, wake(name, unpack(self._patients[name]), self._environment()))
            else:
                raise Broken("a patient is due again and again")

    def _patient(self, name: str | None) -> PatientState | None:
        packed = self._patients.get(name) if name is not None else None
        return None if packed is None else unpack(packed)

    def _environment(self) -> Environment:
        return Environment(self._policy, self._now, self._shard)

    def _keep(self, name: str | None, response: Response) -> None:
        self._shard = response.shard
        for output in response.outputs:
            if isinstance(output, Forward):
                codec().encode_event(output.event)
            elif not isinstance(output, DeadLetter):
                self._write(output)
        if response.patient is not None and name is not None:
            packed = pack(response.patient)
            if pack(unpack(packed)) != packed:
                raise Broken("a patient's state is not what it was when it is read back")
            self._patients[name] = packed

    def _write(self, output: OutputRecord) -> None:
        """What was decided, and its entry in the record."""
        self.keeps(output)
        if isinstance(output, EscalationTask):
            self.keeps(task_entry(output, self._now))
        if isinstance(output, SendCommand):
            self.sent += 1
            self.keeps(message_entry(output, self._policy, self._now))
            if unjustified(output):
                raise Broken("a message against an objection, and nothing that answers it")

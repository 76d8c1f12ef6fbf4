"""What is held against what: the codec and the rules, and what must be true whatever they are given.

- Unreadable bytes set off BadRecord and nothing else; the rules set off nothing at all.
- What nobody could read leads to no message, and no message leaves against an objection.
- Whatever is decided can be written: outputs as Avro, the patient's state and back.
"""

from functools import cache
from random import Random
from typing import Final

from streams.decisions import Environment, Response, refuse, respond, wake
from streams.demo.day import DayPlan, generate
from streams.demo.lines import bytes_of
from streams.domain.events import Event
from streams.domain.patient import PatientState, due_of, pack, unpack
from streams.domain.position import Position
from streams.domain.records import DeadLetter, Forward, SendCommand
from streams.domain.shard import ShardState
from streams.domain.time import DAY, HOUR, Instant
from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.errors import BadRecord, Undecodable
from streams.kafka.codec import OUTPUT_ON, Codec
from streams.policy.load import load_policy
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
def _values() -> tuple[bytes, ...]:
    return tuple(value for _, _, value in corpus())


def read_mutated(rng: Random) -> str:
    """The codec alone; what became of it."""
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
    life = _Life(rng)
    for _ in range(rng.randint(1, 14)):
        life.step()
    return "sent" if life.sent else "silent"


class _Life:
    """One shard in memory, as the worker keeps it: packed patients, one state, a clock that goes on."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._now = START
        self._patients: dict[str, bytes] = {}
        self._shard = ShardState()
        self._policy = load_policy(None)
        self._offset = 0
        self.sent = 0
        self._person = rng.choice(_people())
        for event in self._person:
            if event.topic is Topic.PATIENTS and rng.random() < 0.9:
                self._event(event)

    def step(self) -> None:
        rng = self._rng
        self._now += rng.choice((0, 1, 1_000, 30_000, 10 * 60_000, HOUR, DAY, 3 * DAY))
        self._wake()
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
        else:
            name = event.envelope.patient_id
            response = respond(name, self._patient(name), event, at, self._environment())
        self._keep(name, response)

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
                codec().encode(output)
            if isinstance(output, SendCommand):
                self.sent += 1
                if unjustified(output):
                    raise Broken("a message against an objection, and nothing that answers it")
        if response.patient is not None and name is not None:
            packed = pack(response.patient)
            if pack(unpack(packed)) != packed:
                raise Broken("a patient's state is not what it was when it is read back")
            self._patients[name] = packed
